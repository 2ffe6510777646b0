/**
 * The registers of KVM_GET_ONE_REG and KVM_SET_ONE_REG: what all architectures share. The id of a register contains its width.
 */

import { KvmArgumentError } from '../errors.js';

/** A register of a vCPU. */
export interface Register<Bits extends number = number> {
  /** The id for KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST. */
  readonly id: bigint;
  /** The width. */
  readonly bits: Bits;
}

/** The type of a register's value: a number up to 32 bits, a bigint for 64 bits, and little-endian bytes for more. */
export type RegisterValue<Bits extends number> = Bits extends 8 | 16 | 32
  ? number
  : Bits extends 64
    ? bigint
    : Uint8Array;

/** The integers from 0 to `Count` - 1. */
export type Below<Count extends number, Counted extends number[] = []> = Counted['length'] extends Count
  ? Counted[number]
  : Below<Count, [...Counted, Counted['length']]>;

/** The constants of a module of generated bindings that describe the width in an id. */
interface SizeField {
  readonly KVM_REG_SIZE_SHIFT: number;
  readonly KVM_REG_SIZE_MASK: bigint;
}

/** Returns the width that an id contains. */
export function bitsOf(id: bigint, { KVM_REG_SIZE_SHIFT, KVM_REG_SIZE_MASK }: SizeField): number {
  return 8 << Number((id & KVM_REG_SIZE_MASK) >> BigInt(KVM_REG_SIZE_SHIFT));
}

/** Registers by name and by id. */
export class RegisterTable {
  readonly ids: ReadonlyMap<string, bigint>;
  readonly names: ReadonlyMap<bigint, string>;

  constructor(entries: Iterable<readonly [name: string, id: bigint]>) {
    this.ids = new Map(entries);
    this.names = new Map([...this.ids].map(([name, id]) => [id, name]));
  }
}

/** Returns the integers from 0 to `count` - 1. */
export function below(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Returns an id as text. */
export function hexadecimal(id: bigint): string {
  return `0x${id.toString(16)}`;
}

/** @throws KvmArgumentError unless `id` is a bigint of 64 bits. */
export function requireId(operation: string, id: unknown): asserts id is bigint {
  if (typeof id === 'bigint' && BigInt.asUintN(64, id) === id) return;
  const given = typeof id === 'bigint' ? hexadecimal(id) : typeof id;
  throw new KvmArgumentError(operation, `id: ${given}; the id of a register is a bigint from 0 to 2^64 - 1`);
}

/** Returns the error for a name that no register has. */
export function unknownRegister(name: unknown, architecture: string, example: string): KvmArgumentError {
  const given = typeof name === 'string' ? `'${name}'` : typeof name;
  const problem = `${given} is not the name of a register of ${architecture}; a name is such as ${example}`;
  return new KvmArgumentError('registerNamed', `${problem}; registerNames() returns all names`);
}

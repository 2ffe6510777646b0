/** The addresses in the argument of an ioctl: each must point to memory that the caller passes. */

import type { ArrayView, MemberLayout, View } from '../../support/index.js';
import { addon } from '../addon.js';
import { newHandle } from '../arguments.js';
import { GuestMemory, memoryRecord } from '../memory.js';

/** An address in a struct, and the number of bytes there that the kernel can access. Null if nothing says the number. */
interface Addressed {
  readonly member: string;
  readonly address: bigint;
  readonly length: bigint | null;
}

/** The kernel lets no process map the first page. No machine has smaller pages. */
const unmappedBytes = 4096n;

/** Why the addresses in a struct are not all inside the memory, or undefined. */
export function wrongAddress(argument: View, memories: readonly GuestMemory[]): string | undefined {
  // What JavaScript can change is not asked: properties of the memory.
  const mapped = memories.map((memory) => mappingOf(memory));
  for (const { member, address, length } of addressesIn(argument, '')) {
    // The kernel fails with EFAULT for a null pointer. A range from 0 can be longer than the page that no process maps.
    if (address === 0n && (length === null || length <= unmappedBytes)) continue;
    if (length === null) return `nothing says how many bytes the kernel accesses at the address in ${member}`;
    const isInside = mapped.some(({ start, end }) => address >= start && address + length <= end);
    if (!isInside) return `${length} bytes at ${member}, 0x${address.toString(16)}, are not inside the given memory`;
  }
  return undefined;
}

/** The addresses of a memory in this process, from its record. @throws KvmClosedError after `close`. */
function mappingOf(memory: GuestMemory): { readonly start: bigint; readonly end: bigint } {
  const record = memoryRecord(memory);
  const start = addon().memoryAddress(record);
  return { start, end: start + BigInt(addon().memoryLength(record)) };
}

/** Keeps memory open until the device is closed, because the kernel can access it after the ioctl. */
export class KeptMemory {
  readonly #kept = new Map<number, GuestMemory>();

  keep(memories: readonly GuestMemory[]): void {
    for (const memory of memories) {
      const id = addon().memoryId(memoryRecord(memory));
      if (this.#kept.has(id)) continue;
      const own = GuestMemory.attach(newHandle('guest memory', id));
      this.#kept.set(id, own);
      unreleased.add(own);
    }
  }

  release(): void {
    for (const memory of this.#kept.values()) {
      memory.close();
      unreleased.delete(memory);
    }
    this.#kept.clear();
  }
}

/** If a device is collected without `close`, its memory must not be freed before its file descriptor is closed. */
const unreleased = new Set<GuestMemory>();

type Values = Readonly<Record<string, unknown>>;

function* addressesIn(view: View, path: string): Generator<Addressed> {
  const { $$layout } = view as View & {
    readonly $$layout: { readonly members: Readonly<Record<string, MemberLayout>> };
  };
  for (const [name, layout] of Object.entries($$layout.members)) {
    const { is, dims, address } = layout;
    const member = path + name;
    if (is === undefined) yield* addressesWithin((view as unknown as Values)[name], member);
    else if (address) yield addressOf(view as unknown as Values, name, member, address);
    else if (is === 'pointer' && dims) yield { member, address: -1n, length: null };
    else if (is === 'pointer') yield { member, address: integer((view as unknown as Values)[name]), length: null };
  }
}

/** A struct, or an array of structs. */
function* addressesWithin(value: unknown, path: string): Generator<Addressed> {
  if (isArray(value)) {
    for (let index = 0; index < value.length; index++) yield* addressesWithin(value.get(index), `${path}[${index}]`);
  } else if (typeof value === 'object' && value !== null && '$$layout' in value) {
    yield* addressesIn(value as unknown as View, `${path}.`);
  }
}

function addressOf(
  values: Values,
  name: string,
  member: string,
  { countedBy, elementSize }: NonNullable<MemberLayout['address']>,
): Addressed {
  // Another thread could change the addresses in the elements after a check.
  if (elementSize === null) return { member, address: integer(values[name]), length: null };
  // The kernel reads a negative count as a large one.
  const count = countedBy === null ? 1n : BigInt.asUintN(64, integer(values[countedBy]));
  return { member, address: integer(values[name]), length: count * BigInt(elementSize) };
}

function integer(value: unknown): bigint {
  return BigInt(value as number | bigint);
}

/** `instanceof` would not work: bindings that a user generates have their own arrays. */
function isArray(value: unknown): value is Pick<ArrayView<unknown>, 'length' | 'get'> {
  return typeof value === 'object' && value !== null && 'length' in value && 'get' in value && !('$$layout' in value);
}

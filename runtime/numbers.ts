/** Checks of the numbers that callers pass. The members of structs would otherwise take them modulo their width. */

import type { View } from '../support/index.js';
import type { MemberLayout } from '../support/layout.js';
import { describe } from './arguments.js';
import { KvmArgumentError } from './errors.js';

const most64 = 2n ** 64n - 1n;

/** Returns `value` as a number. @throws KvmArgumentError unless it is an integer from 0 to `most`. */
export function requireInteger(operation: string, what: string, value: number | bigint, most: number): number {
  return Number(integerBetween(operation, what, value, 0n, BigInt(most)));
}

/** Returns `value` as a number of 32 bits. @throws KvmArgumentError for anything else. */
export function requireU32(operation: string, what: string, value: number | bigint): number {
  return requireInteger(operation, what, value, 0xffff_ffff);
}

/** Returns `value` as a bigint of 64 bits. @throws KvmArgumentError unless it is an integer from 0 to 2^64 - 1. */
export function requireU64(operation: string, what: string, value: number | bigint): bigint {
  return integerBetween(operation, what, value, 0n, most64);
}

/** Every view has this. */
interface WithLayout {
  readonly $$layout: { readonly members: Readonly<Record<string, MemberLayout>> };
}

/**
 * Writes a number into an integer member of a struct. The layout of the struct says which numbers the member can hold.
 *
 * @param what the name of the number for the caller.
 * @param most the largest right number, if it is smaller than that of the member.
 * @throws KvmArgumentError for everything but an integer in this range. The struct is unchanged then.
 */
export function setMember<T extends View>(
  operation: string,
  struct: T,
  member: Extract<keyof T, string>,
  what: string,
  value: number | bigint,
  most: bigint = most64,
): void {
  const { $$layout } = struct as unknown as WithLayout;
  const { size = 0, is = '' } = $$layout.members[member] ?? {};
  const bits = BigInt(8 * size);
  const isSigned = is.startsWith('s');
  const [least, largest] = isSigned ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
  const integer = integerBetween(operation, what, value, least, largest < most ? largest : most);
  (struct as unknown as Record<string, number | bigint>)[member] = size === 8 ? integer : Number(integer);
}

/** @throws KvmArgumentError unless `value` is an integer in the range, as a bigint or as a number that is exact. */
function integerBetween(operation: string, what: string, value: unknown, least: bigint, most: bigint): bigint {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    const integer = BigInt(value as number | bigint);
    if (integer >= least && integer <= most) return integer;
  }
  const largest = most === most64 ? '2^64 - 1' : most;
  // A bigint is right here, so the error shows only its value.
  const shown = typeof value === 'bigint' ? `${value}` : describe(value);
  throw new KvmArgumentError(operation, `${what} ${shown}; it must be an integer from ${least} to ${largest}`);
}

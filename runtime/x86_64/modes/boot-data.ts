/** Data that a boot loader passes to a kernel: the memory map and the command line. */

import { E820_RAM } from '../../../generated/x86_64/asm/e820.js';
import { describe, requireList } from '../../arguments.js';
import { KvmArgumentError } from '../../errors.js';
import { requireInteger, requireU32 } from '../../numbers.js';
import { requireKnownKeys } from '../../options.js';
import { requireAddress } from './placed-memory.js';

/** A range of guest-physical addresses in the memory map of a kernel. */
export interface MemoryMapEntry {
  /** The address of the first byte. */
  readonly address: number | bigint;
  /** The size in bytes, not 0. */
  readonly size: number | bigint;
  /** The number of the type: one of `E820_*` in `asm/e820.h`, which are the numbers of ACPI. By default E820_RAM. */
  readonly type?: number;
}

/** Part of the guest's memory with data for the kernel. */
export interface BootBlob {
  /** The address of the first byte. */
  readonly address: number | bigint;
  /** The size in bytes, not 0. */
  readonly size: number | bigint;
}

interface Range {
  readonly address: number;
  readonly size: number;
}

/** Returns the entries as numbers. @throws KvmArgumentError for a wrong entry, and for entries that overlap. */
export function requireMemoryMap(
  operation: string,
  memoryMap: Iterable<MemoryMapEntry>,
): (Range & { readonly type: number })[] {
  const entries = requireList(operation, 'memoryMap', memoryMap).map((entry, index) => {
    const what = `memoryMap[${index}]`;
    requireKnownKeys<MemoryMapEntry>(operation, entry, { address: true, size: true, type: true });
    const { type = E820_RAM } = entry;
    return { ...requireRange(operation, what, entry), type: requireU32(operation, `${what}.type`, type) };
  });
  const sorted = entries.toSorted((a, b) => a.address - b.address);
  for (const [index, { address, size }] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next === undefined || address + size <= next.address) continue;
    const ranges = [address, next.address].map((start) => `0x${start.toString(16)}`).join(' and ');
    throw new KvmArgumentError(operation, `memoryMap: the entries at ${ranges} overlap`);
  }
  return entries;
}

/** Returns the range of a blob as numbers. @throws KvmArgumentError unless it is a range of addresses that is not empty. */
export function requireRange(operation: string, what: string, { address, size }: BootBlob): Range {
  const start = requireAddress(operation, `${what}.address`, address);
  const bytes = requireInteger(operation, `${what}.size`, size, 2 ** 52 - start);
  if (bytes > 0) return { address: start, size: bytes };
  throw new KvmArgumentError(operation, `${what}.size 0; it must be at least 1`);
}

/** Returns the bytes of a text and the NUL that ends it. @throws KvmArgumentError for a NUL in it, and if it is too long. */
export function requireText(operation: string, what: string, text: string, most: number): Uint8Array {
  if (typeof text !== 'string' || text.includes('\0')) {
    throw new KvmArgumentError(operation, `${what} ${describe(text)}; it must be a string without '\\0'`);
  }
  const bytes = new TextEncoder().encode(`${text}\0`);
  if (bytes.length - 1 <= most) return bytes;
  throw new KvmArgumentError(operation, `${what} has ${bytes.length - 1} bytes; it must have at most ${most}`);
}

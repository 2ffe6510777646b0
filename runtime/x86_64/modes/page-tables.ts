/** Page tables of long mode that map addresses to themselves. */

import { KvmArgumentError } from '../../errors.js';
import { requireInteger } from '../../numbers.js';
import type { Part } from './placed-memory.js';

const pageBytes = 4096;
const entriesPerTable = 512;
const largePageBytes = 2 ** 21;
const bytesPerDirectory = largePageBytes * entriesPerTable;

/** One directory pointer table maps this many bytes. */
const mostMapped = bytesPerDirectory * entriesPerTable;

/** Bits of an entry. */
const bits = { present: 0x1n, writable: 0x2n, user: 0x4n, large: 0x80n } as const;

/** Returns the size of the map as a number. @throws KvmArgumentError unless the size is a multiple of 2 MiB up to 512 GiB. */
export function requireMapped(operation: string, mapped: number | bigint): number {
  const size = requireInteger(operation, 'mapped', mapped, mostMapped);
  if (size > 0 && size % largePageBytes === 0) return size;
  throw new KvmArgumentError(operation, `mapped ${size}; it must be a multiple of 2 MiB up to 512 GiB, and not 0`);
}

/**
 * Returns how many bytes the page tables of an identity map need. The tables map pages of 2 MiB.
 *
 * @param mapped how many bytes from address 0 are mapped: a multiple of 2 MiB, up to 512 GiB.
 * @throws KvmArgumentError for any other size.
 * @example
 * identityMapBytes(4 * 2 ** 30); // 24576: six tables
 */
export function identityMapBytes(mapped: number | bigint): number {
  const size = requireMapped('identityMapBytes', mapped);
  return (2 + Math.ceil(size / bytesPerDirectory)) * pageBytes;
}

/** The part of memory for the page tables. */
export function pageTablesPart(address: number, mapped: number): Part {
  return { what: 'tables', address, length: identityMapBytes(mapped) };
}

/** Writes the page tables. `address` is that of the first table, for cr3. */
export function writeIdentityMap(tables: DataView, address: number, mapped: number, isUser: boolean): void {
  const flags = bits.present | bits.writable | (isUser ? bits.user : 0n);
  const pointTo = (table: number, entry: number, next: number): void => {
    tables.setBigUint64(table * pageBytes + entry * 8, BigInt(address + next * pageBytes) | flags, true);
  };
  pointTo(0, 0, 1);
  for (let page = 0; page * largePageBytes < mapped; page++) {
    const directory = Math.floor(page / entriesPerTable);
    const entry = page % entriesPerTable;
    if (entry === 0) pointTo(1, directory, 2 + directory);
    const offset = (2 + directory) * pageBytes + entry * 8;
    tables.setBigUint64(offset, BigInt(page * largePageBytes) | flags | bits.large, true);
  }
}

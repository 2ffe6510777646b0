/** Memory that the guest sees at a guest-physical address, and the checks of what is written there. */

import { KvmArgumentError } from '../../errors.js';
import { type GuestMemory, requireMemory } from '../../memory.js';
import { requireInteger } from '../../numbers.js';

/** The largest physical address of the architecture, which has 52 bits. */
const highestAddress = 2 ** 52 - 1;

/** Returns a guest-physical address as a number. @throws KvmArgumentError unless it has at most 52 bits and the alignment. */
export function requireAddress(
  operation: string,
  what: string,
  value: number | bigint,
  { most = highestAddress, alignment = 1 }: { readonly most?: number; readonly alignment?: number } = {},
): number {
  const address = requireInteger(operation, what, value, most);
  if (address % alignment === 0) return address;
  throw new KvmArgumentError(operation, `${what} 0x${address.toString(16)}; it must be a multiple of ${alignment}`);
}

/** A part of memory that a preset writes. */
export interface Part {
  /** The name of the option with its address. */
  readonly what: string;
  readonly address: number;
  readonly length: number;
}

/** Memory, and the guest-physical address of its first byte. */
export class PlacedMemory {
  readonly #operation: string;
  readonly #memory: GuestMemory;
  readonly #start: number;

  constructor(operation: string, memory: GuestMemory, guestAddress: number | bigint = 0) {
    requireMemory(memory);
    this.#operation = operation;
    this.#memory = memory;
    this.#start = requireAddress(operation, 'guestAddress', guestAddress, { alignment: 4096 });
  }

  /** @throws KvmArgumentError unless all parts are inside the memory, and no two of them overlap. */
  require(parts: readonly Part[]): void {
    const end = this.#start + this.#memory.size;
    const sorted = parts.toSorted((a, b) => a.address - b.address);
    for (const [index, part] of sorted.entries()) {
      if (part.address < this.#start || part.address + part.length > end) {
        const rule = `they must be inside the memory, which is from ${hex(this.#start)} to ${hex(end)}`;
        throw new KvmArgumentError(this.#operation, `${textOf(part)}; ${rule}`);
      }
      const next = sorted[index + 1];
      if (next === undefined || part.address + part.length <= next.address) continue;
      throw new KvmArgumentError(this.#operation, `${textOf(part)} overlap ${textOf(next)}; choose other addresses`);
    }
  }

  /** Returns a part of the memory, filled with zeros. */
  cleared({ address, length }: Part): DataView {
    const view = this.#memory.dataView(address - this.#start, length);
    new Uint8Array(view.buffer, view.byteOffset, length).fill(0);
    return view;
  }
}

const hex = (value: number): string => `0x${value.toString(16)}`;
const textOf = ({ what, address, length }: Part): string => `the ${length} bytes of ${what} at ${hex(address)}`;

/**
 * A 64-bit field for file offsets and sizes, which restructure lacks. The value is an exact number; other values are
 * refused.
 */

import type { DecodeStream, FixedDecoder } from 'restructure';

class Uint64 implements FixedDecoder<number> {
  readonly #littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  size(): number {
    return 8;
  }

  decode(stream: DecodeStream): number {
    const value = this.#littleEndian
      ? stream.readUInt32LE() + stream.readUInt32LE() * 2 ** 32
      : stream.readUInt32BE() * 2 ** 32 + stream.readUInt32BE();
    if (!Number.isSafeInteger(value)) throw new RangeError('a 64-bit value is larger than 2^53 - 1');
    return value;
  }
}

export const uint64le: FixedDecoder<number> = new Uint64(true);
export const uint64be: FixedDecoder<number> = new Uint64(false);

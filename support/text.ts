/** Arrays of `char`, and the text that they hold. */

import { S8Array, U8Array } from './arrays.js';

/** An array of `char`, which has a sign on x86. */
export class CharArray extends S8Array {
  /**
   * The bytes before the first NUL as UTF-8, or, where they are not UTF-8, one character per byte. Writing fills what is
   * left of the array with NULs; a text of exactly as many bytes as the array has stands without one, as `strncpy` does it.
   * @throws RangeError when a text to write is too long, holds a NUL or a lone surrogate; then nothing is written.
   */
  get text(): string {
    return textIn(this.bytes());
  }
  set text(value: string) {
    putText(this.bytes(), value);
  }
}

/** An array of `char` where it has no sign, as on ARM. */
export class UnsignedCharArray extends U8Array {
  /** As that of `CharArray`. */
  get text(): string {
    return textIn(this.bytes());
  }
  set text(value: string) {
    putText(this.bytes(), value);
  }
}

// By way of percent-encoding, the one codec of UTF-8 that the language itself has.

function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const before = Array.from(end === -1 ? bytes : bytes.subarray(0, end));
  try {
    return decodeURIComponent(before.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return before.map((byte) => String.fromCharCode(byte)).join('');
  }
}

function putText(bytes: Uint8Array, text: string): void {
  if (/\0|\p{Surrogate}/u.test(text)) {
    throw new RangeError('a NUL or a lone surrogate cannot be part of a text in C memory');
  }
  const units = encodeURIComponent(text).match(/%..|./g) ?? [];
  if (units.length > bytes.length) {
    throw new RangeError(`a text of ${units.length} bytes for an array of ${bytes.length}`);
  }
  bytes.fill(0);
  bytes.set(units.map((unit) => (unit.length === 1 ? unit.charCodeAt(0) : Number(`0x${unit.slice(1)}`))));
}

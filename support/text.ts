/** Arrays of `char` and their text. */

import { type ArrayView, S8Array, U8Array } from './arrays.js';

/** An array of signed `char`, as on x86. */
export class CharArray extends S8Array {
  /**
   * The text of the array: the bytes before the first NUL as UTF-8. If the bytes are not UTF-8, each byte is one
   * character. A write fills the rest of the array with NULs. A text that fills the whole array has no NUL at its end,
   * as with `strncpy`.
   *
   * @throws RangeError if the new text is too long, or if it contains a NUL or a lone surrogate. Nothing is written in
   * this case.
   */
  get text(): string {
    return textIn(this);
  }
  set text(value: string) {
    putText(this, value);
  }
}

/** An array of unsigned `char`, as on ARM. */
export class UnsignedCharArray extends U8Array {
  /** The text of the array, as in `CharArray`. */
  get text(): string {
    return textIn(this);
  }
  set text(value: string) {
    putText(this, value);
  }
}

// Each array has few characters, nearly always ASCII. So a text of ASCII characters is read and written byte by byte. For other
// texts the functions use percent-encoding, which is the only UTF-8 codec of the language itself.

function textIn(array: ArrayView<number>): string {
  const { view, offset, length } = array;
  let text = '';
  for (let index = 0; index < length; index++) {
    const byte = view.getUint8(offset + index);
    if (byte === 0) return text;
    if (byte > 0x7f) return utf8In(array.bytes());
    text += String.fromCharCode(byte);
  }
  return text;
}

function utf8In(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const before = Array.from(end === -1 ? bytes : bytes.subarray(0, end));
  try {
    return decodeURIComponent(before.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return before.map((byte) => String.fromCharCode(byte)).join('');
  }
}

function putText(array: ArrayView<number>, text: string): void {
  const { view, offset, length } = array;
  if (text.length > length || !isAscii(text)) {
    putUtf8(array.bytes(), text);
    return;
  }
  for (let index = 0; index < text.length; index++) view.setUint8(offset + index, text.charCodeAt(index));
  for (let index = text.length; index < length; index++) view.setUint8(offset + index, 0);
}

/** Whether all characters are ASCII characters, and none is a NUL. */
function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0 || code > 0x7f) return false;
  }
  return true;
}

function putUtf8(bytes: Uint8Array, text: string): void {
  if (/\0|\p{Surrogate}/u.test(text)) {
    throw new RangeError('a text in C memory must not contain a NUL or a lone surrogate');
  }
  const units = encodeURIComponent(text).match(/%..|./g) ?? [];
  if (units.length > bytes.length) {
    throw new RangeError(`a text of ${units.length} bytes does not fit into an array of ${bytes.length} bytes`);
  }
  bytes.fill(0);
  bytes.set(units.map((unit) => (unit.length === 1 ? unit.charCodeAt(0) : Number(`0x${unit.slice(1)}`))));
}

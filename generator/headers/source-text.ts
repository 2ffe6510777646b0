/**
 * The text of a header's bytes. GCC does not require a header to be UTF-8: every byte may be in a comment, a string or a
 * character constant. A byte that is not part of a UTF-8 character becomes one lone surrogate, so no byte is lost.
 */

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The first of the lone surrogates. It stands for the byte 0. Only the bytes from 0x80 occur. */
const firstSurrogate = 0xdc00;
const loneBytes = /[\udc80-\udcff]/gu;

/**
 * Decodes the bytes of a header. As GCC does, it skips a byte order mark, and a carriage return without a line feed
 * ends a line.
 */
export function decodeSource(bytes: Uint8Array): string {
  const text = decodeBytes(bytes);
  const marked = text.startsWith('\ufeff') ? text.slice(1) : text;
  return marked.includes('\r') ? marked.replace(/\r(?!\n)/g, '\n') : marked;
}

function decodeBytes(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return decodeMixed(bytes);
  }
}

function decodeMixed(bytes: Uint8Array): string {
  let text = '';
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      text +=
        strictDecoder.decode(bytes.subarray(from, at)) + String.fromCharCode(firstSurrogate + (bytes[at] as number));
      from = at + 1;
    }
    at += length || 1;
  }
  return text + strictDecoder.decode(bytes.subarray(from));
}

/** Returns the number of bytes of the UTF-8 character at a position. 0 if there is none. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    strictDecoder.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}

/** Returns the bytes of a text that `decodeSource` made. */
export function encodeSource(text: string): Uint8Array {
  if (!/[\ud800-\udfff]/u.test(text)) return encoder.encode(text);
  const parts: number[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (character.length === 1 && code >= firstSurrogate + 0x80 && code <= firstSurrogate + 0xff)
      parts.push(code - firstSurrogate);
    else parts.push(...encoder.encode(character));
  }
  return Uint8Array.from(parts);
}

/** Returns a text that people can read: each byte that is not UTF-8 becomes the character of Latin-1. */
export function readableSource(text: string): string {
  return text.replace(loneBytes, (byte) => String.fromCharCode(byte.charCodeAt(0) - firstSurrogate));
}

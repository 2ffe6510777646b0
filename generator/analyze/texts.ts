/** Converts the bytes of C strings to the texts of the model. */

/** Returns the text of a C string. If the bytes are not UTF-8, each byte becomes one character. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}

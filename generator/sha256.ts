/** Returns the SHA-256 hash of some bytes, in hexadecimal. */
export type Sha256 = (bytes: Uint8Array) => string;

/**
 * SHA-256. A caller may inject an implementation: Node's is twenty times as fast as the portable one when it starts, and a web
 * page has no synchronous one of its own.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** Gives the SHA-256 of some bytes, in hexadecimal. */
export type Sha256 = (bytes: Uint8Array) => string;

export const portableSha256: Sha256 = (bytes) => bytesToHex(sha256(bytes));

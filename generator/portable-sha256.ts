/**
 * SHA-256 without Node. A web page has no synchronous implementation of its own. Only the core imports this module,
 * because the command line uses Node's implementation, and loading this one takes longer than all hashes of a run.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Sha256 } from './sha256.js';

export const portableSha256: Sha256 = (bytes) => bytesToHex(sha256(bytes));

/** Checks of the numbers that callers pass. */

import { KvmArgumentError } from './errors.js';

/** Returns `value`. @throws KvmArgumentError unless it is an integer from 0 to `most`. */
export function requireInteger(what: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new KvmArgumentError(`${what} ${value}; it must be an integer from 0 to ${most}`);
}

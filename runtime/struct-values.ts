/** Structs that callers pass as plain objects with some of their members. */

import { assignOr } from '../support/assign.js';
import type { PartialOf, View } from '../support/index.js';
import { KvmArgumentError } from './errors.js';

/**
 * Returns the struct for an ioctl. A view is returned as it is, and the ioctl checks it. The members of a plain object are written
 * to the view that `current` returns for the object.
 *
 * @throws KvmArgumentError for an unknown member, and for a value that the member cannot hold.
 */
export function wholeStruct<T extends View>(
  operation: string,
  values: PartialOf<T>,
  current: (values: Extract<PartialOf<T>, object>) => T,
): T {
  if (!isPlainObject(values)) return values as T;
  const refuse = (problem: string): KvmArgumentError => new KvmArgumentError(operation, problem);
  return assignOr(current(values as Extract<PartialOf<T>, object>), values, refuse);
}

function isPlainObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]' && !('$$view' in (value as object));
}

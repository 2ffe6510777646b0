/**
 * Who may call the constructors of the runtime: only the methods that create the objects. `private` of TypeScript does not
 * exist in JavaScript.
 */

import { KvmArgumentError } from './errors.js';

/** The first argument of each constructor. No public module exports it. */
export const creator: unique symbol = Symbol('creator');

/** The type of `creator`. */
export type Creator = typeof creator;

/** @throws KvmArgumentError unless `given` is `creator`. `name` is the class, and `methods` create its objects. */
export function requireCreator(given: unknown, name: string, methods: string): void {
  if (given === creator) return;
  throw new KvmArgumentError(`new ${name}`, `the constructor is not public; use ${methods}`);
}

/** Checks of the option objects that callers pass. A misspelled key would otherwise be ignored. */

import { describe } from './arguments.js';
import { KvmArgumentError } from './errors.js';

/** The keys of a type of options. The compiler sees to it that no key is missing here. */
export type KnownKeys<Options extends object> = {
  readonly [Key in Options extends unknown ? keyof Options : never]-?: true;
};

/** @throws KvmArgumentError when `options` is not an object or has an unknown key. `operation` is the method that takes it. */
export function requireKnownKeys<Options extends object>(
  operation: string,
  options: Options,
  known: KnownKeys<Options>,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new KvmArgumentError(operation, `the options are ${describe(options)}; they must be an object`);
  }
  for (const key in options) {
    // Options may be an object of a class, such as an AbortController, which has methods too.
    if (Object.hasOwn(known, key) || !Object.hasOwn(options, key)) continue;
    throw new KvmArgumentError(operation, `unknown option '${key}'; expected one of ${Object.keys(known).join(', ')}`);
  }
}

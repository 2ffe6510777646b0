/** GCC's builtin functions of the bits of an integer. There is one of each for `int`, `long` and `long long`. */

import type { IntegerType } from './arithmetic.js';
import type { Scope } from './scope.js';

const bitFunction = /^__builtin_(clz|ctz|ffs|popcount|parity|clrsb)(|l|ll|imax)$/;

export interface BitFunction {
  readonly what: string;
  /** The type of the parameter. */
  readonly type: IntegerType;
}

/** Returns the builtin function of bits with a name. Undefined for another function. */
export function bitFunctionCalled(name: string, scope: Scope): BitFunction | undefined {
  const [, what, suffix] = bitFunction.exec(name) ?? [];
  if (what === undefined || suffix === undefined) return undefined;
  const isSigned = what === 'ffs' || what === 'clrsb';
  return { what, type: isSigned ? signedBySuffix(suffix, scope) : unsignedBySuffix(suffix, scope) };
}

export function signedBySuffix(suffix: string, { integers }: Scope): IntegerType {
  const { int, long, longLong } = integers;
  if (suffix === '') return int;
  // `imax` is for `intmax_t`.
  return suffix === 'l' || (suffix === 'imax' && long.width === 64) ? long : longLong;
}

function unsignedBySuffix(suffix: string, scope: Scope): IntegerType {
  const { int, long, unsignedInt, unsignedLong, unsignedLongLong } = scope.integers;
  const signed = signedBySuffix(suffix, scope);
  if (signed === int) return unsignedInt;
  return signed === long ? unsignedLong : unsignedLongLong;
}

/** GCC's builtin functions of floating-point numbers. */

import type { ScalarName } from '../../targets/target.js';
import type { CType } from '../syntax.js';
import {
  compareReals,
  infinity,
  isFiniteReal,
  isNotANumber,
  negated,
  notANumber,
  type Real,
  realOf,
  rounded,
  truncated,
} from './reals.js';
import type { Scope } from './scope.js';
import { scalar } from './types.js';
import { isFloating, isInteger, type Value } from './values.js';

const constants = /^__builtin_(inf|huge_val|nan)(f|l|)$/;
const functions = /^__builtin_(fabs|floor|ceil|trunc|round|copysign|fmin|fmax)(f|l|)$/;
const tests = /^__builtin_(isnan|isinf|isfinite|isinf_sign|signbit)(?:f|l|)$/;

const comparisons = /^__builtin_is(greater|greaterequal|less|lessequal|lessgreater|unordered)$/;

const bySuffix: Readonly<Record<string, ScalarName>> = { '': 'double', f: 'float', l: 'long double' };

/** Returns the type of a builtin function's result. Returns undefined for another function. */
export function realFunctionType(name: string): CType | undefined {
  if (tests.test(name) || comparisons.test(name)) return scalar('int');
  const suffix = (constants.exec(name) ?? functions.exec(name))?.[2];
  const type = suffix === undefined ? undefined : bySuffix[suffix];
  return type && scalar(type);
}

/** Returns the value of a builtin function. Returns undefined if it has no constant value. */
export function realFunction(name: string, given: readonly Value[], scope: Scope): Value | undefined {
  const constant = constants.exec(name);
  if (constant) {
    const format = bySuffix[constant[2] as string] as ScalarName;
    if (constant[1] === 'nan' && given.length !== 1) return undefined;
    return { format, real: constant[1] === 'nan' ? notANumber : infinity };
  }
  const test = tests.exec(name)?.[1];
  const [first, second] = given;
  const comparison = comparisons.exec(name)?.[1];
  if (comparison !== undefined && first && second) return comparisonOf(comparison, first, second, scope);
  if (test !== undefined && first && isFloating(first)) return testOf(test, first.real, scope);
  const [, which, suffix] = functions.exec(name) ?? [];
  if (which === undefined || suffix === undefined) return undefined;
  const type = bySuffix[suffix] as ScalarName;
  const format = scope.realFormat(type);
  if (!format) return undefined;
  const reals = given.map((value) => {
    if (isFloating(value)) return rounded(value.real, format);
    return isInteger(value) ? rounded(realOf(value.value), format) : undefined;
  });
  const real = functionOf(which, reals);
  return real && { format: type, real };
}

/** The comparisons are false for a value that is not a number. */
function comparisonOf(which: string, a: Value, b: Value, { integers }: Scope): Value | undefined {
  if (!isFloating(a) || !isFloating(b) || a.format !== b.format) return undefined;
  const order = compareReals(a.real, b.real);
  const holds: Readonly<Record<string, boolean>> = {
    unordered: order === undefined,
    greater: order !== undefined && order > 0,
    greaterequal: order !== undefined && order >= 0,
    less: order !== undefined && order < 0,
    lessequal: order !== undefined && order <= 0,
    lessgreater: order !== undefined && order !== 0,
  };
  return { type: integers.int, value: holds[which] ? 1n : 0n };
}

function testOf(test: string, real: Real, { integers }: Scope): Value | undefined {
  const infinite = !isFiniteReal(real) && !isNotANumber(real);
  const holds: Readonly<Record<string, boolean>> = {
    isnan: isNotANumber(real),
    isinf: infinite,
    isfinite: isFiniteReal(real),
    isinf_sign: infinite,
    signbit: real.negative,
  };
  const sign = test === 'isinf_sign' && real.negative ? -1n : 1n;
  return { type: integers.int, value: holds[test] ? sign : 0n };
}

function functionOf(which: string, [x, y]: readonly (Real | undefined)[]): Real | undefined {
  if (!x) return undefined;
  if (which === 'fabs') return x.negative ? negated(x) : x;
  if (which === 'copysign') return y && { ...x, negative: y.negative };
  if (!isFiniteReal(x)) return undefined;
  if (which === 'fmin' || which === 'fmax') {
    const order = y && compareReals(x, y);
    if (!y || order === undefined) return undefined;
    return order < 0 === (which === 'fmin') ? x : y;
  }
  return toInteger(which, x);
}

function toInteger(which: string, real: Real): Real {
  const whole = truncated(real);
  const exact = real.numerator % real.denominator === 0n;
  const up = !real.negative;
  const farther = up ? whole + 1n : whole - 1n;
  const half = (real.numerator % real.denominator) * 2n >= real.denominator;
  const away = !exact && ((which === 'ceil' && up) || (which === 'floor' && !up) || (which === 'round' && half));
  return { ...realOf(away ? farther : whole), negative: real.negative };
}

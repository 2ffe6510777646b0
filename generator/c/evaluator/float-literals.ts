/** Floating-point constants: the type by the suffix, and the exact value. */

import type { ScalarName } from '../../targets/target.js';
import { ArithmeticError } from './arithmetic.js';
import { type Real, readReal, rounded } from './reals.js';
import type { Scope } from './scope.js';

const suffixed =
  /^(0[xX][0-9a-fA-F.]*[pP][+-]?[0-9]+|[0-9.]+(?:[eE][+-]?[0-9]+)?)([iIjJ]?)(f|F|l|L|q|Q|w|W|[fF](?:16|32|64|128|32x|64x)|df|DF|dd|DD|dl|DL)?([iIjJ]?)$/;

const types: ReadonlyMap<string, ScalarName> = new Map<string, ScalarName>([
  ['', 'double'],
  ['f', 'float'],
  ['l', 'long double'],
  ['w', 'long double'],
  ['q', '_Float128'],
  ['f16', '_Float16'],
  ['f32', '_Float32'],
  ['f64', '_Float64'],
  ['f128', '_Float128'],
  ['f32x', '_Float32x'],
  ['f64x', '_Float64x'],
  ['df', '_Decimal32'],
  ['dd', '_Decimal64'],
  ['dl', '_Decimal128'],
]);

/** The digits of the decimal types. A constant with more digits would be rounded. */
const decimalDigits: ReadonlyMap<string, number> = new Map([
  ['_Decimal32', 7],
  ['_Decimal64', 16],
  ['_Decimal128', 34],
]);

export interface FloatLiteral {
  readonly type: ScalarName;
  /** Whether the constant has an imaginary suffix. Its type is a complex type. */
  readonly imaginary: boolean;
  /** The nearest number of the type. Undefined if the generator cannot round to the type. */
  readonly real: Real | undefined;
}

export function floatLiteral(text: string, scope: Scope): FloatLiteral {
  const [, digits, before = '', suffix = '', after = ''] = suffixed.exec(text) ?? [];
  if (digits === undefined || (before !== '' && after !== '')) {
    throw new ArithmeticError(`'${text}' is not a floating-point constant`);
  }
  const type = types.get(suffix.toLowerCase());
  if (!type) throw new ArithmeticError(`a floating-point constant with the suffix '${suffix}'`);
  const imaginary = before !== '' || after !== '';
  const exact = readReal(digits);
  if (!exact) throw new ArithmeticError(`'${text}' is not a floating-point constant`);
  const format = scope.realFormat(type);
  if (format) return { type, imaginary, real: rounded(exact, format) };
  const most = decimalDigits.get(type);
  const fits = most !== undefined && digits.replace(/[eE].*/, '').length <= most;
  return { type, imaginary, real: fits ? exact : undefined };
}

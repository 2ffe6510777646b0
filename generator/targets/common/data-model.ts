/** The facts that targets with every pointer size share. A data model or a target replaces the facts that differ. */

import type { DataModel, Measure, Scalars } from '../target.js';
import { gnuAttributes } from './attributes.js';
import { gnuBuiltins } from './builtins.js';

const byte: Measure = { size: 1, align: 1 };
const half: Measure = { size: 2, align: 2 };
export const word: Measure = { size: 4, align: 4 };
export const wide: Measure = { size: 8, align: 8 };
export const quad: Measure = { size: 16, align: 16 };

export const commonScalars: Omit<Scalars, 'long' | 'unsigned long' | 'long double'> = {
  _Bool: byte,
  char: byte,
  'signed char': byte,
  'unsigned char': byte,
  short: half,
  'unsigned short': half,
  int: word,
  'unsigned int': word,
  'long long': wide,
  'unsigned long long': wide,
  float: word,
  double: wide,
  _Float32: word,
  _Float64: wide,
  _Float32x: wide,
};

/** The half-precision numbers of some targets. */
export const half16: Pick<Scalars, '_Float16'> = { _Float16: half };

/** The half-precision numbers that the Arm targets name in their own way. */
export const halfFloats: Required<Pick<Scalars, '__fp16' | '__bf16'>> = { __fp16: half, __bf16: half };

/** The numbers of 128 bits with the format of IEEE 754, and the type that extends `_Float64`. */
export const quadFloats: Pick<Scalars, '_Float128' | '_Float64x'> = { _Float128: quad, _Float64x: quad };

/** The decimal numbers. */
export const decimals: Pick<Scalars, '_Decimal32' | '_Decimal64' | '_Decimal128'> = {
  _Decimal32: word,
  _Decimal64: wide,
  _Decimal128: quad,
};

export const commonRules: Omit<DataModel, 'scalars' | 'pointer' | 'sizeType' | 'longDouble'> = {
  biggestAlignment: 16,
  mostVectorAlignment: null,
  functionAlignment: 1,
  anonymousBitFieldsAlign: false,
  wideCharacter: 'int',
  attributes: gnuAttributes,
  builtins: gnuBuiltins,
};

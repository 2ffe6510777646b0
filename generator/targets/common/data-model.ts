/** What the targets have in common whichever size their pointers are of. A data model or a target replaces what differs. */

import type { DataModel, Measure, Scalars } from '../target.js';
import { gnuAttributes, gnuBuiltins } from './gnu.js';

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
};

export const commonRules: Omit<DataModel, 'scalars' | 'pointer' | 'sizeType'> = {
  biggestAlignment: 16,
  mostVectorAlignment: null,
  anonymousBitFieldsAlign: false,
  attributes: gnuAttributes,
  builtins: gnuBuiltins,
};

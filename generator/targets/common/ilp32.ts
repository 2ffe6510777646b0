/** The facts that targets with 32-bit pointers share: ILP32 in GCC. A target adds its own facts. */

import type { DataModel } from '../target.js';
import { commonRules, commonScalars, wide, word } from './data-model.js';

export const ilp32: DataModel = {
  ...commonRules,
  scalars: { ...commonScalars, long: word, 'unsigned long': word, 'long double': wide },
  pointer: { size: 4, align: 4 },
  longDouble: 'binary64',
  sizeType: 'unsigned int',
};

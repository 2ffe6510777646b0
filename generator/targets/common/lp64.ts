/** The facts that targets with 64-bit pointers share: LP64 in GCC. A target adds its own facts. */

import type { DataModel } from '../target.js';
import { commonRules, commonScalars, quad, wide } from './data-model.js';

export const lp64: DataModel = {
  ...commonRules,
  scalars: {
    ...commonScalars,
    long: wide,
    'unsigned long': wide,
    'long double': quad,
    __int128: quad,
    'unsigned __int128': quad,
  },
  pointer: { size: 8, align: 8 },
  longDouble: 'binary128',
  sizeType: 'unsigned long',
};

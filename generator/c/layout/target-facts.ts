/** The facts about a target that the evaluation of expressions needs, computed from the description of the target. */

import type { ScalarName, Target } from '../../targets/target.js';
import type { RealFormat } from '../evaluator/reals.js';

const half: RealFormat = { precision: 11, maxExponent: 15 };
const single: RealFormat = { precision: 24, maxExponent: 127 };
const double: RealFormat = { precision: 53, maxExponent: 1023 };
const extended: RealFormat = { precision: 64, maxExponent: 16383 };
const quadruple: RealFormat = { precision: 113, maxExponent: 16383 };

/** The numbers of PowerPC are sums of two doubles. */
const longDoubles: Readonly<Record<Target['longDouble'], RealFormat | undefined>> = {
  binary64: double,
  binary128: quadruple,
  x87: extended,
  ibm128: undefined,
};

/** Returns the format of a floating-point type. Undefined for another type, and for a format that is not binary. */
export function realFormatOf(name: ScalarName, target: Target): RealFormat | undefined {
  switch (name) {
    case '_Float16':
      return half;
    case 'float':
    case '_Float32':
      return single;
    case 'double':
    case '_Float64':
    case '_Float32x':
      return double;
    case '_Float128':
      return quadruple;
    case '_Float64x':
      return target.longDouble === 'x87' ? extended : quadruple;
    case 'long double':
      return longDoubles[target.longDouble];
    default:
      return undefined;
  }
}

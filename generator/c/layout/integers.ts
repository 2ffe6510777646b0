/** The integer types of a target for arithmetic. */

import type { ScalarName, Target } from '../../targets/target.js';
import type { IntegerType, IntegerTypes } from '../evaluator/arithmetic.js';

const ranks: readonly (readonly [ScalarName, number, boolean | 'char'])[] = [
  ['_Bool', 0, false],
  ['char', 1, 'char'],
  ['signed char', 1, true],
  ['unsigned char', 1, false],
  ['short', 2, true],
  ['unsigned short', 2, false],
  ['int', 3, true],
  ['unsigned int', 3, false],
  ['long', 4, true],
  ['unsigned long', 4, false],
  ['long long', 5, true],
  ['unsigned long long', 5, false],
  ['__int128', 6, true],
  ['unsigned __int128', 6, false],
];

export interface TargetIntegers extends IntegerTypes {
  /**
   * Returns the integer type of a scalar type. Undefined for floating point, and for a type that the target does not
   * have.
   */
  of(name: ScalarName): IntegerType | undefined;
}

export function integersOf(target: Target): TargetIntegers {
  const types = new Map<ScalarName, IntegerType>(
    ranks.flatMap(([name, rank, signed]) => {
      const measure = target.scalars[name];
      if (!measure) return [];
      const type = { name, rank, width: measure.size * 8, signed: signed === 'char' ? target.charSigned : signed };
      return [[name, type]];
    }),
  );
  const get = (name: ScalarName): IntegerType => types.get(name) as IntegerType;
  return {
    int: get('int'),
    unsignedInt: get('unsigned int'),
    long: get('long'),
    unsignedLong: get('unsigned long'),
    longLong: get('long long'),
    unsignedLongLong: get('unsigned long long'),
    largest: types.get('__int128') ?? get('long long'),
    of: (name) => types.get(name),
  };
}

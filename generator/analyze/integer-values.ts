/** Converts C integers to the integers of the model. */

import type { Integer } from '../c/evaluator/arithmetic.js';
import type { IntegerValue } from '../model/model.js';

export function modelInteger({ type, value }: Integer): IntegerValue {
  return type.width > 32 ? String(value) : Number(value);
}

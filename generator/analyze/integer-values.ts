/** C integers as the model holds them. */

import type { Integer } from '../c/evaluator/arithmetic.js';
import type { IntegerValue } from '../model/model.js';

export function modelInteger({ type, value }: Integer): IntegerValue {
  return type.width > 32 ? String(value) : Number(value);
}

/** Reads the text at a constant address: in a string literal, or in a `const` array that a string initializes. */

import type { Expression, Initializer } from '../syntax.js';
import { stringUnits } from './literals.js';
import type { Evaluator, Value } from './values.js';

/** Returns the bytes from an address to the end of its string, without the NUL. Undefined for another address. */
export function textAt(value: Value, evaluator: Evaluator): readonly number[] | undefined {
  if (!('address' in value) || value.base === null) return undefined;
  const { base, offset } = value;
  const string =
    typeof base === 'string'
      ? stringIn(evaluator.scope.constantInitializer(base))
      : base.kind === 'string'
        ? base
        : undefined;
  const units = string && textOf(string, evaluator);
  if (!units || offset < 0n || offset > BigInt(units.length)) return undefined;
  const rest = units.slice(Number(offset));
  const end = rest.indexOf(0);
  return end === -1 ? rest : rest.slice(0, end);
}

/** Returns the bytes of a string of `char`. Undefined for a string of wider characters. */
export function textOf(
  { parts }: Extract<Expression, { kind: 'string' }>,
  { scope }: Evaluator,
): readonly number[] | undefined {
  const { prefix, units } = stringUnits(
    parts.map(({ text }) => text),
    scope,
  );
  return prefix === '' || prefix === 'u8' ? units : undefined;
}

/** Returns the string literal that is the whole initializer, perhaps in braces. */
export function stringIn(initializer: Initializer | undefined): Extract<Expression, { kind: 'string' }> | undefined {
  if (initializer?.kind === 'list') {
    const [only, more] = initializer.items;
    return only && !more && only.designators.length === 0 ? stringIn(only.value) : undefined;
  }
  const expression = initializer?.expression;
  return expression?.kind === 'string' ? expression : undefined;
}

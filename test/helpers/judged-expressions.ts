/** Compares the generator's values and types of expressions with those of a target's compiler. */

import type { Target } from '../../generator/targets/target.js';
import type { Check } from '../../generator/verify/c-assertions.js';
import { compilerOf, refusedLines } from '../../tools/lib/compilers.js';
import { modelOf } from '../../tools/lib/headers-in-memory.js';

const low = (1n << 64n) - 1n;

/** Returns C conditions that hold if an expression has a type and a value. */
function conditionsOf(expression: string, type: string, value: bigint): string[] {
  const isType = `_Generic((${expression}), ${type}: 1, default: 0)`;
  const bits = `(unsigned long long)(${expression}) == 0x${(value & low).toString(16)}ULL`;
  if (!type.includes('__int128')) return [isType, bits, value < 0n ? `(${expression}) < 0` : '1'];
  return [isType, bits, `(unsigned long long)((${expression}) >> 64) == 0x${((value >> 64n) & low).toString(16)}ULL`];
}

/**
 * Returns the differences between the generator and the compiler about the values and types of integer expressions.
 * `declarations` is C code in front of the expressions. An expression without a value must have none for the compiler.
 */
export async function differencesOf(
  target: Target,
  expressions: readonly string[],
  declarations = '',
): Promise<string[]> {
  const macros = expressions.map((expression, index) => `#define E_${index} (${expression})\n`);
  const header = `${declarations}\n${macros.join('')}`;
  const model = modelOf({ 'x.h': header }, 'x.h', undefined, target);
  const values = new Map(model.constants.map((constant) => [constant.name, constant]));
  const reasons = new Map(model.omissions.map(({ name, reason }) => [name, reason]));
  const lines = declarations.split('\n');
  const checks: Check[] = [];
  const check = (item: string, condition: string): void => {
    checks.push({ line: lines.push(`_Static_assert(${condition}, "");`), item, expected: condition });
  };
  const shown = new Map<string, string>();
  for (const [index, expression] of expressions.entries()) {
    const constant = values.get(`E_${index}`);
    if (constant && !constant.type.startsWith('char[')) {
      shown.set(expression, `${constant.type} ${constant.value}`);
      for (const condition of conditionsOf(expression, constant.type, BigInt(constant.value))) {
        check(expression, condition);
      }
    } else {
      shown.set(expression, `no value: ${reasons.get(`E_${index}`)}`);
      check(expression, `~(${expression}) | 1`);
    }
  }
  const refused = await refusedLines(compilerOf(target), 'x.h', { text: `${lines.join('\n')}\n`, checks });
  return checks.flatMap(({ line, item, expected }) => {
    const message = refused.get(line);
    const hasValue = !shown.get(item)?.startsWith('no value');
    if (hasValue === (message === undefined)) return [];
    return [`${item}: the generator says ${shown.get(item)}; the compiler ${message ?? `accepts ${expected}`}`];
  });
}

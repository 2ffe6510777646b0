import fc from 'fast-check';
import { describe, it } from 'vitest';
import { i386 } from '../../../generator/targets/i386.js';
import { s390x } from '../../../generator/targets/s390x.js';
import type { Target } from '../../../generator/targets/target.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { compilerOf, isInstalled } from '../../../tools/lib/compilers.js';
import { checkAtOnce, type Verdict } from '../../../tools/lib/random-values.js';
import { modelOfText } from '../../helpers/committed-models.js';
import { answersOf, importFunctions, tuplesOf, type Use, wrongAnswers } from '../../helpers/function-facts.js';

const literal = fc
  .tuple(
    fc.constantFrom(
      0n,
      1n,
      2n,
      7n,
      31n,
      32n,
      63n,
      255n,
      65535n,
      2n ** 31n - 1n,
      2n ** 31n,
      2n ** 32n - 1n,
      2n ** 63n - 1n,
    ),
    fc.constantFrom('', '', '', 'u', 'l', 'ul', 'll', 'ull'),
  )
  .map(([value, suffix]) => `0x${value.toString(16)}${suffix}`);
const type = fc.constantFrom(
  ...['char', 'signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned', 'long', 'unsigned long'],
  ...['long long', 'unsigned long long', 'enum e'],
);
const binary = fc.constantFrom(
  ...['+', '-', '*', '/', '%', '<<', '>>', '&', '|', '^', '<', '>', '<=', '>=', '==', '!=', '&&', '||'],
);

/** Every operand is in parentheses. Another test covers precedence. */
const { expression } = fc.letrec<{ expression: string; operand: string }>((tie) => ({
  operand: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('a', 'b') },
    { weight: 1, arbitrary: literal },
    { weight: 4, arbitrary: tie('expression').map((inner) => `(${inner})`) },
  ),
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom('(a)', '(b)'),
    fc.tuple(tie('operand'), binary, tie('operand')).map((parts) => parts.join(' ')),
    fc.tuple(tie('operand'), fc.constantFrom('<<', '>>'), fc.nat(40)).map((parts) => parts.join(' ')),
    fc.tuple(tie('operand'), fc.constantFrom('/', '%'), literal).map((parts) => parts.join(' ')),
    fc.tuple(fc.constantFrom('-', '+', '~', '!'), tie('operand')).map((parts) => parts.join('')),
    fc.tuple(type, tie('operand')).map(([to, inner]) => `(${to})${inner}`),
    fc.tuple(tie('operand'), tie('operand'), tie('operand')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
    fc.tuple(tie('operand'), tie('operand')).map(([a, b]) => `${a} ?: ${b}`),
  ),
}));

/** Checks a property of many macros. Each macro is used with several arguments at the limits of C's types. */
async function judge(bodies: readonly string[], target: Target): Promise<Verdict[]> {
  const text = `enum e { E };\n${bodies.map((body, index) => `#define F_${index}(a, b) (${body})\n`).join('')}`;
  const model = modelOfText('x.h', text, target);
  const exports = await importFunctions(model);
  const tuples = tuplesOf(2);
  const uses = model.functions.flatMap(({ name }, index): Use[] =>
    [0, 1, 2, 3, 4, 5].map((turn) => ({ name, arguments: tuples[(index * 7 + turn * 11) % tuples.length] ?? [] })),
  );
  const answers = answersOf(compilerOf(target), text, uses);
  const wrong = wrongAnswers(exports, uses, answers);
  const inLedger = new Map(model.omissions.map(({ name, reason }) => [name, reason]));
  return bodies.map((body, index) => {
    const reason = inLedger.get(`F_${index}`);
    // C gives no value to a part without arguments.
    if (reason !== undefined) return /^(?:division by zero|shift of )/.test(reason) ? null : `${body}: ${reason}`;
    const mine = wrong.filter((each) => each.startsWith(`F_${index}(`));
    return mine.length > 0 ? `${body}: ${mine.join('; ')}` : null;
  });
}

describe.each([x86_64, i386, s390x])('random macros for $name', (target) => {
  it.skipIf(!isInstalled(target))('the functions give the values that the compiler gives', async () => {
    await checkAtOnce(expression, 200, (bodies) => judge(bodies, target));
  });
});

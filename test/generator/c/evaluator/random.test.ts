import fc from 'fast-check';
import { describe, it } from 'vitest';
import { hasCompiler, needsCompiler } from '../../../../tools/lib/gcc.js';
import { checkAtOnce, type Verdict } from '../../../../tools/lib/random-values.js';
import { integersByCompiler, integersByGenerator, trapped } from '../../../helpers/integers-in-c.js';

const edges = [0n, 1n, 2n, 3n, 7n, 31n, 32n, 63n, 127n, 128n, 255n, 256n, 65535n].concat(
  [31n, 32n, 63n].flatMap((bits) => [(1n << bits) - 1n, 1n << bits]),
);
const number = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...edges) },
  fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
);
const suffix = fc.constantFrom('', '', '', 'u', 'U', 'l', 'L', 'ul', 'UL', 'll', 'LL', 'ull', 'LLU');
const literal = fc
  .tuple(number, fc.constantFrom(10, 16, 8, 2), suffix)
  // A decimal constant that only an unsigned type holds has no type in C.
  .filter(([value, base, end]) => base !== 10 || value < 1n << 63n || /u/i.test(end))
  .map(([value, base, end]) => {
    const prefix =
      new Map([
        [2, '0b'],
        [8, '0'],
        [16, '0x'],
      ]).get(base) ?? '';
    return `${prefix}${value.toString(base)}${end}`;
  });
const name = fc.constantFrom('A', 'B', 'C', 'D', "'a'", "'\\xff'", 'sizeof(short)', 'offsetof(struct s, b)');
const type = fc.constantFrom(
  ...['char', 'signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned', 'long', 'unsigned long'],
  ...['long long', 'unsigned long long', 'byte', 'enum e', '__int128', 'unsigned __int128'],
);
const binary = fc.constantFrom(
  ...['+', '-', '*', '/', '%', '<<', '>>', '&', '|', '^', '<', '>', '<=', '>=', '==', '!=', '&&', '||'],
);

/** An operand of an operator stands in parentheses or does not: then precedence decides. */
const { expression } = fc.letrec<{ expression: string; operand: string }>((tie) => ({
  operand: fc.oneof(
    { weight: 2, arbitrary: tie('expression').map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie('expression') },
  ),
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    literal,
    name,
    fc.tuple(tie('operand'), binary, tie('operand')).map((parts) => parts.join(' ')),
    fc.tuple(tie('operand'), fc.constantFrom('<<', '>>'), fc.nat(70)).map((parts) => parts.join(' ')),
    fc.tuple(fc.constantFrom('-', '+', '~', '!'), tie('operand')).map((parts) => parts.join(' ')),
    fc.tuple(type, tie('expression')).map(([to, inner]) => `(${to})(${inner})`),
    // GCC 12 breaks down over a conversion to _Bool of some other operands.
    literal.map((inner) => `(_Bool)${inner}`),
    fc.tuple(tie('operand'), tie('expression'), tie('operand')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
    fc.tuple(tie('operand'), tie('operand')).map(([a, b]) => `${a} ?: ${b}`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a}, ${b})`),
    fc.tuple(fc.constantFrom('sizeof', '_Alignof'), type).map(([what, of]) => `${what}(${of})`),
    tie('expression').map((inner) => `sizeof(${inner})`),
  ),
}));

const declarations = `
#include <stddef.h>
typedef unsigned char byte;
enum e { A, B = -1, C = 0x7fffffff };
enum { D = 0x80000000 };
struct s { char a; long b; };
`;

/** A program of the compiler's traps where it meets what the standard leaves undefined. */
function trapOn(...what: readonly string[]): string[] {
  return [`-fsanitize=${what.join(',')}`, '-fsanitize-undefined-trap-on-error'];
}

async function judge(expressions: readonly string[]): Promise<Verdict[]> {
  const want = integersByCompiler(expressions, declarations, trapOn('shift-exponent', 'integer-divide-by-zero'));
  const overflow = integersByCompiler(expressions, declarations, trapOn('signed-integer-overflow'));
  const given = integersByGenerator(expressions, declarations.replace('#include <stddef.h>', ''));
  return expressions.map((text, index): Verdict => {
    if (overflow[index] === trapped) return null;
    const none = given[index]?.startsWith('no value: ');
    const fine = want[index] === trapped ? none : given[index] === want[index];
    return fine ? null : `${text}: the generator says ${given[index]}, GCC ${want[index]}`;
  });
}

describe.skipIf(!hasCompiler)(`random constant expressions ${needsCompiler}`, () => {
  it('have the value and the type that GCC gives, and none where C gives none', async () => {
    await checkAtOnce(expression, 200, judge);
  });
});

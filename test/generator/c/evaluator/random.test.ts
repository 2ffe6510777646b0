import fc from 'fast-check';
import { describe, it } from 'vitest';
import { arm64 } from '../../../../generator/targets/arm64.js';
import { i386 } from '../../../../generator/targets/i386.js';
import { s390x } from '../../../../generator/targets/s390x.js';
import type { Target } from '../../../../generator/targets/target.js';
import { x86_64 } from '../../../../generator/targets/x86_64.js';
import { isInstalled } from '../../../../tools/lib/compilers.js';
import { checkAtOnce, type Verdict } from '../../../../tools/lib/random-values.js';
import { differencesOf } from '../../../helpers/judged-expressions.js';

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
  // In C, a decimal constant that only an unsigned type can hold has no type.
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
const name = fc.constantFrom(
  ...[
    'A',
    'B',
    'C',
    'D',
    "'a'",
    "'\\xff'",
    "L'\\xff'",
    "u'x'",
    'sizeof(short)',
    'offsetof(struct s, b)',
    'sizeof("abc")',
  ],
);
/** Objects have types and no values. */
const object = fc.constantFrom(
  'vc',
  'vs',
  'vu',
  'vl',
  'vull',
  'vb',
  'vf',
  'vd',
  'p->bits',
  'p->wide',
  'p->small',
  've',
);
const real = fc
  .tuple(
    fc.integer({ min: 0, max: 99999 }),
    fc.nat(99),
    fc.integer({ min: -20, max: 20 }),
    fc.constantFrom('', 'f', 'L'),
  )
  .map(([whole, fraction, exponent, end]) => `${whole}.${fraction}e${exponent}${end}`);
const hexReal = fc
  .tuple(fc.bigInt({ min: 0n, max: 1n << 70n }), fc.integer({ min: -80, max: 80 }), fc.constantFrom('', 'f', 'L'))
  .map(([whole, exponent, end]) => `0x${whole.toString(16)}.8p${exponent}${end}`);
const type = fc.constantFrom(
  ...['char', 'signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned', 'long', 'unsigned long'],
  ...['long long', 'unsigned long long', 'byte', 'enum e', 'float', 'double', 'long double'],
);
const binary = fc.constantFrom(
  ...['+', '-', '*', '/', '%', '<<', '>>', '&', '|', '^', '<', '>', '<=', '>=', '==', '!=', '&&', '||'],
);
const builtin = fc.constantFrom(
  ...['clz', 'ctz', 'ffs', 'popcount', 'parity', 'clrsb'].flatMap((each) => [each, `${each}l`, `${each}ll`]),
  ...['bswap16', 'bswap32', 'bswap64', 'abs', 'labs', 'llabs', 'constant_p'],
);
const associations =
  'char: 1, short: 2, int: 3, unsigned: 4, long: 5, unsigned long: 6, long long: 7, float: 8, default: 9';

/** An operand is in parentheses or not. Without parentheses, precedence decides. */
const { expression } = fc.letrec<{ expression: string; operand: string }>((tie) => ({
  operand: fc.oneof(
    { weight: 2, arbitrary: tie('expression').map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie('expression') },
  ),
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    { weight: 2, arbitrary: literal },
    name,
    real,
    hexReal,
    { weight: 3, arbitrary: fc.tuple(tie('operand'), binary, tie('operand')).map((parts) => parts.join(' ')) },
    fc.tuple(tie('operand'), fc.constantFrom('<<', '>>'), fc.nat(70)).map((parts) => parts.join(' ')),
    fc.tuple(fc.constantFrom('-', '+', '~', '!'), tie('operand')).map((parts) => parts.join(' ')),
    { weight: 2, arbitrary: fc.tuple(type, tie('expression')).map(([to, inner]) => `(${to})(${inner})`) },
    // GCC 12 crashes on a conversion to _Bool of some other operands.
    literal.map((inner) => `(_Bool)${inner}`),
    fc.tuple(tie('operand'), tie('operand'), tie('operand')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
    fc.tuple(tie('operand'), tie('operand')).map(([a, b]) => `${a} ?: ${b}`),
    fc.tuple(fc.constantFrom('sizeof', '_Alignof'), type).map(([what, of]) => `${what}(${of})`),
    tie('expression').map((inner) => `sizeof(${inner})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `sizeof(${a}, ${b})`),
    fc.tuple(object, binary, tie('operand')).map(([a, operator, b]) => `sizeof(${a} ${operator} (${b}))`),
    fc.tuple(object, tie('operand')).map(([a, b]) => `_Generic(1 ? ${a} : (${b}), ${associations})`),
    tie('expression').map((inner) => `_Generic((${inner}), ${associations})`),
    // GCC does not evaluate a builtin function if its operand overflowed.
    fc
      .tuple(
        builtin,
        fc.oneof(
          literal,
          literal.map((each) => `~${each}`),
        ),
      )
      .map(([of, each]) => `__builtin_${of}(${each})`),
    fc
      .tuple(builtin, fc.constantFrom('char', 'short', 'int', 'long', 'byte'), literal)
      .map(([of, to, each]) => `__builtin_${of}((${to})${each})`),
    fc
      .tuple(fc.nat(9), tie('expression'), tie('expression'))
      .map(([test, a, b]) => `__builtin_choose_expr(${test % 2}, ${a}, ${b})`),
    literal.map((inner) => `(unsigned long)&((struct s *)(${inner}))->b`),
  ),
}));

const declarations = `
#define offsetof(type, member) __builtin_offsetof(type, member)
typedef unsigned char byte;
enum e { A, B = -1, C = 0x7fffffff };
enum { D = 0x80000000 };
struct s { char a; long b; int bits : 5; unsigned long long wide : 40; unsigned small : 3; };
extern struct s *p;
extern char vc;
extern short vs;
extern unsigned vu;
extern long vl;
extern unsigned long long vull;
extern _Bool vb;
extern float vf;
extern double vd;
extern enum e ve;
`;

async function judge(expressions: readonly string[], target: Target): Promise<Verdict[]> {
  const differences = await differencesOf(target, expressions, declarations);
  return expressions.map((text) => differences.find((each) => each.startsWith(`${text}: `)) ?? null);
}

describe.each([x86_64, i386, s390x, arm64])('random constant expressions for $name', (target) => {
  it.skipIf(!isInstalled(target))(
    'an expression has the value and the type that the compiler gives, or no value',
    async () => {
      await checkAtOnce(expression, 200, (expressions) => judge(expressions, target));
    },
  );
});

/** Random constant expressions of C. */

import type { Random } from './random.js';
import { abstract, integerTypes, objects, type Parts } from './types.js';

const numbers = [
  ...[
    '0',
    '1',
    '2',
    '3',
    '7',
    '8',
    '12',
    '31',
    '100',
    '0x7f',
    '0xff',
    '010',
    '0b101',
    '255u',
    '1l',
    '4ul',
    '5ll',
    '9ull',
  ],
  ...[
    '0x100000000',
    '0xffffffff',
    '2147483647',
    '0x8000',
    "'a'",
    "'\\0'",
    "'\\xff'",
    "'\\377'",
    "'ab'",
    "L'a'",
    "u'\\xff'",
  ],
  ...[
    "U'z'",
    'SEVEN',
    'TWICE(3)',
    'SMALL_1',
    'LARGE_B',
    'NEGATIVE',
    'WIDE',
    'TINY_1',
    '1000000007',
    '2147483648',
    '-1',
  ],
] as const;

const floats = [
  '1.5',
  '2.75f',
  '1e3',
  '0x1.8p3',
  '.5',
  '3.99L',
  '-2.5',
  '100.0 / 3',
  '1e2 + .25',
  '(double)7 / 2',
  '2.5f * 3',
  '1e9',
];

const callsOfOne = [
  ...['__builtin_clz', '__builtin_clzll', '__builtin_ctz', '__builtin_ctzll', '__builtin_ffs', '__builtin_ffsll'],
  ...['__builtin_popcount', '__builtin_popcountll', '__builtin_parity', '__builtin_parityll', '__builtin_bswap16'],
  ...[
    '__builtin_bswap32',
    '__builtin_bswap64',
    '__builtin_clzl',
    '__builtin_ctzl',
    '__builtin_ffsl',
    '__builtin_popcountl',
  ],
  ...['__builtin_constant_p', '__builtin_clrsb', '__builtin_clrsbll', '__builtin_abs'],
] as const;

const strings = ['"abc"', '""', '"a" "bc"', '"tab\\t"', '"a\\0b"', '"\\x41\\102"', 'greeting'];

const places = [
  ...[
    'struct pair, b',
    'struct nested, second',
    'struct nested, inner[1].y',
    'struct nested, inner[1].y[1]',
    'unnamed_pair, b',
  ],
  ...['struct packed_pair, b', 'struct nested, tail', 'struct bits, last', 'struct nested, first.b', 'union mixed, b'],
] as const;

const binary = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '&',
  '|',
  '^',
  '<',
  '>',
  '<=',
  '>=',
  '==',
  '!=',
  '&&',
  '||',
  '<<',
  '>>',
] as const;

/** Writes an integer constant expression. Some of them have no value, or the compiler refuses them. */
export function expression(parts: Parts, depth = 2): string {
  const { random } = parts;
  if (depth === 0 || random.oneIn(5)) return leaf(parts);
  const deeper = (): string => `(${expression(parts, depth - 1)})`;
  switch (random.below(14)) {
    case 0:
    case 1:
      return operation(random, deeper);
    case 2:
      return `${random.pick(['-', '~', '!', '+', '__extension__ '])}${deeper()}`;
    case 3:
      return `(${random.pick(integerTypes)})${deeper()}`;
    case 4:
      return random.oneIn(4) ? `${deeper()} ?: ${deeper()}` : `${deeper()} ? ${deeper()} : ${deeper()}`;
    case 5:
      return `${random.pick(callsOfOne)}(${random.pick(numbers)})`;
    case 6:
      return `${random.pick(callsOfOne)}(${deeper()} | 1)`;
    case 7:
      return `(${random.pick(integerTypes)})${random.pick(['', '+', '-'])}${random.pick(floats.filter((each) => /^[\d.][\w.+]*$/.test(each)))}`;
    case 8:
      return `(${random.pick(['int', 'long', 'unsigned char', 'long long'])})(${random.pick(floats)})`;
    case 9:
      return generic(parts, deeper);
    case 10:
      return `__builtin_choose_expr(${deeper()}, ${deeper()}, ${random.oneIn(2) ? deeper() : '"none"'})`;
    case 11:
      return `__builtin_types_compatible_p(${abstract(parts)}, ${abstract(parts)})`;
    case 12:
      return `((__typeof__(${abstract(parts)}) *)0 == 0) + ${deeper()}`;
    default:
      return leaf(parts);
  }
}

function operation(random: Random, deeper: () => string): string {
  const operator = random.pick(binary);
  if (operator === '<<' || operator === '>>') return `${deeper()} ${operator} ${random.below(40)}`;
  if (operator === '/' || operator === '%')
    return `${deeper()} ${operator} ${random.pick(['3', '7u', '0x10ll', "'a'", '2'])}`;
  if (operator === '*') return `(${deeper()} & 0xff) * ${random.pick(['3', '100', '2u', '5ll'])}`;
  return `${deeper()} ${operator} ${deeper()}`;
}

function generic(parts: Parts, deeper: () => string): string {
  const { random } = parts;
  const chosen = [
    ...new Set(
      random.some(1, 3, () =>
        random.pick([
          'int',
          'char',
          'unsigned',
          'long',
          'double',
          'const char *',
          'char *',
          'short',
          'struct pair',
          'unsigned long long',
          'float',
          'void *',
        ]),
      ),
    ),
  ];
  const list = chosen.map((type) => `${type}: ${deeper()}`);
  const control = random.oneIn(2) ? random.pick(objects) : deeper();
  return `_Generic(${control}, ${[...list, `default: ${deeper()}`].join(', ')})`;
}

function leaf(parts: Parts): string {
  const { random } = parts;
  switch (random.below(12)) {
    case 0:
      return `sizeof(${abstract(parts)})`;
    case 1:
      return `${random.pick(['_Alignof', '__alignof__', '__alignof'])}(${abstract(parts)})`;
    case 2:
      return `sizeof(${random.pick(objects)})`;
    case 3:
      return `sizeof ${random.pick(['speeds', 'greeting', "'a'", '"abc"', 'speeds[0]', '1.0f', '-1ll', '(int[4]){ 0 }'])}`;
    case 4:
      return `__alignof__(${random.pick(objects)})`;
    case 5:
      return `${random.pick(['__builtin_offsetof', 'offsetof'])}(${random.pick(places)})`;
    case 6:
      return `__builtin_strlen(${random.pick(strings)})`;
    case 7:
      return `(${random.pick(['long', 'size_t', 'unsigned long'])})&((struct nested *)0)->${random.pick(['tail', 'inner[1].y', 'second'])}`;
    default:
      return random.pick(numbers);
  }
}

/** Writes a constant expression with a value in the range, in the whole language. */
export function sized(random: Random, least: number, most: number): string {
  const value = least + random.below(most - least + 1);
  if (random.oneIn(2)) return String(value);
  return random.pick<() => string>([
    () => `${value + 1} - 1`,
    () => `sizeof(char[${value}])`,
    () => `(int)${value}.${random.below(10)}`,
    () => `__builtin_strlen("${'x'.repeat(value)}")`,
    () => `__builtin_popcount(${2 ** value - 1})`,
    () => `_Generic(1, int: ${value}, default: 1)`,
    () => `sizeof("${'y'.repeat(Math.max(0, value - 1))}")${value === 0 ? ' - 1' : ''}`,
    () => `SEVEN * 0 + ${value}`,
    () => `__builtin_choose_expr(1, ${value}, 0)`,
    () => `'\\${value.toString(8)}'`,
    () => `sizeof(speeds) / sizeof(speeds[0]) ${value >= 8 ? '+' : '-'} ${Math.abs(value - 8)}`,
  ])();
}

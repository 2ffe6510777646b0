/** Random attributes, types and declarators of C. */

import type { Random } from './random.js';

/** A writer of the parts of random declarations. */
export interface Parts {
  readonly random: Random;
  /** Writes an integer constant expression with a value of at least `least` and at most `most`. */
  readonly sized: (least: number, most: number) => string;
}

/** Spells a name of GCC's attributes plainly, or with underscores. */
function attributeName(random: Random, name: string): string {
  return random.oneIn(3) ? `__${name}__` : name;
}

function alignedArgument({ random, sized }: Parts): string {
  if (random.oneIn(10)) return '';
  if (random.oneIn(6))
    return `(${random.pick(['sizeof(long)', '_Alignof(double)', '1 << 3', 'sizeof(struct pair)', '(8)'])})`;
  if (random.oneIn(12)) return `(${sized(4, 4)})`;
  return `(${random.pick(['1', '2', '4', '8', '16', '32', '2', '4', '8', '16', '64', '0x8', '4u'])})`;
}

/** An attribute that can change a layout. */
export function layoutAttribute(parts: Parts): string {
  const { random } = parts;
  if (random.oneIn(3)) return attributeName(random, 'packed');
  return `${attributeName(random, 'aligned')}${alignedArgument(parts)}`;
}

/** An attribute that changes no layout. */
function harmlessAttribute(random: Random): string {
  const name = random.pick(['unused', 'deprecated', 'may_alias', 'deprecated("old")', 'unused', 'nonnull', 'pure', '']);
  return name.includes('(') || name === '' ? name : attributeName(random, name);
}

/** Writes `__attribute__((…))` with one or several attributes. */
export function gnu(random: Random, ...list: readonly string[]): string {
  return `${random.pick(['__attribute__', '__attribute__', '__attribute'])}((${list.join(', ')}))`;
}

/** Writes attributes that can change a layout, in one of the forms of GCC. Most often it writes nothing. */
export function attributes(parts: Parts, times = 4): string {
  const { random } = parts;
  if (!random.oneIn(times)) return '';
  if (random.oneIn(8)) return gnu(random, harmlessAttribute(random));
  if (random.oneIn(8)) return gnu(random, layoutAttribute(parts), layoutAttribute(parts));
  if (random.oneIn(12)) return `${gnu(random, layoutAttribute(parts))} ${gnu(random, layoutAttribute(parts))}`;
  return gnu(random, layoutAttribute(parts));
}

/** Writes `[[…]]`. Most often it writes nothing. */
export function brackets(parts: Parts, times = 12): string {
  const { random } = parts;
  if (!random.oneIn(times)) return '';
  const prefix = random.pick(['gnu::', '__gnu__::', 'gnu ::']);
  const plain = random.pick(['deprecated', 'maybe_unused', 'deprecated("old")', '']);
  if (random.oneIn(5)) return `[[${plain}]]`;
  const list = random.some(1, 2, () => `${prefix}${layoutAttribute(parts)}`);
  return `[[${list.join(', ')}]]`;
}

export const integerTypes: readonly string[] = [
  ...[
    'char',
    'signed char',
    'unsigned char',
    'short',
    'unsigned short int',
    'int',
    'unsigned',
    'long',
    'unsigned long',
  ],
  ...['long long', 'unsigned long long', 'long unsigned int', 'short signed', 'int long', 'long int long unsigned'],
  ...[
    '_Bool',
    'octet',
    'size_t',
    'ptrdiff_t',
    'wchar_t',
    '__SIZE_TYPE__',
    '__INT_LEAST8_TYPE__',
    '__UINT_FAST16_TYPE__',
  ],
  ...['__signed__ char', '__UINT64_TYPE__', '__INTPTR_TYPE__'],
];

const alignedTypes = ['int_1', 'int_2', 'int_8', 'short_4', 'char_2', 'u64_4', 'u64_16'];

export const enumTypes: readonly string[] = ['enum small', 'enum negative', 'enum wide', 'enum tiny', 'enum large'];

const otherTypes = [
  ...['float', 'double', 'long double', 'void *', 'struct pair', 'struct packed_pair', 'struct aligned_one'],
  ...[
    'struct empty',
    'union mixed',
    'struct nested',
    'struct bits',
    'unnamed_pair',
    'triple',
    'callback',
    'pair_pointer',
  ],
  ...['double _Complex', 'float _Complex', '_Complex float', '__complex__ int', 'vector_8', 'max_align_t', '_Float64'],
];

/** Types that only some targets have. */
const rareTypes = [
  '__int128',
  'unsigned __int128',
  '__float128',
  '_Decimal64',
  '_Float128',
  '__float80',
  '_Decimal32',
  '_Float32x',
];

const modes = [
  'QI',
  'HI',
  'SI',
  'DI',
  '__QI__',
  '__HI__',
  '__SI__',
  '__DI__',
  'byte',
  'word',
  'pointer',
  '__word__',
  'TI',
];

/** Writes a type without a declarator, for a member or a typedef. */
export function typeName(parts: Parts): string {
  const { random } = parts;
  const kind = random.below(26);
  if (kind < 9) return random.pick(integerTypes);
  if (kind < 11) return random.pick(alignedTypes);
  if (kind < 13) return random.pick(enumTypes);
  if (kind < 19) return random.pick(otherTypes);
  if (kind === 19) return random.pick(rareTypes);
  if (kind === 20)
    return `_Atomic(${random.pick(['int', 'short', 'char', 'long', 'void *', 'struct pair', 'long long'])})`;
  if (kind === 21) return `_Atomic ${random.pick(['int', 'short', 'char', 'long', 'unsigned long long', 'int_8'])}`;
  if (kind < 24) return typeOf(parts);
  if (kind === 24)
    return `${random.pick(['int', 'unsigned', 'unsigned int'])} ${gnu(random, `${attributeName(random, 'mode')}(${random.pick(modes)})`)}`;
  return `${random.pick(['int', 'char', 'short', 'float', 'long long'])} ${vector(random)}`;
}

function typeOf(parts: Parts): string {
  const { random } = parts;
  const keyword = random.pick(['__typeof__', 'typeof', '__typeof']);
  if (random.oneIn(2)) return `${keyword}(${abstract(parts)})`;
  return `${keyword}(${random.pick(objects)})`;
}

/** Expressions with a type. Most of them have no value. */
export const objects: readonly string[] = [
  ...['((struct pair *)0)->b', '((struct nested *)0)->inner[1].y', '((struct bits *)0)->last', 'speeds', 'speeds[0]'],
  ...[
    'greeting',
    '"text"',
    "'a'",
    'L"ab"',
    'u8"ab"',
    'u"ab"',
    '1.5f',
    '2.0',
    '1ull',
    '*(short *)0',
    '&speeds[1]',
    'LARGE_A',
  ],
  ...[
    '((struct packed_pair *)0)->b',
    '((unnamed_pair *)0)->a + 1',
    '(char)1',
    '(char)1 + (char)2',
    '1 ? (short)1 : (char)2',
  ],
  ...[
    '(struct pair){ 1, 2 }',
    '((struct pair){ .b = 3 }).b',
    '(int[]){ 1, 2, 3 }',
    '-(unsigned short)1',
    '!1',
    '1.0f * 2',
  ],
  ...[
    '*(int_8 *)0',
    '((struct nested *)0)->second',
    '((struct bits *)0)->middle + 0',
    '(pair_pointer)0',
    '*(pair_pointer)0',
  ],
  ...[
    '(callback)0',
    '(long)1 << 2',
    '1 << 2l',
    '(float)1 + 1',
    'sizeof(int)',
    '(0, (char)1)',
    '1 ? 1 : 2ll',
    "L'a'",
    "U'a'",
    "u'a'",
  ],
  ...[
    '(const short)1',
    '*&speeds',
    '&*greeting',
    '(void *)0',
    '1 ? (void *)0 : (int *)0',
    '(enum tiny)1',
    '(enum wide)1',
  ],
];

function vector(random: Random): string {
  return gnu(
    random,
    `${attributeName(random, 'vector_size')}(${random.pick(['8', '16', '32', '16', '8', 'sizeof(int) * 4'])})`,
  );
}

/** Writes a type name, as in `sizeof(…)`. */
export function abstract(parts: Parts): string {
  const { random } = parts;
  const base = random.pick<() => string>([
    () => random.pick(integerTypes),
    () => random.pick(alignedTypes),
    () => random.pick(otherTypes),
    () => random.pick(enumTypes),
    () => `${random.pick(['const', 'volatile', 'const volatile'])} ${random.pick(integerTypes)}`,
    () => `${random.pick(integerTypes)} ${attributes(parts, 1)}`,
    () => `${attributes(parts, 1)} ${random.pick(integerTypes)}`,
    () => `${random.pick(['struct pair', 'union mixed'])} ${random.pick(['const', 'volatile', ''])}`,
    () => `struct { ${random.pick(['char', 'short'])} a; ${random.pick(otherTypes)} b; }`,
  ])();
  const suffix = random.pick([
    ...[
      '',
      '',
      '',
      '',
      '',
      '*',
      '*',
      '**',
      '[3]',
      '[2][SEVEN]',
      '(*)(int)',
      '(*)[4]',
      '*const',
      '(*(*)(void))(int)',
      '*[2]',
    ],
    `* ${attributes(parts, 2)}`,
    `*[${parts.sized(1, 9)}]`,
  ]);
  return `${base} ${suffix}`.trim();
}

/** Writes a declarator for a name. `last` is the last member of a struct, which can be a flexible array. */
export function declarator(parts: Parts, name: string): string {
  const { random } = parts;
  const own = attributes(parts, 6);
  const inner = `${name} ${brackets(parts, 14)}`;
  const qualifier = random.pick([
    '',
    '',
    '',
    'const',
    'volatile',
    'restrict',
    'const volatile',
    '__restrict',
    '__const',
  ]);
  switch (random.below(16)) {
    case 0:
      return `*${qualifier} ${attributes(parts, 3)} ${inner}`;
    case 1:
      return `*${attributes(parts, 3)} ${qualifier} ${inner}`;
    case 2:
      return `**${inner}[${parts.sized(1, 5)}]`;
    case 3:
      return `(*${own} ${inner})(${random.pick(['void', 'int', 'const char *, ...', 'struct pair', 'int (*)(void)', ''])})`;
    case 4:
      return `(*${inner})[${parts.sized(1, 5)}]`;
    case 5:
      return `(*${inner}[${parts.sized(1, 4)}])(${random.pick(['void', 'int', 'void *, long'])})`;
    case 6:
      return `(${own} ${inner})`;
    case 7:
      return `(*(*${inner})(int))(void)`;
    case 8:
    case 9:
      return `${inner}[${parts.sized(1, 9)}]${random.maybe(3, () => `[${parts.sized(1, 4)}]`)}${brackets(parts, 20)}`;
    case 10:
      return `${inner}[${random.pick(['0', '1', '2', 'SEVEN', 'TWICE(2)'])}]`;
    default:
      return inner;
  }
}

/** The predefined macros that follow from a target's integers: types, limits, widths and sizes. */

import type { ScalarName, Target } from '../target.js';

type IntegerData = Pick<
  Target,
  'scalars' | 'pointer' | 'sizeType' | 'byteOrder' | 'charSigned' | 'biggestAlignment' | 'wideCharacter'
>;

/** GCC's spelling of an integer type in `__…_TYPE__`, and the suffix of a constant of the type. */
const forms: ReadonlyMap<ScalarName, readonly [spelling: string, suffix: string]> = new Map([
  ['signed char', ['signed char', '']],
  ['unsigned char', ['unsigned char', '']],
  ['short', ['short int', '']],
  ['unsigned short', ['short unsigned int', '']],
  ['int', ['int', '']],
  ['unsigned int', ['unsigned int', 'U']],
  ['long', ['long int', 'L']],
  ['unsigned long', ['long unsigned int', 'UL']],
  ['long long', ['long long int', 'LL']],
  ['unsigned long long', ['long long unsigned int', 'ULL']],
]);

/** Returns the lines of the macros. */
export function integerMacros(target: IntegerData): string[] {
  const { scalars, pointer, sizeType, byteOrder } = target;
  const address = pointer.size === 8 ? 'long' : 'int';
  const longest = scalars.long.size === 8 ? 'long' : 'long long';
  const { type, signed, both } = macrosFor(target);
  const exact = (['signed char', 'short', 'int', longest] as const).flatMap((name, index) => {
    const bits = 8 << index;
    const fast = index === 1 || index === 2 ? address : name;
    return [
      ...both(`INT${bits}`, name),
      ...[constant(`INT${bits}`, name), constant(`UINT${bits}`, `unsigned ${plain(name)}`)],
      ...[...both(`INT_LEAST${bits}`, name), ...signed(`INT_LEAST${bits}`, name).slice(1)],
      ...[...both(`INT_FAST${bits}`, fast), ...signed(`INT_FAST${bits}`, fast).slice(1)],
    ];
  });
  const order = `__ORDER_${byteOrder.toUpperCase()}_ENDIAN__`;
  return [
    ...new Set([
      ...exact,
      ...[...both('INTMAX', longest), ...signed('INTMAX', longest).slice(1)],
      ...[constant('INTMAX', longest), constant('UINTMAX', `unsigned ${longest}`)],
      ...[...both('INTPTR', address), ...signed('INTPTR', address).slice(1)],
      ...[...type('PTRDIFF', address), ...signed('PTRDIFF', address)],
      ...[...type('SIZE', sizeType), ...signed('SIZE', sizeType)],
      ...[...type('WCHAR', target.wideCharacter), ...signed('WCHAR', target.wideCharacter), ...least(target)],
      ...[...type('WINT', 'unsigned int'), ...signed('WINT', 'unsigned int'), '__WINT_MIN__ 0U'],
      ...[...type('SIG_ATOMIC', 'int'), ...signed('SIG_ATOMIC', 'int')],
      '__SIG_ATOMIC_MIN__ (-__SIG_ATOMIC_MAX__ - 1)',
      ...[...signed('SCHAR', 'signed char'), ...signed('SHRT', 'short'), ...signed('INT', 'int')],
      ...[...signed('LONG', 'long'), ...signed('LONG_LONG', 'long long')],
      ...sizes(target),
      ...(scalars.long.size === 8 && pointer.size === 8 ? ['_LP64 1', '__LP64__ 1'] : []),
      ...(target.charSigned ? [] : ['__CHAR_UNSIGNED__ 1']),
      `__BIGGEST_ALIGNMENT__ ${target.biggestAlignment}`,
      ...[`__BYTE_ORDER__ ${order}`, `__FLOAT_WORD_ORDER__ ${order}`],
      `__GNUC_WIDE_EXECUTION_CHARSET_NAME "UTF-32${byteOrder === 'little' ? 'LE' : 'BE'}"`,
    ]),
  ];
}

interface MacrosOfTypes {
  /** The macro for the type itself. */
  type(name: string, scalar: ScalarName): string[];
  /** The largest value and the width, in this order. */
  signed(name: string, scalar: ScalarName): string[];
  /** The types and the largest values of a signed integer and of its unsigned integer. */
  both(name: string, scalar: ScalarName): string[];
}

function macrosFor({ scalars }: IntegerData): MacrosOfTypes {
  const width = (scalar: ScalarName): number => (scalars[scalar]?.size ?? 0) * 8;
  const largest = (name: string, scalar: ScalarName): string => {
    const first = scalar.startsWith('unsigned') ? 'f' : '7';
    return `__${name}_MAX__ 0x${first}${'f'.repeat(width(scalar) / 4 - 1)}${forms.get(scalar)?.[1]}`;
  };
  const type = (name: string, scalar: ScalarName): string[] => [`__${name}_TYPE__ ${forms.get(scalar)?.[0]}`];
  return {
    type,
    signed: (name, scalar) => [largest(name, scalar), `__${name}_WIDTH__ ${width(scalar)}`],
    both(name, scalar) {
      const unsigned: ScalarName = `unsigned ${plain(scalar)}` as ScalarName;
      return [
        ...[...type(name, scalar), largest(name, scalar)],
        ...[...type(`U${name}`, unsigned), largest(`U${name}`, unsigned)],
      ];
    },
  };
}

function plain(scalar: string): string {
  return scalar.replace(/^signed /, '');
}

/** `__INT64_C(c)` gives a constant of the type. */
function constant(name: string, scalar: string): string {
  const suffix = [...forms].find(([form]) => form === scalar)?.[1][1];
  return `__${name}_C(c) c${suffix ? ` ## ${suffix}` : ''}`;
}

function least({ wideCharacter }: IntegerData): string[] {
  return [`__WCHAR_MIN__ ${wideCharacter === 'unsigned int' ? '0U' : '(-__WCHAR_MAX__ - 1)'}`];
}

function sizes({ scalars, pointer }: IntegerData): string[] {
  const list: readonly (readonly [name: string, size: number | undefined])[] = [
    ['SHORT', scalars.short.size],
    ['INT', scalars.int.size],
    ['LONG', scalars.long.size],
    ['LONG_LONG', scalars['long long'].size],
    ['INT128', scalars.__int128?.size],
    ['FLOAT', scalars.float.size],
    ['DOUBLE', scalars.double.size],
    ['LONG_DOUBLE', scalars['long double'].size],
    ['POINTER', pointer.size],
    ['SIZE_T', pointer.size],
    ['PTRDIFF_T', pointer.size],
    ['WCHAR_T', scalars.int.size],
    ['WINT_T', scalars.int.size],
  ];
  return list.flatMap(([name, size]) => (size === undefined ? [] : [`__SIZEOF_${name}__ ${size}`]));
}

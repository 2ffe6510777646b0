/** The headers about the limits of types: `limits.h`, `float.h` and `stdint.h`. */

const widths = [8, 16, 32, 64];

/** Returns a definition that does not conflict with an earlier one. */
function define(name: string, value: string): string {
  return `#undef ${name}\n#define ${name} ${value}`;
}

export const limits: string = [
  '#ifndef _GCC_LIMITS_H_',
  '#define _GCC_LIMITS_H_',
  '#endif',
  '#ifndef _LIMITS_H___',
  '#define _LIMITS_H___',
  define('CHAR_BIT', '__CHAR_BIT__'),
  '#ifndef MB_LEN_MAX\n#define MB_LEN_MAX 1\n#endif',
  ...[
    ['SCHAR', 'SCHAR', '1'],
    ['SHRT', 'SHRT', '1'],
    ['INT', 'INT', '1'],
    ['LONG', 'LONG', '1L'],
    ['LLONG', 'LONG_LONG', '1LL'],
  ].flatMap(([name, own, one]) => [
    define(`${name}_MIN`, `(-${name}_MAX - ${one})`),
    define(`${name}_MAX`, `__${own}_MAX__`),
  ]),
  define('UCHAR_MAX', '(SCHAR_MAX * 2 + 1)'),
  '#undef CHAR_MIN\n#undef CHAR_MAX',
  '#ifdef __CHAR_UNSIGNED__\n#define CHAR_MIN 0\n#define CHAR_MAX UCHAR_MAX',
  '#else\n#define CHAR_MIN SCHAR_MIN\n#define CHAR_MAX SCHAR_MAX\n#endif',
  define('USHRT_MAX', '(SHRT_MAX * 2 + 1)'),
  define('UINT_MAX', '(INT_MAX * 2U + 1U)'),
  define('ULONG_MAX', '(LONG_MAX * 2UL + 1UL)'),
  define('ULLONG_MAX', '(LLONG_MAX * 2ULL + 1ULL)'),
  // GNU C's older names. A C library that is not GNU's has them too, unless GNU C's additions are off.
  '#if defined __GNU_LIBRARY__ ? defined __USE_GNU : !defined __STRICT_ANSI__',
  define('LONG_LONG_MIN', '(-LONG_LONG_MAX - 1LL)'),
  define('LONG_LONG_MAX', '__LONG_LONG_MAX__'),
  define('ULONG_LONG_MAX', '(LONG_LONG_MAX * 2ULL + 1ULL)'),
  '#endif',
  '#endif',
].join('\n');

/** The characteristics that each floating-point type has, and the compiler's names for those that differ. */
const characteristics: readonly (readonly [name: string, own: string])[] = [
  ...['MANT_DIG', 'DIG', 'MIN_EXP', 'MIN_10_EXP', 'MAX_EXP', 'MAX_10_EXP', 'MAX', 'EPSILON', 'MIN', 'DECIMAL_DIG'].map(
    (name) => [name, name] as const,
  ),
  ...([
    ['HAS_SUBNORM', 'HAS_DENORM'],
    ['TRUE_MIN', 'DENORM_MIN'],
  ] as const),
];

export const float: string = [
  '#ifndef _FLOAT_H___',
  '#define _FLOAT_H___',
  define('FLT_RADIX', '__FLT_RADIX__'),
  define('FLT_ROUNDS', '1'),
  define('FLT_EVAL_METHOD', '__FLT_EVAL_METHOD__'),
  define('DECIMAL_DIG', '__DECIMAL_DIG__'),
  ...['FLT', 'DBL', 'LDBL'].flatMap((type) =>
    characteristics.map(([name, own]) => define(`${type}_${name}`, `__${type}_${own}__`)),
  ),
  '#endif',
].join('\n');

function limitsOf(type: string): string[] {
  return [
    define(`${type}_MAX`, `__${type}_MAX__`),
    define(`${type}_MIN`, `(-${type}_MAX - 1)`),
    ...(type === 'PTRDIFF' ? [] : [define(`U${type}_MAX`, `__U${type}_MAX__`)]),
  ];
}

/** Returns the definitions of a signed type and of its unsigned type. */
function typesOf(name: string): string[] {
  const own = `${name.toUpperCase()}_TYPE__`;
  return [`typedef __${own} ${name}_t;`, `typedef __U${own} u${name}_t;`];
}

export const stdint: string = [
  '#ifndef _GCC_STDINT_H',
  '#define _GCC_STDINT_H',
  '#define _GCC_WRAP_STDINT_H',
  ...widths.flatMap((width) => ['int', 'int_least', 'int_fast'].flatMap((kind) => typesOf(`${kind}${width}`))),
  ...['intptr', 'intmax'].flatMap(typesOf),
  ...widths.flatMap((width) => ['INT', 'INT_LEAST', 'INT_FAST'].flatMap((kind) => limitsOf(`${kind}${width}`))),
  ...['INTPTR', 'INTMAX', 'PTRDIFF'].flatMap(limitsOf),
  ...['SIG_ATOMIC', 'WCHAR', 'WINT'].flatMap((type) =>
    ['MAX', 'MIN'].map((limit) => define(`${type}_${limit}`, `__${type}_${limit}__`)),
  ),
  define('SIZE_MAX', '__SIZE_MAX__'),
  ...[...widths, 'MAX'].flatMap((width) =>
    ['INT', 'UINT'].map((kind) => `#undef ${kind}${width}_C\n#define ${kind}${width}_C(c) __${kind}${width}_C(c)`),
  ),
  '#endif',
].join('\n');

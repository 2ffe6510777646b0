/**
 * The headers that C wants of a compiler, not of a library (C17 4, paragraph 6), as far as kernel headers use them. They
 * are read where no include folder has them, as in a header set. All that differs between targets is in the macros that
 * their compilers predefine.
 */

const widths = [8, 16, 32, 64];

const stddef = `
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __SIZE_TYPE__ size_t;
typedef __WCHAR_TYPE__ wchar_t;
#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)
`;

const stdint = [
  ...widths.flatMap((width) => [
    `typedef __INT${width}_TYPE__ int${width}_t;`,
    `typedef __UINT${width}_TYPE__ uint${width}_t;`,
    `#define INT${width}_MAX __INT${width}_MAX__`,
    `#define INT${width}_MIN (-INT${width}_MAX - 1)`,
    `#define UINT${width}_MAX __UINT${width}_MAX__`,
    `#define INT${width}_C(c) __INT${width}_C(c)`,
    `#define UINT${width}_C(c) __UINT${width}_C(c)`,
  ]),
  ...['intptr', 'uintptr', 'intmax', 'uintmax'].map((name) => `typedef __${name.toUpperCase()}_TYPE__ ${name}_t;`),
  '#define SIZE_MAX __SIZE_MAX__',
].join('\n');

const stdbool = '#define bool _Bool\n#define true 1\n#define false 0\n';

const stdarg = 'typedef __builtin_va_list va_list;\n';

const limits = [
  '#define CHAR_BIT __CHAR_BIT__',
  ...[
    ['SCHAR', 'SCHAR'],
    ['SHRT', 'SHRT'],
    ['INT', 'INT'],
    ['LONG', 'LONG'],
    ['LLONG', 'LONG_LONG'],
  ].flatMap(([name, own]) => [`#define ${name}_MAX __${own}_MAX__`, `#define ${name}_MIN (-${name}_MAX - 1)`]),
  '#define UCHAR_MAX (SCHAR_MAX * 2 + 1)',
  '#define USHRT_MAX (SHRT_MAX * 2 + 1)',
  '#define UINT_MAX (INT_MAX * 2U + 1U)',
  '#define ULONG_MAX (LONG_MAX * 2UL + 1UL)',
  '#define ULLONG_MAX (LLONG_MAX * 2ULL + 1ULL)',
].join('\n');

/** Their texts by name. */
export const freestandingHeaders: ReadonlyMap<string, string> = new Map(
  Object.entries({ limits, stdarg, stdbool, stddef, stdint }).map(([name, text]) => [
    `${name}.h`,
    `#pragma once\n${text}`,
  ]),
);

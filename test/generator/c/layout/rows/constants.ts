import type { Row } from '../../../../helpers/declaration-rows.js';

const address = '(unsigned long)&((struct uses *)0)->own';
const overflow = '(signed char)1e9';
const shifted = '(1 << 34)';

/** Constants of every kind: GCC reads some of them as integer constants, and computes others later. */
const operands = [
  ...['7', '-7', '~7', '!7', "'a'", 'GREEN', 'sizeof(int)', '(int)2.5', '(int)-2.5', '(int)(1.5 + 1.5)', '(_Bool)2.5'],
  ...[address, `-${address}`, `(short)${address}`, `${address} + 1`, `${address} > 3`, `!${address}`, '(long)(int *)4'],
  ...['(int *)0 == 0', '!(int *)4', '!(void *)0', '"text" == 0', '1.5 > 1', '!1.5', '__builtin_strlen("abc")'],
  ...[shifted, `-${shifted}`, `!${shifted}`, `(short)${shifted}`, `${shifted} * 0`, `${shifted} > 3`, '(-1 << 1)'],
  ...['(1 << 31)', '(2 << 30)', '(1u << 31)', '(1ll << 63)', '(-1 >> 1)', '(7 >> 40)', '(1, 2)', '1 / 0', '7 / 2'],
  ...['_Generic(1, int: 2, char: 1 << 34)', '_Generic(1, int: 1 << 34)', `_Generic(1, int: ${address})`],
  ...['__builtin_abs(0)', '__builtin_abs(1 << 34)', `__builtin_choose_expr(1, ${shifted}, 2)`],
  ...[`__builtin_choose_expr(1, 2, ${shifted})`, `!${overflow}`],
];

/** Conditions with such an operand in each place. */
const conditions = operands.flatMap((each) => [
  `(${each}) ? 2 : 3`,
  `1 ? (${each}) : 3`,
  `1 ? 2 : (${each})`,
  `(${each}) ?: 2`,
  `(${each}) && 1`,
  `1 && (${each})`,
  `0 && (${each})`,
  `(${each}) || 1`,
  `1 || (${each})`,
  `0 || (${each})`,
]);

const overflows = [
  ...[overflow, `-${overflow}`, `~${overflow}`, `!${overflow}`, `(int)${overflow}`, `(_Bool)${overflow}`],
  ...[`${overflow} + 0`, `${overflow} < 3`, `${overflow} && 3`, `${overflow} ? 3 : 4`, `1 ? ${overflow} : 4`],
  ...[
    `0 ? ${overflow} : 4`,
    `${overflow} ?: 4`,
    `${overflow} >> 2`,
    `${overflow} << 2`,
    '(unsigned char)-1.5',
    '(char)300',
  ],
  ...['0x7fffffff + 1', '-0x7fffffff - 2', '0x7fffffff * 2', '(-0x7fffffff - 1) / -1', '-(-0x7fffffff - 1)'],
  ...['0xffffffff + 3', '0x7fffffff << 1', '1 << 34', '4294967295', '2147483648u', '(unsigned)(0x7fffffff + 1)'],
  ...['__builtin_abs(-0x7fffffff - 1)', `__builtin_choose_expr(1, ${overflow}, 2)`, `_Generic(1, int: ${overflow})`],
  ...['1.5111572745182865e+23', '-2.5f', '295147905179352830000', '73786976294838210000u', '0xfffffffffffffffff'],
];

/** Where C needs an integer constant, and what GCC computes from a value that overflowed. */
export const integerConstants: readonly Row[] = [
  ...[...operands, ...conditions].flatMap((each) => [
    `struct T { char m[__builtin_choose_expr((${each}), 1, 2)]; };`,
    `struct T { char m[((${each}) & 7) + 9]; };`,
  ]),
  ...overflows.flatMap((each) => [
    `enum { T_e = (${each}) };`,
    `enum { T_e = __builtin_ffs(${each}) };`,
    `enum { T_e = __builtin_popcountll((${each}) | 1) };`,
    `enum { T_e = __builtin_bswap32(${each}) };`,
    `enum { T_e = __builtin_abs(${each}) };`,
    `enum { T_e = __builtin_constant_p(${each}) };`,
    `struct T { char m[__builtin_choose_expr((${each}), 1, 2)]; };`,
    `struct T { char m[__builtin_choose_expr((${each}) > 3, 1, 2)]; };`,
    `struct T { char m[((${each}) > 3) + 1]; };`,
    `enum { T_a = (${each}), T_b = __builtin_ffs(T_a) };`,
  ]),
  // GCC computes a call whose argument overflows the parameter, but not in the operand of sizeof.
  ...['ffs', 'ffsl', 'ffsll', 'clrsb', 'clrsbl', 'clz', 'ctzl', 'popcount', 'parity', 'bswap16', 'abs', 'labs'].flatMap(
    (name) =>
      ['7', '7L', '-7', '0x80000000', '0x100000001', '~0u', '~0ull', '(char)300', '1.5', 'T_wide'].map(
        (argument) =>
          `enum { T_wide = 0x100000000 }; struct T { char m[sizeof(__builtin_choose_expr(__builtin_${name}(${argument}), (char)1, 2L))]; };`,
      ),
  ),
  'struct T { char m[295147905179352830000 == 4144 ? sizeof(295147905179352830000) : 9]; };',
];

/** Calls of builtin functions with an argument that the parameter cannot hold, and others. */
const overflowingCalls = [
  ...['ffs(0xffffffff)', 'ffs(1e10)', 'clrsb(0x80000000)', 'ffs(0x1ffffffffLL)', 'ffsl(~0ull)', 'abs(0xffffffff)'],
  ...['labs(~0ull)', 'clz(0x1ffffffffULL)', 'popcount(-1)', 'bswap16(0x12345)', 'ffs(7)', 'ffs((char)300)'],
  ...['clrsb(0xffffffff + 1)', 'expect(~0ull, 1)', 'clrsb((int)0xffffffff)', 'clrsb(1 ? 0xffffffff : 0)'],
];

/** Operands that are evaluated, and operands that are not. `C` is `__builtin_choose_expr`, and `X` is a call. */
const evaluatedOperands = [
  ...['C(X, 2, 3)', 'sizeof(C(X, (char)1, 2L))', 'sizeof(char[C(X, 2, 3)])', 'sizeof(typeof(C(X, (char)1, 2L)))'],
  ...['_Alignof(C(X, (char)1, 2L))', '_Generic(C(X, (char)1, 2L), char: 1, long: 2)', '_Generic(1, int: C(X, 2, 3))'],
  ...['1 ? C(X, 2, 3) : 4', '0 ? C(X, 2, 3) : 4', '0 ? 4 : C(X, 2, 3)', '1 ? 4 : C(X, 2, 3)', '1 || C(X, 2, 3)'],
  ...['0 && C(X, 2, 3)', '1 && C(X, 2, 3)', 'C(1, C(X, 2, 3), 4)', 'C(C(X, 1, 0), 2, 3)', 'C(sizeof(X), 5, 6)'],
  ...['sizeof(C(1, C(X, (char)1, 2L), 4))', 'sizeof(sizeof(C(X, 1, 2)))', '(typeof(C(X, (char)1, 2L)))300'],
  ...['__builtin_types_compatible_p(char[C(X, 2, 3)], char[2])', 'sizeof(*(char (*)[C(X, 2, 3)])0)', 'C(!X, 2, 3)'],
  ...['__builtin_types_compatible_p(typeof(C(X, (char)1, 2L)), char)', 'sizeof(C(!X, (char)2, 3L))', 'C(X, 2, 3) + 1'],
  ...['__builtin_offsetof(struct pair, y) + C(X, 2, 3)', 'C(0 ? X : 1, (char)2, 3L)', 'sizeof(C(1 || X, (char)2, 3L))'],
];

/** The compiler computes a call whose argument overflows the parameter only where the call is evaluated. */
export const unevaluatedCalls: readonly Row[] = overflowingCalls.flatMap((each) =>
  evaluatedOperands.map(
    (operand) =>
      `enum { T_e = ${operand.replaceAll(/\bC\(/g, '__builtin_choose_expr(').replaceAll('X', `__builtin_${each}`)} };`,
  ),
);

/** Operations whose result the compiler knows without the value of the left operand. */
export const decidedOperations: readonly Row[] = [
  ...['global || 1', 'global && 0', 'global || 0', '(global + 1) || 1', 'global || global || 1', '(1 && global) || 1'],
  ...['__builtin_popcount(1e23) || 1', '__builtin_clzll(((unsigned char)(1e9)) | 1) || 1', 'record.list[1] || 1'],
  ...['T_f() || 1', 'T_v || 1', '(T_w = 1) || 1', 'T_undefined || 1', '(global || 1) && (T_w && 0) || 2'],
  ...['(__builtin_choose_expr(1, T_w, 2) + 1) || 1', '__builtin_choose_expr(0, 2, T_f()) || 1'],
  ...['__builtin_expect(T_w, 1) || 1', '__builtin_strlen(T_s) || 1', '__builtin_strcmp(T_s, "a") || 1'],
  ...['__builtin_add_overflow_p(T_w, 1, 1) || 1', '(__builtin_constant_p(T_w) + T_w) || 1'],
  ...['record || 1', '(T_w + record) || 1', '(0 && T_f()) || 1', '*T_p || 1', '-T_w || !T_w || 1'],
  ...[
    '(T_w, 1) || 1',
    '1 || (T_w, 1)',
    '(T_w, 0) && 0',
    '((T_w, 1) + 1) || 1',
    '(T_w ? (T_w, 1) : 2) || 1',
    '(1, 2) || 1',
  ],
  ...['!(T_w, 1) || 1', 'T_w || ((T_w, 1) || 1)', '((T_w, 1) || 1) || 1', '(1 || (T_w, 1)) && 1', '(T_w, 1) * 0'],
  ...['0', '1', '-1', '0u', '1u', '~0u', '0L', '-1L', '~0ull', '3', "'\\0'"].flatMap((known) =>
    ['*', '&', '|', '%'].flatMap((operator) => [`T_w ${operator} ${known}`, `T_c ${operator} ${known}`]),
  ),
  ...[
    'T_u | ~0u',
    'T_u % 1',
    'T_u < 0',
    'T_u >= 0',
    '0 > T_u',
    '0 <= T_u',
    'T_w < 0u',
    'T_w < 0',
    'T_w >= 0',
    'T_c < 0u',
  ],
  ...[
    '0 * T_w',
    '0 & T_w',
    '-1 | T_w',
    '~0u | T_w',
    '0 / T_w',
    '0 % T_w',
    '0 << T_w',
    '0 >> T_w',
    '-1 >> T_w',
    '~0u >> T_w',
  ],
  ...[
    '1 % T_w',
    '1 / T_w',
    'T_v * 0',
    'T_f() * 0',
    '*T_p & 0',
    '0 / T_v',
    'T_d * 0',
    '0 / T_d',
    'T_w * T_w',
    'T_w + 0',
  ],
  ...[
    'T_w',
    'T_u',
    'T_c',
    'T_d',
    'T_q',
    'T_v',
    'T_f()',
    '(T_w + 1)',
    'record.tag',
    'record.list[1]',
    '*T_q',
    '-T_w',
    '(char)T_w',
  ].flatMap((same) => ['==', '!=', '<', '>=', '-', '/', '*'].map((operator) => `${same} ${operator} ${same}`)),
  ...['^', '%', '>>', '<<', '&', '|'].flatMap((operator) => [
    `T_w ${operator} T_w`,
    `T_u ${operator} T_u`,
    `T_v ${operator} T_v`,
  ]),
  ...['T_w == +T_w', 'T_w == (int)T_w', 'T_w == (char)T_w', 'T_w == T_u', 'T_w == T_w + 1 - 1 || 1', 'T_w - T_w + 3'],
  ...[
    'T_w == T_w || T_f()',
    'T_w == T_w == 1',
    'T_w * 0 * T_u',
    'T_w - T_w - T_w',
    'T_w != T_w && T_f()',
    '(T_w = 1) == (T_w = 1)',
  ],
  ...[
    'T_w ? 2 : 2',
    'T_w ? 2 : 2L',
    'T_w ? -1 : ~0u',
    'T_w ? 2 : 3',
    'T_d ? 2 : 2',
    'T_q ? 2 : 2',
    'T_v ? 2 : 2',
    'T_f() ? 2 : 2',
  ],
  ...[
    'T_w ? T_w : T_w',
    '(T_w == T_w) ? 2 : T_w',
    '(T_w * 0) ? T_w : 2',
    'T_w ? T_u * 0 : 0',
    '(T_w, 1) ? 2 : 2',
    'record ? 2 : 2',
  ],
  ...['T_w * 0', 'T_w == T_w', 'T_w - T_w', 'T_w ? 1 : 1', 'T_w + 1', '(T_w, 1)', 'T_v * 0'].flatMap((operand) => [
    `__builtin_constant_p(${operand})`,
    `__builtin_choose_expr(${operand}, 2, 3)`,
    `__builtin_choose_expr(1, ${operand}, 3)`,
    `sizeof(int[(${operand}) + 1])`,
    `-(${operand}) + 2`,
  ]),
  ...['T_w || 1', '1 || T_w', '1.5 > 1', '(int)(1.5 + 1)', '(int)1.5', '2 ? 3 : T_w', '(char)300', '1 << 3'].flatMap(
    (length) =>
      ['int[L]', 'char[2][L]', 'int (*)[L]', 'const int[L]', 'typeof(int[L])', 'struct { int m[L]; }'].map(
        (type) => `sizeof(${type.replace('L', length)})`,
      ),
  ),
].flatMap((condition) => {
  const declared =
    'extern int T_f(void), T_w, *T_q; extern unsigned T_u; extern char T_c; extern double T_d; extern volatile int T_v, *T_p; extern char T_s[];';
  return [
    `${declared} _Static_assert(${condition}, "");`,
    `${declared} struct T { char m[(${condition}) + 1]; };`,
    `${declared} enum { T_e = ${condition} };`,
  ];
});

const objects =
  'extern int T_f(void), T_w, T_x, *T_p, T_a[4]; extern unsigned T_u; extern char T_c; extern unsigned char T_b; extern signed char T_s; extern short T_h; extern _Bool T_t; extern long T_l; extern double T_d; extern volatile int T_v; struct T_bits { unsigned m : 3; int s : 3; }; extern struct T_bits T_r; extern enum color T_n;';

/** Operations with equal operands. The compiler compares them without their values. */
export const equalOperands: readonly Row[] = [
  ...['popcount', 'clz', 'ffsl', 'parity', 'clrsb', 'abs', 'bswap16', 'bswap64', 'constant_p'].map(
    (name) => `__builtin_${name}(T_w)`,
  ),
  ...['__builtin_expect(T_w, 1)', '__builtin_strlen((char *)T_p)', '__builtin_ffs(T_f())', '__builtin_ffs(T_v)'],
  ...['__builtin_bswap16((unsigned long)-1.5 | 1)', '__builtin_popcount(1e23)', '__builtin_clz(T_w + sizeof(int))'],
  ...[
    '("none" == 8)',
    '("none" == (char *)8)',
    '"abc"[T_w]',
    '*"abc"',
    '(T_w ? T_x : 2)',
    '(T_w ?: 2)',
    '(T_d + 1.5 < 2)',
  ],
  ...['_Generic(T_w, int: T_w, default: 2)', '__builtin_choose_expr(1, T_w, 2)', '__builtin_choose_expr(0, 1, T_w)'],
  ...['(__builtin_choose_expr(0, 1, "none") == 8)', '__real__ T_w', '(T_w = 1)', 'sizeof(int[T_w])', '(int){1}'],
]
  .flatMap((same) => [`${same} == ${same}`, `(${same} + 1) - (${same} + 1)`, `(${same}) != +(${same})`])
  .concat(
    ['4 == 2 + 2', "97 == 'a'", '4 == (char)4', '4UL == sizeof(int)', '(signed char)1e9 == 127'].map(
      (equal) => `(T_w + ${equal.replace(' == ', ') == (T_w + (')}))`,
    ),
    ['+', '*', '&', '|', '^', '==', '!=', '-', '/', '%', '<<'].map(
      (operator) => `(T_w ${operator} T_x) == (T_x ${operator} T_w)`,
    ),
    ['T_w < T_x) == (T_x > T_w', 'T_w <= T_x) == (T_x >= T_w', 'T_w < T_x) == (T_x < T_w'].map((both) => `(${both})`),
    ['"none" == 8) == ("nonf" == 8', 'T_w == 1) == (T_w == 2', 'T_w ? 1 : 2) == (T_w ? 1 : 3'].map(
      (both) => `(${both})`,
    ),
    ['_Generic(T_w, int: T_w) == T_w', '__builtin_popcount(T_w) == __builtin_popcount(T_x)'],
  )
  .map((condition) => `${objects} _Static_assert((${condition}) || 1, ""); enum { T_e = (${condition}) };`);

/** Comparisons whose result follows from the type of an operand. */
export const comparedTypes: readonly Row[] = [
  ...[
    'T_b',
    '(unsigned char)T_w',
    'T_s',
    '(signed char)T_w',
    'T_h',
    'T_t',
    'T_r.m',
    'T_r.s',
    'T_n',
    'T_w',
    'T_u',
    'T_l',
  ],
].flatMap((operand) =>
  [
    ...[
      '-1',
      '0',
      '1',
      '2',
      '-4',
      '-5',
      '3',
      '4',
      '7',
      '8',
      '127',
      '128',
      '-128',
      '-129',
      '255',
      '256',
      '0x7fff',
      '0x8000',
    ],
    ...['0x7fffffff', '0x80000000', '-0x7fffffff - 1', '0xffffffff', '0x100000000', '~0ull', '0u', '~0ull >> 1'],
  ].flatMap((constant) =>
    ['<', '<=', '>', '>=', '==', '!='].map(
      (operator) => `${objects} enum { T_e = __builtin_constant_p(${operand} ${operator} (${constant})) };`,
    ),
  ),
);

/** Comparisons of pointers with numbers. The compiler compares them as integers without a sign. */
export const comparedPointers: readonly Row[] = [...['T_p', '&T_w', 'T_a', '"none"', 'T_f', '&T_k']].flatMap(
  (pointer) =>
    ['0', '-1', '0L', '(int *)0', '(void *)0', '(void *)-1', '1'].flatMap((number) =>
      ['<', '<=', '>', '>='].flatMap((operator) => [
        `${objects} static int T_k; enum { T_e = ${pointer} ${operator} ${number} };`,
        `${objects} static int T_k; enum { T_e = ${number} ${operator} ${pointer} };`,
      ]),
    ),
);

/** Casts that are integer constants, because their operand is a floating-point number. */
export const castNumbers: readonly Row[] = [
  ...['1e9', '+1e9', '+ +1e9', '__real__ 1e9', '+__real__ 1e9', '_Generic(1, int: 1e9)', '(double)1e9'],
  ...['__builtin_choose_expr(1, 1e9, 2)', '+__builtin_choose_expr(1, 1e9, 2)', '1.5', '+1.5', '(1, 1.5)', '+1.5f'],
].flatMap((number) => [
  `struct T { char m[(((signed char)(${number}) ?: 2) & 7) + 9]; };`,
  `struct T { char m[__builtin_choose_expr((signed char)(${number}), 1, 2)]; };`,
  `struct T { char m[__builtin_choose_expr(!(${number}), 1, 2)]; };`,
  `struct T { char m[!(${number}) + 1]; };`,
]);

/** Arrays of variable length in type names. */
export const variableLengths: readonly Row[] = [
  ...['int (*)[N]', 'int (*(*)[N])', 'int (*[3])[N]', 'int[N]', 'int[N][2]', 'int[2][N]', 'int *[N]'],
  ...['int (*(*)(void))[N]', 'const int (*)[N]', 'typeof(int (*)[N])', 'struct { int m[N]; }', 'int (*)[N][N]'],
]
  .flatMap((type) =>
    ['T_w', 'T_f()', '-T_w', 'T_d', 'T_undefined', '-1', '1.5', '1 / 0', 'T_v', '3'].flatMap((length) => {
      const name = type.replaceAll('N', length);
      return [
        `sizeof(${name})`,
        `_Alignof(${name})`,
        `__alignof__(${name})`,
        `__builtin_types_compatible_p(${name}, int (*)[3])`,
      ];
    }),
  )
  .concat(
    [
      'sizeof((int (*)[T_w])0)',
      'sizeof(int (*)(int[T_w]))',
      '_Generic((int (*)[T_w])0, int (*)[3]: 1, default: 2)',
      '(long)(int (*)[T_w])0',
    ],
    ['sizeof(*(int (*)[T_w])0)', '1 ? 2 : sizeof(int[T_w])', 'sizeof(int[T_w]) * 0', '1 || sizeof(int[T_w])'],
    ['sizeof(int[T_w]) || 1', '_Generic(1, int (*)[T_w]: 1, default: 2)', '(_Bool)(int (*)[T_w])0'],
  )
  .map((value) => `${objects} enum { T_e = (int)(${value}) };`);

/** Functions whose calls GCC computes, or whose effects it knows. */
const called = `extern int T_x; extern volatile int T_v; extern const char *T_q; int T_cf(int) __attribute__((const)); int T_pf(int) __attribute__((pure)); int T_nf(int); extern int (*T_cp)(int) __attribute__((const)); extern int (*T_pp)(int) __attribute__((pure)); struct T_st { int (*T_cp)(int) __attribute__((const)); }; extern struct T_st *T_st; int T_later(int); int T_later(int) __attribute__((__const__)); typedef int T_fn(int); T_fn T_tf __attribute__((const)); typedef T_fn *T_fp; extern T_fp T_cp2 __attribute__((const)); __SIZE_TYPE__ strlen(const char *); int abs(int); int T_noret(int) __attribute__((noreturn, const)); typedef int (*T_tct)(int) __attribute__((const)); extern T_tct T_tcp; extern int (*T_arr[3])(int) __attribute__((const)); T_tct T_ret(void); static inline int T_in(int a) __attribute__((const)); static inline int T_in(int a) { return a; } [[gnu::const]] int T_un(int);`;

/** Calls of functions with the attributes `const`, `pure` and `noreturn`. */
export const calls: readonly Row[] = [
  'enum { T_K = __builtin_constant_p(T_cf(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_pf(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_nf(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_cf(1) == T_cf(1)) };',
  'enum { T_K = __builtin_constant_p(T_pf(1) == T_pf(1)) };',
  'enum { T_K = __builtin_constant_p(T_cf(1) - T_cf(1)) };',
  'enum { T_K = __builtin_constant_p(T_cf(1) == T_cf(2)) };',
  'enum { T_K = __builtin_constant_p(T_cf(T_x) == T_cf(T_x)) };',
  'enum { T_K = __builtin_constant_p(T_cf(T_v) == T_cf(T_v)) };',
  'enum { T_K = __builtin_constant_p(T_cf(T_x++) == T_cf(T_x++)) };',
  'enum { T_K = __builtin_constant_p(T_cp(1) == T_cp(1)) };',
  'enum { T_K = __builtin_constant_p(T_pp(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_cp(1) * 0) };',
  'enum { T_K = __builtin_constant_p((*T_cp)(1) * 0) };',
  'enum { T_K = __builtin_constant_p((*T_cf)(1) * 0) };',
  'enum { T_K = __builtin_constant_p((&T_cf)(1) * 0) };',
  'enum { T_K = __builtin_constant_p((&T_cf)(1) - (&T_cf)(1)) };',
  'enum { T_K = __builtin_constant_p(T_st->T_cp(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_later(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_tf(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_cp2(1) * 0) };',
  'enum { T_K = __builtin_constant_p(strlen(T_q) * 0) };',
  'enum { T_K = __builtin_constant_p(abs(T_x) == abs(T_x)) };',
  'enum { T_K = __builtin_constant_p(abs(T_x) * 0) };',
  'enum { T_K = __builtin_constant_p(T_noret(1) * 0) };',
  'enum { T_K = _Generic(&T_cf, int (*)(int): 1, default: 2) };',
  'enum { T_K = _Generic(T_cf, int (*)(int): 1, default: 2) };',
  'enum { T_K = _Generic(T_cp, int (*)(int): 1, default: 2) };',
  'enum { T_K = _Generic(&T_pf, int (*)(int): 1, default: 2) };',
  'enum { T_K = __builtin_types_compatible_p(__typeof__(T_cf), int(int)) };',
  'enum { T_K = __builtin_types_compatible_p(__typeof__(T_cp), int(*)(int)) };',
  'enum { T_K = __builtin_types_compatible_p(__typeof__(&T_cf), int(*)(int)) };',
  'enum { T_K = sizeof(int[T_cf(1) * 0 + 1]) };',
  'enum { T_K = (T_cf(1) * 0) };',
  'enum { T_K = T_cf(1) * 0 };',
  'enum { T_K = T_cf(2) == T_cf(2) };',
  'enum { T_K = T_nf(2) == T_nf(2) };',
  'enum { T_K = T_cf(2) };',
  'struct T { int a : (T_cf(1) * 0) + 3; };',
  '_Static_assert(T_cf(1) == T_cf(1), "");',
  'enum { T_K = __builtin_constant_p(T_tcp(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_arr[1](1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_ret()(1) * 0) };',
  'enum { T_K = __builtin_constant_p(((int (*)(int))T_cf)(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_in(1) * 0) };',
  'enum { T_K = __builtin_constant_p(T_un(1) * 0) };',
].map((row) => `${called} ${row}`);

/** Operations that GCC computes without the values of the variables `T_x` and `T_y`. */
const identities = [
  ...['(X + 1) - X', 'X - (X + 1)', '(X + 1) - (X + 2)', '(X - 3) - (X - 1)', 'X + 1 == X', 'X == X - 1', 'X + 1 != X'],
  ...['X + 2 == X + 2', 'X + 1 == X + 2', '(X + 5) - 5 == X', '-(-X) == X'],
  ...[
    '~~X == X',
    'X & ~X',
    'X | ~X',
    'X ^ ~X',
    'X + ~X',
    '~X + X == -1',
    '-X + X',
    'X + -X',
    'X + 0 == X',
    '0 + X == X',
  ],
  ...[
    'X - 0 == X',
    'X * 1 == X',
    '1 * X == X',
    'X / 1 == X',
    '(X | 0) == X',
    '(0 | X) == X',
    '(X ^ 0) == X',
    '(X | X) == X',
  ],
  ...[
    '(X & X) == X',
    '(X & X) - X',
    '-(-(-X)) + X',
    '(X + 0) - X',
    '(X ^ 0) ^ X',
    'X - X + 1',
    '(X + T_y) - (X + T_y)',
  ],
  ...['X + 1 + 1 == X + 2', '(X + 1) + 1 == X', '1 + X == X + 1', '(X, 1)', 'X++ - X'],
];

/** Operations that GCC only computes for integers with a sign. */
const signedIdentities = ['X + 1 > X', 'X - 1 < X', 'X + 2 <= X + 1', 'X - 1 >= X'];

/** The types of variables that C does not promote. */
const variableTypes = ['int', 'unsigned', 'long', 'unsigned long long', 'enum color'];

/** The types with a sign. */
const signedTypes: ReadonlySet<string> = new Set(['int', 'long']);

/** Operations whose result depends on no variable, and others. */
export const knownIdentities: readonly Row[] = variableTypes.flatMap((type) =>
  [...identities, ...(signedTypes.has(type) ? signedIdentities : [])].flatMap((identity) => {
    const expression = identity.replaceAll('X', 'T_x');
    const declared = `extern ${type} T_x, T_y;`;
    return [
      `${declared} enum { T_e = (${expression}) };`,
      `${declared} struct T { char m[((${expression}) & 7) + 1]; };`,
      `${declared} struct T { int m : ((${expression}) & 7) + 1; };`,
      `${declared} _Static_assert((${expression}) || 1, "");`,
    ];
  }),
);

/** GCC converts a narrow integer before it compares the integer. It then knows values that the conversion does not give. */
export const promotedValues: readonly Row[] = [
  'unsigned char',
  'short',
  '_Bool',
  'int',
  'unsigned',
  'enum tiny',
].flatMap((type) =>
  [
    'X + 1 > 0',
    'X + 1 == 0',
    'X - 256 == 0',
    '-X > 0',
    '-X <= 0',
    '~X >= 0',
    '~X < 0',
    '(X ^ 0x100) == 0',
    'X == 256',
  ].map((each) => `extern ${type} T_x; struct T { char m[__builtin_constant_p(${each.replace('X', 'T_x')}) + 1]; };`),
);

import type { Row } from '../../../../helpers/declaration-rows.js';

/** Returns rows in which a type is that of a member, of an array and of a member in a packed record. */
function members(types: readonly string[]): Row[] {
  return types.map(
    (type) =>
      `typedef ${type} T_m; struct T { char c; T_m m; char d; T_m n[2]; }; struct T_p { char c; T_m m; } __attribute__((packed)); struct T_s { char size[sizeof(T_m)], least[_Alignof(T_m)], own[__alignof__(T_m)]; };`,
  );
}

const floats = [
  ...[
    '_Float16',
    '_Float32',
    '_Float64',
    '_Float128',
    '_Float32x',
    '_Float64x',
    '_Float128x',
    '__float80',
    '__float128',
  ],
  ...['__ibm128', '__ieee128', '__fp16', '__bf16', '_Decimal32', '_Decimal64', '_Decimal128', 'long double'],
];

export const arithmetic: readonly Row[] = members([
  ...floats,
  ...['__int128', 'unsigned __int128', '__int128_t', '__uint128_t', '__builtin_va_list', '_Bool', 'char'],
]);

/** Structs that the processor handles as their only member. */
export const onlyMembers: readonly Row[] = [
  'struct T_a { _Decimal64 m; }; struct T { char c; struct T_a m; };',
  'struct T { char c; struct { struct { _Decimal64 m; } n; } o; };',
  'struct T { char c; struct { struct { } e; _Decimal64 m[1]; } n; };',
  'struct T { char c; union { _Decimal64 m; } n; };',
  'struct T { char c; struct { double m; } n; struct { float _Complex m; } o; };',
  'struct T { char c; struct { long long m; } n; char d; struct { floats_8 m; } o; char e; struct { vector_8 m; } p; };',
];

export const complex: readonly Row[] = members([
  '_Complex',
  ...[
    ...['float', 'double', 'long double', 'char', 'unsigned short', 'int', 'long', 'unsigned long long', '_Bool'],
    ...['__int128', '_Float16', '_Float32', '_Float64', '_Float128', '_Float32x', '_Float64x', '_Decimal64', 'signed'],
  ].map((part) => `_Complex ${part}`),
  'double _Complex',
  '__complex__ float',
]);

const atomics = [
  ...['char', 'short', 'int', 'long', 'long long', 'float', 'double', 'long double', 'void *', '_Bool', '__int128'],
  ...[
    'enum color',
    'struct pair',
    'struct packed_pair',
    'struct aligned_pair',
    'unnamed',
    'int_16',
    'wide_2',
    'address',
  ],
  ...['_Complex float', '_Complex double', '_Decimal64', '_Decimal128', 'vector_16', 'vector_8'],
  ...[1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 32].map((size) => `struct T_${size} { char a[${size}]; }`),
];

export const atomic: readonly Row[] = [
  ...members(atomics.map((type) => `_Atomic(${type})`)),
  ...members(atomics.map((type) => `${type} _Atomic`)),
  'struct T { char c; _Atomic int m, *n; int *_Atomic p; _Atomic(int) *q[2]; };',
  'struct T { char c; _Atomic int m : 3; };',
  'struct T { _Atomic(int[3]) m; };',
  'struct T_i { _Atomic long long m; }; struct T { char c; struct T_i m; char d; };',
  'struct T_i { _Atomic long long m; char c; }; struct T { char c; struct T_i m; char d; };',
  'union T_i { _Atomic long long m; char c; }; struct T { char c; union T_i m; char d; };',
  'struct T { char c; _Atomic long long m; } __attribute__((packed));',
  'struct T { char c; int m[_Alignof(struct { _Atomic(struct pair) m; long n[]; })]; };',
  'struct T { char c; struct { _Atomic(struct pair) m; long n[]; } m; };',
  'struct T { char c; struct { _Atomic(struct pair) m; long n[0]; struct {} o; } m; };',
  'struct T { char c; struct { struct { _Atomic(struct pair) m; long n[]; } a; } m; };',
  'struct T { char c; union { _Atomic(struct pair) m; char n[3]; } m; };',
  'struct T { char c; union { _Atomic(struct pair) m; char n[8]; } m; };',
  'struct T { char c; union { _Atomic(struct pair) m; struct { char a[3], b[5]; } n; } m; };',
  'struct T { char c; union { _Atomic(struct pair) m; struct { char a, b, c; } n[1]; int o : 3; } m; };',
];

const modes = [
  ...[
    'QI',
    'HI',
    'SI',
    'DI',
    'TI',
    'byte',
    'word',
    'pointer',
    'unwind_word',
    'libgcc_cmp_return',
    '__DI__',
    '__word__',
  ],
  ...['SF', 'DF', 'XF', 'TF', 'HF', 'SD', 'DD', 'TD', 'SC', 'DC', 'XC', 'TC', 'CQI', 'CSI', 'CDI', 'XX', 'OI'],
];

export const mode: readonly Row[] = [
  ...[
    'int',
    'unsigned',
    'char',
    'float',
    '_Complex float',
    '_Complex int',
    '_Bool',
    'enum color',
    'struct pair',
  ].flatMap((type) => members(modes.map((name) => `${type} __attribute__((mode(${name})))`))),
  ...members(['QI', 'word', 'pointer', 'SF'].map((name) => `void *__attribute__((mode(${name})))`)),
  ...['int', 'unsigned char', 'struct pair'].flatMap((type) =>
    ['restrict', 'const', 'volatile const', 'volatile restrict'].flatMap((qualifiers) => [
      ...['word', 'pointer', 'SI', 'DI'].flatMap((mode) => [
        `extern ${type} __attribute__((mode(${mode}))) *${qualifiers} T_o; struct T { char c; typeof(T_o) *m; typeof(&T_o) n; };`,
        `extern ${type} *${qualifiers} T_o __attribute__((mode(${mode}))); struct T { char c; typeof(T_o) *m; typeof(&T_o) n; };`,
        `typedef ${type} *${qualifiers} T_t; typedef T_t T_m __attribute__((mode(${mode}))); struct T { char c; T_m *m; };`,
      ]),
    ]),
  ),
  'extern const int T_o __attribute__((mode(DI))); struct T { char c; typeof(T_o) *m; typeof(&T_o) n; };',
  'typedef volatile int T_t; extern T_t T_o __attribute__((mode(QI))); struct T { char c; typeof(T_o) *m; typeof(&T_o) n; };',
  'struct T { char c; int m __attribute__((mode(DI))); unsigned n __attribute__((mode(QI))) : 3; };',
  'struct T { char c; __attribute__((mode(HI))) int m, n[3]; int *p; };',
  'struct T { char c; char m[sizeof(int __attribute__((mode(DI))))]; };',
  'struct T { char c; [[gnu::mode(DI)]] int m; int n [[gnu::mode(QI)]]; };',
  'typedef int T_m __attribute__((aligned(16), mode(HI))); struct T { char c; T_m m; };',
  'typedef int T_m __attribute__((mode(HI), aligned(16))); struct T { char c; T_m m; };',
  'struct T { char c; int_16 __attribute__((mode(HI))) m; };',
  'struct T { char c; __typeof__(unsigned __attribute__((mode(QI)))) m; };',
];

const vectors = [
  'char',
  'unsigned short',
  'int',
  'long long',
  'float',
  'double',
  '_Bool',
  'enum color',
  'struct pair',
  '_Complex float',
  'void *',
];

export const vector: readonly Row[] = [
  ...[1, 2, 4, 8, 16, 32, 64, 12, 0].flatMap((size) =>
    members(vectors.map((type) => `${type} __attribute__((vector_size(${size})))`)),
  ),
  ...['vector_8', 'vector_16', 'floats_8'].flatMap((type) => [
    `struct T_i { ${type} m; }; struct T { char c; struct T_i m; char d; char least[_Alignof(struct T_i)]; };`,
    `struct T_i { ${type} m; char c; }; struct T { char c; struct T_i m; char d; };`,
    `struct T { char c; ${type} m; char d; } __attribute__((packed));`,
    `struct T { char c; ${type} m[2]; char d; ${type} *p; };`,
    `struct T { char c; const ${type} m; volatile ${type} n; };`,
    `struct T { char c; ${type} m __attribute__((aligned(4))); ${type} n __attribute__((packed)); };`,
  ]),
  'struct T { char c; int m __attribute__((vector_size(16))); __attribute__((vector_size(8))) int n; };',
  'struct T { char c; int *m __attribute__((vector_size(16))); int n[2] __attribute__((vector_size(16))); };',
  'struct T { char c; int (*m)(int) __attribute__((vector_size(16))); int **n __attribute__((vector_size(16))); };',
  'struct T { char c; char m[sizeof(int __attribute__((vector_size(16))))]; };',
  ...[
    'int m __attribute__((vector_size(32), A))',
    'int_16 m A',
    'long long m A',
    'long long m A : 5',
    'struct pair m A',
  ].flatMap((member) =>
    [2, 8, 16, 64].map((bytes) => {
      const type = `struct T_i { ${member.replace(/\bA\b/, member.includes('A)') ? `aligned(${bytes})` : `__attribute__((aligned(${bytes})))`)}; }`;
      return `${type}; struct T { char c[_Alignof(struct T_i)], d[_Alignof(struct T_i[2])], e[__alignof__(struct T_i)]; struct T_i f; };`;
    }),
  ),
  'extern float T_o[0] __attribute__((vector_size(8))); struct T { char m[sizeof(T_o) + 1]; };',
  'extern float __attribute__((vector_size(8))) T_o[0][2]; struct T { char m[sizeof(T_o) + 1]; };',
  'extern vector_16 T_o[0]; struct T { char m[sizeof(T_o) + 1]; };',
  'typedef float T_a[0]; typedef T_a T_v __attribute__((vector_size(8))); struct T { char m[sizeof(T_v) + 1]; };',
  'struct T { char a; float m[0] __attribute__((vector_size(8))); };',
  'struct T { char a; float m[0] __attribute__((vector_size(8))); char b; };',
  'struct T { float m[0] __attribute__((vector_size(8))); };',
  'struct T { char c; address m __attribute__((vector_size(16))); three n __attribute__((vector_size(16))); };',
];

/** Types that an expression or another type determines. */
export const typeOf: readonly Row[] = [
  ...[
    ...['((struct uses *)0)->value', '((struct uses *)0)->low', '((struct uses *)0)->own', '((struct uses *)0)->p'],
    ...[
      '((struct uses *)0)->list',
      '((struct uses *)0)->list[1]',
      '*((struct uses *)0)->p',
      '((struct uses *)0)->tint',
    ],
    ...['global', 'record.value', 'record', '&record', '(int_16)1', '1 + 1L', 'sizeof(int)', "'a'", '"text"', '1.5f'],
    ...[
      'RED',
      'WIDE',
      '(char)1',
      '+(char)1',
      '(short)1 << 1',
      '!1',
      '1 ? 1 : 2L',
      '*(const int *)0',
      '(const int)1',
      '-1u',
    ],
  ].map((expression) => `struct T { char c; __typeof__(${expression}) m; char d; typeof(${expression}) *n; };`),
  ...[
    ...['int', 'int_16', 'const int', 'three', 'int[2]', 'int (*)[2]', 'struct pair', 'void (*)(int)', 'vector_16'],
    ...['enum color', 'int_16 *', 'unnamed', 'typeof(int *)', 'typeof(typeof(1L) *)'],
  ].map((type) => `struct T { char c; __typeof__(${type}) m; char d; typeof(${type}) *n; };`),
  'struct T { char c; const typeof(int_16) m; typeof(const int) volatile n; };',
  'typedef typeof(((struct uses *)0)->value) T_m; struct T { char c; T_m m; };',
  'struct T { char c; _Atomic int a; typeof(((struct T *)0)->a) b; };',
  'struct T { unsigned m : 3; typeof(((struct pair *)0)->b) n : 5; typeof(unsigned char) o : 2; };',
];

/** Types that are written with several declarators, for the type names of the model. */
export const spelled: readonly Row[] = [
  'struct T { int (*m)[3]; unsigned char (*(*n))[2][2]; int *o[3]; int (*p[2])[3]; };',
  'struct T { const struct pair *const *volatile m; volatile int *n; int *restrict o; const char *const p[2]; };',
  'struct T { const int m; volatile int n[2]; const volatile unsigned o; const three p; const int q[2][3]; };',
  'struct T { void (*m)(void); int (*n[3])(int, char *); void (*(*o)(int))(long); int (*(*p[2])(void))[5]; };',
  'struct T { int (*m)(); int (*n)(const char *, ...); int (*o)(int a[3], int b[static 2], int (*f)(void), int g(void)); };',
  'struct T { struct T *m; struct T **n; struct T_undefined *o; union T_other *p; enum color *q; const enum color r; };',
  'struct T { void (*m)(struct T_inside *); void (*n)(struct pair); struct pair (*o)(struct pair *); };',
  'struct T { unnamed *m; unnamed n[2]; const unnamed o; struct { int q; } *p, r[2]; const struct { int s; } t; };',
  'struct T { char *__attribute__((aligned(16))) m; char *const __attribute__((aligned(16))) *n; const address o; };',
  'struct T { int_16 *m; const int_16 n; volatile vector_16 o; vector_16 *p; _Complex float *q; const _Complex int r; };',
  'struct T { __builtin_va_list *m; __int128_t_ *n; };'.replace('__int128_t_', 'address'),
  'struct T { _Bool *m; unsigned long int long n; signed o; long unsigned p; short int q; char signed r; };',
  'typedef int T_f(int, char *); struct T { T_f *m; T_f *n[2]; T_f **o; };',
  'typedef int T_a[2][3]; struct T { T_a m; T_a n[4]; T_a *o; const T_a p; };',
  'struct T { char const *m; char *const *const n; int const volatile o; int *const volatile p; };',
  'struct T { volatile typeof("ab") **m[3]; const typeof(int *) n[2]; const typeof(three) *o; };',
  'struct T { void *m; const void *n; void *const o; void **p; volatile void *const *q; };',
  'struct T { enum { T_x, T_y } m; enum T_e { T_z } n; enum T_e *o; };',
  'struct T { int m, *n, o[2], (*p)[2], (*q)(void); const int r, *s, *const t; };',
  ...['(*T_o[1])(void)', 'T_o[2]', 'T_o(int)', '*const T_o[2]', 'T_o[2][3]', '*(*T_o)(int)'].map(
    (declarator) =>
      `extern float __attribute__((vector_size(8))) ${declarator}; struct T { typeof(T_o) *m; typeof(&T_o) n; };`,
  ),
];

/** Types that `may_alias` makes again. Only some of them are then compatible with the type without it. */
export const madeAgain: readonly Row[] = [
  ...[
    '_Bool',
    'volatile _Bool',
    'const _Bool',
    'double _Complex',
    'int',
    'unsigned char',
    'double',
    'enum color',
    'address',
  ],
  ...['struct pair', 'void *', 'vector_16', 'T_b', 'const T_b'],
]
  .flatMap((type) => {
    const typedef = 'typedef _Bool T_b; ';
    const other = `typeof(${type})`;
    return [
      `${typedef}struct T { ${type} m __attribute__((may_alias)); };`,
      `${typedef}struct T { __attribute__((may_alias)) ${type} m, n[2], *p; ${type} (q) __attribute__((may_alias)); };`,
      `${typedef}struct T { ${type} m __attribute__((aligned(16), may_alias)); };`,
      `${typedef}extern ${type} T_o __attribute__((may_alias)); struct T { typeof(T_o) m; typeof(&T_o) n; };`,
      `${typedef}typedef ${type} T_t __attribute__((may_alias)); struct T { T_t m, n[2], *p; };`,
      ...['__attribute__((may_alias))', '__attribute__((aligned(16)))'].flatMap((attribute) => [
        `${typedef}struct T { char m[__builtin_types_compatible_p(typeof(${type} ${attribute}), ${other}) + 1]; };`,
        `${typedef}struct T { char m[__builtin_types_compatible_p(typeof(${type} ${attribute}), typeof(${type} ${attribute})) + 1]; };`,
      ]),
      `${typedef}struct T { typeof(${type} __attribute__((aligned))) m; };`,
      `${typedef}struct T { char m[__builtin_types_compatible_p(typeof(${type} __attribute__((aligned))), typeof(${type} __attribute__((aligned(16))))) + 1]; };`,
      `${typedef}extern ${type} T_o __attribute__((may_alias)); struct T { char m[_Generic(T_o, ${other}: 1, default: 2)]; };`,
    ];
  })
  .concat(
    'struct T { volatile struct empty m[0] __attribute__((may_alias)), n[0], o[2][0] __attribute__((may_alias)); };',
    'static const _Bool T_o __attribute__((may_alias)) = 1;',
  );

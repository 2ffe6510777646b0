import type { Row } from '../../../../helpers/declaration-rows.js';

const attribute = '__attribute__((aligned(A)))';

/** Typedefs with an alignment of their own, of a type with one, and of a new type. `A` is the alignment. */
const typedefs = [
  // GCC gives some atomic records and enums the alignment of an earlier declaration, so they are not here.
  ...['', 'const ', '_Atomic '].flatMap((qualifier) => [
    `typedef ${qualifier}int T_t ${attribute};`,
    `typedef ${qualifier}int ${attribute} T_t;`,
    `typedef ${qualifier}int (${attribute} T_t);`,
    `typedef ${qualifier}long T_t[4] ${attribute};`,
    `typedef ${qualifier}long (${attribute} T_t)[4];`,
    `typedef ${qualifier}long T_t [[gnu::aligned(A)]][4];`,
    `typedef ${qualifier}long T_t[4] [[gnu::aligned(A)]];`,
    `typedef ${qualifier}struct pair T_t ${attribute};`,
    `typedef ${qualifier}unnamed T_t[2] ${attribute};`,
    `typedef ${qualifier}enum tiny T_t ${attribute};`,
    `typedef ${qualifier}enum tiny (${attribute} T_t);`,
    `typedef ${qualifier}enum tiny T_t[3] ${attribute};`,
    `typedef ${qualifier}__typeof__(int ${attribute}) T_t;`,
    `typedef ${qualifier}__typeof__(int_16) T_t;`,
    `typedef ${qualifier}vector_16 T_t ${attribute};`,
    `typedef ${qualifier}short T_t __attribute__((vector_size(16), aligned(A)));`,
    `typedef ${qualifier}int T_t __attribute__((mode(DI), aligned(A)));`,
    `typedef ${qualifier}three T_t ${attribute};`,
  ]),
  ...['', 'const '].flatMap((qualifier) => [
    `typedef ${qualifier}struct pair (${attribute} T_t);`,
    `typedef ${qualifier}enum color (${attribute} T_t);`,
  ]),
  `typedef int *${attribute} const T_t;`,
  `typedef int *const T_t ${attribute};`,
  `typedef int *const T_t[2] ${attribute};`,
  'typedef const __typeof__(const int_16) T_t;',
  'typedef _Atomic(int_2) T_t;',
  `typedef void T_t ${attribute};`,
  `typedef void T_t(void) ${attribute};`,
];

/** Uses of a typedef. Qualifiers and arrays make a new form of its type. */
const uses = [
  'struct T { char c; T_t m; };',
  'struct T { char c; const T_t m; };',
  'struct T { char c; volatile T_t m; };',
  'struct T { char c; T_t m[2]; };',
  'struct T { char c; const T_t m[2]; };',
  'struct T { char c; T_t m[2][3]; };',
  'struct T { char c; T_t *m; char n[_Alignof(__typeof__(*(T_t *)0))]; };',
  'typedef volatile T_t T_u; struct T { char c; T_u m; char n[_Alignof(T_u)]; };',
  'typedef T_t T_u[2]; struct T { char c; T_u m[2]; };',
  'struct T { char m[_Alignof(T_t)], n[__alignof__(T_t)]; };',
  'struct T { char m[_Alignof(T_t[2])], n[sizeof(T_t[2])]; };',
  'struct T { char m[_Alignof(volatile T_t)]; };',
];

export const forms: readonly Row[] = typedefs.flatMap((typedef) =>
  ['2', '32'].flatMap((align) => uses.map((use) => `${typedef.replace(/\bA\b/, align)} ${use}`)),
);

/** The order of alignments and vectors. */
export const vectorOrders: readonly Row[] = [
  '__attribute__((aligned(4))) typedef short __attribute__((vector_size(8))) (*T_t)[1] __attribute__((aligned));',
  'typedef short __attribute__((vector_size(8))) __attribute__((aligned(4))) (*T_t)[1];',
  'typedef short __attribute__((aligned(4))) __attribute__((vector_size(8))) (*T_t)[1];',
  'typedef short __attribute__((vector_size(8), aligned(4))) T_t;',
  'typedef short __attribute__((aligned(4), vector_size(8))) T_t;',
  '__attribute__((aligned(4))) typedef short __attribute__((vector_size(8))) T_t;',
  'typedef short T_t __attribute__((vector_size(8))) __attribute__((aligned(4)));',
  'typedef short __attribute__((vector_size(8))) T_t __attribute__((aligned(4)));',
  'typedef short __attribute__((aligned(4))) T_t __attribute__((vector_size(8)));',
  'typedef float __attribute((vector_size(16))) __attribute__((aligned(1), aligned(4))) T_t [[gnu::packed]];',
].map((row) => `${row} struct T { char c; T_t m; char n[_Alignof(T_t)]; };`);

/** Bit-fields without a name in a record of a vector. The type of a bit-field can have an alignment of its own. */
export const unnamedBitFields: readonly Row[] = ['short_4', 'int_8', 'int_2', 'int', '_Bool'].flatMap((type) =>
  [0, 1, 8, 9, 16, 32].flatMap((width) =>
    ['', '__attribute__((aligned(4)))', '__attribute__((packed))'].flatMap((attribute) =>
      ['', 'char c : 3; '].flatMap((before) => {
        const types =
          'typedef short short_4 __attribute__((aligned(4))); typedef int int_8 __attribute__((aligned(8)));';
        const members = `short __attribute__((vector_size(32))) v; ${before}${type} : ${width} ${attribute};`;
        return `${types} struct T { ${members} }; enum { T_e = _Alignof(struct T) };`;
      }),
    ),
  ),
);

/** Members whose types have qualifiers and attributes at several levels. */
export const layeredTypes: readonly Row[] = [
  "struct T { __volatile__ const __typeof__(__attribute__((aligned)) char *['\\3']) **m[4]; };",
  'struct T { const __typeof__(__attribute((aligned(64))) char *const) *restrict m; };',
  'struct T { __typeof__(_Bool __attribute((aligned(4)))) m, (*n[1])(void), (*(*o)(int))(void), *p, q[1]; };',
  'struct T { volatile __typeof__(long long __attribute__((aligned(4))) *[2]) **m[3]; };',
  'struct T { volatile const __typeof__(char __attribute((aligned(16))) *const) (*m)(void); };',
  'struct T { volatile const float _Complex (__attribute__((deprecated("old"))) m); };',
  'struct T { float _Complex (__attribute__((aligned(16), aligned(8))) m), n[2] [[gnu::aligned(16)]]; };',
  'struct T { const __typeof__(volatile int) *m, n[2]; __typeof__(const int_2) o[2], *p; };',
  'struct T { volatile __typeof__(const int *__attribute__((aligned(16)))) *m; };',
  'struct T { const _Atomic(volatile int) *m, n[2]; };',
  'struct T { int_2 *__attribute__((aligned(64))) const *m; };',
  'struct T { short __attribute__((vector_size(16))) *const *m[2], (*n)(void), *const o, **p; };',
  '_Pragma("pack(1)") struct T { char c; __typeof__(struct { char a; double b; }) m; }; _Pragma("pack()")',
  '_Pragma("pack(1)") struct T { char c; _Atomic(struct { char a; double b; }) m; }; _Pragma("pack()")',
  '_Pragma("pack(1)") struct T { char m[sizeof(struct { char a; int b; })]; }; _Pragma("pack()")',
];

/** Attributes of declarators in parentheses: they apply to the type before its qualifiers. */
export const qualifiedForms: readonly Row[] = ['long long', 'int', 'char', 'double', 'void *'].flatMap((base) =>
  ['_Atomic(T_b)', '_Atomic T_b', 'T_a', 'const T_a', 'typeof(T_a)', 'typeof(const T_b)', 'T_b'].flatMap((type) =>
    ['aligned(1)', 'aligned(4)', 'aligned(16)', 'mode(DI)'].flatMap((attribute) => {
      if (attribute === 'mode(DI)' && base.endsWith('*')) return [];
      const types = `typedef ${base} T_b; typedef _Atomic ${base} T_a;`;
      const written = `__attribute__((${attribute}))`;
      return [
        `${types} typedef ${type} (${written} T_m); struct T { char c; T_m m; char size[sizeof(T_m)], least[_Alignof(T_m)]; };`,
        `${types} struct T { char c; ${type} (${written} m); char d; };`,
      ];
    }),
  ),
);

/** Types that only some targets have, in places that no layout needs. */
export const rareTypes: readonly Row[] = [
  ...['__int128', '_Decimal32', '_Float16', '_Float128', '_Float64x', '_Float32x', '_Complex _Float128'],
  ...['__float80', '__float128', '__fp16', '__bf16', '__ibm128', '__int128_t'],
].flatMap((type) => [
  `typedef ${type} *T_t;`,
  `extern ${type} **T_v[1];`,
  `extern ${type} T_v;`,
  `extern void T_f(int, ${type} *);`,
  `struct T { ${type} *m; };`,
  `struct T { void (*m)(${type}, int); };`,
  `struct T { char m[sizeof(${type} *)]; };`,
  `struct T { char m[sizeof(int (*)(${type}))]; };`,
]);

/** Types that C does not have, in places that no layout needs. */
export const wrongParts: readonly Row[] = [
  'extern int T_v[sizeof(three (*)(int))];',
  'struct T { int m; void (*f)(three (*)(int)); };',
  'struct T { int m; void (*f)(int (*)(three)); };',
  'struct T { int m; void (*f)(int_16 (*)[2]); };',
  'struct T { int m; int_16 (*f)[]; };',
  'extern int_16 T_v[];',
  'extern int T_v[__builtin_types_compatible_p(int (*)(int), three (*)(int)) + 1];',
  'extern int T_v[__builtin_types_compatible_p(int, int_16[2]) + 1];',
  'extern int T_v[_Generic(1, int: 2, int_16 (*)[2]: 3)];',
  'typedef int T_t __attribute__((vector_size(3)));',
  'typedef int T_t[] __attribute__((vector_size(16)));',
  'typedef struct pair T_t __attribute__((vector_size(16)));',
  'typedef __typeof__(T_undefined) *T_t;',
];

/** Modes of declarations with several declarators, and of pointers. */
export const modesOfDeclarators: readonly Row[] = ['HI', 'SI', 'DI', 'TI', 'word', 'pointer', 'byte', 'SF'].flatMap(
  (mode) => {
    const attribute = `__attribute__((mode(${mode})))`;
    return [
      `typedef unsigned ${attribute} T_s, *restrict T_t;`,
      `typedef unsigned ${attribute} T_s, T_t[3];`,
      `typedef unsigned ${attribute} T_s, (*T_t)(int);`,
      `extern int ${attribute} T_s, T_f(int);`,
      `struct T { char c; int ${attribute} *m; };`,
      `struct T { char c; const int *m ${attribute}, *const n ${attribute}; };`,
      `typedef int ${attribute} *T_t; struct T { char c; T_t m[2], *n; };`,
      `typedef int *${attribute} *T_t; struct T { char c; T_t m; };`,
      `struct T { char c; int ${attribute} (*m)[3], (*n)(void); };`,
      `struct T { char c; int ${attribute} m[3]; };`,
      `typedef struct pair T_t ${attribute};`,
      `typedef void T_t ${attribute};`,
      `typedef float T_t ${attribute};`,
    ];
  },
);

/** Attributes of functions after an alignment of a pointer to a function. */
export const functionAttributes: readonly Row[] = [
  ...['nonnull', 'warn_unused_result', 'sentinel', 'format(printf, 1, 3)', 'alloc_size(2)', 'returns_nonnull'],
  ...['access(read_only, 1)', 'pure', 'malloc', 'nothrow', 'unused', 'deprecated', 'leaf'],
].flatMap((attribute) => [
  ...[`aligned(32), ${attribute}`, `${attribute}, aligned(32)`, `aligned(32), ${attribute}, aligned(16)`].flatMap(
    (list) => [
      `typedef void *(*T_t)(const char *, int, ...) __attribute__((${list})); struct T { char c; T_t m; };`,
      `struct T { char c; void *(*m)(const char *, int, ...) __attribute__((${list})); };`,
      `struct T { char c; void *(*__attribute__((${list})) m)(const char *, int, ...); };`,
      `typedef void *(*T_t[2])(const char *, int, ...) __attribute__((${list})); struct T { char c; T_t m; };`,
      `typedef int *T_t __attribute__((${list})); struct T { char c; T_t m; };`,
    ],
  ),
  `__attribute__((${attribute})) typedef void *(*T_t)(const char *, int, ...) __attribute__((aligned(32))); struct T { char c; T_t m; };`,
  `struct T { __attribute__((${attribute})) const double m[0]; char c; };`,
]);

/** `nonnull` needs the parameters of the function. */
export const nonnullFunctions: readonly Row[] = ['nonnull', '__nonnull__', 'nonnull(1)'].flatMap((attribute) =>
  ['()', '(void)', '(char *)', '(int)', '(char *, ...)'].flatMap((parameters) => [
    `extern int T_f${parameters} __attribute__((${attribute}));`,
    `__attribute__((${attribute})) extern int T_f${parameters};`,
    `typedef int T_t${parameters} __attribute__((${attribute}));`,
    `typedef int (*T_t)${parameters} __attribute__((${attribute}));`,
    `typedef int (*__attribute__((${attribute})) T_t)${parameters};`,
    `struct T { int (*m)${parameters} __attribute__((${attribute})); };`,
    `struct T { int (**m)${parameters} __attribute__((${attribute})); };`,
    `struct T { int (*m[2])${parameters} __attribute__((${attribute})); };`,
    `struct T { int m[sizeof(int (*)${parameters} __attribute__((${attribute})))]; };`,
    `[[gnu::${attribute}]] extern int T_f${parameters};`,
  ]),
);

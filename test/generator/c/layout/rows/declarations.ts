import type { Row } from '../../../../helpers/declaration-rows.js';

/** Arrays without a length or without elements, and incomplete types. */
export const arrays: readonly Row[] = [
  'struct T { int m; char n[]; };',
  'struct T { int m; char n[0]; int o; };',
  'struct T { int m[]; };',
  'struct T { int m[0]; };',
  'struct T { int m[]; int n; };',
  'union T { int m; int n[]; };',
  'struct T { int : 3; int m[]; };',
  'struct T { struct { }; int m[]; };',
  'struct T { struct { int q; }; int m[]; };',
  'struct T { int n; int m[][3]; };',
  'struct T { int n; int m[3][]; };',
  'typedef int T_a[]; struct T { int n; T_a m; };',
  'typedef int T_a[]; struct T { char m[sizeof(T_a)]; };',
  'struct T { char m[sizeof(int[])]; };',
  'struct T { char m[sizeof(struct T_undefined)]; };',
  'struct T { char m[_Alignof(struct T_undefined)]; };',
  'struct T { struct T_undefined m; };',
  'struct T { struct T_undefined m[2]; };',
  'struct T { struct T m; };',
  'struct T { int m(void)[3]; };',
  'struct T { typeof("text") (*m)(void); };',
  'struct T { int m; }; extern struct { int q[]; } *T_v;',
  'struct T { int_16 (*m)[2]; };',
  'struct T { struct T_undefined (*m)[2]; };',
  'struct T { struct T (*m)[2]; };',
  'struct T { int (*m)[], (*n)[][3], **o[2]; };',
  'struct T { __int128 **m; };',
  'struct T { void m; };',
  'struct T { void m[2]; };',
  'struct T { int m(void); };',
  'struct T { int m[2](void); };',
  'struct T { char m[sizeof(void)], n[sizeof(void (void))], o[_Alignof(void (void))], p[_Alignof(void)]; };',
  'struct T { char m[-1]; };',
  'struct T { int_16 m[2]; };',
  'typedef struct pair T_m __attribute__((aligned(32))); struct T { T_m m[2]; };',
  'struct T_f { int m; char n[]; }; struct T { int c; struct T_f m; int d; char size[sizeof(struct T_f)]; };',
  'extern int T_x[]; struct T { char m[sizeof(T_x)]; };',
  'extern int T_x[]; struct T { char m[sizeof(T_x[0])]; };',
  'extern int T_x[]; extern int T_x[3]; struct T { char m[sizeof(T_x)]; };',
  'extern int T_x[3]; extern int T_x[]; struct T { char m[sizeof(T_x)]; };',
  'enum T_e; struct T { char m[sizeof(enum T_e)]; };',
];

/** The values and the types of enums. */
export const enums: readonly Row[] = [
  'enum T { T_a = 2147483647, T_b };',
  'enum T { T_a = 0x7fffffff, T_b = T_a + 1u };',
  'enum T { T_a = 0x80000000, T_b };',
  'enum T { T_a = 0xffffffff, T_b };',
  'enum T { T_a = 0xfffffffe, T_b };',
  'enum T { T_a = 0x7fffffffffffffff, T_b };',
  'enum T { T_a = 0xffffffffffffffff, T_b };',
  'enum T { T_a = 0x100000000, T_b };',
  'enum T { T_a = -1, T_b = 0xffffffff, T_c = 5 };',
  'enum T { T_a = -2147483648, T_b };',
  'enum T { T_a = -2147483649, T_b };',
  'enum T { T_a = -1, T_b = 0xffffffffffffffff };',
  'enum T { T_a = 1LL, T_b };',
  'enum T { T_a = (char)-1, T_b };',
  "enum T { T_a = '\\xff', T_b };",
  'enum T { T_a = 200 } __attribute__((mode(QI)));',
  'enum T { T_a = 300 } __attribute__((mode(QI)));',
  'enum T { T_a = 128, T_b = -1 } __attribute__((mode(QI)));',
  'enum T { T_a = -1 } __attribute__((mode(DI)));',
  'enum T { T_a = 1ULL << 40 } __attribute__((mode(SI)));',
  'enum T { T_a } __attribute__((mode(HI), packed));',
  'enum T { T_a } __attribute__((mode(word)));',
  'enum T { T_a } __attribute__((mode(SF)));',
  'enum __attribute__((__mode__(__DI__))) T { T_a };',
  'typedef enum { T_a = 300 } T __attribute__((mode(QI)));',
  'typedef enum { T_a = -1 } T __attribute__((mode(HI)));',
  'enum T { T_a = -1, T_b = 127 } __attribute__((packed));',
  'enum T { T_a = -129 } __attribute__((packed));',
  'enum T { T_a = 255 } __attribute__((packed));',
  'enum T { T_a = 65536 } __attribute__((packed));',
  'enum T { T_a = 1ULL << 40, T_b = -1 } __attribute__((packed));',
  ...['packed', 'aligned(2)', 'aligned(16)', 'mode(HI)', 'aligned(2), packed', 'packed, aligned(8)'].flatMap(
    (before) => [
      `enum __attribute__((${before})) T { T_a } __attribute__((packed));`,
      `enum [[gnu::${before.replace(', ', ', gnu::')}]] T { T_a } __attribute__((packed));`,
      `enum __attribute__((${before})) T { T_a } __attribute__((aligned(4), packed));`,
      `enum __attribute__((${before})) T { T_a }; struct T_l { char c; __typeof__(enum T __attribute__((aligned(16)))) m; };`,
    ],
  ),
  'enum T { T_a = sizeof(int), T_b = sizeof(T_a), T_c = sizeof(T_b) };',
].flatMap((row) => [row, `${row} struct T_s { char c; ${row.startsWith('typedef') ? 'T' : 'enum T'} m; char d; };`]);

/** Bit-fields of every integer type, with and without attributes. */
export const bitFields: readonly Row[] = [
  ...[
    'int',
    'unsigned',
    'char',
    'short',
    'long',
    'long long',
    'unsigned long long',
    '_Bool',
    'enum color',
    'enum tiny',
  ],
  ...['enum negative', 'enum wide_enum', 'int_2', 'wide_2', 'typeof(1L)', 'const int', 'int __attribute__((mode(DI)))'],
  ...['__int128', 'float', 'address', 'struct pair', '_Atomic int', 'vector_16'],
].flatMap((type) => [
  `struct T { char c; ${type} m : 1; ${type} n : 1; char d; };`,
  `struct T { char c; ${type} m : 1, : 0, n : 1; char d; };`,
  `struct T { char c; ${type} m : 1; ${type} : 1; } __attribute__((packed));`,
  `struct T { char c; ${type} m : 1 __attribute__((packed)), n : 1 __attribute__((aligned(8))); char d; };`,
  `union T { ${type} m : 1; char c; };`,
]);

/** Declarations that declare no record, between records. */
export const others: readonly Row[] = [
  'int T_f(a, b) int a; char *b; { return a; } struct T { int m; };',
  'int T_f(a, b); struct T { int m; };',
  'static inline int T_f(int a) { struct T_l { int b; } c; return a; } struct T { int m; };',
  'extern int T_v, *T_w, T_x[3]; struct T { int m; };',
  'static const int T_c = 3; struct T { int m; };',
  'extern __thread int T_t; extern _Thread_local int T_u; struct T { int m; };',
  '__asm__(".globl T_x"); struct T { int m; };',
  'struct T { int m; }; _Static_assert(sizeof(struct T) == 4, "size");',
  'struct T { int m; _Static_assert(sizeof(int) == 4, "size"); int n; };',
  'struct T { int m; _Static_assert(sizeof(int) == 4); };',
  'register int T_r; struct T { int m; };'.replace('register', 'extern'),
  'void T_f(struct T_p { int q; } *p); struct T { int m; };',
  'void T_f(int (*cb)(void *, ...), int (a), const int b[static 3], int c[*]); struct T { int m; };',
  'struct T { int m; __extension__ _Static_assert(1, ""); char n[__extension__ 3]; };',
  '__extension__ struct T { __extension__ long long m; __extension__ union { int q; }; };',
  'struct T { int m;; int n; };',
  'struct T; struct T { int m; }; struct T; typedef struct T T_t; typedef struct T T_t;',
  'typedef int T_i; struct T { T_i T_i; unsigned T_j; };',
  'struct T { const struct { int q; }; volatile union { int r; }; };',
];

/** `#pragma pack` through `_Pragma`, on one line. */
export const packs: readonly Row[] = [
  ...[
    'pack(2)',
    'pack(push, 2)',
    'pack(push, label, 2)',
    'pack(push, 2, label)',
    'pack(0x2)',
    'pack(2u)',
    'pack( push , 4 )',
  ],
  ...['pack(1) more', 'pack(8)', 'pack(16)', 'pack(0)', 'pack()', 'pack(push)'],
  // GCC ignores these with a warning.
  ...['pack(pop)', 'pack(pop)', 'pack(pop)', 'pack(pop)', 'pack(pop, other)', 'pack(3)', 'pack(push, 3)', 'pack(32)'],
  ...['pack(one)', 'pack 1', 'pack', 'pack(', 'pack(1', 'pack(push, )', 'pack(push 1)', 'pack(pop, 1)', 'pack(-1)'],
  ...['pack(push, a, b)', 'pack(push, 1, 2)', 'pack(1+1)', 'pack((1))', 'pack(1.0)', 'pack(reset)', 'pack(show)'],
].map(
  (pragma) =>
    `_Pragma("${pragma}") struct T { char c; int m; long long n; double o; short p : 9; struct pair q; }; _Pragma("pack()")`,
);

/** Packed members of an aligned type, in records that have the alignment and the size of `long long`. */
export const packedMembers: readonly Row[] = ['T_m m : 30', 'T_m m : 32', 'T_m m', 'T_m : 0', 'T_m : 3'].flatMap(
  (member) => {
    const types = 'typedef int T_m __attribute__((aligned(8)));';
    const use = (keyword: string): string =>
      `_Pragma("pack()") struct T { char c; ${keyword} T_r m; char d; ${keyword} T_r n[2]; };`;
    return [
      `${types} _Pragma("pack(16)") union T_r { ${member}; } __attribute__((packed)); ${use('union')}`,
      `${types} _Pragma("pack(8)") struct T_r { ${member}; char n; } __attribute__((packed)); ${use('struct')}`,
      `${types} union T_r { ${member} __attribute__((packed)); _Decimal64 n; }; ${use('union')}`,
    ];
  },
);

/** `packed` where another attribute changes the type. GCC ignores `packed` on a type with an alignment of 1. */
export const packedTypes: readonly Row[] = [
  'struct T { int a[3]; volatile char __attribute__((vector_size(16))) m __attribute__((packed)); };',
  'struct T { int a[3]; char __attribute__((vector_size(16))) m __attribute__((packed)); };',
  'struct T { char a[3]; char __attribute__((vector_size(16))) m __attribute__((packed)); };',
  'struct T { char a[3]; char m __attribute__((packed)) __attribute__((vector_size(16))); };',
  'struct T { char a[3]; char m __attribute__((vector_size(16))) __attribute__((packed)); };',
  'struct T { char a[3]; short __attribute__((vector_size(16))) m __attribute__((packed)); };',
  'struct T { char a[3]; signed char __attribute__((vector_size(16))) m __attribute__((packed)); };',
  'struct T { char a[3]; _Bool m __attribute__((packed, mode(QI))); };',
  'struct T { char a[3]; char __attribute__((mode(SI))) m __attribute__((packed)); };',
  'struct T { char a[3]; char m __attribute__((packed, mode(SI))); };',
  'struct T { char a[3]; char m __attribute__((packed)) __attribute__((mode(SI))); };',
  'struct T { char a[3]; char m __attribute__((mode(SI))) __attribute__((packed)); };',
  'struct T { char a[3]; char __attribute__((aligned(8))) m __attribute__((packed)); };',
  'struct T { char a[3]; char __attribute__((packed)) m __attribute__((vector_size(16))); };',
  'struct T { char a[3]; char __attribute__((packed, vector_size(8))) m; };',
  'struct T { char a[3]; char __attribute__((vector_size(8), packed)) m; };',
  'struct __attribute__((packed)) T { char a[3]; char __attribute__((vector_size(8))) m; };',
  'struct __attribute__((packed)) T { char a[3]; char m __attribute__((vector_size(8))); };',
  'struct T { char a[3]; char m __attribute__((vector_size(8))); } __attribute__((packed));',
  'struct __attribute__((aligned(16))) T { int a[3]; char __attribute__((vector_size(16))) m __attribute__((packed)); };',
];

import { gnuAttributes } from '../../../../../generator/targets/common/attributes.js';
import type { Row } from '../../../../helpers/declaration-rows.js';

/** Types that rows use. */
export const preamble = `typedef int int_16 __attribute__((aligned(16)));
typedef int int_2 __attribute__((aligned(2)));
typedef long long wide_2 __attribute__((aligned(2)));
typedef int three[3];
typedef int *address;
typedef struct { char a; short b; } unnamed;
typedef int vector_16 __attribute__((vector_size(16)));
typedef char vector_8 __attribute__((vector_size(8)));
typedef float floats_8 __attribute__((vector_size(8)));
enum color { RED, GREEN = 3 };
enum negative { LESS = -1 };
enum wide_enum { WIDE = 1ULL << 40 };
enum __attribute__((packed)) tiny { TINY };
struct pair { char a; int b; };
struct aligned_pair { char a; int b; } __attribute__((aligned(16)));
struct packed_pair { char a; int b; } __attribute__((packed));
struct uses { char c; int_16 value; wide_2 low; int own __attribute__((aligned(32))); address p; three list; enum color tint; };
extern int_16 global;
extern struct uses record;`;

/** The attributes that move a member, with an alignment that differs from every natural one. */
const attributes = ['aligned(2)', 'aligned(8)', 'aligned(32)', 'aligned', 'packed', 'packed, aligned(2)'];

/** The places of an attribute in a member. `A` is the attribute. */
const places = [
  'struct T { char c; A int m; char d; };',
  'struct T { char c; int A m; char d; };',
  'struct T { char c; const A int m; char d; };',
  'struct T { char c; int m A; char d; };',
  'struct T { char c; int m A, n; char d; };',
  'struct T { char c; int m, n A; char d; };',
  'struct T { char c; A int m, *n; char d; };',
  'struct T { char c; int (A m); char d; };',
  'struct T { char c; int m[3] A; char d; };',
  'struct T { char c; int (A m)[3]; char d; };',
  'struct T { char c; char *A m; char d; };',
  'struct T { char c; char *const A m; char d; };',
  'struct T { char c; char *A const m; char d; };',
  'struct T { char c; char *A *m; char d; };',
  'struct T { char c; char **A m; char d; };',
  'struct T { char c; char *A m[2]; char d; };',
  'struct T { char c; char (*A m)[3]; char d; };',
  'struct T { char c; void (*A m)(int); char d; };',
  'struct T { char c; void (*m)(int) A; char d; };',
  'struct T { char c; void (*A m[2])(int); char d; };',
  'struct T { char c; struct pair A m; char d; };',
  'struct T { char c; struct A pair m; char d; };',
  'struct T { char c; struct packed_pair m A; char d; };',
  'struct T { char c; three m A; char d; };',
  'struct T { char c; address A m; char d; };',
  'struct T { char c; enum color m A; char d; };',
  'struct T { char c; long long m A; char d; };',
  'struct T { char c; double m A; char d; };',
  'struct T { char c; int m : 5 A; char d; };',
  'struct T { char c; int A m : 5; char d; };',
  'struct T { char c; int A : 5; char d; };',
  'struct T { char c; int m : 5 A, n : 7; char d; };',
  'struct T { char c; struct { char q; int r; } A m; char d; };',
  'struct T { char c; struct A { char q; int r; } m; char d; };',
  'struct T { char c; A struct { char q; int r; } m; char d; };',
  'struct T { char c; struct { char q; int r; } A; char d; };',
  'struct T { char c; A struct { char q; int r; }; char d; };',
  'struct T { char c; struct A { char q; int r; }; char d; };',
  'struct T { char c; union { char q; int r; } const A; char d; };',
  'struct A T { char c; int m; };',
  'struct T { char c; int m; } A;',
  'struct T { char c; int m; } const A;',
  'A struct T { char c; int m; };',
  'struct T { char c; int m; } A T_object;',
  'union T { char c; int m; } A;',
  'union A T { char c; int m; };',
  'typedef struct { char c; int m; } A T;',
  'typedef struct { char c; int m; } T A;',
  'typedef struct A { char c; int m; } T;',
  'typedef A struct { char c; int m; } T;',
  'typedef A int T_m; struct T { char c; T_m m; char d; };',
  'typedef int A T_m; struct T { char c; T_m m; char d; };',
  'typedef int T_m A; struct T { char c; T_m m; char d; };',
  'typedef char *A T_m; struct T { char c; T_m m; char d; };',
  'typedef char *T_m A; struct T { char c; T_m m; char d; };',
  'typedef int T_m[3] A; struct T { char c; T_m m; char d; };',
  'typedef void (*A T_m)(int); struct T { char c; T_m m; char d; };',
  'typedef struct pair T_m A; struct T { char c; T_m m; char d; };',
  'typedef struct pair A T_m; struct T { char c; T_m m; char d; };',
  'typedef enum color T_m A; struct T { char c; T_m m; char d; };',
  'struct T { char c; __typeof__(int A) m; char d; };',
  'struct T { char c; __typeof__(char *A) m; char d; };',
  'struct T { char c; char m[_Alignof(int A)]; };',
  'struct T { char c; char m[__alignof__(char *A)]; };',
  'struct T { char c; char m[sizeof(struct pair A)]; };',
  'struct T { char c; char m[_Alignof(struct pair A *)]; };',
  'struct T { char c; char m[_Alignof(int A [3])]; };',
  'enum T { T_A, T_B } A; struct T_s { char c; enum T m; char d; };',
  'enum A T { T_A, T_B }; struct T_s { char c; enum T m; char d; };',
  'typedef enum { T_A, T_B } A T; struct T_s { char c; T m; char d; };',
  'typedef enum { T_A, T_B } T A; struct T_s { char c; T m; char d; };',
];

/** Every attribute in every place, as `__attribute__((…))`. */
export const gnuPlaces: readonly Row[] = places.flatMap((place) =>
  attributes.map((attribute) => place.replace('A', `__attribute__((${attribute}))`).replaceAll(/T_A/g, 'T_a')),
);

/** The places of `[[…]]`. */
export const standardPlaces: readonly Row[] = [
  'struct T { char c; A int m; char d; };',
  'struct T { char c; int A m; char d; };',
  'struct T { char c; int m A; char d; };',
  'struct T { char c; int m A, n; char d; };',
  'struct T { char c; int m A [3]; char d; };',
  'struct T { char c; int m[3] A; char d; };',
  'struct T { char c; char *A m; char d; };',
  'struct T { char c; char *A const m; char d; };',
  'struct T { char c; void (*m A)(int); char d; };',
  'struct T { char c; void (*A m)(int); char d; };',
  'struct T { char c; void (*m)(int) A; char d; };',
  'struct T { char c; int m A : 5; char d; };',
  'struct T { char c; struct { char q; int r; } A m; char d; };',
  'struct T { char c; struct A { char q; int r; } m; char d; };',
  'struct T { char c; A struct { char q; int r; }; char d; };',
  'struct A T { char c; int m; };',
  'struct T { char c; int m; } A;',
  'A struct T { char c; int m; };',
  'union A T { char c; int m; };',
  'A typedef int T_m; struct T { char c; T_m m; char d; };',
  'typedef int T_m A; struct T { char c; T_m m; char d; };',
  'typedef int A T_m; struct T { char c; T_m m; char d; };',
  'typedef struct A { char c; int m; } T;',
  'typedef struct { char c; int m; } A T;',
  'typedef struct { char c; int m; } T A;',
  'enum A T { T_a, T_b }; struct T_s { char c; enum T m; char d; };',
  'struct T { char c; char m[_Alignof(int A)]; };',
].flatMap((place) =>
  [
    'gnu::aligned(8)',
    'gnu::packed',
    '__gnu__::__aligned__(32)',
    'gnu::packed, gnu::aligned(2)',
    'packed',
    'deprecated("no")',
    '',
  ].map((attribute) => place.replaceAll('A', `[[${attribute}]]`)),
);

/** Attributes that change no layout, where GCC takes them. */
export const harmless: readonly Row[] = [
  'struct __attribute__((designated_init)) T { int m; };',
  'union __attribute__((transparent_union)) T { int m; char n; };',
  'struct __attribute__((may_alias, deprecated, unused, visibility("default"))) T { int m; };',
  'struct T { char c; int m __attribute__((unused, deprecated("no"), warn_if_not_aligned(8))); };',
  'struct T { char c; int m __attribute__((unknown_attribute(1, "a"))); };',
  'struct T { char c; char m[4] __attribute__((nonstring)); };',
  'struct T { char c; void (*m)(int) __attribute__((nonnull)); void (__attribute__((cold)) *n)(void); };',
  'struct T { int m; } __attribute__(()) __attribute__((,,packed,));',
  'struct T { int m; }; extern struct T T_f(int *p) __attribute__((nonnull(1), pure, warn_unused_result));',
  'struct T { int m; }; void T_g(int a __attribute__((unused)), ...) __asm__("other") __attribute__((weak));',
  'struct [[nodiscard]] T { [[maybe_unused]] int m; };',
  'enum T { T_a __attribute__((deprecated)), T_b [[deprecated]] = 7 };',
  'struct __attribute__((scalar_storage_order("big-endian"))) T { char m; };',
  'struct __attribute__((scalar_storage_order("little-endian"))) T { char m; };',
].filter((row) => !row.includes('scalar_storage_order'));

/** Several alignments. The last one that GCC processes counts. */
export const orders: readonly Row[] = [
  '__attribute__((aligned(2))) typedef int __attribute__((aligned(8))) T_m __attribute__((aligned(32))); struct T { char c; T_m m; };',
  '__attribute__((aligned(8))) typedef int __attribute__((aligned(2))) T_m; struct T { char c; T_m m; };',
  'typedef int __attribute__((aligned(8))) __attribute__((aligned(2))) T_m; struct T { char c; T_m m; };',
  'typedef int T_m __attribute__((aligned(8), aligned(2))) __attribute__((aligned(4))); struct T { char c; T_m m; };',
  'typedef char *__attribute__((aligned(8))) __attribute__((aligned(2))) T_m; struct T { char c; T_m m; };',
  'struct __attribute__((aligned(8))) T { char c; } __attribute__((aligned(2))) __attribute__((aligned(4)));',
  'struct T { char c; __attribute__((aligned(8))) int __attribute__((aligned(2))) m __attribute__((aligned(16))); };',
  'struct T { char c; char m[_Alignof(__attribute__((aligned(2))) int __attribute__((aligned(8))))]; };',
  'struct T { char c; int m, __attribute__((aligned(8))) n; };',
];

/** The alignment of a variable, which `aligned` also reduces. The largest one counts. */
export const variables: readonly Row[] = [
  'static int T_o A',
  'static int A T_o A',
  'static int __attribute__((aligned(1))) T_o',
  'static int __attribute__((aligned(16))) T_o A',
  'static int_16 T_o',
  'static int_16 T_o A',
  '_Alignas(16) static int T_o A',
  '_Alignas(16) _Alignas(32) static int T_o',
  'static _Alignas(2) int T_o',
  'static char T_o[3] A',
  'static short T_o __attribute__((packed))',
  'static struct pair T_o A',
].flatMap((text) =>
  (/\bA\b/.test(text) ? ['aligned(2)', 'aligned(8)'] : ['']).map((attribute) => {
    const declared = text.replace(/\bA\b/g, `__attribute__((${attribute}))`);
    return `${declared}; struct T { char m[_Alignof(T_o)], n[__alignof__(T_o)]; };`;
  }),
);

/** Several declarations of one object, with and without alignments. */
export const redeclared: readonly Row[] = [
  'extern int T_o A(8); extern int T_o',
  'extern int T_o; extern int T_o A(8)',
  'extern int T_o A(16); extern int T_o A(8)',
  'extern int T_o A(2); extern int T_o',
  'extern int T_o; extern int T_o A(2)',
  'extern int T_o A(2); extern int T_o A(1)',
  'extern int_16 T_o; extern int T_o',
  'extern int T_o A(8); extern int_16 T_o; extern int T_o A(2)',
  'extern char T_o[]; extern char T_o[3] A(8); extern char T_o[]',
  'void T_o(void) A(32); void T_o(void)',
  'static const int T_o A(32); static const int T_o = 3',
].map((text) => {
  const declared = text.replace(/\bA\b(\(\d+\))/g, '__attribute__((aligned$1))');
  return `${declared}; struct T { char m[_Alignof(T_o)], n[__alignof__(T_o)]; };`;
});

/** `_Alignas`, and the places where C refuses it. */
export const alignas: readonly Row[] = [
  'struct T { char c; _Alignas(8) int m; char d; };',
  'struct T { char c; int _Alignas(8) m; char d; };',
  'struct T { char c; _Alignas(double) char m; char d; };',
  'struct T { char c; _Alignas(struct aligned_pair) char m; char d; };',
  'struct T { char c; _Alignas(0) int m; char d; };',
  'struct T { char c; _Alignas(2) _Alignas(16) int m; char d; };',
  'struct T { char c; _Alignas(2) int m; char d; };',
  'struct T { char c; _Alignas(4) long long m; char d; };',
  'struct T { char c; _Alignas(4) short m __attribute__((vector_size(16))); char d; };',
  'struct T { char c; _Alignas(3) int m; };',
  'struct T { char c; _Alignas(8) int m : 5; };',
  'struct T { char c; _Alignas(8) struct { int q; }; char d; };',
  'struct T { char c; struct { int q; } _Alignas(8); char d; };',
  'struct T { char c; _Alignas(16) struct pair m; } __attribute__((packed));',
  'struct T { char c; int m; } _Alignas(16);',
  '_Alignas(16) struct T { char c; int m; };',
  'typedef int _Alignas(8) T_m; struct T { T_m m; };',
  'struct T { char m[sizeof(_Alignas(8) int)]; };',
  'struct T { int m; }; void T_f(_Alignas(8) int a);',
  'struct T { int m; }; _Alignas(8) void T_f(void);',
  'struct T { char c; _Alignas(int_16) char m; char d; };',
  'struct T { char c; _Alignas(8) int m __attribute__((packed)); char d; };',
  'struct T { char c; _Alignas(16) int m[2], n; };',
  ...[
    '_Atomic long long',
    '_Atomic(long long)',
    'const long long',
    '_Atomic double',
    '_Atomic struct pair',
    'T_a',
    'T_p',
  ].flatMap((type) =>
    ['m', 'm[2]', 'm[2][2]'].flatMap((declarator) =>
      [1, 2, 4, 8].map(
        (align) =>
          `typedef _Atomic long long T_a; typedef _Atomic struct pair T_p; struct T { char c; _Alignas(${align}) ${type} ${declarator}; };`,
      ),
    ),
  ),
  'typedef _Atomic long long T_a[2]; struct T { char c; _Alignas(4) T_a m; };',
];

/** The arguments of attributes, by their number and their kind. */
const argumentLists = ['', '()', '(1)', '("default")', '(1, 2)', '(1, 2, 3)', '(f(1, 2), 3)', '(1, 2, 3, 4)'];

/**
 * Attributes with which GCC itself fails, a type of which GCC takes no value, an attribute whose argument is only checked
 * on some declarations, and attributes that the generator does not support.
 */
const excluded = [
  'copy',
  'transaction_safe_dynamic',
  'unavailable',
  'visibility',
  'signed_bool_precision',
  'vector_mask',
];

/** Each attribute with different arguments. */
export const attributeArguments: readonly Row[] = [
  ...[...gnuAttributes(), 'unknown_attribute']
    .filter((name) => !excluded.includes(name))
    .flatMap((name) =>
      argumentLists.flatMap((given) => [
        `struct __attribute__((${name}${given})) T { int m; };`,
        `struct [[gnu::${name}${given}]] T { int m; };`,
      ]),
    ),
  ...['deprecated', 'vector_size', 'aligned', 'mode'].flatMap((name) =>
    ['1', '"default"', '1.5', '16'].flatMap((given) => [
      `extern int T_v __attribute__((${name}(${given})));`,
      `int T_f(void) __attribute__((${name}(${given})));`,
      `static int T_f(void) __attribute__((${name}(${given})));`,
      `struct T { char c; int m __attribute__((${name}(${given}))); };`,
      `typedef int T_m __attribute__((${name}(${given}))); struct T { char c; T_m m; };`,
    ]),
  ),
  // A string is the name of another symbol.
  ...['alias', 'section', 'symver', 'visibility', 'weakref'].flatMap((name) =>
    ['1', '1.5', 'global'].flatMap((given) => [
      `extern int T_v __attribute__((${name}(${given})));`,
      `int T_f(void) __attribute__((${name}(${given})));`,
    ]),
  ),
];

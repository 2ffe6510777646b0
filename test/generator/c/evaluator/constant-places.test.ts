import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../../generator/errors.js';
import { errorLinesOf, hasCompiler, needsCompiler } from '../../../../tools/lib/gcc.js';
import { modelOf } from '../../../../tools/lib/headers-in-memory.js';

/** Headers with a constant expression where C needs one. GCC takes some of them and refuses the others. */
const headers = [
  ...['1', '1.5', '(int)1.5', "'a'", '1 ? 2 : 3', '(1, 2)', '1 / 0', '1 ? 1 : 1 / 0', 'nowhere', '0 && nowhere'],
  ...['v', 'k', 'sizeof(v)', '(void *)0', '"text"', '&v', '(long)&v', 'f(1)', '1 ? 1 : f(1)', '(int){ 1 }', '1.0 < 2'],
  ...['v = 1', 'v++', '!0', '~0', '-1', '0x7fffffff + 1', '1 << 31', '1 << -1', '0xffffffffffffffff', '(char)300'],
  ...['sizeof(struct s)', 'sizeof(struct nowhere)', 'sizeof(void)', 'sizeof(incomplete)', 'sizeof(p->bits)', 'p->bits'],
  ...[
    '__builtin_clz(1)',
    '__builtin_clz(v)',
    '__builtin_popcount(7)',
    '__builtin_strlen("abc")',
    '1 == 1.0',
    '(_Bool)2',
  ],
  ...['_Generic(1, int: 2)', '_Generic(1, long: 2)', '(enum e)1', 'E', 'sizeof(int[])', 'sizeof(int[2])', '(void)1'],
  ...[
    '(long)&((struct s *)0)->b',
    '&((struct s *)0)->b',
    '__builtin_choose_expr(1, 2, 3)',
    '{ 1 }',
    '(struct s){ 1 }.b',
  ],
].flatMap((expression) => [
  `enum { X = ${expression} };`,
  `char x[${expression}];`,
  `struct x { int a : ${expression}; };`,
  `_Static_assert(${expression}, "");`,
  `_Static_assert(1 || (${expression}), "");`,
  `struct __attribute__((aligned(${expression}))) x { int a; };`,
  `struct x { char a[${expression}]; };`,
]);

const others = [
  '_Static_assert(1);',
  '_Static_assert(0);',
  '_Static_assert(1, "a" "b");',
  '_Static_assert(0, "a" "b");',
  '_Static_assert(1, 5);',
  '_Static_assert(1, L"wide");',
  '_Static_assert();',
  '_Static_assert(1, "")',
  'struct x { _Static_assert(1, ""); int a; };',
  'struct x { int a; _Static_assert(0, ""); };',
  'struct x { int a; _Static_assert(sizeof(int) == 4, "int"); int b; };',
  'typedef char check[sizeof(int) == 4 ? 1 : -1];',
  'typedef char check[sizeof(int) == 8 ? 1 : -1];',
  'extern int (*check)[sizeof(int) == 8 ? 1 : -1];',
  'extern struct nowhere check[3];',
  'extern struct nowhere check;',
  'typedef struct nowhere check[];',
  'enum x { A = 1u, B = A - 2, C = sizeof(int[B < 0 ? 1 : -1]) };',
  'extern char check[sizeof(int) == 8 ? 1 : -1];',
  'struct check { int a : sizeof(int) == 4; };',
  'enum { A = 0x7fffffff, B };',
  'enum { A = 0xffffffff, B };',
  'enum { A = 0x7fffffffffffffff, B };',
  'enum { A = 0xffffffffffffffff, B };',
  'enum { A = -1, B = 0xffffffff };',
  'enum { A = -1, B = 0xffffffffffffffff };',
  'enum { A = (__int128)1 << 70 };',
  'enum { A = (unsigned char)255, B };',
  'enum { A = A };',
  'enum { A = 1, A = 2 };',
  'enum { A, B = A + 1, C = sizeof(int[B]) };',
  'int a[2]; char b[sizeof(a) / sizeof(a[0])];',
  'extern int a[]; char b[sizeof(a)];',
  'struct x { int a[sizeof(struct x)]; };',
  'struct x { int a[sizeof(struct x *)]; };',
  'struct x { __typeof__(p->bits) a; };',
  'struct x { __typeof__(p->bits + 0) a; };',
  'struct x { __typeof__(p->nothing) a; };',
  'struct x { __typeof__(nowhere) a; };',
  'struct x { __typeof__(f) *a; };',
  'struct x { __typeof__(f(1)) a; };',
  'struct x { __typeof__(incomplete) a; };',
  'struct x { int a; __typeof__(incomplete) b; };',
  'extern __typeof__(v ? 1 : 2.0) x;',
  'int a[-1];',
  'int a[0];',
  'int a[1.5];',
  'int a[(unsigned long)-1];',
  'struct x { int a : 33; };',
  'struct x { int a : 0; };',
  'struct x { int : 0; int b; };',
  'struct x { int a : -1; };',
  'struct x { float a : 3; };',
];

const declarations = `extern int v; static const int k = 5; extern int incomplete[]; int f(int); enum e { E = 3 };
struct s { int b; int bits : 3; }; extern struct s *p;
`;

/**
 * Returns which of the headers GCC refuses. All are compiled at once, so the names that they declare get numbers. So do undeclared
 * names, because GCC reports each of them once.
 */
function refusedByCompiler(texts: readonly string[]): boolean[] {
  const rows = texts.map((text, index) => text.replace(/\b(?:[xX]|nowhere)\b/g, (name) => `${name}${index}`));
  const before = declarations.split('\n').length - 1;
  const [lines = []] = errorLinesOf([`${declarations}${rows.join('\n')}\n`], ['-fmax-errors=0']);
  const refused = new Set(lines.map((line) => line - before - 1));
  return texts.map((_, index) => refused.has(index));
}

function isRefused(text: string): boolean {
  try {
    const { omissions } = modelOf({ 'x.h': text });
    return omissions.some(({ kind }) => kind === 'assertion' || kind === 'type');
  } catch (error) {
    if (error instanceof SourceError) return true;
    throw error;
  }
}

describe.skipIf(!hasCompiler)(`a constant in a declaration ${needsCompiler}`, () => {
  it('the generator takes the headers that GCC takes, and refuses the others', () => {
    const alone = errorLinesOf(others.map((text) => declarations + text)).map((lines) => lines.length > 0);
    const refused = [...refusedByCompiler(headers), ...alone];
    const different = [...headers, ...others].filter(
      (text, index) => isRefused(declarations + text) !== refused[index],
    );
    expect(different).toEqual([]);
  });
});

describe('a static assertion', () => {
  it('a false assertion is an error at its place with its message', () => {
    const text = 'struct s { long a; };\n  _Static_assert(sizeof(struct s) == 4, "only for 32-bit longs");';
    expect(() => modelOf({ 'x.h': text })).toThrow(
      '/include/x.h:2:3: static assertion failed for x86_64: only for 32-bit longs',
    );
  });

  it('an assertion that only a compiler can evaluate is an omission', () => {
    const { omissions, types } = modelOf({
      'x.h': 'struct s { int a; };\n_Static_assert(__builtin_classify_type(1) == 1, "");',
    });
    expect(types).toHaveLength(1);
    expect(omissions).toEqual([
      {
        kind: 'assertion',
        name: '_Static_assert',
        reason: "calls the function '__builtin_classify_type', which is not a constant",
        location: { header: 'x.h', line: 2 },
      },
    ]);
  });
});

describe('a declaration that only a compiler can evaluate', () => {
  it('the declaration and those that need it are omissions, and the header goes on', () => {
    const text = `
enum e { A = __builtin_classify_type(1), B };
struct s { char list[B]; };
struct t { struct s inner; struct s *pointer; };
struct u { struct t *pointer; int a; };
#define C (A + 1)
`;
    const { types, constants, omissions } = modelOf({ 'x.h': text });
    const reason = "calls the function '__builtin_classify_type', which is not a constant";
    expect(types.map(({ cName }) => cName)).toEqual(['struct u']);
    expect(constants).toEqual([]);
    expect(omissions.map(({ kind, name, reason: why }) => [kind, name, why])).toEqual([
      ['macro', 'C', reason],
      ['type', 'struct s', reason],
      ['type', 'struct t', reason],
      ['type', 'enum e', reason],
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { arm64 } from '../../../../generator/targets/arm64.js';
import { i386 } from '../../../../generator/targets/i386.js';
import { mips64 } from '../../../../generator/targets/mips64.js';
import { s390x } from '../../../../generator/targets/s390x.js';
import { x86_64 } from '../../../../generator/targets/x86_64.js';
import { isInstalled } from '../../../../tools/lib/compilers.js';
import { errorLinesOf, hasCompiler, needsCompiler } from '../../../../tools/lib/gcc.js';
import { modelOf } from '../../../../tools/lib/headers-in-memory.js';
import { differencesOf } from '../../../helpers/judged-expressions.js';

const types = `
typedef __WCHAR_TYPE__ wchar;
struct point { int x, y; };
struct line { struct point from, to; int width; };
struct named { char name[4]; int list[3]; int flags; };
struct mixed { int : 5; int a; struct { int b, c; }; union { int d; char e[4]; }; int bits : 3; int f; };
struct empty { };
struct holder { struct empty e; int a; };
union value { int i; struct point p; char text[8]; };
typedef int triple[3];
typedef int open[];
enum { ONE = 1, FIVE = 5 };
int function(int);
extern int outside;
static const struct point origin = { 1, 2 };
`;

/** Declarations of arrays without a length. `@` is the name of the array. */
const arrays = [
  'int @[] = { 1, 2, 3 };',
  'int @[] = { 1, 2, 3, };',
  'static const int @[] = { 115200, 230400 };',
  'int @[] = { };',
  'int @[] = { [5] = 1 };',
  'int @[] = { [5] = 1, 2, 3 };',
  'int @[] = { [5] = 1, [2] = 3 };',
  'int @[] = { 1, 2, [0] = 5, 6 };',
  'int @[] = { [2 ... 7] = 1 };',
  'int @[] = { [2 ... 7] = 1, 2 };',
  'int @[] = { [FIVE] = ONE, [ONE + 1 ... FIVE - 1] = 2 };',
  'int @[] = { [3] 1, 2 };',
  'int @[] = { [sizeof(long)] = 1 };',
  'int @[] = { 1 + 2, (3), (int)4.5, !function, &outside ? 1 : 2 };',
  'char @[] = "text";',
  'char @[] = { "text" };',
  'char @[] = "a" "b" "c";',
  'char @[] = "";',
  'char @[] = "a\\0b";',
  'char @[] = "\\u00e9";',
  "char @[] = { 'a', 'b' };",
  'unsigned char @[] = "text";',
  'signed char @[] = "text";',
  'wchar @[] = L"text";',
  'wchar @[] = { L"text" };',
  'unsigned short @[] = u"a\\U0001F600";',
  'unsigned int @[] = U"text";',
  'char @[] = u8"\\u00e9";',
  'char @[][5] = { "a", "b", "c" };',
  'char @[][5] = { { "a" }, { \'b\', \'c\' }, "d" };',
  "char @[][2] = { 'a', 'b', 'c' };",
  'const char *@[] = { "one", "two", [4] = "five" };',
  'const char *const @[] = { "one", 0 };',
  'struct point @[] = { { 1, 2 }, { 3, 4 } };',
  'struct point @[] = { 1, 2, 3, 4 };',
  'struct point @[] = { 1, 2, 3 };',
  'struct point @[] = { { 1 }, 2, 3, { 4 } };',
  'struct point @[] = { [3] = { 1 }, { 2 } };',
  'struct point @[] = { [3].x = 1, 2, 3 };',
  'struct point @[] = { [3].y = 1, 2, 3 };',
  'struct point @[] = { { .x = 1 }, { .y = 2 }, { x: 3, y: 4 } };',
  'struct point @[] = { [1].x = 1, [1].y = 2, [0] = { 5 } };',
  'struct line @[] = { 1, 2, 3, 4, 5, 6 };',
  'struct line @[] = { { 1, 2 }, { 3, 4 }, 5, { 6 } };',
  'struct line @[] = { { { 1, 2 }, { 3, 4 }, 5 }, { { 6 } } };',
  'struct line @[] = { [2].to.y = 1, 2, 3 };',
  'struct line @[] = { { .to = { 1 }, .width = 2 }, { .from.x = 1, 2, 3 } };',
  'struct named @[] = { "abc", 1, 2, 3, 4, "def" };',
  'struct named @[] = { { "abc", { 1 }, 2 }, "def", { 1 }, 2, "ghi" };',
  "struct named @[] = { { 'a' }, 'b', 'c', 'd', 'e', 1, 2, 3, 4, 5 };",
  'struct named @[] = { [1].list[1] = 5, 6, 7, "abc" };',
  'struct named @[] = { [0 ... 3] = { "abc" }, { "def" } };',
  'struct mixed @[] = { 1, 2, 3, 4, 5, 6, 7 };',
  'struct mixed @[] = { { .c = 1 }, { .e = "abc", .f = 2 }, { .bits = 1, 2 } };',
  'struct mixed @[] = { [1].c = 1, 2, 3, 4, 5 };',
  'struct mixed @[] = { [1].e = "abc", 3, 4, 5 };',
  'struct holder @[] = { { { }, 1 }, { { } } };',
  'union value @[] = { 1, 2, 3 };',
  'union value @[] = { { 1 }, { .text = "abc" }, { .p = { 1, 2 } } };',
  'union value @[] = { [2].p.y = 1, 5 };',
  'union value @[] = { [1].text = "abc", 5, 6 };',
  'triple @[] = { 1, 2, 3, 4 };',
  'triple @[] = { { 1 }, { 2 }, { 3 } };',
  'int @[][2][2] = { 1, 2, 3, 4, 5 };',
  'int @[][2][2] = { { { 1 } }, { 2, 3, 4 }, 5, 6 };',
  'int @[][2][2] = { [2][1] = { 1 }, 2 };',
  'int @[][2][2] = { [2][1][0] = 1, 2, 3 };',
  'open @ = { 1, 2, 3 };',
  'const open @ = { 1, 2, 3, 4 };',
  'int @[] = { 1 }, @b[] = { 1, 2 };',
  'extern int @[]; int @[3];',
  'int @[3]; extern int @[];',
  'extern int @[]; int @[] = { 1, 2 };',
  'int @[] = { 1, 2 }; extern int @[];',
  'int @[] = { sizeof((int[]){ 1, 2 }) };',
  'int @[] = { _Generic(1, int: 2, default: 3), 4 };',
  '__typeof__((int[]){ 1, 2, 3 }) @;',
  'int @[] __attribute__((unused)) = { 1, 2 };',
  'int @[sizeof((char[]){ "abc" })];',
  'struct { int n; struct point list[2]; } @[] = { 1, 2, 3, 4, 5, 6 };',
  'int *@[] = { (int[]){ 1, 2 }, &outside, 0 };',
  'int (*@[])(int) = { function, 0, [3] = function };',
];

/** Headers with an initializer that the generator does not need, or cannot read. */
const unread = [
  'static const int a = ({ 1; 2; }) + 1;',
  'extern int a; static int (*const f)(int) = (int (*)(int))(void *)&a;',
  'static const void *l = &&here;',
  'static inline int f(void) { static int x[] = { [1 ... 2] = 3 }; return x[0]; } int v = 5;',
  'static const struct { int a; } list[] = { { .a = 1 }, }, more = { 2 };',
  'static const char *text = "a" "b", *other = 0;',
];

describe.each([x86_64, i386, s390x, arm64, mips64])('the length that an initializer gives for $name', (target) => {
  it.skipIf(!isInstalled(target))('the length is the one that the compiler gives', async () => {
    const declared = arrays.map((text, index) => text.replaceAll('@', `a${index}`));
    const expressions = arrays.map((_, index) => `sizeof(a${index})`);
    expect(await differencesOf(target, expressions, types + declared.join('\n'))).toEqual([]);
  });
});

describe.skipIf(!hasCompiler)(`an initializer ${needsCompiler}`, () => {
  it.each(unread)('an initializer that is not needed refuses no header: %s', (text) => {
    expect(() => modelOf({ 'x.h': text })).not.toThrow();
  });

  it.each([
    'int a[]; char b[sizeof(a)];',
    'extern int a[]; char b[sizeof(a)];',
    'int a[] = 5; char b[sizeof(a)];',
    'int a = (1, 2); char b[sizeof(a)];',
    'int a[] = { [-1] = 5 }; char b[sizeof(a)];',
    'int a[] = { .x = 5 }; char b[sizeof(a)];',
    'struct s { int x; } a[] = { { 1 }, [1].y = 5 }; char b[sizeof(a)];',
    'int a[] = "text"; char b[sizeof(a)];',
  ])('the compiler refuses the header too: %s', (text) => {
    expect(errorLinesOf([text])[0]).not.toEqual([]);
    expect(() => modelOf({ 'x.h': `${text}\nstruct r { char c[sizeof(b)]; };` })).toThrow();
  });
});

/** Expressions by kind, with the declarations that they use. The tests compare their values and types. */

export const declarations = `
#define offsetof(type, member) __builtin_offsetof(type, member)
struct s {
  int a : 3; int b; unsigned long long w : 40; unsigned u : 32; unsigned long l32 : 32; long arr[3]; _Bool bo : 1;
  unsigned char uc : 8; char name[4]; long long ll; double d; struct { short in; }; union { int ua; char ub[6]; } un;
};
struct __attribute__((packed)) pk { char c; int i; long long l; };
struct __attribute__((aligned(32))) big { int i; };
typedef int wide_int __attribute__((aligned(16)));
enum e { EA, EB };
enum negative { NA = -1 };
enum __attribute__((packed)) small { SA, SB = 200 };
extern int x, *px;
extern const int cx;
extern volatile int vx;
extern char c;
extern signed char sc;
extern unsigned char uc;
extern short sh;
extern unsigned short us;
extern long l;
extern unsigned long ul;
extern long long ll;
extern unsigned long long ull;
extern _Bool bo;
extern float f;
extern double d;
extern long double ld;
extern double _Complex z;
extern float _Complex zf;
extern _Float32 f32;
extern _Float64 f64;
extern _Float32x f32x;
extern enum e en;
extern enum small sm;
extern int ext[];
extern struct s obj, objs[4], *ps;
extern const struct s *pcs;
extern struct pk packed;
extern struct incomplete *pi;
extern void *pv;
extern int matrix[3][5];
extern wide_int wi;
extern int over __attribute__((aligned(64)));
extern int fn(int), (*pf)(int), unprototyped(), variadic(const char *, ...);
extern void vf(void);
typedef int vec4 __attribute__((vector_size(16)));
extern vec4 vec;
static const int K = 5;
static const int tab[] = { 1, 2, 3 };
static const char str[] = "kdev";
static const char braced[] = { "kdev" };
`;

const constants = `
INT_MAX_ + 1
-INT_MIN_
INT_MAX_ * 2
INT_MIN_ / -1
INT_MIN_ % -1
1 << 31
1 << 32
1 << 33
1ULL << 64
-5 << 40
1 >> 32
-1 >> 32
-1 >> 40
5u >> 33
-1 << 3
1 << -1
1 >> -1
1 / 0
5 % 0
1 / 0.0
1 ? 1 : 1 / 0
0 && 1 / 0
1 || 1 / 0
sizeof(1 / 0)
0 && nowhere
1 || nowhere
1 ? 1 : nowhere
sizeof(nowhere)
sizeof(!(nowhere))
sizeof(fn(nowhere))
sizeof(1 + nowhere)
_Alignof(nowhere)
(1, 2)
1 ? (2, 3) : 4
0 ? (2, 3) : 4
sizeof(1, 2L)
x
x + 1
K
K + 1
tab[1]
cx
x = 5
x++
--x
sizeof(x = 5)
fn(1)
1 ? 1 : fn(1)
vf()
(void)0
obj.b
px->nothing
1 ? 2 : x
0 ? x : 2
x ?: 2
5 ?: x
`;

const various = `
sizeof(vec + vec)
sizeof(vec[0])
sizeof(vec == vec)
_Generic(vec, vec4: 1, default: 2)
sizeof(vec * 2)
sizeof(-vec)
sizeof(!vec)
sizeof(vec ? 1 : 2)
__builtin_isgreater(1.0, 2.0)
__builtin_isless(1.0, 2.0)
__builtin_isunordered(1.0, 2.0)
__builtin_ffs(6) + __builtin_popcount(0xf0f0)
__builtin_bswap16(-1)
__builtin_offsetof(struct s, un.ub)
__builtin_offsetof(struct s, arr)
__builtin_object_size(0, 0)
__builtin_huge_valf() > 1
sizeof(int[K])
sizeof(char[(int)2.5])
sizeof(int (*)[nowhere])
_Alignof(struct { char c; long long ll; })
(1 ? "a" : 0) != 0
(short)40000
(long)(int)(unsigned)-1
(unsigned char)-1 >> 1
-1 < 1u
-1 > 1ul
(enum e)-1 < 0
EA < -1
5 == 5.0f
5 && 0.0
!!3.5
- - 3
~~3
+(char)5
(int)(char)(short)300
(int)sizeof(int) - 8 < 0
sizeof(int) - 8 < 0
0x7fffffffffffffff + 1
-9223372036854775807L - 2
1 << 63
1L << 63
1UL << 63 >> 63
2147483648
-2147483648
0xffffffff
4294967296
18446744073709551615
18446744073709551615u
09
0b101
0x1p3
'\\u0041'
'\\8'
"\\400"[0]
sizeof "\\x"
__INT_MAX__
__LONG_MAX__ + 0
__CHAR_BIT__
(int (*)[nowhere])0 == 0
(int (*)[x])0 == 0
_Generic(px, int (*)[nowhere]: 1, default: 2)
sizeof(__typeof__(nowhere) *)
sizeof(__typeof__(x) *)
`;

const floats = `
(int)2.7
(int)-2.7
(int)1e3
(int)(5 * 0.5)
(int)1e10
(unsigned)-1.0
(unsigned char)300.5
(signed char)-300.5
(char)300.0
(int)(0.0 / 0.0)
(int)__builtin_nan("")
(int)__builtin_inf()
(int)-0.5
-0.0 == 0.0
1.5 + 2 > 3
1.5 ? 2 : 3
!1.5
!0.0
1.0 && 0.0
0.5 || 0
(int)(1 ? 1.5 : 2)
(int)(float)16777217
(int)16777217.0f
(int)1.9f
(int)0x1.8p1
(int)0x1p-1
(long)0.1e1f
(int)(0.1f * 10)
(int)(0.1 * 10)
(int)(0.1L * 10)
0.1 + 0.2 == 0.3
0.1f + 0.2f == 0.3f
(float)0.1 == 0.1
(double)0.1f == 0.1f
0.1L == 0.1
1.0f / 3 == 1.0 / 3
3.0f == 3
1e18L == 1e18
(long long)1e18L
(long long)9007199254740993.0
(long long)9007199254740993.0L
9223372036854775807LL == 9223372036854775807.0
(unsigned long long)1.8446744073709552e19
(_Bool)0.5
(_Bool)0.0
(_Bool)1e-400L
1.0 / 0.0 > 1
1e308 * 10 > 1
1e308 * 1e308
1e39f > 1
1e400 > 1
1e400 + 1 > 1
1 - 1e400 < 0
1e400 - 1e400 == 0
1e400 * -1 < 0
1e400 * 0 == 0
1 / 1e400 == 0
1e400 / 2 > 1
1e400 / 1e400 == 1
1e400 / 0 > 1
__builtin_nan("") + 1 == 1
1e-400 == 0
__builtin_nan("") == 1
__builtin_nan("") != 1
__builtin_nan("") < 1
__builtin_huge_val() == __builtin_inf()
__builtin_inff() > 1e30f
__builtin_isnan(1.0)
__builtin_isinf(__builtin_inf())
__builtin_signbit(-1.0)
__builtin_fmax(1.0, 2.0) == 2
__builtin_floor(2.5) == 2
__builtin_floor(-2.5) == -3
__builtin_ceil(2.5) == 3
__builtin_trunc(-2.5) == -2
__builtin_round(2.5) == 3
(int)__builtin_fabs(-2.5)
~1.0
1.0 % 2
1.0 << 2
1.0 & 1
1.0
1.0 ? 1.5 : 2
1.0 + 1
(float)5
(long)(float)123456789
(int)1.5e0
(int).5
(int)5.
(int)0x.8p1
(int)0x8.p-1
(int)1.0F
(int)1.0L
(int)1.0l
1.0fx
1.0ll
(int)(1e300 / 1e299)
(int)(2.5f - 0.5)
(int)(1.0f * 3 / 2)
-(1.0) < 0
+1.0 > 0
1.0 > 0 == 1
1 < 1.5
(int)2.5f32
(int)2.5f64
(int)2.5f32x
1.0f32 == 1.0f
0.1f32 == 0.1f
0.1f32x == 0.1
1.0f24 > 0
2u > 1.5f
`;

const characters = `
'a'
'\\xff'
'\\377'
'\\400'
'\\q'
'ab'
'abc'
'abcd'
'abcde'
'\\u00e9'
'\\n\\t'
L'a'
L'\\xffffffff'
L'\\u00e9'
L'ab'
u'a'
u'\\xffff'
u'\\x12345'
u'ab'
u'\\U0001F600'
U'\\U0001F600'
U'\\xffffffff'
''
L''
'\\xg'
'\\u41'
L'\\ud800'
sizeof 'a'
sizeof L'a'
sizeof u'a'
sizeof U'a'
sizeof "abc"
sizeof L"abc"
sizeof u"abc"
sizeof U"abc"
sizeof u8"abc"
sizeof "\\u00e9"
sizeof u8"\\u00e9"
sizeof L"a\\U0001F600"
sizeof u"a\\U0001F600"
sizeof "a" L"b"
sizeof L"a" "b"
sizeof "a" "b" "c"
sizeof u"a" U"b"
sizeof "\\0\\0"
sizeof "\\x41\\101"
sizeof("abc"[1])
sizeof(L"abc"[1])
sizeof(*u"abc")
"abc"[1]
*"abc"
"abc" != 0
"abc" ? 1 : 2
"abc" && 1
!"abc"
"abc"
_Generic("abc", char *: 1, const char *: 2)
_Generic(L"abc", int *: 1, unsigned *: 2, long *: 3)
_Generic(u"abc", unsigned short *: 1, default: 2)
_Generic(U"abc", unsigned *: 1, default: 2)
_Generic(&"abc", char (*)[4]: 1, default: 2)
`;

const addresses = `
&x
&x != 0
&x == &x
&x == &over
(_Bool)"a"
(_Bool)(void *)0
(long)&x
(char)(long)&x
(int)&obj
&obj.arr[2] - &obj.arr[0]
&objs[3] - objs
(long)&obj.arr[2] - (long)&obj
(char *)&obj.b - (char *)&obj
&obj.b > &obj.arr[0]
&obj.b == (void *)&obj + 4
&matrix[2][1] - &matrix[0][0]
matrix[2] - matrix[0]
(long)&((struct s *)0)->b
(unsigned long)&((struct s *)0)->arr[2]
(unsigned long)&((struct s *)0)->un.ub[3]
(unsigned long)&((struct s *)0)->in
(unsigned long)((struct s *)0)->arr
(unsigned long)(((struct s *)0)->arr + 1)
(unsigned long)&((struct s *)0)[2].b
(unsigned long)&((struct s *)16)->b
(unsigned long)&(*(struct s *)0).b
(unsigned long)&0[(struct s *)0]
(char *)&((struct s *)0)->arr[1] - (char *)0
(unsigned long)((char *)&((struct s *)8)->b - 8)
&((struct s *)0)->arr[2] - &((struct s *)0)->arr[0]
(long)&((struct s *)0)->a
(long)&((struct incomplete *)0)->x
(long)(void *)5
(unsigned long long)(void *)-1
(long long)(void *)-1
(unsigned long long)(void *)0xffffffffu
(int)(void *)5
(char)(void *)257
(void *)5 == (void *)5
(void *)5 < (void *)6
(void *)-1 > (void *)1
(char *)8 - (char *)4
(int *)8 - (int *)4
(int *)4 - (int *)8
(int *)8 + 1 == (int *)12
1 + (int *)8 == (int *)12
!(void *)0
!(void *)5
(void *)0 ? 1 : 2
(void *)4 && 1
(void *)0 == 0
(void *)0 == (void *)0
(char *)0 + 5 == (char *)5
(long)((char *)0 + 5)
(long)((void *)0 + 5)
(long)&((char *)0)[5]
(long)&*(int *)8
(long)(int *)(char)-1
(unsigned long)(char *)(unsigned char)-1
pi == 0
&fn == fn
fn
+&x
-&x
~&x
&x & 1
&x * 2
&x + &x
1 - &x
&5
&x++
&obj.a
(int *)1.0
(float)&x
sizeof(&x)
sizeof(&matrix)
sizeof(*&matrix)
sizeof(&*pi)
sizeof(pi + 1)
sizeof(*pi)
sizeof(ps - ps)
sizeof(ps - px)
sizeof(pv + 1)
sizeof(*pv)
`;

const measures = `
sizeof(void)
sizeof(fn)
sizeof fn(1)
sizeof vf()
sizeof(struct incomplete)
sizeof(int[])
sizeof(ext)
sizeof ext[0]
sizeof(obj.a)
sizeof(obj.uc)
sizeof(obj.w)
sizeof(((struct s *)0)->a)
_Alignof(obj.a)
offsetof(struct s, a)
offsetof(struct s, b)
offsetof(struct s, arr[1 + 1])
offsetof(struct s, un.ub[2])
offsetof(struct s, in)
offsetof(struct s, nothing)
offsetof(struct incomplete, x)
sizeof(+obj.a)
sizeof(+obj.w)
sizeof(-obj.w)
sizeof(obj.w + 0)
sizeof(obj.w + 0L)
sizeof(obj.l32 + 0)
sizeof(obj.u + 0)
sizeof(obj.bo + 0)
sizeof((0, obj.a))
sizeof((0, obj.w))
sizeof(obj.a = 1)
sizeof(obj.w = 1)
sizeof(obj.a++)
sizeof(1 ? obj.a : obj.a)
sizeof(1 ? obj.w : obj.w)
sizeof(obj.w << 1)
sizeof(!obj.w)
sizeof(obj.w == 1)
sizeof(__typeof__(obj.w + 0))
_Alignof(x)
_Alignof(over)
_Alignof(wi)
_Alignof(wide_int)
_Alignof((wide_int)1)
_Alignof(*(wide_int *)0)
_Alignof(struct big)
_Alignof(*(struct big *)0)
_Alignof(*(int *)(long *)0)
_Alignof(*(int *)(struct big *)0)
_Alignof(*(int *)&d)
_Alignof(*(char *)ps)
_Alignof(obj.ll)
_Alignof(obj.d)
_Alignof(obj.arr[1])
_Alignof(obj.name)
_Alignof(packed.i)
_Alignof(((struct pk *)0)->l)
_Alignof(packed)
_Alignof(objs)
_Alignof(ext)
_Alignof(1.0)
_Alignof(1LL)
_Alignof("abc")
_Alignof(ll)
_Alignof(d)
_Alignof(double)
_Alignof(long long)
__alignof__(double)
__alignof__(long long)
__alignof__(obj.d)
__alignof__(d)
_Alignof(void)
_Alignof(fn)
__alignof__ x
__alignof__ obj.ll
sizeof obj.arr[1]
sizeof(fn)(1)
sizeof -x
sizeof(__typeof__(f + 1))
sizeof(struct { int a : 3; })
_Alignof(int[])
_Alignof(struct incomplete)
_Alignof(*pi)
_Alignof((int[]){ 1, 2 })
_Alignof(&x)
sizeof(tab)
sizeof(tab) / sizeof(tab[0])
sizeof(str)
sizeof(braced)
sizeof((int[]){ 1, 2, 3 })
sizeof((int[5]){ 1 })
sizeof((struct s){ 1 })
sizeof((char[]){ "abc" })
sizeof((char[]){ 'a', [7] = 1 })
sizeof (int){ 1 }
sizeof (struct s){ 1 }.name
sizeof((struct s){ 1 }.arr)
(int){ 5 }
((struct s){ 1, 2 }).b
sizeof(struct { int a; char b; })
sizeof(obj + 1)
sizeof(-obj)
sizeof(!obj)
sizeof(obj && 1)
sizeof(vf() && 1)
sizeof(x ? obj : 1)
sizeof(x ? obj : obj)
sizeof(x ? px : 1.0)
sizeof(x ? vf() : 1)
sizeof(fn(1, 2))
sizeof(fn())
sizeof(unprototyped(1, 2))
sizeof(variadic("a", 1, 2))
sizeof(variadic())
sizeof(x(1))
sizeof((*fn)(1))
sizeof((**pf)(1))
sizeof(pf(1))
sizeof(tab[1.0])
sizeof(1[tab])
sizeof(x[1])
sizeof(*x)
sizeof(x.y)
sizeof(x->y)
sizeof(obj->b)
sizeof(ps.b)
sizeof(obj.nothing)
sizeof(1 = 2)
sizeof(cx = 2)
sizeof(pcs->b = 2)
sizeof(x++ ++)
sizeof(matrix = 1)
sizeof(5++)
sizeof(px += 1)
sizeof(px *= 2)
sizeof(x += 1.5)
sizeof(obj = obj)
sizeof(obj = 1)
(struct s)1
(int)obj
`;

const generics = `
_Generic(1, int: 5, default: 6)
_Generic(1L, int: 5, long: 7, default: 6)
_Generic(1, long: 5)
_Generic(1, int: 5, int: 6)
_Generic(1, int: 5, signed int: 6)
_Generic(1, int: 5, long: nowhere)
_Generic(nowhere, int: 5, default: 6)
_Generic(1, default: 4)
_Generic(obj.a, int: 1, default: 2)
_Generic(obj.w, unsigned long long: 1, default: 2)
_Generic(obj.uc, unsigned char: 1, default: 2)
_Generic(obj.u, unsigned: 1, default: 2)
_Generic(+obj.a, int: 1, default: 2)
_Generic(obj.bo, _Bool: 1, default: 2)
_Generic(EA, unsigned: 1, int: 2)
_Generic(en, unsigned: 1, int: 2)
_Generic((enum e)1, enum e: 1, default: 2)
_Generic((enum negative)1, unsigned: 1, int: 2)
_Generic(sm, unsigned char: 1, default: 2)
_Generic(K, int: 1, default: 2)
_Generic(&K, int *: 1, const int *: 2)
_Generic(tab, int *: 1, const int *: 2)
_Generic(&tab, const int (*)[3]: 1, default: 2)
_Generic(&matrix, int (*)[3][5]: 1, default: 2)
_Generic(matrix, int (*)[5]: 1, default: 2)
_Generic(matrix[0], int *: 1, default: 2)
_Generic(fn, int (*)(int): 1, default: 2)
_Generic(*fn, int (*)(int): 1, default: 2)
_Generic(&fn, int (*)(int): 1, default: 2)
_Generic(fn, int (*)(): 1, default: 2)
_Generic(fn, int (*)(long): 1, default: 2)
_Generic(variadic, int (*)(const char *, ...): 1, default: 2)
_Generic(vf, void (*)(void): 1, default: 2)
_Generic(pi, struct incomplete *: 1)
_Generic(pv, void *: 1, default: 2)
_Generic(vf(), int: 1, default: 2)
_Generic(vf(), void: 1, default: 2)
_Generic(obj, struct s: 1, default: 2)
_Generic(pcs->b, int: 1, default: 2)
_Generic(&pcs->b, const int *: 1, default: 2)
_Generic(&ps->b, int *: 1, default: 2)
_Generic(pcs->arr, const long *: 1, default: 2)
_Generic(&vx, volatile int *: 1, default: 2)
_Generic(vx, int: 1, default: 2)
_Generic((const int)1, int: 1, default: 2)
_Generic(*(const int *)0, int: 1, default: 2)
_Generic(px - px, int: 1, long: 2, default: 3)
_Generic(px + 1, int *: 1, default: 2)
_Generic(1 + tab, const int *: 1, default: 2)
_Generic(c = 1, char: 1, int: 2)
_Generic((c, c), char: 1, int: 2)
_Generic(c++, char: 1, int: 2)
_Generic(x += 1.0, int: 1, default: 2)
_Generic(fn(1), int: 1, default: 2)
_Generic((1, "abc"), char *: 1, default: 2)
_Generic(1 ? (void *)0 : px, int *: 1, void *: 2, default: 3)
_Generic(1 ? (void *)5 : px, int *: 1, void *: 2, default: 3)
_Generic(1 ? 0 : px, int *: 1, void *: 2, default: 3)
_Generic(1 ? px : 1 - 1, int *: 1, void *: 2, default: 3)
_Generic(1 ? &K : px, int *: 1, const int *: 2, default: 3)
_Generic(1 ? (void *)1 : &K, void *: 1, const void *: 2, default: 3)
_Generic(1 ? px : &c, int *: 1, char *: 2, void *: 3)
_Generic(1 ? (enum e)1 : (enum e)1, unsigned: 1, int: 2)
_Generic(1 ? sm : sm, unsigned char: 1, int: 2, unsigned: 3)
_Generic(1 ? c : c, int: 1, char: 2)
_Generic(1 ? fn : 0, int (*)(int): 1, default: 2)
_Generic(1 ? "a" : "bc", char *: 1, default: 2)
_Generic(x ?: 1L, long: 1, default: 2)
sizeof(*(8 ? (void *)((long)(5) * 0l) : (int *)8))
sizeof(*(8 ? (void *)((long)(x) * 0l) : (int *)8))
sizeof(*(8 ? (void *)(0L) : (int *)8))
sizeof(*(8 ? (void *)(x * 0) : (int *)8))
sizeof(*(8 ? (void *)(x && 0) : (int *)8))
sizeof(*(8 ? (void *)(0 && x) : (int *)8))
sizeof(*(8 ? (void *)(x == x) : (int *)8))
sizeof(*(8 ? (void *)(x ? 0 : 0) : (int *)8))
sizeof(*(8 ? (void *)(1 ? 0 : x) : (int *)8))
sizeof(*(8 ? (void *)(0 ? x : 0) : (int *)8))
sizeof(*(8 ? (void *)(!1.5) : (int *)8))
sizeof(*(8 ? (void *)((int)0.5) : (int *)8))
sizeof(*(8 ? (void *)((int)(0.5 + 0.1)) : (int *)8))
sizeof(*(8 ? (void *)(1 < 0) : (int *)8))
sizeof(*(8 ? (void *)(__builtin_constant_p(x)) : (int *)8))
sizeof(*(8 ? (void *)(__builtin_strlen("")) : (int *)8))
sizeof(*(8 ? (void *)(__builtin_ffs(0)) : (int *)8))
sizeof(*(8 ? (void *)((void *)0) : (int *)8))
sizeof(*(8 ? (void *)((long)(void *)0) : (int *)8))
sizeof(*(8 ? (void *)((1, 0)) : (int *)8))
sizeof(*(8 ? (void *)(1 || x ? 0 : 1) : (int *)8))
sizeof(*(8 ? (void *)(__builtin_choose_expr(1, 0, x)) : (int *)8))
sizeof(*(8 ? (void *)(_Generic(1, int: 0)) : (int *)8))
sizeof(*(8 ? (void *)('a' - 'a') : (int *)8))
sizeof(*(8 ? (void *)("a" == 0) : (int *)8))
sizeof(*(8 ? (void *)(sizeof(int) * 0) : (int *)8))
sizeof(*(8 ? (void *)(x - x) : (int *)8))
sizeof(*(8 ? (void *)(0 ?: 0) : (int *)8))
sizeof(*(8 ? __builtin_choose_expr(1, (void *)0, x) : (int *)8))
sizeof(*(8 ? _Generic(1, int: (void *)0) : (int *)8))
x == x
x * 0
x ? 1 : 1
sizeof(_Generic(1, int: 1L, default: 'a'))
__builtin_types_compatible_p(int, const int)
__builtin_types_compatible_p(int, unsigned)
__builtin_types_compatible_p(int *, const int *)
__builtin_types_compatible_p(enum e, unsigned)
__builtin_types_compatible_p(enum e, enum negative)
__builtin_types_compatible_p(int[], int[3])
__builtin_types_compatible_p(int[2], int[3])
__builtin_types_compatible_p(const int[2], int[2])
__builtin_types_compatible_p(int (*)(), int (*)(int))
__builtin_types_compatible_p(int (*)(), int (*)(char))
__builtin_types_compatible_p(int (*)(int), int (*)(const int))
__builtin_types_compatible_p(struct s, struct s)
__builtin_types_compatible_p(struct s, struct pk)
__builtin_types_compatible_p(wide_int, int)
__builtin_types_compatible_p(long, long long)
__builtin_types_compatible_p(char, signed char)
__builtin_types_compatible_p(__typeof__(x), int)
__builtin_types_compatible_p(__typeof__(&matrix[0]), int (*)[5])
__builtin_types_compatible_p(double _Complex, __typeof__(z))
__builtin_types_compatible_p(void, int)
__builtin_choose_expr(1, 5u, "text")
__builtin_choose_expr(0, 5u, 6L)
__builtin_choose_expr(1, 2, nowhere)
__builtin_types_compatible_p(int, wide_int [3])
__builtin_types_compatible_p(int, wide_int (*)[3])
__builtin_types_compatible_p(int, struct incomplete (*)[2])
__builtin_types_compatible_p(int (*)[2], int (*)[1 + 1])
_Generic(1, int: 1, wide_int (*)[2]: 2)
_Generic((11), char: 1, default: __builtin_types_compatible_p(int, wide_int (*)[3]))
sizeof(wide_int (*)[3])
(wide_int (*)[3])0 == 0
sizeof(wide_int (*(*)(void))[3])
sizeof(void (*)[3])
sizeof(int (*)[-1])
sizeof(const wide_int (*)[3])
__builtin_choose_expr(x, 1, 2)
__builtin_choose_expr((int)1.5, 1, 2L)
__builtin_choose_expr((int)(1e2 + .25), 1, 2L)
__builtin_choose_expr((int)-1.5, 1, 2L)
__builtin_choose_expr(((int *)0 == 0), 1, 2L)
__builtin_choose_expr(((int *)0 == 0) + 1, 1, 2L)
__builtin_choose_expr((long)&((struct s *)0)->b, 1, 2L)
__builtin_choose_expr(__builtin_abs(0), 1, 2L)
__builtin_choose_expr(-__builtin_strlen("a"), 1, 2L)
__builtin_choose_expr(1 || x, 1, 2L)
__builtin_choose_expr(1 || (1 / 0), 1, 2L)
__builtin_choose_expr(1 ? 2 : x, 1, 2L)
__builtin_choose_expr(1 ?: 2, 1, 2L)
__builtin_choose_expr(!1.5, 1, 2L)
__builtin_choose_expr(1.5 < 2.5, 1, 2L)
__builtin_choose_expr((int)(long *)1, 1, 2L)
__builtin_choose_expr((int)(_Bool)1.5, 1, 2L)
__builtin_choose_expr(_Generic(1, int: 3, default: 1.5), 1, 2L)
__builtin_choose_expr(_Generic(1, int: 1.5 < 2, default: 3), 1, 2L)
__builtin_choose_expr(offsetof(struct s, b), 1, 2L)
__builtin_choose_expr(__builtin_constant_p(x), 1, 2L)
__builtin_choose_expr(__builtin_constant_p(x) ? 1 : 2, 1, 2L)
__builtin_choose_expr(__builtin_expect(1, 1) && 1, 1, 2L)
__builtin_choose_expr(EB, 1, 2L)
__builtin_choose_expr((enum e)1, 1, 2L)
__builtin_choose_expr(__real__ 5, 1, 2L)
__builtin_choose_expr(sizeof(x), 1, 2L)
__builtin_choose_expr(__builtin_abs(-1.5), 1, 2L)
__builtin_choose_expr(1.5 ? 1 : 2, 1, 2L)
__builtin_choose_expr("a" && 1, 1, 2L)
__builtin_choose_expr((int)(double)1, 1, 2L)
__builtin_choose_expr(__builtin_bswap32(1), 1, 2L)
__builtin_choose_expr(__builtin_add_overflow_p(1, 2, 3), 1, 2L)
__builtin_choose_expr(__builtin_choose_expr(1, 3, x), 1, 2L)
__builtin_choose_expr(__builtin_choose_expr(1, !1.5, x), 1, 2L)
__builtin_choose_expr(__builtin_strcmp("a", "b"), 1, 2L)
__builtin_choose_expr((int)__builtin_fabs(1.5), 1, 2L)
__builtin_choose_expr(1 ? 2 : 3.5, 1, 2L)
__builtin_choose_expr((1, 2), 1, 2L)
__builtin_choose_expr(&x == 0, 1, 2L)
__builtin_choose_expr((char)__builtin_abs(3) + 1, 1, 2L)
__builtin_choose_expr(K, 1, 2L)
sizeof(__builtin_choose_expr(1, (char)1, 1L))
`;

const builtins = `
${['clz', 'ctz', 'ffs', 'popcount', 'parity', 'clrsb'].flatMap((name) => ['', 'l', 'll'].flatMap((suffix) => ['0', '1', '-1', '0x1234', '0x123456789abcdefULL', '1.9'].map((value) => `__builtin_${name}${suffix}(${value})`))).join('\n')}
__builtin_clz(x)
__builtin_popcount()
__builtin_popcount(1, 2)
__builtin_popcount("a")
sizeof(__builtin_popcountll(x))
__builtin_bswap16(0x1234)
__builtin_bswap16(0x123456)
__builtin_bswap32(0x12345678)
__builtin_bswap64(1)
__builtin_bswap64(-2)
sizeof(__builtin_bswap16(x))
1 ? 2 : __builtin_bswap64(x)
__builtin_abs(-5)
__builtin_abs(INT_MIN_)
__builtin_labs(-5)
__builtin_llabs(-5)
__builtin_imaxabs(-5)
__builtin_expect(5, 1)
__builtin_expect(1.5, 2)
__builtin_expect(x, 2)
__builtin_expect_with_probability(5, 1, 0.5)
__builtin_expect(5)
__builtin_strlen("")
__builtin_strlen("abc")
__builtin_strlen("a\\0b")
__builtin_strlen("abc" + 1)
__builtin_strlen(&"abc"[2])
__builtin_strlen(str)
__builtin_strlen(braced)
__builtin_strlen(x)
__builtin_strlen("abc") + 1
__builtin_strcmp("a", "b")
__builtin_strcmp("a", "a")
__builtin_strcmp("b", "a")
__builtin_strcmp("a", "ab")
__builtin_strncmp("ab", "ac", 1)
__builtin_strncmp("ab", "ac", 2)
__builtin_memcmp("ab", "ac", 2)
__builtin_memcmp("a", "b", 1)
__builtin_constant_p(5)
__builtin_constant_p(1.5)
__builtin_constant_p("text")
__builtin_constant_p("text" + 1)
__builtin_constant_p(x)
__builtin_constant_p(K)
__builtin_constant_p(&x)
__builtin_constant_p((long)&x)
__builtin_constant_p((void *)0)
__builtin_constant_p((1, 2))
__builtin_constant_p(1 / 0)
__builtin_constant_p(fn(1))
__builtin_constant_p(nowhere)
__builtin_constant_p(sizeof(x))
__builtin_add_overflow_p(1, 2, (int)0)
__builtin_add_overflow_p(0x7fffffff, 1, (int)0)
__builtin_add_overflow_p(0x7fffffff, 1, 0u)
__builtin_sub_overflow_p(0, 1, 0u)
__builtin_mul_overflow_p(0x7fffffff, 2, (int)0)
__builtin_object_size(&x, 0)
__builtin_nothing(1)
`;

/** Expressions whose type and size are compared. */
const typed = [
  ...[
    'c',
    'sc',
    'uc',
    'sh',
    'us',
    'x',
    'l',
    'ul',
    'll',
    'ull',
    'bo',
    'f',
    'd',
    'ld',
    'z',
    'zf',
    'en',
    'sm',
    'obj.a',
    'f32',
    'f64',
    'f32x',
  ],
  ...['obj.w', 'obj.u', 'obj.l32', 'px', 'pcs', 'matrix', 'tab', 'str', 'vx', 'cx', 'wi', '1', "'a'", '1.0', '1.0f'],
  ...['1.0L', '"a"', 'sizeof(int)', 'EA', '1i', '1.0i', '1.0fi', 'fn(1)', 'pf', 'vf', 'ps->d', 'pcs->ll', 'NA', 'SB'],
];
const binaryOperators = ['+', '*', '/', '%', '&', '<<', '<', '==', '&&', '-', ','];
const unaryOperators = ['+', '-', '~', '!', '&', '*', '++', '(char)', '(unsigned long)', '(double)', '__real__ '];

const type = (expression: string): string =>
  `_Generic((${expression}), _Bool: 1, char: 2, signed char: 3, unsigned char: 4, short: 5, unsigned short: 6, int: 7, ` +
  'unsigned: 8, long: 9, unsigned long: 10, long long: 11, unsigned long long: 12, float: 13, double: 14, ' +
  'long double: 15, _Float32: 33, _Float64: 34, _Float32x: 35, float _Complex: 16, double _Complex: 17, long double _Complex: 18, int *: 19, const int *: 20, ' +
  'char *: 21, const char *: 22, void *: 23, volatile int *: 24, double *: 25, int (*)[5]: 26, void (*)(void): 27, ' +
  'int (*)(int): 28, int **: 29, int _Complex: 30, const struct s *: 31, const struct s **: 32, default: 99)';

function lines(text: string): string[] {
  const named = text
    .replaceAll('INT_MAX_', '0x7fffffff')
    .replaceAll('INT_MIN_', '(-0x7fffffff - 1)')
    .trim()
    .split('\n');
  return [...new Set(named)];
}

function typesOf(expressions: readonly string[]): string[] {
  return expressions.flatMap((expression) => [type(expression), `sizeof(${expression})`]);
}

export const tables: readonly (readonly [string, readonly string[]])[] = [
  ['constants', lines(constants)],
  ['various expressions', lines(various)],
  ['floating-point numbers', lines(floats)],
  ['characters and strings', lines(characters)],
  ['addresses', lines(addresses)],
  ['sizes and alignments', lines(measures)],
  ['_Generic and compatible types', lines(generics)],
  ['builtin functions', lines(builtins)],
  ['types of operands', typesOf(typed)],
  ['types of unary operators', typesOf(typed.flatMap((operand) => unaryOperators.map((each) => `${each}${operand}`)))],
  [
    'types of binary operators',
    binaryOperators.flatMap((operator) =>
      typed.flatMap((left, index) =>
        [1, 5, 11, 17, 23].map((step) => type(`${left} ${operator} ${typed[(index * step + step) % typed.length]}`)),
      ),
    ),
  ],
  [
    'types of conditionals',
    typed.flatMap((left, index) =>
      [0, 1, 2, 3, 5, 7, 11, 13, 17].map((step) => type(`x ? ${left} : ${typed[(index + step) % typed.length]}`)),
    ),
  ],
];

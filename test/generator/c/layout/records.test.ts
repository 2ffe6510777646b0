import { beforeAll, describe, expect, it } from 'vitest';
import type { Member } from '../../../../generator/model/model.js';
import { hasCompiler, needsCompiler } from '../../../../tools/lib/gcc.js';
import { type Judgement, judged } from '../../../../tools/lib/verified-layouts.js';

/** The declarations before all records. */
const declarations = `
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int int_1 __attribute__((aligned(1)));
typedef int int_2 __attribute__((aligned(2)));
typedef int int_8 __attribute__((aligned(8)));
typedef int int_32 __attribute__((aligned(32)));
typedef char char_4 __attribute__((aligned(4)));
typedef u64 u64_4 __attribute__((aligned(4)));
typedef u64 u64_1 __attribute__((aligned(1)));
typedef u64_4 u64_4_16 __attribute__((aligned(16)));
typedef int_8 int_8_2 __attribute__((aligned(2)));
typedef int twice_8_4 __attribute__((aligned(8), aligned(4)));
typedef int twice_4_8 __attribute__((aligned(4), aligned(8)));
__attribute__((aligned(4))) typedef int before_4_behind_8 __attribute__((aligned(8)));
typedef int __attribute__((aligned(8))) before_8_behind_4 __attribute__((aligned(4)));
typedef int triple[3] __attribute__((aligned(8)));
typedef int four_ints __attribute__((vector_size(16)));
typedef char eight_chars __attribute__((vector_size(8)));
typedef float eight_floats __attribute__((vector_size(32)));
typedef double eight_doubles __attribute__((vector_size(64)));
typedef unsigned mode_qi __attribute__((mode(QI)));
typedef int mode_hi __attribute__((__mode__(__HI__)));
typedef int mode_si __attribute__((mode(SI)));
typedef unsigned mode_di __attribute__((mode(DI)));
typedef int mode_ti __attribute__((mode(TI)));
typedef int mode_word __attribute__((mode(word)));
typedef unsigned mode_pointer __attribute__((mode(pointer)));
typedef unsigned mode_byte __attribute__((mode(byte)));
enum small { S0, S1 };
enum negative { N0 = -1, N1 };
enum wide { W0 = 0x100000000 };
enum wide_negative { WN0 = -0x100000000 };
enum __attribute__((packed)) tiny { T0, T1 };
enum tiny_behind { B0 = -1, B1 = 127 } __attribute__((packed));
enum __attribute__((packed)) two_bytes { TB0 = 256 };
enum __attribute__((packed)) four_bytes { FB0 = -32769 };
enum __attribute__((packed)) eight_bytes { EB0 = 0x100000000 };
struct pair { char a; int b; };
struct packed_pair { char a; int b; } __attribute__((packed));
struct aligned_pair { char a; int b; } __attribute__((aligned(16)));
struct one_byte { char a; };
struct empty { };
union mixed { char a; u64 b; };
typedef struct pair pair_2 __attribute__((aligned(2)));
typedef struct pair pair_16 __attribute__((aligned(16)));
typedef struct { char a; short b; } unnamed;
`;

/** Declarations of a record `T`. The names of members are single letters. */
const groups: Readonly<Record<string, readonly string[]>> = {
  'plain members': [
    'struct T { char a; };',
    'struct T { char a; int b; char c; };',
    'struct T { char a; short b; char c; int d; char e; u64 f; char g; };',
    'struct T { _Bool a; float b; char c; double d; long double e; char f; };',
    'struct T { char a; __int128 b; char c; unsigned __int128 d; };',
    'struct T { char a; __uint128_t b; char c; __int128_t d; };',
    'struct T { char a; __float128 b; };',
    'struct T { char a; void *b; char c; void (*d)(int); const char *e[3]; };',
    'struct T { char a[3]; short b; char c[5]; int d[2][3]; };',
    'struct T { char a; struct pair b; char c; struct pair d[2]; };',
    'struct T { char a; union mixed b; char c; };',
    'struct T { char a; struct empty b; int c; struct empty d; };',
    'struct T { struct empty a; };',
    'struct T { };',
    'struct T { int a[0]; };',
    'struct T { char a; long b[0]; char c; };',
    'struct T { char a; unnamed b; char c; unnamed d[3]; };',
    'struct T { char a; enum small b; char c; enum wide d; char e; enum tiny f; enum two_bytes g; };',
    'struct T { char a; enum negative b; enum wide_negative c; enum tiny_behind d; enum four_bytes e; char f; enum eight_bytes g; };',
    'struct T { const char a; volatile int b; const volatile u64 c; };',
  ],
  'anonymous and unnamed records': [
    'struct T { char a; struct { short b; char c; }; char d; };',
    'struct T { char a; union { short b; u64 c; }; char d; };',
    'struct T { char a; struct { short b; char c; } d; char e; };',
    'struct T { char a; struct { char b; int c; } d[3]; };',
    'struct T { char a; union { struct { char b; short c; }; struct { int d; char e; } f; u64 g; }; char h; };',
    'struct T { char a; struct { struct { struct { char b; u64 c; }; }; char d; }; };',
    'struct T { char a; struct { char b; int c; } __attribute__((packed)); char d; };',
    'struct T { char a; struct { char b; } __attribute__((aligned(8))); char d; };',
    'struct T { char a; union { char b; int c; } __attribute__((packed)) d; char e; };',
    'struct T { char a; struct __attribute__((packed)) { char b; int c; } d; };',
    'struct T { char a; struct T_inner { char b; int c; } d; };',
    'struct T { char a; enum { T_A, T_B } b; char c; };',
    'struct T { union { struct { u8 a:3, b:5; }; u8 c; }; u16 d; };',
  ],
  unions: [
    'union T { char a; int b; u64 c; };',
    'union T { char a[3]; short b; };',
    'union T { char a[9]; int b; };',
    'union T { char a; struct { short b; char c; }; int d[3]; };',
    'union T { char a; struct { char b; u64 c; } __attribute__((packed)) d; };',
    'union T { u64 a; char b[9]; } __attribute__((packed));',
    'union T { char a; int b __attribute__((packed)); };',
    'union T { char a; short b __attribute__((aligned(8))); };',
    'union T { char a; } __attribute__((aligned(16)));',
    'union T { char a[5]; short b; } __attribute__((packed, aligned(4)));',
    'union T { int a:3; u8 b:2; u64 c:40; };',
    'union T { int a:3; };',
    'union T { u64 a:3; char b; } __attribute__((packed));',
    'union T { u64 a:33; u8 b:1; } __attribute__((packed));',
    'union T { int :20; char a; };',
    'union T { int :0; char a; };',
    'union T { char a; u64 :0; };',
    'union T { };',
    'union T { char a[0]; };',
    'union T { int_8 a:3; int_1 b; };',
  ],
  'packed and aligned': [
    'struct T { char a; int b; short c; u64 d; } __attribute__((packed));',
    'struct __attribute__((packed)) T { char a; int b; short c; u64 d; };',
    'struct T { char a; int b __attribute__((packed)); short c; u64 d; };',
    'struct T { char a; int b; u64 c __attribute__((packed)); };',
    'struct T { char a; __attribute__((packed)) int b, c; int d; };',
    'struct T { char a; int b __attribute__((packed)), c; int d __attribute__((packed)); };',
    'struct T { char a; } __attribute__((aligned));',
    'struct T { char a; } __attribute__((aligned(1)));',
    'struct T { char a; } __attribute__((aligned(2)));',
    'struct T { char a; } __attribute__((aligned(256)));',
    'struct T { int a; } __attribute__((aligned(2)));',
    'struct T { char a; int b; } __attribute__((packed, aligned(4)));',
    'struct T { char a; int b; } __attribute__((packed, aligned(2)));',
    'struct T { char a; int b; } __attribute__((packed, aligned));',
    'struct T { char a; int b; } __attribute__((aligned(16), aligned(8)));',
    'struct T { char a; int b; } __attribute__((aligned(8), aligned(16)));',
    'struct T { char a; int b; } __attribute__((aligned(8))) __attribute__((aligned(2)));',
    'struct __attribute__((aligned(32))) T { char a; } __attribute__((aligned(8)));',
    'struct __attribute__((aligned(8))) T { char a; } __attribute__((aligned(32)));',
    'struct T { char a; char b __attribute__((aligned(8))); char c; };',
    'struct T { char a; int b __attribute__((aligned(2))); char c; };',
    'struct T { char a; int b __attribute__((aligned)); char c; };',
    'struct T { char a; int b __attribute__((aligned(8), packed)); char c; };',
    'struct T { char a; int b __attribute__((packed, aligned(2))); char c; };',
    'struct T { char a; int b __attribute__((aligned(2), aligned(8))); char c; };',
    'struct T { char a; int b __attribute__((aligned(8), aligned(2))); char c; };',
    'struct T { char a; _Alignas(8) char b; char c; };',
    'struct T { char a; _Alignas(long) char b; char c; };',
    'struct T { char a; char _Alignas(16) b; char c; };',
    'struct T { char a; _Alignas(4) _Alignas(8) char b; char c; };',
    'struct T { char a; _Alignas(0) int b; char c; };',
    'struct T { char a; __attribute__((aligned(4))) char b, c; char d; };',
    'struct T { char a; char b __attribute__((aligned(4))), c; char d; };',
    'struct T { char a; int b __attribute__((aligned(8))); char c; } __attribute__((packed));',
    'struct T { char a; int b __attribute__((aligned(2))); char c; } __attribute__((packed));',
    'struct T { char a; char b[3] __attribute__((aligned(4))); u16 c; } __attribute__((packed));',
    'struct T { char a; struct pair b; char c; } __attribute__((packed));',
    'struct T { char a; struct pair b __attribute__((packed)); char c; };',
    'struct T { char a; struct packed_pair b; char c; struct packed_pair d[2]; };',
    'struct T { char a; struct aligned_pair b; char c; };',
    'struct T { char a; struct aligned_pair b; char c; } __attribute__((packed));',
    'struct T { char a; struct aligned_pair b[2]; char c; };',
    'struct T { char a; u64 b[2] __attribute__((aligned(4))); } __attribute__((packed));',
    'struct T { char a; struct pair *b; } __attribute__((packed));',
    'struct T { char a; struct { char b; int c; }; char d; } __attribute__((packed));',
    'struct T { char a; union { char b; int c; } d; char e; } __attribute__((packed));',
    'struct T { char a; int b; } __attribute__((aligned(sizeof(u64))));',
    'struct T { char a __attribute__((aligned(1 << 4))); char b __attribute__((aligned(S1 * 2))); };',
  ],
  'aligned typedefs': [
    'struct T { char a; int_1 b; char c; int_2 d; char e; };',
    'struct T { char a; int_8 b; char c; int_32 d; char e; };',
    'struct T { char a; char_4 b; char c; };',
    'struct T { char a; u64_4 b; char c; u64_1 d; char e; };',
    'struct T { char a; u64_4_16 b; char c; int_8_2 d; char e; };',
    'struct T { char a; twice_8_4 b; char c; twice_4_8 d; char e; };',
    'struct T { char a; before_4_behind_8 b; char c; before_8_behind_4 d; char e; };',
    'struct T { char a; triple b; char c; };',
    'struct T { char a; pair_2 b; char c; pair_16 d; char e; };',
    'struct T { char a; int_1 b[3]; u64_4 c[2]; char d; int_2 e[2][2]; };',
    'struct T { char a; int_8 b; char c; } __attribute__((packed));',
    'struct T { char a; int_1 b; char c; u64_4 d; } __attribute__((packed));',
    'struct T { char a; int_8 b __attribute__((packed)); char c; };',
    'struct T { char a; int_8 b __attribute__((aligned(4))); char c; };',
    'struct T { char a; int_1 b __attribute__((aligned(4))); char c; };',
    'struct T { char a; int_1 b __attribute__((aligned(2))); char c; } __attribute__((packed));',
    'struct T { char a; const int_8 b; volatile u64_4 c; };',
    'struct T { char a; __typeof__(int_8) b; char c; __typeof__((int_8)1) d; };',
  ],
  'vectors and modes': [
    'struct T { char a; four_ints b; char c; eight_chars d; char e; };',
    'struct T { char a; eight_floats b; char c; };',
    'struct T { char a; eight_doubles b; char c; };',
    'struct T { char a; int b __attribute__((vector_size(8))); char c; };',
    'struct T { char a; four_ints b[2]; char c; };',
    'struct T { char a; four_ints b; char c; } __attribute__((packed));',
    'struct T { char a; mode_qi b; mode_hi c; mode_si d; mode_di e; mode_ti f; mode_word g; mode_pointer h; mode_byte i; };',
    'struct T { char a; int b __attribute__((mode(DI))); char c; unsigned d __attribute__((mode(HI))); };',
    'struct T { char a; unsigned b __attribute__((mode(QI))) __attribute__((aligned(4))); char c; };',
  ],
  'bit-fields of every type': [
    'struct T { int a:3, b:5; };',
    'struct T { signed a:3; unsigned b:5; u32 c:24; };',
    'struct T { char a:3; char b:6; char c:7; };',
    'struct T { signed char a:3; unsigned char b:6; u8 c:8; };',
    'struct T { short a:9; u16 b:9; u16 c:7; };',
    'struct T { long a:33; long b:31; long c:1; };',
    'struct T { u64 a:40; u64 b:40; };',
    'struct T { _Bool a:1, b:1; _Bool c:1; };',
    'struct T { unsigned __int128 a:100; unsigned __int128 b:20; unsigned __int128 c:20; };',
    'struct T { enum small a:3; enum negative b:4; enum wide c:40; };',
    'struct T { enum tiny a:3; enum tiny b:6; enum tiny_behind c:2; enum two_bytes d:9; };',
    'struct T { int a:32; int b:1; int c:32; };',
    'struct T { u64 a:64; u8 b:8; u16 c:16; };',
    'struct T { u8 a:4; u16 b:4; u32 c:4; u64 d:4; };',
    'struct T { u64 a:4; u32 b:4; u16 c:4; u8 d:4; };',
    'struct T { u8 a:7; u16 b:9; u32 c:17; u64 d:33; };',
    'struct T { u8 a:4; u16 b:13; u8 c:4; u32 d:29; };',
    'struct T { char a; int b:4; char c; int d:28; };',
    'struct T { char a; int b:24; char c; };',
    'struct T { char a; int b:25; char c; };',
    'struct T { short a; int b:16; int c:1; };',
    'struct T { char a[3]; int b:8; int c:8; };',
    'struct T { char a[3]; u8 b:4; u16 c:4; };',
    'struct T { int a:1; char b; int c:1; short d; u64 e:1; };',
    'struct T { int a:3; struct pair b; int c:3; };',
    'struct T { const int a:3; volatile u8 b:3; };',
    'struct T { int a:1 + 2, b:S1 + 1, c:sizeof(int); };',
    'struct T { mode_hi a:9; mode_di b:40; mode_qi c:5; };',
  ],
  'zero-width and unnamed bit-fields': [
    'struct T { int a:3; int :0; int b:3; };',
    'struct T { u8 a:3; int :0; u8 b:3; };',
    'struct T { int a:3; u8 :0; int b:3; };',
    'struct T { u8 a:3; u64 :0; u8 b:3; };',
    'struct T { char a; int :0; char b; };',
    'struct T { char a; u64 :0; };',
    'struct T { int :0; char a; };',
    'struct T { int :0; };',
    'struct T { int :3; };',
    'struct T { int :3; char a; };',
    'struct T { char a; int :20; char b; };',
    'struct T { char a; int :25; char b; };',
    'struct T { u8 a:4; u16 :4; u8 b:4; };',
    'struct T { u8 a:4; u64 :40; u8 b:4; };',
    'struct T { u8 a:1; int :0; int :0; u8 b:1; };',
    'struct T { u8 a:1; u16 :0; u32 :0; u8 b:1; };',
    'struct T { u8 a:3; short :0; char b; };',
    'struct T { int a:3; int :29; int b:1; };',
    'struct T { u8 :8; u16 :16; u32 :32; u8 a; };',
    'struct T { u16 :9; u8 a; };',
    'struct T { char a; int :8; int :16; char b; };',
    'struct T { char a; int_8 :3; char b; };',
    'struct T { char a; int_8 :0; char b; };',
    'struct T { char a; int_1 :0; char b; };',
    'struct T { char a; int :3 __attribute__((aligned(8))); char b; };',
    'struct T { char a; int :0 __attribute__((aligned(8))); char b; };',
  ],
  'packed bit-fields': [
    'struct T { u8 a:4; u16 b:13; u8 c:4; u32 d:29; } __attribute__((packed));',
    'struct T { int a:3; int b:31; int c:31; } __attribute__((packed));',
    'struct T { u64 a:5; u64 b:63; u64 c:61; } __attribute__((packed));',
    'struct T { char a; int b:4; char c; int d:28; } __attribute__((packed));',
    'struct T { int a:31; char b; } __attribute__((packed));',
    'struct T { int a:4; int b:4; } __attribute__((packed));',
    'struct T { u8 a:3; int :0; u8 b:3; } __attribute__((packed));',
    'struct T { u8 a:3; u8 :0; u8 b:3; } __attribute__((packed));',
    'struct T { u8 a:3; int :7; u8 b:3; } __attribute__((packed));',
    'struct T { u8 a:3; u64 :0; u8 b:3; } __attribute__((packed));',
    'struct T { int a:3 __attribute__((packed)); int b:30 __attribute__((packed)); };',
    'struct T { int a:30; int b:3 __attribute__((packed)); char c; };',
    'struct T { int a:30 __attribute__((packed)); int b:3; char c; };',
    'struct T { char a; int b:30 __attribute__((packed)); char c; };',
    'struct T { char a:5; char b:5 __attribute__((packed)); char c:5; };',
    'struct T { char a:5; char b:5; char c:5; } __attribute__((packed));',
    'struct T { int a:3; int b:30; } __attribute__((packed, aligned(4)));',
    'struct T { int a:3; int b:30; } __attribute__((packed, aligned(2)));',
    'struct T { unsigned __int128 a:3; unsigned __int128 b:120; unsigned __int128 c:60; } __attribute__((packed));',
    'struct T { _Bool a:1; u32 b:31; _Bool c:1; u16 d:16; } __attribute__((packed));',
    'struct T { u8 a:1; u32 b:32; u8 c:7; u16 d:16; u64 e:64; } __attribute__((packed));',
    'struct T { enum tiny a:7; enum wide b:40; enum small c:17; } __attribute__((packed));',
  ],
  'aligned bit-fields': [
    'struct T { int a:3; int b:3 __attribute__((aligned(4))); };',
    'struct T { int a:3; int b:3 __attribute__((aligned(8))); };',
    'struct T { char a; int b:3 __attribute__((aligned(2))); };',
    'struct T { int a:3; int b:3 __attribute__((aligned(1))); };',
    'struct T { int a:3; int b:3 __attribute__((aligned(2))); int c:3; } __attribute__((packed));',
    'struct T { int a:3; int b:30 __attribute__((aligned(1))); int c:3; } __attribute__((packed));',
    'struct T { int a:3; int b:3 __attribute__((packed, aligned(2))); };',
    'struct T { int_8 a:3; int_8 b:3; };',
    'struct T { char a; int_8 b:3; char c; };',
    'struct T { char a; int_8 b:30; char c; int_8 d:30; };',
    'struct T { int_8 a:32; int_8 b:32; char c; };',
    'struct T { int a; int_8 b:32; char c; };',
    'struct T { char a; int_8 b:8; char c; };',
    'struct T { short a; int_8 b:16; char c; };',
    'struct T { int_1 a:3; int_1 b:30; int_1 c:30; };',
    'struct T { int_1 a:16; char b; };',
    'struct T { int_1 a:32; char b; };',
    'struct T { char a; int_1 b:16; char c; };',
    'struct T { char a; int_1 b:30; char c; };',
    'struct T { char a; int_1 b:8; char c; int_1 d:30; };',
    'struct T { int_2 a:3; int_2 b:14; int_2 c:20; };',
    'struct T { char a; int_2 b:3; int_2 c:32; };',
    'struct T { char a; u64_4 b:3; u64_4 c:40; };',
    'struct T { char a; u64_1 b:3; u64_1 c:60; u64_1 d:64; };',
    'struct T { char a; int_8 b:3; char c; } __attribute__((packed));',
    'struct T { char a; int_1 b:30; char c; } __attribute__((packed));',
    'struct T { char a; char_4 b:3; char_4 c:6; char d; };',
    'struct T { char_4 a:8; char_4 b:8; char c; };',
    'struct T { int_32 a:5; int b:5; };',
  ],
  '#pragma pack': [
    '#pragma pack(1)\nstruct T { char a; int b; short c; u64 d; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { char a; int b; short c; u64 d; };\n#pragma pack()',
    '#pragma pack(4)\nstruct T { char a; int b; short c; u64 d; long double e; };\n#pragma pack()',
    '#pragma pack(8)\nstruct T { char a; int b; short c; u64 d; long double e; };\n#pragma pack()',
    '#pragma pack(16)\nstruct T { char a; long double b; };\n#pragma pack()',
    '#pragma pack(push, 1)\nstruct T { char a; int b; };\n#pragma pack(pop)',
    '#pragma pack(push, one, 1)\n#pragma pack(push, 4)\n#pragma pack(pop, one)\nstruct T { char a; int b; };',
    '#pragma pack(push)\n#pragma pack(2)\n#pragma pack(push, 1)\n#pragma pack(pop)\nstruct T { char a; int b; };\n#pragma pack(pop)',
    '#pragma pack(push, 2)\n#pragma pack(push)\nstruct T { char a; int b; };\n#pragma pack(pop)\n#pragma pack(pop)',
    '#pragma pack(2)\n#pragma pack(0)\nstruct T { char a; int b; };',
    '#pragma pack(1)\nstruct T { char a; struct pair b; char c; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { char a; struct { char b; int c; } d; struct { char e; u64 f; }; char g; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { char a; struct aligned_pair b; char c; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { char a; int b __attribute__((aligned(8))); char c; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { char a; int b; } __attribute__((aligned(8)));\n#pragma pack()',
    '#pragma pack(4)\nstruct T { char a; int b; } __attribute__((packed));\n#pragma pack()',
    '#pragma pack(4)\nstruct T { char a; short b; int c __attribute__((packed)); u64 d; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { char a; int_8 b; char c; int_1 d; char e; };\n#pragma pack()',
    '#pragma pack(1)\nunion T { char a[3]; u64 b; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { int a:3; int b:31; u64 c:40; };\n#pragma pack()',
    '#pragma pack(1)\nstruct T { u8 a:4; u16 b:13; u8 c:4; u32 d:29; };\n#pragma pack()',
    '#pragma pack(4)\nstruct T { u8 a:4; u64 b:61; u32 c:29; };\n#pragma pack()',
    '#pragma pack(16)\nstruct T { u8 a:4; u16 b:13; u8 c:4; u32 d:29; };\n#pragma pack()',
    '#pragma pack(1)\nstruct T { u8 a:3; int :0; u8 b:3; u64 :0; u8 c; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { u8 a:3; int :7; u8 b:3; int :0; char c; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { int a:3; int b:3 __attribute__((aligned(4))); char c; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { int_8 a:3; int_1 b:30; char c; };\n#pragma pack()',
    '#pragma pack(1)\nstruct T { u32 a:32; u8 b:8; u16 c:16; };\n#pragma pack()',
    '#pragma pack(2)\nstruct T { u8 a:8; u32 b:32; u64 c:64; };\n#pragma pack()',
    '#pragma pack(1)\nstruct T { char a; four_ints b; };\n#pragma pack()',
    'struct T { char a;\n#pragma pack(1)\nint b; };\n#pragma pack()',
    '#pragma pack(1)\nstruct T { char a; int b;\n#pragma pack()\n};',
    '_Pragma("pack(1)") struct T { char a; int b; }; _Pragma("pack()")',
  ],
  'flexible arrays': [
    'struct T { int a; char b[]; };',
    'struct T { char a; u64 b[]; };',
    'struct T { char a; u64 b[0]; };',
    'struct T { u64 a; char b; char c[]; };',
    'struct T { char a; struct pair b[]; };',
    'struct T { char a; struct { char b; int c; } d[]; };',
    'struct T { char a; int b[][3]; };',
    'struct T { char a; u64 b[]; } __attribute__((packed));',
    'struct T { char a; char b[] __attribute__((aligned(8))); };',
    'struct T { int a; union { struct { struct empty b; char c[]; }; struct { struct empty d; u64 e[]; }; }; };',
    'struct T { int a; union { char b[0]; u64 c[0]; }; };',
    '#pragma pack(2)\nstruct T { char a; u64 b[]; };\n#pragma pack()',
    'struct T { int a:3; char b[]; };',
    'struct T { char a; int_2 b[0]; };',
  ],
};

/** Declarations of an enum `T`. */
const enums = [
  'enum T { T_0 };',
  'enum T { T_0 = -1 };',
  'enum T { T_0 = 0x7fffffff };',
  'enum T { T_0 = 0x80000000 };',
  'enum T { T_0 = 0xffffffff, T_1 = -1 };',
  'enum T { T_0 = 0x100000000 };',
  'enum T { T_0 = -0x80000001L };',
  'enum T { T_0 = 0xffffffffffffffff };',
  'enum T { T_0 = -0x7fffffffffffffff - 1 };',
  'enum T { T_0 = 0x80000000, T_1 = -0x7fffffffffffffff };',
  'enum T { T_0 = 1ull, T_1 };',
  'enum T { T_0, T_1 = T_0 + 5, T_2 };',
  'enum T { T_0 = (unsigned char)-1, T_1, T_2 = sizeof(long) };',
  "enum T { T_0 = '@', T_1 = '\\xff', T_2 };",
  'enum T { T_0 = 255 } __attribute__((packed));',
  'enum T { T_0 = 256 } __attribute__((packed));',
  'enum __attribute__((packed)) T { T_0 = -128, T_1 = 127 };',
  'enum T { T_0 = -1, T_1 = 128 } __attribute__((packed));',
  'enum T { T_0 = 65536 } __attribute__((packed));',
  'enum T { T_0 = 0x80000000 } __attribute__((packed));',
  'enum T { T_0 = -0x100000000 } __attribute__((packed));',
  'typedef enum { T_0 = 300 } __attribute__((packed)) T;',
];

const rows = [...Object.entries(groups), ['enums', enums] as const].flatMap(([group, list]) =>
  list.map((row) => [group, row] as const),
);

/** Returns the declaration of a row with its own tag. */
function named(row: string, index: number): string {
  return row.replace(/\bT(?=\b|_)/g, `t${index}`);
}

/** Returns all members of a record, including the members of its members. */
function allNames(members: readonly Member[]): string[] {
  return members.flatMap((member) => [
    ...(member.name === null ? [] : [member.name]),
    ...allNames(member.members ?? []),
  ]);
}

describe.skipIf(!hasCompiler)(`the layout of types ${needsCompiler}`, () => {
  let judgement: Judgement;
  beforeAll(async () => {
    judgement = await judged({
      'types.h': `${declarations}\n${rows.map(([, row], index) => named(row, index)).join('\n')}\n`,
    });
  });

  for (const group of [...Object.keys(groups), 'enums']) {
    const own = rows
      .map(([of, row], index) => [row.replaceAll('\n', ' / '), row, index, of] as const)
      .filter(([, , , of]) => of === group);
    it.each(own)(`GCC gives the same layout, ${group}: %s`, (_, row, index) => {
      const { types, enums: laidOut } = judgement.model;
      const isOwn = ({ tag }: { readonly tag: string | null }): boolean =>
        tag !== null && new RegExp(`^t${index}\\b|^t${index}_`).test(tag);
      const failures = [...judgement.failures].filter(([name]) => isOwn({ tag: name.replace(/^\w+ /, '') }));
      expect(failures).toEqual([]);
      // The compiler was not asked about members that are not in the model.
      const names = types.filter(isOwn).flatMap(({ members }) => allNames(members));
      expect(names.sort()).toEqual((row.match(/\b[a-z]\b/g) ?? []).sort());
      expect(types.filter(isOwn).length + laidOut.filter(isOwn).length).toBeGreaterThan(0);
    });
  }

  it('GCC gives the same layout for the used types and the same values for all enumerators', () => {
    expect([...judgement.failures].filter(([name]) => !/\bt\d+(?:_|$)/.test(name))).toEqual([]);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import type { Member, Model } from '../../../generator/model/model.js';
import { hasCompiler, needsCompiler } from '../../../tools/lib/gcc.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { type Judgement, judged } from '../../../tools/lib/verified-layouts.js';

const header = `
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u32 word;
typedef u8 cookie[8];
typedef cookie cookies[2];
typedef void (*callback)(int);
typedef struct { u8 r, g, b; } color;
typedef union { u32 word; u8 bytes[4]; } *pointer_to_unnamed, both;
typedef struct tagged { int a; } renamed;
typedef enum { MOOD_BAD = -1, MOOD_GOOD } mood;
enum named { N_ONE = 1, N_LARGE = 0x100000000, N_TINY = 2 };
enum { LOOSE = 5, LOOSE_HIGH = 0x80000000 };
enum __attribute__((packed)) tiny { T_ONE };

struct demo {
  u8 a;
  word b;
  signed char c;
  char d;
  short e;
  unsigned short f;
  long g;
  u64 h;
  _Bool i;
  float j;
  double k;
  long double l;
  __int128 m;
  void *n;
  callback o;
  int (*p)(void);
  const char *q[2];
  u8 r[3][4];
  cookie s;
  cookies t;
  cookie u[3];
  color v;
  both w[2];
  renamed x;
  struct tagged y, *z;
  mood aa;
  enum named ab;
  enum tiny ac;
  pointer_to_unnamed ad;
  struct { int one; } ae;
  struct { int two; struct { char three; } af[2]; };
  union { u32 four; float five; };
  u32 ag:3, ah:5, :4, ai:20;
  enum { INSIDE = 9 } aj;
  u64 ak __attribute__((vector_size(16)));
  u8 al[];
};

struct other { struct nested { int a; } b; struct nested c; struct demo *d; };
union outermost { struct other a; u8 b[100]; };
struct last { u32 count; struct { u8 index; u8 kind; } entries[0]; };
struct crossing { u8 a:3; u32 b:30; u64 c:50; u8 d; } __attribute__((packed));
struct cut { u8 a; u32 b:16; } __attribute__((packed));
`;

function memberOf(model: Model, tag: string, name: string): Member {
  const type = model.types.find((record) => record.tag === tag);
  const member = type?.members.find((one) => one.name === name);
  if (!member) throw new Error(`no member ${tag}.${name} in the model`);
  return member;
}

describe('types', () => {
  const model = modelOf({ 'x.h': header });

  it.each([
    ['a', 'u8', 'u8', undefined],
    ['b', 'word', 'u32', undefined],
    ['c', 'signed char', 's8', undefined],
    ['e', 'short', 's16', undefined],
    ['f', 'unsigned short', 'u16', undefined],
    ['g', 'long', 's64', undefined],
    ['h', 'u64', 'u64', undefined],
    ['i', '_Bool', 'bool', undefined],
    ['j', 'float', 'f32', undefined],
    ['k', 'double', 'f64', undefined],
    ['l', 'long double', 'opaque', undefined],
    ['m', '__int128', 'opaque', undefined],
    ['n', 'void *', 'pointer', undefined],
    ['o', 'callback', 'pointer', undefined],
    ['p', 'int (*)(void)', 'pointer', undefined],
    ['q', 'const char *', 'pointer', [2]],
    ['r', 'u8', 'u8', [3, 4]],
    ['s', 'u8', 'u8', [8]],
    ['t', 'u8', 'u8', [2, 8]],
    ['u', 'u8', 'u8', [3, 8]],
    ['aa', 'mood', 's32', undefined],
    ['ab', 'enum named', 'u64', undefined],
    ['ac', 'enum tiny', 'u8', undefined],
    ['ad', 'pointer_to_unnamed', 'pointer', undefined],
    ['ag', 'u32', 'u32', undefined],
    ['aj', 'enum', 'u32', undefined],
    ['ak', 'u64 __attribute__((vector_size(16)))', 'opaque', undefined],
    ['al', 'u8', 'u8', [null]],
  ] as const)('%s is declared as %s and read as %s', (name, type, is, dims) => {
    const member = memberOf(model, 'demo', name);
    expect([member.type, member.shape, member.dims]).toEqual([type, { is }, dims]);
  });

  it.each([
    ['d', 'char', { is: 's8', character: true }],
    ['v', 'color', { is: 'struct', cName: 'color' }],
    ['w', 'both', { is: 'union', cName: 'both' }],
    ['x', 'renamed', { is: 'struct', cName: 'struct tagged' }],
    ['y', 'struct tagged', { is: 'struct', cName: 'struct tagged' }],
    ['z', 'struct tagged *', { is: 'pointer' }],
    ['ae', 'struct', { is: 'struct', cName: null, align: 4 }],
  ] as const)('%s is declared as %s and is made of %o', (name, type, shape) => {
    const member = memberOf(model, 'demo', name);
    expect([member.type, member.shape]).toEqual([type, shape]);
    expect(member.members !== undefined).toBe('cName' in shape && shape.cName === null);
  });

  it('anonymous members are in their position, with their own offsets', () => {
    const demo = model.types.find(({ tag }) => tag === 'demo');
    const anonymous = demo?.members.filter(({ name }) => name === null) ?? [];
    expect(
      anonymous.map(({ type, shape, members }) => [type, shape, members?.map(({ name, offset }) => [name, offset])]),
    ).toEqual([
      [
        'struct',
        { is: 'struct', cName: null, align: 4 },
        [
          ['two', 0],
          ['af', 4],
        ],
      ],
      [
        'union',
        { is: 'union', cName: null, align: 4 },
        [
          ['four', 0],
          ['five', 0],
        ],
      ],
    ]);
    expect(anonymous[0]?.members?.[1]).toMatchObject({ dims: [2], size: 2, members: [{ name: 'three', offset: 0 }] });
  });

  it('the model has every named record once, in the order of definition', () => {
    expect(model.types.map(({ cName }) => cName)).toEqual([
      'color',
      'both',
      'struct tagged',
      'struct demo',
      'struct nested',
      'struct other',
      'union outermost',
      'struct last',
      'struct crossing',
      'struct cut',
    ]);
  });

  it('the model has every enum, named or unnamed, and its enumerators with their locations', () => {
    expect(model.enums.map(({ cName, size }) => [cName, size])).toEqual([
      ['mood', 4],
      ['enum named', 8],
      [null, 4],
      ['enum tiny', 1],
      [null, 4],
    ]);
    expect(model.enums[1]?.enumerators).toEqual([
      { name: 'N_ONE', value: 1, type: 'int', location: { header: 'x.h', line: 13 } },
      { name: 'N_LARGE', value: '4294967296', type: 'unsigned long', location: { header: 'x.h', line: 13 } },
      { name: 'N_TINY', value: 2, type: 'int', location: { header: 'x.h', line: 13 } },
    ]);
    expect(model.enums[2]?.enumerators[1]).toMatchObject({
      name: 'LOOSE_HIGH',
      value: 2147483648,
      type: 'unsigned int',
    });
  });

  it('the model leaves out unnamed bit-fields and has the bits of named bit-fields', () => {
    const demo = model.types.find(({ tag }) => tag === 'demo');
    const fields = demo?.members.filter(({ bit }) => bit) ?? [];
    expect(fields.map(({ name, size, bit }) => [name, size, bit])).toEqual([
      ['ag', 4, { offset: 0, width: 3 }],
      ['ah', 4, { offset: 3, width: 5 }],
      ['ai', 4, { offset: 12, width: 20 }],
    ]);
  });

  it('a bit-field has the bytes that it touches if its unit does not contain it', () => {
    const fields = ['crossing', 'cut'].flatMap((tag) => model.types.find((type) => type.tag === tag)?.members ?? []);
    expect(fields.map(({ name, offset, size, bit }) => [name, offset, size, bit])).toEqual([
      ['a', 0, 1, { offset: 0, width: 3 }],
      ['b', 0, 5, { offset: 3, width: 30 }],
      ['c', 4, 7, { offset: 1, width: 50 }],
      ['d', 11, 1, undefined],
      ['a', 0, 1, undefined],
      ['b', 1, 2, { offset: 0, width: 16 }],
    ]);
  });
});

describe.skipIf(!hasCompiler)(`types ${needsCompiler}`, () => {
  let judgement: Judgement;
  beforeAll(async () => {
    judgement = await judged({ 'x.h': header });
  });
  it('the types have the layout that GCC gives', () => {
    expect([...judgement.failures]).toEqual([]);
  });
});

describe('units', () => {
  it.each([
    ['int a; /* bytes */', 'bytes'],
    ['int a; /* in bytes */', 'bytes'],
    ['int a; /* byte */', 'bytes'],
    ['int a; // in bytes', 'bytes'],
    ['int a; /* size in bytes */', 'bytes'],
    ['int a; /* length in pages. */', 'pages'],
    ['int a; /** ns **/', 'nanoseconds'],
    ['int a; /* in nanoseconds */', 'nanoseconds'],
    ['int a; /* us */', 'microseconds'],
    ['int a; /* ms */', 'milliseconds'],
    ['int a; /* seconds */', 'seconds'],
    ['int a; /* bits */', 'bits'],
    ['int a; /* Hz */', 'Hz'],
    ['int a; /* in KHz */', 'kHz'],
    ['int a; /* MHz */', 'MHz'],
    ['int a;/*bytes*/', 'bytes'],
    ['int a; /*\n  bytes */', 'bytes'],
    ['int a[4]; /* bytes */', 'bytes'],
    ['int a:3; /* pages */', 'pages'],
    ['int\na\n; /* pages */', 'pages'],
    ['int a __attribute__((aligned(8))); /* pages */', 'pages'],
    ['int a;', undefined],
    ['int a;\n/* bytes */', undefined],
    ['int a; /* number of bytes */', undefined],
    ['int a; /* bytes, at least */', undefined],
    ['int a; /* in bytes; see below */', undefined],
    ['int a; /* the size */', undefined],
    ['int a; /* in apples */', undefined],
    ['int a; /* */ /* bytes */', undefined],
    ['/* bytes */ int a;', undefined],
    ['int a /* bytes */;', undefined],
  ] as const)('the unit of the member is found: %j', (member, unit) => {
    expect(modelOf({ 'x.h': `struct s {\n${member}\nint next;\n};` }).types[0]?.members[0]?.unit).toBe(unit);
  });

  it('a unit belongs to all members before the semicolon', () => {
    const { types } = modelOf({ 'x.h': 'struct s { int a, b; /* pages */ int c; };' });
    expect(types[0]?.members.map(({ unit }) => unit)).toEqual(['pages', 'pages', undefined]);
  });
});

describe('flexible arrays', () => {
  it('a flexible array names its counting member if the table has a row', () => {
    const text = (tag: string, array: string): string => `struct ${tag} { unsigned nmsrs; unsigned pad; ${array} };`;
    const countOf = (header: string): string | undefined =>
      modelOf({ 'asm/kvm.h': header }).types[0]?.members[2]?.countedBy;
    expect(countOf(text('kvm_msrs', 'int entries[];'))).toBe('nmsrs');
    expect(countOf(text('kvm_msrs', 'int entries[0];'))).toBe('nmsrs');
    expect(countOf(text('kvm_msrs', 'int entries[4];'))).toBeUndefined();
    expect(countOf(text('kvm_msrs', 'int other[];'))).toBeUndefined();
    expect(countOf(text('another', 'int entries[];'))).toBeUndefined();
  });
});

describe('a type with a byte order of its own', () => {
  const model = modelOf({
    'x.h': `
typedef unsigned short __be16, __le16;
typedef unsigned int __be32, __le32;
typedef unsigned long long __be64, __le64;
typedef unsigned short __sum16;
typedef __be32 address, addresses[2];
typedef address renamed;
struct ordered {
  __be16 a; __be32 b; __be64 c; __le16 d; __le32 e; __le64 f;
  renamed g; addresses h[3]; __be32 i[]; };
struct plain { __sum16 a; __be16 b:4, c:12; unsigned int be32; __be32 *d; };
`,
  });

  it.each([
    ['a', { is: 'u16', byteOrder: 'big' }],
    ['b', { is: 'u32', byteOrder: 'big' }],
    ['c', { is: 'u64', byteOrder: 'big' }],
    ['d', { is: 'u16', byteOrder: 'little' }],
    ['e', { is: 'u32', byteOrder: 'little' }],
    ['f', { is: 'u64', byteOrder: 'little' }],
    ['g', { is: 'u32', byteOrder: 'big' }],
    ['h', { is: 'u32', byteOrder: 'big' }],
    ['i', { is: 'u32', byteOrder: 'big' }],
  ] as const)('the member has its byte order, through further typedefs and in arrays: %s', (name, shape) => {
    expect(memberOf(model, 'ordered', name).shape).toEqual(shape);
  });

  it.each([
    ['a', { is: 'u16' }],
    ['b', { is: 'u16' }],
    ['c', { is: 'u16' }],
    ['be32', { is: 'u32' }],
    ['d', { is: 'pointer' }],
  ] as const)('the member has no byte order of its own: %s', (name, shape) => {
    expect(memberOf(model, 'plain', name).shape).toEqual(shape);
  });
});

it('a tag and a typedef with the same name are two types', () => {
  const model = modelOf({
    'x.h': 'struct same { int a; };\ntypedef struct { long b; } same;\nstruct user { struct same one; same other; };\n',
  });
  expect(memberOf(model, 'user', 'one')).toMatchObject({ size: 4, shape: { is: 'struct', cName: 'struct same' } });
  expect(memberOf(model, 'user', 'other')).toMatchObject({ size: 8, shape: { is: 'struct', cName: 'same' } });
});

describe('the count of a flexible array', () => {
  const counted = (definitions: string, array: string): Member =>
    memberOf(modelOf({ 'x.h': `${definitions}\nstruct list { unsigned short n; ${array} };\n` }), 'list', 'items');

  it.each([
    ['the attribute itself', '', 'int items[] __attribute__((counted_by(n)));'],
    ['what headers define as nothing for user space', '#define __counted_by(m)', 'int items[] __counted_by(n);'],
    ['the one for little-endian counts', '#define __counted_by_le(m)', 'int items[] __counted_by_le(n);'],
    ['the one for big-endian counts', '#define __counted_by_be(member)', 'int items[] __counted_by_be(n);'],
  ])('the count is the member that the header names with %s', (_, definitions, array) => {
    expect(counted(definitions, array).countedBy).toBe('n');
  });

  it.each([
    ['an array with a length', '#define __counted_by(m)', 'int items[2] __counted_by(n);'],
    [
      'a macro that is something else',
      '#define __counted_by(m) __attribute__((aligned(8)))',
      'int items[] __counted_by(n);',
    ],
    ['another macro', '#define __sized_by(m)', 'int items[] __sized_by(n);'],
  ])('the count is absent for %s', (_, definitions, array) => {
    expect(counted(definitions, array).countedBy).toBeUndefined();
  });
});

import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Location,
  type Member,
  MODEL_SCHEMA,
  type Model,
  type RecordType,
  type Shape,
} from '../../../generator/model/model.js';
import { VerifyError, type VerifyOptions } from '../../../generator/verify/compile.js';
import { type VerifyResult, verify } from '../../../generator/verify/verify.js';
import { folderOf } from '../../helpers/cli.js';

const HEADER = `
#include <linux/types.h>

enum paint { PAINT_RED, PAINT_BLUE = 7, PAINT_LAST = 0x7fffffff };
typedef enum { MOOD_GOOD = -1, MOOD_BAD } mood;
enum { LOOSE = 5, HUGE = 0x100000000 };

struct point { int x; int y; };
typedef union { unsigned int word; unsigned char bytes[4]; } word_bytes;
typedef unsigned char cookie[8];

struct demo {
  __u32 id;
  __u8 flag;
  __u64 wide;
  char label[4];
  unsigned short grid[2][3];
  union {
    struct { __u32 low; __s32 high; } pair;
    __u64 raw;
  };
  struct {
    __u16 head;
    struct { __u8 vector; __u8 mode:3, stat:1, :2, tail:2; } fields;
  } table[2];
  __s8 delta;
  _Bool on;
  float ratio;
  double exact;
  void *address;
  void (*call)(int);
  enum paint paint;
  struct point where;
  word_bytes both;
  cookie token;
  const char *names[2];
  long double precise;
  struct { __u32 key:5; __u32 rest:27; } none[0];
};

struct flags {
  unsigned char first;
  unsigned int low:4;
  int middle:7;
  _Bool bool:1;
  unsigned long long far:40;
};

struct list { __u32 nent; struct { __u16 index; __u8 kind; } entries[]; };
struct names { __u32 count; __u64 indices[]; };

#define SMALL 5
#define MINUS (-1)
#define LEAST (-2147483647 - 1)
#define UNSIGNED 0xffffffffU
#define WIDE 0xfffffffffffffff0ULL
#define LONG_LEAST (-9223372036854775807LL - 1)
#define LONG (1L << 40)
#define PAINT_LAST (PAINT_LAST - 1)
#define ROOM (offsetof(struct point, y))
#define RAW "\\x80"
#define GREETING "a \\"b\\"\\t" "c"
#define DEMO_RESET _IO(0xae, 1)
#define DEMO_GET _IOR(0xae, 2, struct point)
#define DEMO_SET _IOWR(0xae, 3, struct list)
#define DEMO_RAW _IOW(0xae, 4, __u8[16])
#define DEMO_VALUE _IO(0xae, 5)
#define ADD(a, b) ((a) + (b))
#define NOTHING() 0
#define PASTE(a, ...) a ## _t __VA_ARGS__
`;

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

const AT: Location = { header: 'demo.h', line: 1 };

function scalar(
  name: string,
  type: string,
  is: string,
  offset: number,
  size: number,
  dims?: (number | null)[],
): Member {
  return {
    name,
    type,
    offset,
    size,
    shape: { is } as Shape,
    ...arrayOf(is === 'pointer' ? 8 : Number(is.slice(1)) / 8, dims),
  };
}

function arrayOf(elementSize: number, dims: (number | null)[] | undefined): Pick<Member, 'dims' | 'elementSize'> {
  return dims ? { dims, elementSize } : {};
}

function bits(name: string, type: string, is: string, offset: number, size: number, at: number, width: number): Member {
  return { ...scalar(name, type, is, offset, size), bit: { offset: at, width } };
}

function unnamed(
  kind: 'struct' | 'union',
  name: string | null,
  [offset, size, align]: [number, number, number],
  members: Member[],
  dims?: (number | null)[],
): Member {
  return {
    name,
    type: kind,
    offset,
    size,
    shape: { is: kind, cName: null, align },
    members,
    ...arrayOf(dims?.[0] ? size / dims[0] : 4, dims),
  };
}

function record(tag: string, size: number, align: number, members: Member[]): RecordType {
  return { kind: 'struct', tag, cName: `struct ${tag}`, size, align, location: AT, members };
}

/** The model of the header above on x86-64. */
const MODEL: Model = {
  schema: MODEL_SCHEMA,
  target: 'x86_64',
  byteOrder: 'little',
  pointerSize: 8,
  nodeArch: 'x64',
  header: 'demo.h',
  kernel: null,
  coveredHeaders: ['demo.h'],
  uses: {},
  origins: [{ kind: 'tree' }],
  sources: [{ name: 'demo.h', sha256: '', origin: 0 }],
  types: [
    record('point', 8, 4, [scalar('x', 'int', 's32', 0, 4), scalar('y', 'int', 's32', 4, 4)]),
    {
      kind: 'union',
      tag: 'word_bytes',
      cName: 'word_bytes',
      size: 4,
      align: 4,
      location: AT,
      members: [scalar('word', 'unsigned int', 'u32', 0, 4), scalar('bytes', 'unsigned char', 'u8', 0, 4, [4])],
    },
    record('demo', 144, 16, [
      scalar('id', '__u32', 'u32', 0, 4),
      scalar('flag', '__u8', 'u8', 4, 1),
      scalar('wide', '__u64', 'u64', 8, 8),
      scalar('label', 'char', 's8', 16, 4, [4]),
      scalar('grid', 'unsigned short', 'u16', 20, 12, [2, 3]),
      unnamed(
        'union',
        null,
        [32, 8, 8],
        [
          unnamed(
            'struct',
            'pair',
            [0, 8, 4],
            [scalar('low', '__u32', 'u32', 0, 4), scalar('high', '__s32', 's32', 4, 4)],
          ),
          scalar('raw', '__u64', 'u64', 0, 8),
        ],
      ),
      unnamed(
        'struct',
        'table',
        [40, 8, 2],
        [
          scalar('head', '__u16', 'u16', 0, 2),
          unnamed(
            'struct',
            'fields',
            [2, 2, 1],
            [
              scalar('vector', '__u8', 'u8', 0, 1),
              bits('mode', '__u8', 'u8', 1, 1, 0, 3),
              bits('stat', '__u8', 'u8', 1, 1, 3, 1),
              bits('tail', '__u8', 'u8', 1, 1, 6, 2),
            ],
          ),
        ],
        [2],
      ),
      scalar('delta', '__s8', 's8', 48, 1),
      scalar('on', '_Bool', 'bool', 49, 1),
      scalar('ratio', 'float', 'f32', 52, 4),
      scalar('exact', 'double', 'f64', 56, 8),
      scalar('address', 'void *', 'pointer', 64, 8),
      scalar('call', 'void (*)(int)', 'pointer', 72, 8),
      scalar('paint', 'enum paint', 'u32', 80, 4),
      { name: 'where', type: 'struct point', offset: 84, size: 8, shape: { is: 'struct', cName: 'struct point' } },
      {
        name: 'both',
        type: 'word_bytes',
        offset: 92,
        size: 4,
        shape: { is: 'union', cName: 'word_bytes' },
      },
      scalar('token', 'unsigned char', 'u8', 96, 8, [8]),
      scalar('names', 'const char *', 'pointer', 104, 16, [2]),
      scalar('precise', 'long double', 'opaque', 128, 16),
      unnamed(
        'struct',
        'none',
        [144, 0, 4],
        [bits('key', '__u32', 'u32', 0, 4, 0, 5), bits('rest', '__u32', 'u32', 0, 4, 5, 27)],
        [0],
      ),
    ]),
    record('flags', 8, 8, [
      scalar('first', 'unsigned char', 'u8', 0, 1),
      bits('low', 'unsigned int', 'u32', 0, 4, 8, 4),
      bits('middle', 'int', 's32', 0, 4, 12, 7),
      bits('bool', '_Bool', 'bool', 2, 1, 3, 1),
      bits('far', 'unsigned long long', 'u64', 0, 8, 20, 40),
    ]),
    record('list', 4, 4, [
      scalar('nent', '__u32', 'u32', 0, 4),
      unnamed(
        'struct',
        'entries',
        [4, 0, 2],
        [scalar('index', '__u16', 'u16', 0, 2), scalar('kind', '__u8', 'u8', 2, 1)],
        [null],
      ),
    ]),
    record('names', 8, 8, [scalar('count', '__u32', 'u32', 0, 4), scalar('indices', '__u64', 'u64', 8, 0, [null])]),
  ],
  enums: [
    {
      tag: 'paint',
      cName: 'enum paint',
      size: 4,
      location: AT,
      enumerators: [
        { name: 'PAINT_RED', value: 0, type: 'int', location: AT },
        { name: 'PAINT_BLUE', value: 7, type: 'int', location: AT },
        { name: 'PAINT_LAST', value: 0x7fffffff, type: 'int', location: AT },
      ],
    },
    {
      tag: 'mood',
      cName: 'mood',
      size: 4,
      location: AT,
      enumerators: [{ name: 'MOOD_GOOD', value: -1, type: 'int', location: AT }],
    },
    {
      tag: null,
      cName: null,
      size: 8,
      location: AT,
      enumerators: [
        { name: 'LOOSE', value: 5, type: 'int', location: AT },
        { name: 'HUGE', value: '4294967296', type: 'unsigned long', location: AT },
      ],
    },
  ],
  constants: [
    { name: 'SMALL', value: 5, type: 'int', location: AT },
    { name: 'MINUS', value: -1, type: 'int', location: AT },
    { name: 'LEAST', value: -2147483648, type: 'int', location: AT },
    { name: 'UNSIGNED', value: 0xffffffff, type: 'unsigned int', location: AT },
    { name: 'WIDE', value: '18446744073709551600', type: 'unsigned long long', location: AT },
    { name: 'LONG_LEAST', value: '-9223372036854775808', type: 'long long', location: AT },
    { name: 'LONG', value: '1099511627776', type: 'long', location: AT },
    { name: 'PAINT_LAST', value: 0x7ffffffe, type: 'int', location: AT },
    { name: 'ROOM', value: '4', type: 'unsigned long', location: AT },
    { name: 'RAW', value: '\x80', type: 'char[2]', location: AT },
    { name: 'GREETING', value: 'a "b"\tc', type: 'char[8]', location: AT },
  ],
  ioctls: [
    ioctl('DEMO_RESET', 0xae01, 'none', 1, 0, { argument: null, shape: null, passes: 'nothing' }),
    ioctl('DEMO_GET', 0x8008ae02, 'read', 2, 8, {
      argument: 'struct point',
      shape: { is: 'struct', cName: 'struct point' },
      passes: 'pointer',
    }),
    ioctl('DEMO_SET', 0xc004ae03, 'readwrite', 3, 4, {
      argument: 'struct list',
      shape: { is: 'struct', cName: 'struct list' },
      passes: 'pointer',
    }),
    ioctl('DEMO_RAW', 0x4010ae04, 'write', 4, 16, { argument: '__u8[16]', shape: { is: 'u8' }, passes: 'pointer' }),
    {
      ...ioctl('DEMO_VALUE', 0xae05, 'none', 5, 0, { argument: 'struct nowhere', shape: null, passes: 'pointer' }),
      override: { source: 'demo.rst' },
    },
  ],
  functions: [
    {
      name: 'ADD',
      parameters: ['a', 'b'],
      value: {
        is: 'binary',
        operator: '+',
        left: { is: 'parameter', index: 0 },
        right: { is: 'parameter', index: 1 },
      },
      location: AT,
    },
    { name: 'NOTHING', parameters: [], value: { is: 'integer', kind: 's32', value: 0 }, location: AT },
  ],
  omissions: [
    { kind: 'macro', name: 'PASTE', parameters: ['a', '...'], reason: 'takes any number of arguments', location: AT },
  ],
};

function ioctl(
  name: string,
  request: number,
  direction: Model['ioctls'][number]['direction'],
  nr: number,
  size: number,
  argument: Pick<Model['ioctls'][number], 'argument' | 'shape' | 'passes'>,
): Model['ioctls'][number] {
  return { name, request, direction, type: 0xae, nr, size, location: AT, ...argument };
}

function altered(change: (model: Mutable<Model>) => void): Model {
  const model = structuredClone(MODEL) as Mutable<Model>;
  change(model);
  return model as Model;
}

function set<T extends object>(target: T, change: Partial<T>): void {
  Object.assign(target, change);
}

/** Returns the member at `path`, through unnamed records. */
function member(model: Mutable<Model>, tag: string, path: string): Mutable<Member> {
  const type = found(model.types.find((candidate) => candidate.tag === tag));
  let members: Mutable<Member>[] = type.members;
  let last: Mutable<Member> | undefined;
  for (const name of path.split('.')) {
    const all = members.flatMap((each) => (each.name === null ? (each.members ?? []) : [each]));
    last = found(all.find((each) => each.name === name));
    members = last.members ?? [];
  }
  return found(last);
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the test names something that the model does not have');
  return value;
}

function constant(model: Mutable<Model>, name: string): { value: number | string; type: string } {
  const all = [...model.constants, ...model.enums.flatMap((type) => type.enumerators)];
  return found(all.find((each) => each.name === name));
}

function ioctlOf(model: Mutable<Model>, name: string): Mutable<Model['ioctls'][number]> {
  return found(model.ioctls.find((each) => each.name === name));
}

const compiler = spawnSync('cc', ['-dumpmachine'], { encoding: 'utf8' });
const isHere = compiler.status === 0 && compiler.stdout.startsWith('x86_64-');
const reason = isHere ? '' : ' [skipped: no C compiler for x86-64 called cc]';

describe.skipIf(!isHere)(`verify${reason}`, () => {
  let folder = '';
  let options: VerifyOptions = { cc: 'cc', includeDirs: [] };

  beforeAll(() => {
    folder = folderOf({ 'demo.h': HEADER });
    // This folder belongs to this file alone, because other tests run verify at the same time.
    vi.stubEnv('TMPDIR', folder);
    options = { ...options, includeDirs: [folder] };
  });

  afterAll(() => {
    vi.unstubAllEnvs();
  });

  it('verify accepts a correct model', async () => {
    const result = await verify(MODEL, options);
    expect(result.failures).toEqual([]);
    expect(result.held).toBe(result.total);
    expect(result.total).toBeGreaterThan(240);
    expect(result.compiler).toMatch(/gcc|clang|cc /);
  });

  it('verify reports the facts that it cannot check', async () => {
    const { unchecked } = await verify(MODEL, options);
    expect(unchecked).toEqual([
      {
        item: 'PASTE(): parameters',
        reason: 'a macro with a variable number of arguments accepts every number of arguments',
      },
      { item: 'DEMO_VALUE: argument size', reason: "the kernel's behaviour differs from the macro: demo.rst" },
      { item: 'enum of LOOSE: size', reason: 'C cannot name an enum without a tag' },
    ]);
  });

  type Case = [what: string, change: (model: Mutable<Model>) => void, items: string[]];

  const caught = async (change: Case[1], items: string[]): Promise<VerifyResult> => {
    const result = await verify(altered(change), options);
    expect(result.failures.map(({ item }) => item)).toEqual(items);
    expect(result.held).toBe(result.total - items.length);
    return result;
  };

  describe('a wrong record', () => {
    it.each<Case>([
      ['size', (m) => set(found(m.types[2]), { size: 152 }), ['struct demo: size']],
      ['align', (m) => set(found(m.types[2]), { align: 8 }), ['struct demo: align']],
      ['size of a typedef', (m) => set(found(m.types[1]), { size: 5 }), ['word_bytes: size']],
      ['offset', (m) => set(member(m, 'demo', 'flag'), { offset: 5 }), ['struct demo.flag: offset']],
      ['offset under a union', (m) => set(member(m, 'demo', 'raw'), { offset: 4 }), ['struct demo.raw: offset']],
      [
        'offset of an anonymous union',
        (m) => set(found(found(m.types[2]).members[5]), { offset: 24 }),
        ['pair: offset', 'pair.low: offset', 'pair.high: offset', 'raw: offset'].map((item) => `struct demo.${item}`),
      ],
      [
        'offset in an array of unnamed records',
        (m) => set(member(m, 'demo', 'table.fields.vector'), { offset: 1 }),
        ['struct demo.table[0].fields.vector: offset'],
      ],
      [
        'offset in a flexible array',
        (m) => set(member(m, 'list', 'entries.kind'), { offset: 1 }),
        ['struct list.entries[0].kind: offset'],
      ],
      [
        'size of an element',
        (m) => set(member(m, 'list', 'entries'), { elementSize: 3 }),
        ['struct list.entries: element size'],
      ],
      [
        'offset of a flexible array',
        (m) => set(member(m, 'names', 'indices'), { offset: 4 }),
        ['struct names.indices: offset'],
      ],
      ['size of a member', (m) => set(member(m, 'demo', 'label'), { size: 5 }), ['struct demo.label: size']],
      ['length', (m) => set(member(m, 'demo', 'label'), { dims: [5] }), ['struct demo.label: dimension 1']],
      [
        'order of dimensions',
        (m) => set(member(m, 'demo', 'grid'), { dims: [3, 2] }),
        ['struct demo.grid: dimension 1', 'struct demo.grid: dimension 2'],
      ],
      [
        'additional length',
        (m) => set(member(m, 'names', 'indices'), { dims: [0] }),
        ['struct names.indices: size', 'struct names.indices: dimension 1'],
      ],
      [
        'flexible array that has a length',
        (m) => set(member(m, 'demo', 'none'), { dims: [null] }),
        ['struct demo.none: dimension 1'],
      ],
      [
        'align of an unnamed record',
        (m) => set(member(m, 'demo', 'table'), { shape: { is: 'struct', cName: null, align: 4 } }),
        ['struct demo.table: align'],
      ],
      ['type', (m) => set(member(m, 'demo', 'wide'), { type: 'unsigned long' }), ['struct demo.wide: type']],
      [
        'type of elements',
        (m) => set(member(m, 'demo', 'label'), { type: 'signed char' }),
        ['struct demo.label: type'],
      ],
      [
        'type that does not exist',
        (m) => set(member(m, 'demo', 'id'), { type: 'nothing_t' }),
        ['struct demo.id: type'],
      ],
      ['sign', (m) => set(member(m, 'demo', 'delta'), { shape: { is: 'u8' } }), ['struct demo.delta: kind']],
      ['width', (m) => set(member(m, 'demo', 'id'), { shape: { is: 'u64' } }), ['struct demo.id: kind']],
      [
        'integer that is a _Bool',
        (m) => set(member(m, 'demo', 'on'), { shape: { is: 'u8' } }),
        ['struct demo.on: kind'],
      ],
      [
        '_Bool that is an integer',
        (m) => set(member(m, 'demo', 'flag'), { shape: { is: 'bool' } }),
        ['struct demo.flag: kind'],
      ],
      [
        'integer that is a float',
        (m) => set(member(m, 'demo', 'ratio'), { shape: { is: 's32' } }),
        ['struct demo.ratio: kind'],
      ],
      [
        'float that is an integer',
        (m) => set(member(m, 'demo', 'wide'), { shape: { is: 'f64' } }),
        ['struct demo.wide: kind'],
      ],
      [
        'integer that is a pointer',
        (m) => set(member(m, 'demo', 'address'), { shape: { is: 'u64' } }),
        ['struct demo.address: kind'],
      ],
      [
        'pointer that is an integer',
        (m) => set(member(m, 'demo', 'wide'), { shape: { is: 'pointer' } }),
        ['struct demo.wide: kind'],
      ],
      [
        'record',
        (m) => set(member(m, 'demo', 'where'), { shape: { is: 'struct', cName: 'struct list' } }),
        ['struct demo.where: kind'],
      ],
      [
        'name',
        (m) => set(member(m, 'demo', 'id'), { name: 'ident' }),
        ['offset', 'size', 'type', 'kind'].map((w) => `struct demo.ident: ${w}`),
      ],
    ])('verify finds a wrong %s of a record', async (_, change, items) => {
      await caught(change, items);
    });
  });

  describe('a wrong bit-field', () => {
    const far = (model: Mutable<Model>): Mutable<Member> => member(model, 'flags', 'far');
    it.each<Case>([
      ['position', (m) => set(far(m), { bit: { offset: 21, width: 40 } }), ['struct flags.far: bits']],
      ['width', (m) => set(far(m), { bit: { offset: 20, width: 39 } }), ['struct flags.far: bits']],
      ['offset', (m) => set(far(m), { offset: 8 }), ['struct flags.far: bits']],
      ['storage unit', (m) => set(far(m), { size: 4 }), ['struct flags.far: size']],
      ['sign', (m) => set(member(m, 'flags', 'middle'), { shape: { is: 'u32' } }), ['struct flags.middle: kind']],
      ['_Bool', (m) => set(member(m, 'flags', 'bool'), { shape: { is: 'u8' } }), ['struct flags.bool: kind']],
      [
        'position in an array of unnamed records',
        (m) => set(member(m, 'demo', 'table.fields.tail'), { bit: { offset: 4, width: 2 } }),
        ['struct demo.table[0].fields.tail: bits'],
      ],
      [
        'position in a zero-length array',
        (m) => set(member(m, 'demo', 'none.rest'), { bit: { offset: 4, width: 27 } }),
        ['struct demo.none[0].rest: bits'],
      ],
      ['name', (m) => set(far(m), { name: 'near' }), ['struct flags.near: kind', 'struct flags.near: bits']],
    ])('verify finds a wrong %s of a bit-field', async (_, change, items) => {
      await caught(change, items);
    });

    it('verify reports the position of the compiler', async () => {
      const result = await verify(
        altered((m) => set(member(m, 'demo', 'table.fields.mode'), { bit: { offset: 1, width: 2 } })),
        options,
      );
      expect(result.failures).toEqual([
        {
          item: 'struct demo.table[0].fields.mode: bits',
          expected: 'bits 9..10',
          message: 'the compiler sets bits 8..10',
        },
      ]);
    });

    it('verify finds a bit-field after the end of its record', async () => {
      await caught((m) => set(far(m), { offset: 16 }), ['struct flags.far: bits']);
    });
  });

  describe('a wrong constant', () => {
    it.each<Case>([
      ['value', (m) => set(constant(m, 'SMALL'), { value: 6 }), ['SMALL: value']],
      ['sign', (m) => set(constant(m, 'MINUS'), { value: 4294967295 }), ['MINUS: value']],
      ['sign of a wide value', (m) => set(constant(m, 'MINUS'), { value: '18446744073709551615' }), ['MINUS: value']],
      ['sign of an unsigned value', (m) => set(constant(m, 'UNSIGNED'), { value: -1 }), ['UNSIGNED: value']],
      ['sign of a wide unsigned value', (m) => set(constant(m, 'WIDE'), { value: '-16' }), ['WIDE: value']],
      ['value beyond its type', (m) => set(constant(m, 'SMALL'), { value: '4294967301' }), ['SMALL: value']],
      ['least value', (m) => set(constant(m, 'LONG_LEAST'), { value: '-9223372036854775807' }), ['LONG_LEAST: value']],
      ['type', (m) => set(constant(m, 'UNSIGNED'), { type: 'int' }), ['UNSIGNED: type']],
      ['width of the type', (m) => set(constant(m, 'LONG'), { type: 'long long' }), ['LONG: type']],
      ['letter', (m) => set(constant(m, 'GREETING'), { value: 'a "b" c' }), ['GREETING: value']],
      ['end of a string', (m) => set(constant(m, 'GREETING'), { value: 'a "b"\t' }), ['GREETING: value']],
      ['size of a string', (m) => set(constant(m, 'GREETING'), { type: 'char[9]' }), ['GREETING: type']],
      ['enumerator', (m) => set(constant(m, 'PAINT_BLUE'), { value: 8 }), ['enumerator PAINT_BLUE: value']],
      ['type of an enumerator', (m) => set(constant(m, 'HUGE'), { type: 'int' }), ['enumerator HUGE: type']],
      [
        'enumerator that a macro hides',
        (m) => set(found(m.enums[0]?.enumerators[2]), { value: 0x7ffffffe }),
        ['enumerator PAINT_LAST: value'],
      ],
      [
        'macro that hides an enumerator',
        (m) => set(constant(m, 'PAINT_LAST'), { value: 0x7fffffff }),
        ['PAINT_LAST: value'],
      ],
      ['size of an enum', (m) => set(found(m.enums[1]), { size: 8 }), ['mood: size']],
      [
        'names that do not exist, each time they are used',
        (m) => {
          found(m.constants[0]).name = 'ABSENT';
          found(m.constants[1]).name = 'ABSENT';
        },
        ['ABSENT: value', 'ABSENT: type', 'ABSENT: value', 'ABSENT: type'],
      ],
    ])('verify finds a wrong %s of a constant', async (_, change, items) => {
      await caught(change, items);
    });
  });

  describe('a wrong ioctl', () => {
    const get = (model: Mutable<Model>): Mutable<Model['ioctls'][number]> => ioctlOf(model, 'DEMO_GET');
    it.each<Case>([
      ['request', (m) => set(get(m), { request: 0x8008ae03 }), ['DEMO_GET: request']],
      ['direction', (m) => set(get(m), { direction: 'write' }), ['DEMO_GET: direction']],
      ['magic number', (m) => set(get(m), { type: 0xaf }), ['DEMO_GET: magic']],
      ['nr', (m) => set(get(m), { nr: 1 }), ['DEMO_GET: nr']],
      ['size', (m) => set(get(m), { size: 4 }), ['DEMO_GET: size', 'DEMO_GET: argument size']],
      [
        'argument',
        (m) => set(get(m), { argument: 'struct list' }),
        ['DEMO_GET: argument size', 'DEMO_GET: argument: kind'],
      ],
      ['length of an array', (m) => set(ioctlOf(m, 'DEMO_RAW'), { argument: '__u8[8]' }), ['DEMO_RAW: argument size']],
    ])('verify finds a wrong %s of an ioctl', async (_, change, items) => {
      await caught(change, items);
    });
  });

  describe('a wrong function-like macro', () => {
    it.each<Case>([
      ['number of parameters', (m) => set(found(m.functions[0]), { parameters: ['a'] }), ['ADD(): parameters']],
      ['additional parameters', (m) => set(found(m.functions[1]), { parameters: ['a'] }), ['NOTHING(): parameters']],
      ['name', (m) => set(found(m.functions[0]), { name: 'SUB' }), ['SUB(): defined']],
      ['constant', (m) => set(found(m.functions[0]), { name: 'SMALL' }), ['SMALL(): parameters']],
    ])('verify finds a wrong %s of a function-like macro', async (_, change, items) => {
      await caught(change, items);
    });
  });

  it('verify reports the expected value and the message of the compiler', async () => {
    const { failures } = await caught(
      (m) => set(member(m, 'demo', 'flag'), { offset: 5 }),
      ['struct demo.flag: offset'],
    );
    expect(failures[0]?.expected).toBe('5');
    expect(failures[0]?.message).toMatch(/static.assert.*struct demo\.flag: offset 5/);
  });

  it('verify checks assertions and bit-fields separately', async () => {
    await caught(
      (m) => {
        found(m.types[2]).size = 1;
        member(m, 'flags', 'low').bit = { offset: 9, width: 4 };
      },
      ['struct demo: size', 'struct flags.low: bits'],
    );
  });

  describe('wrong input', () => {
    const rejects = async (model: Model, change: Partial<VerifyOptions>, message: RegExp): Promise<void> => {
      const before = temporaryFolders();
      await expect(verify(model, { ...options, ...change })).rejects.toThrow(VerifyError);
      await expect(verify(model, { ...options, ...change })).rejects.toThrow(message);
      expect(temporaryFolders()).toEqual(before);
    };

    it('verify refuses a missing compiler', () =>
      rejects(MODEL, { cc: 'no-such-cc' }, /no-such-cc cannot be run \(ENOENT\)/));

    it('verify refuses a program that is not a compiler', () =>
      rejects(MODEL, { cc: 'false' }, /false --version failed/));

    it('verify refuses a missing header', () =>
      rejects(
        altered((m) => set(m, { header: 'absent.h' })),
        {},
        /cannot compile <absent\.h>: absent\.h: No such file|'absent\.h' file not found/,
      ));

    it('verify refuses a header with an error', async () => {
      writeFileSync(join(folder, 'broken.h'), 'struct broken { int a };;\n#error "not for you"\n');
      await rejects(
        altered((m) => set(m, { header: 'broken.h' })),
        {},
        /broken\.h.*not for you/,
      );
    });

    it('verify refuses flags that the compiler does not support', () =>
      rejects(MODEL, { flags: ['--no-such-flag'] }, /no-such-flag/));

    it('verify refuses objects with the other byte order', () =>
      rejects({ ...MODEL, byteOrder: 'big' }, {}, /makes little-endian objects, but x86_64 is big-endian/));

    it('verify refuses an empty model', () =>
      rejects(
        { ...MODEL, types: [], enums: [], constants: [], ioctls: [], functions: [], omissions: [] },
        {},
        /demo\.h for x86_64 contains nothing to check/,
      ));
  });

  it('verify removes its temporary folder', async () => {
    const before = temporaryFolders();
    await verify(MODEL, options);
    expect(temporaryFolders()).toEqual(before);
  });

  it('verify finds relative include folders', async () => {
    const { held, total } = await verify(MODEL, { ...options, includeDirs: [join('.', relativeTo(folder))] });
    expect(held).toBe(total);
  });
});

function temporaryFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('kvm-uapi-verify-'));
}

function relativeTo(folder: string): string {
  return join(
    ...process
      .cwd()
      .split('/')
      .slice(1)
      .map(() => '..'),
    folder,
  );
}

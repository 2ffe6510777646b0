import { describe, expect, it } from 'vitest';
import {
  type EnumType,
  type Location,
  type Member,
  MODEL_SCHEMA,
  type Model,
  type RecordType,
} from '../../../generator/model/model.js';
import { layoutView, type Paint, selectTypes, UnknownTypeError } from '../../../generator/report/layout-view.js';

const AT: Location = { header: 'demo.h', line: 1 };

function u8(name: string, offset: number, dims?: (number | null)[]): Member {
  const size = (dims ?? []).reduce<number>((product, length) => product * (length ?? 0), 1);
  return { name, type: '__u8', offset, size, shape: { is: 'u8' }, ...(dims ? { dims } : {}) };
}

function u32(name: string, offset: number): Member {
  return { name, type: '__u32', offset, size: 4, shape: { is: 'u32' } };
}

function u64(name: string, offset: number): Member {
  return { name, type: '__u64', offset, size: 8, shape: { is: 'u64' } };
}

function bits(member: Member, offset: number, width: number): Member {
  return { ...member, bit: { offset, width } };
}

function unnamed(
  kind: 'struct' | 'union',
  name: string | null,
  [offset, size]: [number, number],
  members: Member[],
  dims?: (number | null)[],
): Member {
  const shape = { is: kind, cName: null, align: 4 };
  return { name, type: kind, offset, size, shape, members, ...(dims ? { dims } : {}) };
}

function struct(tag: string, size: number, members: Member[]): RecordType {
  return { kind: 'struct', tag, cName: `struct ${tag}`, size, align: 8, location: AT, members };
}

function modelOf(types: RecordType[], enums: EnumType[] = []): Model {
  return {
    schema: MODEL_SCHEMA,
    target: 'x86_64',
    byteOrder: 'little',
    pointerSize: 8,
    nodeArch: 'x64',
    header: 'demo.h',
    kernel: null,
    coveredHeaders: ['demo.h'],
    uses: {},
    origins: [],
    sources: [],
    types,
    enums,
    constants: [],
    ioctls: [],
    functions: [],
    omissions: [],
  };
}

/** The beginning of `struct kvm_run`, with two of the members of its large union. */
const RUN = struct('kvm_run', 304, [
  u8('request_interrupt_window', 0),
  u8('immediate_exit', 1),
  u8('padding1', 2, [6]),
  u32('exit_reason', 8),
  { name: 'flags', type: '__u16', offset: 12, size: 2, shape: { is: 'u16' } },
  unnamed(
    'union',
    null,
    [32, 256],
    [
      unnamed('struct', 'hw', [0, 8], [u64('hardware_exit_reason', 0)]),
      unnamed('struct', 'io', [0, 16], [u8('direction', 0), { ...u32('count', 4) }, u64('data_offset', 8)]),
      u8('padding', 0, [256]),
    ],
  ),
  u64('kvm_valid_regs', 288),
]);

const PIECES = struct('pieces', 24, [
  bits(u32('low', 0), 0, 3),
  bits(u32('high', 0), 8, 4),
  u32('whole', 4),
  u8('byte', 8),
  u64('long', 16),
]);

const COLOUR: EnumType = {
  tag: 'colour',
  cName: 'enum colour',
  size: 4,
  location: AT,
  enumerators: [
    { name: 'RED', value: 0, type: 'int', location: AT },
    { name: 'GREENISH', value: 7, type: 'int', location: AT },
  ],
};

const MODEL: Model = modelOf([RUN, PIECES], [COLOUR]);

function view(...types: RecordType[]): string {
  return layoutView(modelOf(types), []);
}

describe('layoutView', () => {
  it('layoutView shows the offset and the size of every member in one column', () => {
    expect(layoutView(MODEL, ['kvm_run'])).toMatchInlineSnapshot(`
      "struct kvm_run {
          __u8  request_interrupt_window;     /*     0     1 */
          __u8  immediate_exit;               /*     1     1 */
          __u8  padding1[6];                  /*     2     6 */
          __u32 exit_reason;                  /*     8     4 */
          __u16 flags;                        /*    12     2 */

          /* XXX 18 bytes hole, try to pack */

          union {
              struct {
                  __u64 hardware_exit_reason; /*    32     8 */
              } hw;                           /*    32     8 */
              struct {
                  __u8  direction;            /*    32     1 */

                  /* XXX 3 bytes hole, try to pack */

                  __u32 count;                /*    36     4 */
                  __u64 data_offset;          /*    40     8 */
              } io;                           /*    32    16 */
              __u8 padding[256];              /*    32   256 */
          };                                  /*    32   256 */
          __u64 kvm_valid_regs;               /*   288     8 */

          /* size: 304, align: 8, members: 7 */
          /* sum members: 278, holes: 1, sum holes: 18 */
          /* padding: 8 */
      };
      "
    `);
  });

  it('layoutView shows the bit of a bit-field in its unit, and holes of bits and bytes', () => {
    expect(layoutView(MODEL, ['pieces'])).toMatchInlineSnapshot(`
      "struct pieces {
          __u32 low:3;  /*     0: 0  4 */

          /* XXX 5 bits hole, try to pack */

          __u32 high:4; /*     0: 8  4 */

          /* XXX 20 bits hole, try to pack */

          __u32 whole;  /*     4     4 */
          __u8  byte;   /*     8     1 */

          /* XXX 7 bytes hole, try to pack */

          __u64 long;   /*    16     8 */

          /* size: 24, align: 8, members: 5 */
          /* sum members: 13, holes: 1, sum holes: 7 */
          /* sum bit-field members: 7 bits, bit holes: 2, sum bit holes: 25 bits */
      };
      "
    `);
  });

  it('layoutView shows an enum', () => {
    expect(layoutView(MODEL, ['colour'])).toMatchInlineSnapshot(`
      "enum colour {
          RED      = 0,
          GREENISH = 7,

          /* size: 4, enumerators: 2 */
      };
      "
    `);
  });

  it('layoutView shows all types and enums without a name', () => {
    const text = layoutView(MODEL, []);
    expect(text.match(/^(?:struct|enum) \w+/gm)).toEqual(['struct kvm_run', 'struct pieces', 'enum colour']);
  });

  it('layoutView aligns the comments of nested members', () => {
    const columns = layoutView(MODEL, ['kvm_run'])
      .split('\n')
      .filter((line) => /;.*\/\*/.test(line))
      .map((line) => line.indexOf('/*'));
    expect(new Set(columns).size).toBe(1);
  });

  it('layoutView ends a typedef with its name', () => {
    const text = view({
      kind: 'union',
      tag: 'word',
      cName: 'word',
      size: 4,
      align: 4,
      location: AT,
      members: [u32('all', 0)],
    });
    expect(text.split('\n')[0]).toBe('typedef union {');
    expect(text.trimEnd().split('\n').at(-1)).toBe('} word;');
  });

  it('layoutView writes the name of a pointer to a function inside its type', () => {
    const call: Member = {
      name: 'call',
      type: 'int (*)(void)',
      offset: 0,
      size: 16,
      shape: { is: 'pointer' },
      dims: [2],
    };
    expect(view(struct('ops', 16, [call]))).toContain('int (*call[2])(void); /*     0    16 */');
  });

  it('layoutView shows arrays without a length and with length 0', () => {
    const text = view(struct('tail', 4, [u32('nent', 0), u8('none', 4, [0]), u8('entries', 4, [null])]));
    expect(text).toMatch(/none\[0\]; +\/\* +4 +0 \*\//);
    expect(text).toMatch(/entries\[\]; +\/\* +4 +0 \*\//);
  });

  it('layoutView shows the padding of each element of an unnamed record', () => {
    const element = unnamed('struct', 'table', [0, 16], [u32('key', 0), u8('kind', 4)], [2]);
    const text = view(struct('holder', 16, [element]));
    expect(text).toMatch(/kind; .*\n +\/\* XXX 3 bytes padding \*\/\n {4}} table\[2\]; +\/\* +0 +16 \*\//);
  });

  it('layoutView shows the padding of elements of a flexible array', () => {
    const element = unnamed('struct', 'table', [0, 0], [u32('key', 0), u8('kind', 4)], [null]);
    expect(view(struct('holder', 0, [element]))).toContain('/* XXX 3 bytes padding */');
  });

  it.each<[string, Member[], number, string[]]>([
    ['padding of bits', [bits(u32('a', 0), 0, 31)], 4, ['bit padding: 1 bit']],
    ['padding of bits and bytes', [bits(u8('a', 0), 0, 3)], 4, ['padding: 3', 'bit padding: 5 bits']],
    [
      'a bit hole at the end of a unit',
      [bits(u32('a', 0), 0, 30), u32('b', 4)],
      8,
      ['bit holes: 1, sum bit holes: 2 bits'],
    ],
    [
      'no hole where a member uses the rest of a unit',
      [bits(u32('a', 0), 0, 8), u8('b', 1), u8('c', 2), u8('d', 3)],
      4,
      [],
    ],
    ['no hole between bit-fields of several units', [bits(u32('a', 0), 0, 32), bits(u32('b', 4), 0, 32)], 8, []],
    ['a hole of bytes after a byte of bits', [bits(u8('a', 0), 0, 8), u32('b', 4)], 8, ['sum holes: 3']],
  ])('layoutView shows %s', (_, members, size, expected) => {
    const text = view(struct('demo', size, members));
    for (const line of expected) expect(text).toContain(line);
    if (expected.length === 0) expect(text).not.toMatch(/hole|padding/);
  });

  it('layoutView shows no holes in a union', () => {
    const text = view({
      kind: 'union',
      tag: 'u',
      cName: 'union u',
      size: 8,
      align: 8,
      location: AT,
      members: [u8('a', 0), u64('b', 0)],
    });
    expect(text).not.toMatch(/hole|padding/);
  });

  it('layoutView shows a record without members', () => {
    expect(view(struct('empty', 0, []))).toBe('struct empty {\n\n    /* size: 0, align: 8, members: 0 */\n};\n');
  });

  it('layoutView paints each part of a line separately, without its padding', () => {
    const paint: Paint = {
      code: (text) => `<c>${text}</c>`,
      figures: (text) => `<f>${text}</f>`,
      hole: (text) => `<h>${text}</h>`,
    };
    const lines = layoutView(MODEL, ['pieces'], paint).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      '<c>struct pieces {</c>',
      '<c>    __u32 low:3; </c> <f>/*     0: 0  4 */</f>',
      '',
      '    <h>/* XXX 5 bits hole, try to pack */</h>',
    ]);
  });
});

describe('selectTypes', () => {
  const tags = (...names: string[]): (string | null)[] => {
    const { types, enums } = selectTypes(MODEL, names);
    return [...types, ...enums].map(({ tag }) => tag);
  };

  it.each([
    [['kvm_run'], ['kvm_run']],
    [['struct kvm_run'], ['kvm_run']],
    [['enum colour'], ['colour']],
    [
      ['colour', 'pieces', 'struct pieces'],
      ['pieces', 'colour'],
    ],
    [[], ['kvm_run', 'pieces', 'colour']],
  ])('selectTypes selects the types of %j', (names, expected) => {
    expect(tags(...names)).toEqual(expected);
  });

  const refusal = (name: string): UnknownTypeError => {
    try {
      tags('kvm_run', name);
    } catch (error) {
      if (error instanceof UnknownTypeError) return error;
    }
    throw new Error(`${name} was not refused`);
  };

  it.each([
    ['kvm_rum', ['struct kvm_run']],
    ['struct piece', ['struct pieces']],
    ['union kvm_run', ['struct kvm_run']],
    ['color', ['enum colour']],
    ['entirely_different', []],
  ])('selectTypes refuses %s and suggests similar names', (name, suggestions) => {
    expect(refusal(name).suggestions).toEqual(suggestions);
    expect(refusal(name).message).toContain(`demo.h has no type called ${name}`);
  });

  it('selectTypes suggests at most three names', () => {
    const model = modelOf(['kvm_a', 'kvm_b', 'kvm_c', 'kvm_dd'].map((tag) => struct(tag, 0, [])));
    expect(() => selectTypes(model, ['kvm_dx'])).toThrow('did you mean struct kvm_dd, struct kvm_a, struct kvm_b?');
  });
});

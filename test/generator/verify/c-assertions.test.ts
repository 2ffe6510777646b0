import { describe, expect, it } from 'vitest';
import {
  type Constant,
  type Ioctl,
  type Location,
  type Member,
  MODEL_SCHEMA,
  type Model,
} from '../../../generator/model/model.js';
import { bitImage, type CAssertions, describeBits, emitAssertions } from '../../../generator/verify/c-assertions.js';

const AT: Location = { header: 'demo.h', line: 1 };

function model(parts: Partial<Model>): Model {
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
    types: [],
    enums: [],
    constants: [],
    ioctls: [],
    functions: [],
    omissions: [],
    ...parts,
  };
}

function modelOf(...members: Member[]): Model {
  return model({
    types: [{ kind: 'struct', tag: 'demo', cName: 'struct demo', size: 8, align: 4, location: AT, members }],
  });
}

const ID: Member = { name: 'id', type: '__u32', offset: 4, size: 4, shape: { is: 'u32' } };

/** Returns the condition on the line of each item. */
function conditions({ assertions }: CAssertions): Record<string, string> {
  const lines = assertions.text.split('\n');
  return Object.fromEntries(
    assertions.checks.map(({ line, item }) => [
      item,
      lines[line - 1]?.match(/^_Static_assert\((.*), ".*"\);$/)?.[1] ?? '',
    ]),
  );
}

describe('emitAssertions', () => {
  it('emitAssertions includes the header first and checks one item on each line', () => {
    const { assertions } = emitAssertions(modelOf());
    expect(assertions.text.split('\n').slice(1)).toEqual([
      '#include <demo.h>',
      '#include <stddef.h>',
      '#define KVM_UAPI_QUOTE(...) #__VA_ARGS__',
      '#define KVM_UAPI_TEXT(...) KVM_UAPI_QUOTE(__VA_ARGS__)',
      '_Static_assert(sizeof(struct demo) == 8, "struct demo: size 8");',
      '_Static_assert(__alignof__(struct demo) == 4, "struct demo: align 4");',
      '',
    ]);
    expect(assertions.checks).toEqual([
      { line: 6, item: 'struct demo: size', expected: '8' },
      { line: 7, item: 'struct demo: align', expected: '4' },
    ]);
  });

  it('emitAssertions gives the same text each time', () => {
    expect(emitAssertions(modelOf(ID))).toEqual(emitAssertions(modelOf(ID)));
  });

  it('emitAssertions undefines macros that hide names, after all checks of macros', () => {
    const constants: Constant[] = [{ name: 'id', value: 1, type: 'int', location: AT }];
    const omissions = [{ kind: 'macro', name: 'demo', reason: 'names a member, not a value', location: AT }] as const;
    const flag: Member = { ...ID, name: 'flag', bit: { offset: 0, width: 1 } };
    const { assertions, bitFields } = emitAssertions({ ...modelOf(ID, flag), constants, omissions });
    const lines = assertions.text.split('\n');
    const at = (text: string): number => lines.findIndex((line) => line.startsWith(text));
    expect(at('#undef demo')).toBeGreaterThan(at('_Static_assert(!((id) < 0)'));
    expect(at('#undef id')).toBeGreaterThan(at('_Static_assert(!((id) < 0)'));
    expect(at('_Static_assert(sizeof(struct demo)')).toBeGreaterThan(at('#undef id'));
    expect(bitFields.text).toMatch(/#undef demo\n#undef id\nstatic const struct demo /);
  });

  it('emitAssertions checks the offset, size, type and kind of a member', () => {
    expect(conditions(emitAssertions(modelOf(ID)))).toMatchObject({
      'struct demo.id: offset': '__builtin_offsetof(struct demo, id) == 4',
      'struct demo.id: size': 'sizeof(((struct demo *)0)->id) == 4',
      'struct demo.id: type': '__builtin_types_compatible_p(__typeof__(((struct demo *)0)->id), __u32)',
      'struct demo.id: kind': expect.stringContaining('((__typeof__(((struct demo *)0)->id))-1 < 0) == 0'),
    });
  });

  it('emitAssertions writes a record that only a typedef names without a keyword', () => {
    const types = [
      { kind: 'union', tag: 'demo_t', cName: 'demo_t', size: 8, align: 4, location: AT, members: [ID] },
    ] as const;
    const checks = conditions(emitAssertions(model({ types })));
    expect(checks).toMatchObject({
      'demo_t: size': 'sizeof(demo_t) == 8',
      'demo_t.id: offset': '__builtin_offsetof(demo_t, id) == 4',
    });
  });

  it('emitAssertions checks members of anonymous records with added offsets', () => {
    const inner: Member = { ...ID, offset: 2 };
    const anonymous: Member = {
      name: null,
      type: 'struct',
      offset: 8,
      size: 8,
      shape: { is: 'struct', cName: null, align: 4 },
      members: [inner],
    };
    const outer: Member = { ...anonymous, name: 'table', offset: 16, dims: [2, 3], members: [anonymous] };
    const checks = conditions(emitAssertions(modelOf(anonymous, outer)));
    expect(checks['struct demo.id: offset']).toBe('__builtin_offsetof(struct demo, id) == 10');
    expect(checks['struct demo.table[0][0].id: offset']).toBe('__builtin_offsetof(struct demo, table[0][0].id) == 26');
    expect(checks['struct demo.table: align']).toBe('__alignof__(__typeof__(((struct demo *)0)->table[0][0])) == 4');
  });

  it('emitAssertions checks each dimension', () => {
    const checks = conditions(emitAssertions(modelOf({ ...ID, dims: [2, 3], size: 24 })));
    const id = '((struct demo *)0)->id';
    const isArrayOf = (array: string, bound: string): string =>
      `__builtin_types_compatible_p(__typeof__(${array}), __typeof__(${array}[0])[${bound}])`;
    const sameArray = (array: string, length: number): string =>
      `${isArrayOf(array, `${length}`)} || ((sizeof(${array}[0]) != 0 || !${isArrayOf(array, '')}) && sizeof(${array}) == ${length} * sizeof(${array}[0]))`;
    expect(checks).toMatchObject({
      'struct demo.id: dimension 1': sameArray(id, 2),
      'struct demo.id: dimension 2': sameArray(`${id}[0]`, 3),
    });
  });

  it('emitAssertions checks the size of an element of a flexible array', () => {
    const checks = conditions(emitAssertions(modelOf({ ...ID, dims: [null], elementSize: 4, size: 0 })));
    expect(checks['struct demo.id: size']).toBeUndefined();
    expect(checks).toMatchObject({
      'struct demo.id: offset': '__builtin_offsetof(struct demo, id) == 4',
      'struct demo.id: element size': 'sizeof(((struct demo *)0)->id[0]) == 4',
    });
  });

  it.each([
    ['a pointer to an unnamed struct', { ...ID, type: 'struct *' }, 'C code cannot name an unnamed type'],
    ['an unnamed enum', { ...ID, type: 'enum' }, 'C code cannot name an unnamed type'],
  ])('emitAssertions reports the unchecked type of %s', (_, member, reason) => {
    const result = emitAssertions(modelOf(member));
    expect(result.unchecked).toEqual([{ item: 'struct demo.id: type', reason }]);
    expect(conditions(result)['struct demo.id: type']).toBeUndefined();
  });

  it('emitAssertions checks the size of an element of every array, even without a C value', () => {
    const numbers: Member = {
      ...ID,
      type: 'long double',
      shape: { is: 'opaque' },
      dims: [2, 3],
      elementSize: 16,
      size: 96,
    };
    expect(conditions(emitAssertions(modelOf(numbers)))).toMatchObject({
      'struct demo.id: size': 'sizeof(((struct demo *)0)->id) == 96',
      'struct demo.id: element size': 'sizeof(((struct demo *)0)->id[0][0]) == 16',
    });
  });

  describe('for bit-fields', () => {
    const bitField: Member = { ...ID, bit: { offset: 3, width: 5 } };

    it('emitAssertions defines an object with only that bit-field set', () => {
      const { bitFields } = emitAssertions(modelOf(bitField));
      expect(bitFields.text.split('\n').slice(1)).toEqual([
        '#include <demo.h>',
        '#include <stddef.h>',
        'static const struct demo kvm_uapi_bits_0 __attribute__((section(".kvm_uapi.bits.0"), used)) = { .id = ~0 };',
        '',
      ]);
      expect(bitFields.checks).toEqual([
        {
          line: 4,
          item: 'struct demo.id: bits',
          expected: 'bits 35..39',
          section: '.kvm_uapi.bits.0',
          bits: { start: 35, width: 5 },
        },
      ]);
    });

    it('emitAssertions counts bits from the innermost named object', () => {
      const shape = { is: 'struct', cName: null, align: 4 } as const;
      const anonymous: Member = { name: null, type: 'struct', offset: 4, size: 8, shape, members: [bitField] };
      const table: Member = { ...anonymous, name: 'table', offset: 64, dims: [0], size: 0, members: [anonymous] };
      const { bitFields } = emitAssertions(modelOf(table));
      expect(bitFields.text).toContain('static const __typeof__(((struct demo *)0)->table[0]) kvm_uapi_bits_0 ');
      expect(bitFields.checks[0]).toMatchObject({
        item: 'struct demo.table[0].id: bits',
        bits: { start: 64 + 3, width: 5 },
      });
    });

    it('emitAssertions uses the declared type or the touched bytes as the storage unit', () => {
      const size = (bytes: number): string | undefined =>
        conditions(emitAssertions(modelOf({ ...bitField, size: bytes })))['struct demo.id: size'];
      expect(size(4)).toBe('sizeof(__u32) == 4');
      expect(size(2)).toBe('sizeof(__u32) == 2');
      expect(size(1)).toBeUndefined();
    });

    it('emitAssertions does not assert the offset and the type of a bit-field', () => {
      expect(Object.keys(conditions(emitAssertions(modelOf(bitField))))).toEqual([
        'struct demo: size',
        'struct demo: align',
        'struct demo.id: size',
        'struct demo.id: kind',
      ]);
    });
  });

  describe('for constants', () => {
    const value = (constant: Omit<Constant, 'name' | 'location'>): string | undefined =>
      conditions(emitAssertions(model({ constants: [{ name: 'N', location: AT, ...constant }] })))['N: value'];

    it.each<[Omit<Constant, 'name' | 'location'>, string]>([
      [{ value: 5, type: 'int' }, '!((N) < 0) && (N) == 5ULL'],
      [{ value: -1, type: 'int' }, '(N) < 0 && (N) == -1LL'],
      [{ value: '18446744073709551615', type: 'unsigned long' }, '!((N) < 0) && (N) == 18446744073709551615ULL'],
      [{ value: '-9223372036854775808', type: 'long' }, '(N) < 0 && (N) == (-9223372036854775807LL - 1)'],
    ])('emitAssertions writes the condition for %j', (constant, condition) => {
      expect(value(constant)).toBe(condition);
    });

    it('emitAssertions treats each letter as a byte if a string has as many bytes as letters', () => {
      expect(value({ value: '\x80é', type: 'char[3]' })).toContain('"\\200\\351"');
      expect(value({ value: '\x80é', type: 'char[5]' })).toContain('é"');
    });

    it('emitAssertions quotes strings', () => {
      expect(value({ value: 'a"\\\n1é', type: 'char[8]' })).toBe(
        'sizeof(N) == sizeof("a\\"\\\\\\0121é") && __builtin_memcmp(N, "a\\"\\\\\\0121é", sizeof("a\\"\\\\\\0121é")) == 0',
      );
    });
  });

  it('emitAssertions reports an enum without a tag as unchecked, by its first enumerator', () => {
    const enums = [
      {
        tag: null,
        cName: null,
        size: 4,
        location: AT,
        enumerators: [{ name: 'FIRST', value: 0, type: 'int', location: AT }],
      },
    ];
    const result = emitAssertions(model({ enums }));
    expect(result.unchecked).toEqual([{ item: 'enum of FIRST: size', reason: 'C cannot name an enum without a tag' }]);
    expect(Object.keys(conditions(result))).toEqual(['enumerator FIRST: value', 'enumerator FIRST: type']);
  });

  it('emitAssertions checks the fields of ioctls with macros that are included after the header', () => {
    const ioctl: Ioctl = {
      name: 'GET',
      request: 0xc008ae02,
      direction: 'readwrite',
      type: 0xae,
      nr: 2,
      argument: 'struct demo',
      shape: { is: 'struct', cName: 'struct demo' },
      passes: 'pointer',
      size: 8,
      location: AT,
    };
    const result = emitAssertions(model({ ioctls: [ioctl] }));
    expect(result.assertions.text).toContain('#include <demo.h>\n#include <stddef.h>\n#include <linux/ioctl.h>\n');
    expect(conditions(result)).toEqual({
      'GET: request': '(unsigned int)(GET) == 0xc008ae02U',
      'GET: direction': '(_IOC_DIR(GET) & (_IOC_READ | _IOC_WRITE)) == (_IOC_READ | _IOC_WRITE)',
      'GET: magic': '_IOC_TYPE(GET) == 174',
      'GET: nr': '_IOC_NR(GET) == 2',
      'GET: size': '_IOC_SIZE(GET) == 8',
      'GET: argument size': '(sizeof(struct demo) & _IOC_SIZEMASK) == 8',
      'GET: argument: kind': '__builtin_types_compatible_p(__typeof__((*(struct demo *)0)), struct demo)',
    });
  });

  it('emitAssertions checks that a function-like macro exists and has its number of parameters', () => {
    const parameters = ['a', 'b'];
    const value = { is: 'parameter', index: 0 } as const;
    const inModel = emitAssertions(model({ functions: [{ name: 'ADD', parameters, value, location: AT }] }));
    const inLedger = emitAssertions(
      model({ omissions: [{ kind: 'macro', name: 'ADD', parameters, reason: 'calls a function', location: AT }] }),
    );
    expect(inLedger).toEqual(inModel);
    const { assertions } = inModel;
    expect(assertions.text).toContain('#ifndef ADD\n#error "ADD(): not defined"\n#endif\n');
    expect(assertions.text).toContain('sizeof(KVM_UAPI_TEXT(ADD(1, 1))) > 0');
    expect(assertions.checks.map(({ item }) => item)).toEqual(['ADD(): defined', 'ADD(): parameters']);
  });
});

describe('bitImage', () => {
  it.each([
    ['little', { start: 0, width: 3 }, [0x07, 0]],
    ['big', { start: 0, width: 3 }, [0xe0, 0]],
    ['little', { start: 6, width: 4 }, [0xc0, 0x03]],
    ['big', { start: 6, width: 4 }, [0x03, 0xc0]],
    ['little', { start: 12, width: 9 }, [0, 0xf0]],
  ] as const)('bitImage gives the bytes of a %s-endian %j', (byteOrder, run, bytes) => {
    expect([...bitImage(run, 2, byteOrder)]).toEqual(bytes);
  });
});

describe('describeBits', () => {
  it.each([
    [{ start: 7, width: 1 }, 'bit 7'],
    [{ start: 8, width: 5 }, 'bits 8..12'],
  ])('describeBits describes %j', (run, text) => {
    expect(describeBits(run)).toBe(text);
  });
});

/** Views that are written from plain objects. */

import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import * as s390x from '../../generated/s390x/linux/kvm.js';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { emitFiles } from '../../generator/core.js';
import { supportText } from '../../generator/index.js';
import { s390x as bigEndian } from '../../generator/targets/s390x.js';
import { x86_64 } from '../../generator/targets/x86_64.js';
import {
  allocate,
  assign,
  bytesOf,
  equal,
  type PartialOf,
  toObject,
  type View,
  type ViewClass,
  type ViewWithLayout,
} from '../../support/index.js';
import { modelOf } from '../../tools/lib/headers-in-memory.js';
import { classCalled, importBindings } from '../../tools/lib/imported-bindings.js';

function hasTooManyElements(view: View): boolean {
  try {
    toObject(view);
    return false;
  } catch (error) {
    return error instanceof RangeError;
  }
}

const untyped = assign as (view: unknown, values: unknown) => unknown;

describe('assign', () => {
  it('writes the given members, leaves the others as they are, and returns the view', () => {
    const sregs = allocate(kvm.KvmSregs);
    bytesOf(sregs).fill(0x5a);
    const expected = allocate(kvm.KvmSregs);
    bytesOf(expected).fill(0x5a);
    expected.cr0 = 1n;
    expected.cs.base = 2n;
    expected.cs.dpl = 3;
    expected.interrupt_bitmap.set(0, 4n);
    expect(assign(sregs, { cr0: 1n, cs: { base: 2n, dpl: 3 }, interrupt_bitmap: [4n] })).toBe(sregs);
    expect([...bytesOf(sregs)]).toEqual([...bytesOf(expected)]);
  });

  it('writes a whole struct from a view, with the bytes that it has at the call', () => {
    const sregs = allocate(kvm.KvmSregs);
    sregs.cs.base = 1n;
    sregs.ds.base = 2n;
    assign(sregs, { cs: sregs.ds, ds: sregs.cs });
    expect([sregs.cs.base, sregs.ds.base]).toEqual([2n, 1n]);
    const other = allocate(kvm.KvmSregs);
    assign(other, sregs);
    expect(equal(other, sregs)).toBe(true);
  });

  it('takes any iterable for an array, and the elements after its values are left as they are', () => {
    const table = allocate(kvm.KvmDtable);
    for (const values of [[1, 2], Uint16Array.of(1, 2), new Set([1, 2]), table.padding]) {
      table.padding.assign([1, 2, 7]);
      assign(table, { padding: values });
      expect([...table.padding]).toEqual([1, 2, 7]);
    }
  });

  it('an endless iterable is refused after one value too many', () => {
    function* endless(): Generator<number> {
      for (;;) yield 1;
    }
    expect(() => assign(allocate(kvm.KvmDtable), { padding: endless() })).toThrow(
      new RangeError('assign: struct kvm_dtable.padding has more than 3 elements; the array has 3'),
    );
  });

  it('writes the elements of a flexible array, with the count of the same call', () => {
    const msrs = allocate(kvm.KvmMsrs, 3);
    msrs.entries.get(2).data = 9n;
    assign(msrs, { entries: [{ index: 1 }, { index: 2, data: 5n }] });
    expect(toObject(msrs).entries.map(({ index, data }) => [index, data])).toEqual([
      [1, 0n],
      [2, 5n],
      [0, 9n],
    ]);
    assign(msrs, { entries: [{ index: 8 }], nmsrs: 1 });
    expect(toObject(msrs).entries).toEqual([{ index: 8, reserved: 0, data: 0n }]);
    const tooMany = { nmsrs: 1, entries: [{}, {}] };
    expect(() => assign(msrs, tooMany)).toThrow('assign: struct kvm_msrs.entries has more than 1 elements');
    expect(() => assign(msrs, { nmsrs: 4, entries: [] })).toThrow(
      /^assign: struct kvm_msrs\.entries: ViewArray: 64 bytes at offset 8 do not fit into the view of 56 bytes$/,
    );
    // The count of the memory itself can be too large. The call sets the count first.
    msrs.nmsrs = 1000;
    assign(msrs, { nmsrs: 2, entries: [{ index: 3 }] });
    expect(msrs.entries.get(0).index).toBe(3);
  });

  it.each<[values: unknown, error: Error]>([
    [
      { rip: 4096 },
      new TypeError('assign: struct kvm_regs.rip is 4096; it must be a bigint from 0 to 18446744073709551615'),
    ],
    [
      { rip: -1n },
      new RangeError('assign: struct kvm_regs.rip is -1n; it must be a bigint from 0 to 18446744073709551615'),
    ],
    [
      { rip: undefined },
      new TypeError('assign: struct kvm_regs.rip is undefined; it must be a bigint from 0 to 18446744073709551615'),
    ],
    [
      { rip: 2n ** 64n },
      new RangeError(
        'assign: struct kvm_regs.rip is 18446744073709551616n; it must be a bigint from 0 to 18446744073709551615',
      ),
    ],
    [null, new TypeError('assign: struct kvm_regs is null; it must be an object with members of struct kvm_regs')],
    [[1n], new TypeError('assign: struct kvm_regs is an array; it must be an object with members of struct kvm_regs')],
    [
      new Map([['rip', 1n]]),
      new TypeError('assign: struct kvm_regs is an object; it must be an object with members of struct kvm_regs'),
    ],
    [
      allocate(kvm.KvmSregs),
      new TypeError(
        'assign: struct kvm_regs is a little-endian struct kvm_sregs; it must be a little-endian struct kvm_regs',
      ),
    ],
  ])('refuses the registers %o', (values, error) => {
    const regs = allocate(kvm.KvmRegs);
    expect(() => untyped(regs, values)).toThrow(error);
    expect(equal(regs, allocate(kvm.KvmRegs))).toBe(true);
  });

  it.each(['eip', '$rip', '$$view', '$$offset', 'toJSON', 'constructor', 'toString', '__proto__', Symbol('rip')])(
    'refuses the key %s',
    (key) => {
      const values = Object.defineProperty({ rip: 1n }, key, { value: 1n, enumerable: true });
      const regs = allocate(kvm.KvmRegs);
      expect(() => untyped(regs, values)).toThrow(
        `assign: struct kvm_regs: unknown key '${String(key)}'; expected one of rax, rbx, rcx, rdx, rsi,`,
      );
      expect(regs.rip).toBe(0n);
    },
  );

  it('names the path to a value inside a struct or an array, and writes nothing if the last value is wrong', () => {
    const sregs = allocate(kvm.KvmSregs);
    const wrong: [values: object, message: string, error: ErrorConstructor][] = [
      [
        { cr0: 1n, cs: { base: 1n, dpl: 256 } },
        'struct kvm_sregs.cs.dpl is 256; it must be an integer from 0 to 255',
        RangeError,
      ],
      [
        { cr0: 1n, cs: { dpl: 1.5 } },
        'struct kvm_sregs.cs.dpl is 1.5; it must be an integer from 0 to 255',
        RangeError,
      ],
      [{ cr0: 1n, cs: { dpl: '1' } }, "struct kvm_sregs.cs.dpl is '1'; it must be an integer from 0 to 255", TypeError],
      [
        { cr0: 1n, cs: 5 },
        'struct kvm_sregs.cs is 5; it must be an object with members of struct kvm_segment',
        TypeError,
      ],
      [
        { cr0: 1n, cs: { db: 1, bas: 1n } },
        "struct kvm_sregs.cs: unknown key 'bas'; expected one of base, limit,",
        TypeError,
      ],
      [
        { cr0: 1n, gdt: { padding: [1, 65536] } },
        'struct kvm_sregs.gdt.padding[1] is 65536; it must be an integer from 0 to 65535',
        RangeError,
      ],
      [
        { cr0: 1n, gdt: { padding: 3 } },
        'struct kvm_sregs.gdt.padding is 3; it must be an array of at most 3 elements',
        TypeError,
      ],
      [
        { cr0: 1n, gdt: { padding: [1] }, interrupt_bitmap: [0] },
        'struct kvm_sregs.interrupt_bitmap[0] is 0; it must be a bigint from 0 to',
        TypeError,
      ],
    ];
    for (const [values, message, error] of wrong) {
      expect(() => untyped(sregs, values)).toThrow(`assign: ${message}`);
      expect(() => untyped(sregs, values)).toThrow(error);
    }
    expect(equal(sregs, allocate(kvm.KvmSregs))).toBe(true);
  });

  it('reads each value once, so that a getter cannot return another value after the check', () => {
    let reads = 0;
    const regs = assign(allocate(kvm.KvmRegs), {
      get rip(): bigint {
        return BigInt(reads++);
      },
    });
    expect([reads, regs.rip]).toEqual([1, 0n]);
  });

  it('refuses something that is not a view, and throws a TypeError when the buffer is detached', () => {
    expect(() => untyped({}, {})).toThrow(new TypeError('assign: an object is not a view'));
    const regs = allocate(kvm.KvmRegs);
    structuredClone(regs.$$view.buffer, { transfer: [regs.$$view.buffer as ArrayBuffer] });
    expect(() => assign(regs, { rip: 1n })).toThrow(TypeError);
  });

  it('refuses a struct of another byte order', () => {
    const from = allocate(s390x.KvmUserspaceMemoryRegion);
    expect(() => untyped(allocate(kvm.KvmUserspaceMemoryRegion), from)).toThrow(/is a big-endian struct/);
  });

  it('the types name the members and their values', () => {
    expectTypeOf<PartialOf<kvm.KvmRegs>>().toExtend<{ rip?: bigint } | kvm.KvmRegs>();
    expectTypeOf<{ rip: number }>().not.toExtend<PartialOf<kvm.KvmRegs>>();
    expectTypeOf<{ rip: bigint; $rip: number }>().not.toExtend<PartialOf<kvm.KvmRegs>>();
    expectTypeOf<{ cs: { dpl: number }; gdt: { padding: number[] } }>().toExtend<PartialOf<kvm.KvmSregs>>();
    expectTypeOf<{ cs: { dpl: bigint } }>().not.toExtend<PartialOf<kvm.KvmSregs>>();
    expectTypeOf<kvm.KvmSregs>().not.toExtend<PartialOf<kvm.KvmRegs>>();
  });
});

describe.each([
  ['x86_64', kvm],
  ['s390x', s390x],
])('with the bindings of %s', (_, bindings) => {
  const classes = Object.values(bindings).filter(
    (value): value is typeof value & ViewClass<ViewWithLayout> => typeof value === 'function' && '$size' in value,
  );

  it('assign writes all members that toObject reads, to every class', () => {
    for (const [seed, type] of classes.entries()) {
      const bytes = Uint8Array.from({ length: type.$size + 64 }, (_, at) => (at * 75 + seed * 74) % 251);
      const view = new type(new DataView(bytes.buffer));
      const { countedBy } = (type as { $flexible?: { countedBy: string | null } }).$flexible ?? {};
      if (countedBy) Object.assign(view, { [countedBy]: typeof Reflect.get(view, countedBy) === 'bigint' ? 1n : 1 });
      // The union of an ioctl can contain a struct whose count would be any number.
      if (hasTooManyElements(view)) bytes.fill(0);
      const copied = new type(new DataView(new ArrayBuffer(bytes.length)));
      untyped(copied, toObject(view));
      expect(toObject(copied), type.name).toEqual(toObject(view));
    }
    expect(classes.length).toBeGreaterThan(50);
  });
});

const header = `
enum color { RED = -1, GREEN };
struct s {
  _Bool flag;
  float f;
  double d;
  long double bytes;
  enum color color;
  signed char small;
  char text[8];
  char grid[2][3];
  void *pointer;
  int low : 3;
  unsigned long long wide : 60;
  struct { unsigned char at; } points[2];
  int first, many[];
};
`;

describe.each([x86_64, bigEndian])('with every kind of member, on $name', (target) => {
  let type: ViewClass<ViewWithLayout>;
  beforeAll(async () => {
    const model = modelOf({ 'x.h': header }, undefined, undefined, target);
    const files = emitFiles([model], { support: supportText });
    type = classCalled((await importBindings({ model, files })).exports, 'S') as typeof type;
  });
  const filled = (): View & Record<string, unknown> =>
    new type(new DataView(new ArrayBuffer(type.$size + 8))) as unknown as View & Record<string, unknown>;

  it('the properties read the values that assign wrote', () => {
    const values = {
      flag: true,
      f: 1.5,
      d: -2.5,
      bytes: [1, 2, 3],
      color: -1,
      small: -128,
      text: 'größe',
      grid: ['ab', [1, 2, 3]],
      pointer: 2n ** 64n - 1n,
      low: -4,
      wide: 2n ** 60n - 1n,
      points: [{}, { at: 255 }],
      first: -1,
      many: [7, 8],
    };
    const view = filled();
    untyped(view, values);
    expect(toObject(view)).toEqual({
      ...values,
      bytes: [1, 2, 3, ...Array<number>(16).fill(0)].slice(0, 16),
      text: [...new TextEncoder().encode('größe')]
        .map((byte) => (target === x86_64 ? (byte << 24) >> 24 : byte))
        .concat(0),
      grid: [
        [97, 98, 0],
        [1, 2, 3],
      ],
      points: [{ at: 0 }, { at: 255 }],
    });
  });

  it.each([
    ['flag', 1, 'TypeError'],
    ['f', 1e39, 'RangeError'],
    ['f', 1n, 'TypeError'],
    ['bytes', [256], 'RangeError'],
    ['color', 2 ** 31, 'RangeError'],
    ['small', 128, 'RangeError'],
    ['text', 'ninebytes', 'RangeError'],
    ['text', 'a\0b', 'RangeError'],
    ['grid', [[], [], []], 'RangeError'],
    ['grid', ['four'], 'RangeError'],
    ['pointer', 1, 'TypeError'],
    ['low', 4, 'RangeError'],
    ['low', -5, 'RangeError'],
    ['wide', 2n ** 60n, 'RangeError'],
    ['points', [{}, { at: -1 }], 'RangeError'],
    ['many', [1, 2, 3, 4], 'RangeError'],
  ])('the member %s refuses %o with a %s', (name, value, error) => {
    const view = filled();
    expect(() => untyped(view, { first: 1, [name]: value })).toThrow(
      expect.objectContaining({ name: error, message: expect.stringMatching(`^assign: struct s\\.${name}`) }),
    );
    expect(new Uint8Array(view.$$view.buffer).every((byte) => byte === 0)).toBe(true);
  });
});

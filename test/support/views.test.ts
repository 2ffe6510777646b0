import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvmPitChannelState, KvmRun } from '../../generated/x86_64/linux/kvm.js';
import {
  type ArrayView,
  allocate,
  BoolArray,
  bytesOf,
  copy,
  F32Array,
  F64Array,
  NestedArray,
  S8Array,
  S16Array,
  S32Array,
  S32Value,
  S64Array,
  S64Value,
  type TypeLayout,
  U8Array,
  U16Array,
  U32Array,
  U32Value,
  U64Array,
  U64Value,
  type View,
  ViewArray,
  type ViewWithLayout,
} from '../../support/index.js';
import { elementsWithin, getBits, setBits, setNumber64 } from '../../support/little-endian.js';

/** A class like an emitted class. */
abstract class Placed implements View {
  readonly $$view: DataView;
  readonly $$offset: number;
  constructor(view: DataView, offset: number, size: number) {
    view.getUint8(offset + size - 1);
    this.$$view = view;
    this.$$offset = offset;
  }
}

class Pair extends Placed {
  static readonly $size = 8;
  static readonly $align = 4;
  static readonly $layout: TypeLayout = { name: 'struct pair', size: 8, align: 4, byteOrder: 'little', members: {} };
  constructor(view: DataView, offset = 0) {
    super(view, offset, 8);
  }
  get left(): number {
    return this.$$view.getInt32(this.$$offset, true);
  }
  set left(value: number) {
    this.$$view.setInt32(this.$$offset, value, true);
  }
  get right(): number {
    return this.$$view.getInt32(this.$$offset + 4, true);
  }
}

/** A count before two bytes at offset 6. The elements use the last two of the eight bytes. */
class List extends Placed {
  static readonly $size: number = 8;
  static readonly $align = 4;
  static readonly $layout: TypeLayout = { name: 'struct list', size: 8, align: 4, byteOrder: 'little', members: {} };
  static readonly $flexible = { member: 'items', offset: 6, elementSize: 2, countedBy: 'count' } as const;
  constructor(view: DataView, offset = 0) {
    super(view, offset, 8);
  }
  get count(): number {
    return this.$$view.getUint8(this.$$offset);
  }
  set count(value: number) {
    this.$$view.setUint8(this.$$offset, value);
  }
  get items(): U16Array {
    return new U16Array(this.$$view, this.$$offset + 6, this.count);
  }
}

class WideList extends Placed {
  static readonly $size = 8;
  static readonly $align = 8;
  static readonly $layout: TypeLayout = {
    name: 'struct wide_list',
    size: 8,
    align: 8,
    byteOrder: 'little',
    members: {},
  };
  static readonly $flexible = { member: 'pairs', offset: 8, elementSize: 8, countedBy: 'n' } as const;
  constructor(view: DataView, offset = 0) {
    super(view, offset, 8);
  }
  get n(): bigint {
    return this.$$view.getBigUint64(this.$$offset, true);
  }
  set n(value: bigint) {
    this.$$view.setBigUint64(this.$$offset, value, true);
  }
  get pairs(): ViewArray<Pair> {
    return new ViewArray(Pair, this.$$view, this.$$offset + 8, Number(this.n));
  }
}

class Uncounted extends Placed {
  static readonly $size = 4;
  static readonly $align = 4;
  static readonly $layout: TypeLayout = {
    name: 'struct uncounted',
    size: 4,
    align: 4,
    byteOrder: 'little',
    members: {},
  };
  static readonly $flexible = { member: 'words', offset: 4, elementSize: 4, countedBy: null } as const;
  constructor(view: DataView, offset = 0) {
    super(view, offset, 4);
  }
  get words(): U32Array {
    return new U32Array(this.$$view, this.$$offset + 4, elementsWithin(this.$$view, this.$$offset + 4, 4));
  }
}

function memory(size: number, fill = 0): DataView<ArrayBuffer> {
  return new DataView(new Uint8Array(size).fill(fill).buffer);
}

function bytes(view: DataView): number[] {
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
}

describe('a view', () => {
  it('a view can start at every offset at which all its bytes are inside', () => {
    for (const offset of [0, 1, 8]) expect(new Pair(memory(16), offset).$$offset).toBe(offset);
  });

  it.each([9, 16, 17, Number.POSITIVE_INFINITY, 2 ** 53])(
    'a view is refused at offset %d of too little memory',
    (offset) => {
      expect(() => new Pair(memory(16), offset)).toThrow(RangeError);
      expect(() => new KvmRun(memory(KvmRun.$size + 8), offset)).toThrow(RangeError);
    },
  );

  it('a view never accesses bytes before the memory', () => {
    expect(() => new KvmRun(memory(KvmRun.$size), -1).request_interrupt_window).toThrow(RangeError);
  });

  it('a view shares the memory and does not copy it', () => {
    const view = memory(16);
    const [one, other] = [new Pair(view, 4), new Pair(view, 4)];
    one.left = -2;
    expect(other.left).toBe(-2);
    expect(view.getInt32(4, true)).toBe(-2);
  });
});

describe('allocate', () => {
  it('allocate makes a view over new, zeroed memory', () => {
    const [one, other] = [allocate(Pair), allocate(Pair)];
    expect(bytes(one.$$view)).toEqual(new Array(8).fill(0));
    one.left = 5;
    expect(other.left).toBe(0);
  });

  it.each([0, 1, 2, 3, 255])('allocate makes space for %d elements and sets the counting member', (count) => {
    const list = allocate(List, count);
    expect(list.count).toBe(count);
    expect(list.items.length).toBe(count);
    expect(list.$$view.byteLength).toBe(Math.max(8, 6 + 2 * count));
  });

  it.each([0, 1, 7])('allocate sets a 64-bit counting member to %d elements', (count) => {
    const list = allocate(WideList, count);
    expect(list.n).toBe(BigInt(count));
    expect([...list.pairs]).toHaveLength(count);
    expect(list.$$view.byteLength).toBe(8 + 8 * count);
  });

  it('allocate makes space if no member counts the elements', () => {
    expect(allocate(Uncounted, 3).words.length).toBe(3);
    expect(allocate(Uncounted, 0).words.length).toBe(0);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('allocate refuses %d elements', (count) => {
    expect(() => allocate(List, count)).toThrow(RangeError);
  });

  it('allocate refuses more elements than the counting member can hold', () => {
    expect(() => allocate(List, 256)).toThrow(RangeError);
  });
});

describe('bytesOf', () => {
  it('bytesOf returns the shared bytes of the type at every offset', () => {
    const buffer = Uint8Array.from({ length: 32 }, (_, index) => index).buffer;
    const shared = bytesOf(new Pair(new DataView(buffer, 4), 8));
    expect([...shared]).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
    shared[0] = 99;
    expect(new Uint8Array(buffer)[12]).toBe(99);
  });

  it('bytesOf leaves out the elements of a flexible array', () => {
    expect(bytesOf(allocate(WideList, 3)).length).toBe(8);
  });
});

describe('copy', () => {
  it('copy copies every byte of the type and no other byte', () => {
    const [to, from] = [memory(16, 0xa5), memory(16, 0x11)];
    copy(new Pair(to, 4), new Pair(from));
    expect(bytes(to)).toEqual([...new Array(4).fill(0xa5), ...new Array(8).fill(0x11), ...new Array(4).fill(0xa5)]);
  });

  it('copy copies between overlapping views', () => {
    const view = new DataView(Uint8Array.from({ length: 12 }, (_, index) => index).buffer);
    copy(new Pair(view, 4), new Pair(view));
    expect(bytes(view)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

const most = Number.MAX_SAFE_INTEGER;

function word(value: bigint): DataView {
  const view = memory(8);
  view.setBigInt64(0, BigInt.asIntN(64, value), true);
  return view;
}

describe('64-bit integers as numbers', () => {
  const channel = (value: bigint): KvmPitChannelState => {
    const state = allocate(KvmPitChannelState);
    state.count_load_time = value;
    return state;
  };
  const run = (value: bigint): KvmRun => {
    const kvmRun = allocate(KvmRun);
    kvmRun.cr8 = value;
    return kvmRun;
  };

  it.each([0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, BigInt(most) - 1n, BigInt(most)])(
    'the number form holds %d unsigned',
    (value) => {
      expect(new U64Array(word(value), 0, 1).getNumber(0)).toBe(Number(value));
      expect(run(value).$cr8).toBe(Number(value));
    },
  );

  it('the number form works at offsets of 2 GiB and more', () => {
    const view = new DataView(new ArrayBuffer(2 ** 31 + 2 * KvmRun.$size));
    for (const offset of [2 ** 31 - 20, 2 ** 31, 2 ** 31 + 8]) {
      const far = new KvmRun(view, offset);
      far.cr8 = BigInt(most);
      expect(far.$cr8).toBe(most);
    }
  });

  it.each([2n ** 53n, 2n ** 53n + 1n, 2n ** 54n, 2n ** 63n, 2n ** 64n - 1n])(
    'the number form refuses %d unsigned',
    (value) => {
      const text = `${value} is not a safe integer; use the bigint accessor`;
      expect(() => new U64Array(word(value), 0, 1).getNumber(0)).toThrow(new RangeError(text));
      expect(() => run(value).$cr8).toThrow(RangeError);
    },
  );

  it.each([0n, 1n, -1n, -0x1_0000_0000n, -0x1_0000_0001n, BigInt(most), -BigInt(most)])(
    'the number form holds %d signed',
    (value) => {
      expect(new S64Array(word(value), 0, 1).getNumber(0)).toBe(Number(value));
      expect(channel(value).$count_load_time).toBe(Number(value));
    },
  );

  it.each([2n ** 53n, 2n ** 54n, -(2n ** 53n) - 1n, -(2n ** 54n), 2n ** 63n - 1n, -(2n ** 63n)])(
    'the number form refuses %d signed',
    (value) => {
      const text = `${value} is not a safe integer; use the bigint accessor`;
      expect(() => new S64Array(word(value), 0, 1).getNumber(0)).toThrow(new RangeError(text));
      expect(() => channel(value).$count_load_time).toThrow(RangeError);
    },
  );

  it('the number form writes the same bytes as the bigint', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.boolean(), (value, signed) => {
        fc.pre(signed || value >= 0);
        const [number, bigint] = [memory(24, 0xa5), memory(24, 0xa5)];
        setNumber64(number, 8, value, signed);
        bigint.setBigInt64(8, BigInt(value), true);
        expect(bytes(number)).toEqual(bytes(bigint));
      }),
      {
        examples: [
          [most, false],
          [most, true],
          [-most, true],
          [-1, true],
          [0, false],
          [2 ** 32, false],
          [-(2 ** 32), true],
        ],
      },
    );
  });

  it.each([
    [-1, false],
    [-most, false],
    [2 ** 53, false],
    [2 ** 53, true],
    [-(2 ** 53), true],
    [0.5, true],
    [Number.NaN, true],
    [Number.POSITIVE_INFINITY, false],
  ])('the number form refuses to write %d, signed %s, and writes nothing', (value, signed) => {
    const view = memory(8, 0xa5);
    expect(() => setNumber64(view, 0, value, signed)).toThrow(RangeError);
    expect(bytes(view)).toEqual(new Array(8).fill(0xa5));
  });
});

/** Returns the memory as one number. Its first byte is the least significant byte. */
function whole(view: DataView): bigint {
  return bytes(view).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

const place = fc.record({
  content: fc.uint8Array({ minLength: 24, maxLength: 24 }),
  offset: fc.integer({ min: 0, max: 7 }),
  bit: fc.integer({ min: 0, max: 63 }),
  width: fc.integer({ min: 1, max: 64 }),
});

describe('bits', () => {
  it('bits are read from the memory as one number', () => {
    fc.assert(
      fc.property(place, ({ content, offset, bit, width }) => {
        const view = new DataView(Uint8Array.from(content).buffer);
        const expected = (whole(view) / 2n ** BigInt(offset * 8 + bit)) % 2n ** BigInt(width);
        expect(getBits(view, offset, bit, width)).toBe(expected);
      }),
    );
  });

  it('bits are written modulo their width, and other bits do not change', () => {
    fc.assert(
      fc.property(place, fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), ({ content, offset, bit, width }, value) => {
        const view = new DataView(Uint8Array.from(content).buffer);
        const [step, range] = [2n ** BigInt(offset * 8 + bit), 2n ** BigInt(width)];
        const before = whole(view);
        const modulo = ((value % range) + range) % range;
        setBits(view, offset, bit, width, value);
        expect(whole(view)).toBe(before - ((before / step) % range) * step + modulo * step);
        expect(getBits(view, offset, bit, width)).toBe(modulo);
      }),
    );
  });

  it('bits after the last byte of the field do not change', () => {
    const view = memory(2);
    setBits(view, 0, 3, 13, -1n);
    expect(bytes(view)).toEqual([0xf8, 0xff]);
    expect(getBits(view, 0, 3, 13)).toBe(0x1fffn);
    expect(() => getBits(view, 0, 4, 13)).toThrow(RangeError);
  });
});

interface Kind {
  readonly make: new (view: DataView, offset: number, length: number) => ArrayView<unknown>;
  readonly size: number;
  /** The values are written in this order and read back. */
  readonly values: readonly unknown[];
  /** A value out of range, and its converted value. */
  readonly out: readonly [written: unknown, read: unknown];
}

const kinds: readonly Kind[] = [
  { make: U8Array, size: 1, values: [0, 1, 0xff], out: [0x101, 1] },
  { make: S8Array, size: 1, values: [-0x80, -1, 0x7f], out: [0x80, -0x80] },
  { make: BoolArray, size: 1, values: [true, false, true], out: [2, true] },
  { make: U16Array, size: 2, values: [0, 0x1234, 0xffff], out: [-1, 0xffff] },
  { make: S16Array, size: 2, values: [-0x8000, -2, 0x7fff], out: [0x8000, -0x8000] },
  { make: U32Array, size: 4, values: [0, 0x12345678, 0xffffffff], out: [-1, 0xffffffff] },
  { make: S32Array, size: 4, values: [-0x80000000, -2, 0x7fffffff], out: [0x80000000, -0x80000000] },
  { make: F32Array, size: 4, values: [-1.5, 0.25, Number.POSITIVE_INFINITY], out: [0.1, Math.fround(0.1)] },
  { make: F64Array, size: 8, values: [-1.5, 0.1, Number.MIN_VALUE], out: [Number.NaN, Number.NaN] },
  { make: U64Array, size: 8, values: [0n, 0x123456789abcdef0n, 2n ** 64n - 1n], out: [-1n, 2n ** 64n - 1n] },
  { make: S64Array, size: 8, values: [-(2n ** 63n), -2n, 2n ** 63n - 1n], out: [2n ** 63n, -(2n ** 63n)] },
];

describe.each(kinds)('$make.name', ({ make, size, values, out }) => {
  const array = (fill = 0): ArrayView<unknown> => new make(memory(8 + 3 * size + 8, fill), 8, 3);

  it('the array reads the values that it wrote, in C memory order', () => {
    const elements = array(0xa5);
    elements.assign(values);
    expect([...elements]).toEqual(values);
    for (const [index, value] of values.entries()) expect(elements.get(index)).toBe(value);
    expect([...new Uint8Array(elements.view.buffer, 0, 8)]).toEqual(new Array(8).fill(0xa5));
    expect([...new Uint8Array(elements.view.buffer, 8 + 3 * size)]).toEqual(new Array(8).fill(0xa5));
  });

  it('the array converts a value out of range as C does', () => {
    const elements = array();
    elements.set(1, out[0]);
    expect(elements.get(1)).toEqual(out[1]);
    expect(new Uint8Array(elements.view.buffer, 8, size).some((byte) => byte !== 0)).toBe(false);
  });

  it.each([-1, 3, 4, 0.5, Number.NaN, 2 ** 32, 2 ** 32 + 1])('the array has no element %d', (index) => {
    const elements = array();
    const error = new RangeError(`index ${index} is out of range; the array has 3 elements`);
    expect(() => elements.get(index)).toThrow(error);
    expect(() => elements.set(index, values[0])).toThrow(error);
    expect(elements.bytes().every((byte) => byte === 0)).toBe(true);
  });

  it('the array refuses more values than elements, and accepts fewer', () => {
    const elements = array();
    expect(() => elements.assign([...values, values[0]])).toThrow(RangeError);
    expect([...elements]).toEqual(values);
    elements.assign([values[2]]);
    expect([...elements]).toEqual([values[2], values[1], values[2]]);
  });

  it('the array shares its bytes', () => {
    const elements = array();
    expect(elements.bytes().length).toBe(3 * size);
    elements.bytes().fill(0xff);
    expect(elements.get(2)).toEqual(new make(memory(size, 0xff), 0, 1).get(0));
  });

  it('the array must be inside the memory, and can be empty', () => {
    const view = memory(3 * size);
    for (const [offset, length] of [
      [0, 4],
      [1, 3],
      [-1, 1],
      [0, -1],
      [Number.NaN, 1],
      [3 * size + 1, 0],
    ] as const) {
      expect(() => new make(view, offset, length)).toThrow(RangeError);
    }
    expect([...new make(view, 3 * size, 0)]).toEqual([]);
  });
});

describe.each([
  { make: U64Array, least: 0n, outside: 2n ** 53n },
  { make: S64Array, least: -BigInt(most), outside: -(2n ** 53n) },
])('$make.name by number', ({ make, least, outside }) => {
  it('the number form reads and writes up to 2^53 - 1, and refuses more', () => {
    const elements = new make(memory(24), 0, 3);
    for (const value of [least, 1n, BigInt(most)]) {
      elements.set(1, value);
      expect(elements.getNumber(1)).toBe(Number(value));
      elements.set(1, 0n);
      elements.setNumber(1, Number(value));
      expect(elements.get(1)).toBe(value);
    }
    elements.set(1, outside);
    expect(() => elements.getNumber(1)).toThrow(RangeError);
    expect(() => elements.setNumber(1, 2 ** 53)).toThrow(RangeError);
    expect(() => elements.setNumber(1, Number(outside))).toThrow(RangeError);
    expect(() => elements.getNumber(3)).toThrow(RangeError);
    expect(() => elements.setNumber(-1, 0)).toThrow(RangeError);
    expect([...elements]).toEqual([0n, outside, 0n]);
  });
});

describe('an array of structs', () => {
  it('the elements are views, and a write to an element writes to the array', () => {
    const pairs = new ViewArray(Pair, memory(32), 8, 3);
    (pairs.get(1) as Pair).left = 7;
    expect(pairs.view.getInt32(16, true)).toBe(7);
    expect([...pairs].map(({ left }) => left)).toEqual([0, 7, 0]);
    expect(pairs.stride).toBe(8);
  });

  it('set copies a struct and no other byte', () => {
    const pairs = new ViewArray(Pair, memory(32, 0xa5), 8, 2);
    pairs.set(0, new Pair(memory(8, 0x11)));
    expect(bytes(pairs.view)).toEqual([
      ...new Array(8).fill(0xa5),
      ...new Array(8).fill(0x11),
      ...new Array(16).fill(0xa5),
    ]);
  });

  it('the array refuses an index out of range, and more values than elements', () => {
    const pairs = new ViewArray(Pair, memory(16), 0, 2);
    expect(() => pairs.get(2)).toThrow(RangeError);
    expect(() => pairs.set(-1, allocate(Pair))).toThrow(RangeError);
    expect(() => pairs.assign([allocate(Pair), allocate(Pair), allocate(Pair)])).toThrow(RangeError);
  });
});

describe('an array of arrays', () => {
  const grid = (fill = 0): NestedArray<U16Array> =>
    new NestedArray(memory(16, fill), 2, 2, 6, (view, offset) => new U16Array(view, offset, 3));

  it('the rows are one after the other', () => {
    const rows = grid();
    rows.get(1).set(2, 0x1234);
    expect(rows.view.getUint16(2 + 6 + 4, true)).toBe(0x1234);
    expect([...rows].map((row) => [...row])).toEqual([
      [0, 0, 0],
      [0, 0, 0x1234],
    ]);
    expect(rows.bytes().length).toBe(12);
  });

  it('set copies a row', () => {
    const rows = grid(0xa5);
    const row = new U16Array(memory(6), 0, 3);
    row.assign([1, 2, 3]);
    rows.set(1, row);
    expect([...rows].map((each) => [...each])).toEqual([
      [0xa5a5, 0xa5a5, 0xa5a5],
      [1, 2, 3],
    ]);
    expect(rows.view.getUint16(14, true)).toBe(0xa5a5);
    expect(() => rows.set(0, new U16Array(memory(8), 0, 4))).toThrow(RangeError);
  });

  it('the array refuses an index out of range in both dimensions', () => {
    expect(() => grid().get(2)).toThrow(RangeError);
    expect(() => grid().get(1).get(3)).toThrow(RangeError);
    expect(() => grid().set(2, grid().get(0))).toThrow(RangeError);
  });
});

describe('elementsWithin', () => {
  it.each([
    [0, 4, 4],
    [2, 4, 3],
    [16, 4, 0],
    [17, 4, 0],
    [0, 32, 0],
    [0, 0, 0],
  ])('elementsWithin of 16 bytes, after %d, with elements of %d, is %d', (offset, size, count) => {
    expect(elementsWithin(memory(16), offset, size)).toBe(count);
  });
});

describe.each([
  { type: S32Value, value: -0x80000000, size: 4, name: 'int', is: 's32' },
  { type: U32Value, value: 0xffffffff, size: 4, name: 'unsigned int', is: 'u32' },
  { type: S64Value, value: -(2n ** 63n), size: 8, name: 'long long', is: 's64' },
  { type: U64Value, value: 2n ** 64n - 1n, size: 8, name: 'unsigned long long', is: 'u64' },
])('$type.name', ({ type, value, size, name, is }) => {
  it('the view reads and writes one integer', () => {
    const view = memory(24, 0xa5);
    const one = new type(view, 8) as ViewWithLayout & { value: number | bigint };
    one.value = value;
    expect(one.value).toBe(value);
    expect(bytes(view).filter((byte) => byte === 0xa5).length).toBe(24 - size);
    const { $size, $align, $layout } = type;
    expect([$size, $align]).toEqual([size, size]);
    const members = { value: { offset: 0, size, type: name, is } };
    expect($layout).toEqual({ name, size, align: size, byteOrder: 'little', members });
    expect(one.$$layout).toBe($layout);
    expect(() => new type(view, 25 - size)).toThrow(RangeError);
  });
});

describe('a detached buffer', () => {
  it('every access throws a TypeError after the buffer is detached', () => {
    const view = memory(64);
    const [pair, list, word] = [new Pair(view), new WideList(view), new U64Value(view)];
    list.n = 2n;
    const { pairs } = list;
    const arrays = kinds.map(({ make }) => new make(view, 8, 2));
    const nested = new NestedArray(view, 0, 2, 2, (inner, offset) => new U8Array(inner, offset, 2));
    const accesses: (() => unknown)[] = [
      () => pair.left,
      () => {
        pair.left = 1;
      },
      () => word.value,
      () => list.pairs,
      () => pairs.get(0),
      () => nested.get(0),
      () => bytesOf(pair),
      () => copy(pair, allocate(Pair)),
      () => new Pair(view),
      () => elementsWithin(view, 0, 1),
      () => getBits(view, 0, 0, 8),
      () => setBits(view, 0, 0, 8, 1n),
      () => setNumber64(view, 0, 1, false),
      ...arrays.flatMap((array, index) => [
        () => array.get(0),
        () => array.set(0, kinds[index]?.values[0]),
        () => [...array],
        () => array.bytes(),
      ]),
    ];
    for (const access of accesses) expect(access).not.toThrow();
    structuredClone(view.buffer, { transfer: [view.buffer] });
    for (const access of accesses) expect(access).toThrow(TypeError);
  });
});

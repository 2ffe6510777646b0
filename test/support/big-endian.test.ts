import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvmRun, KvmS390IoAdapterReq } from '../../generated/s390x/linux/kvm.js';
import { filesFor } from '../../generator/cli/generate.js';
import { arm64 } from '../../generator/targets/arm64.js';
import { ppc64 } from '../../generator/targets/ppc64.js';
import { s390x } from '../../generator/targets/s390x.js';
import type { Target } from '../../generator/targets/target.js';
import { x86_64 } from '../../generator/targets/x86_64.js';
import * as big from '../../support/big-endian.js';
import * as little from '../../support/index.js';
import { classCalled, importBindings } from '../../tools/lib/imported-bindings.js';
import { shapesModel } from '../helpers/committed-models.js';

function memory(size: number, fill = 0): DataView<ArrayBuffer> {
  return new DataView(new Uint8Array(size).fill(fill).buffer);
}

function bytes(view: DataView): number[] {
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
}

/** Returns the same bytes with the bytes of every element in reverse order. */
function swapped(all: readonly number[], size: number): number[] {
  return Array.from({ length: all.length / size }, (_, at) => all.slice(at * size, (at + 1) * size).reverse()).flat();
}

const arrays = [
  [big.U16Array, little.U16Array, 2, [0, 0x1234, 0xffff]],
  [big.S16Array, little.S16Array, 2, [-0x8000, -2, 0x1234]],
  [big.U32Array, little.U32Array, 4, [1, 0x12345678, 0xffffffff]],
  [big.S32Array, little.S32Array, 4, [-0x80000000, -2, 0x12345678]],
  [big.F32Array, little.F32Array, 4, [-1.5, 0.25, Number.POSITIVE_INFINITY]],
  [big.F64Array, little.F64Array, 8, [-1.5, 0.1, Number.MIN_VALUE]],
  [big.U64Array, little.U64Array, 8, [1n, 0x123456789abcdef0n, 2n ** 64n - 1n]],
  [big.S64Array, little.S64Array, 8, [-(2n ** 63n), -2n, 0x123456789abcdef0n]],
] as const;

describe.each(arrays)('a big-endian %o', (bigType, littleType, size, values) => {
  type Any = little.ArrayView<unknown>;
  type ArrayType = new (view: DataView, offset: number, length: number) => Any;
  const make = (type: ArrayType): Any => new type(memory(3 * size), 0, 3);

  it('the array stores every element in reverse byte order, and reads it back', () => {
    const [one, other] = [make(bigType), make(littleType)];
    one.assign(values);
    other.assign(values);
    expect([...one.bytes()]).toEqual(swapped([...other.bytes()], size));
    expect([...one]).toEqual(values);
    expect([...one.bytes()]).not.toEqual([...other.bytes()]);
  });

  it('the array refuses what a little-endian array refuses, and is an instance of its class', () => {
    expect(() => make(bigType).get(3)).toThrow(new RangeError('index 3 is out of range; the array has 3 elements'));
    expect(() => make(bigType).set(-1, values[0])).toThrow(RangeError);
    expect(make(bigType)).toBeInstanceOf(littleType);
  });
});

describe('the number form of big-endian 64-bit integers', () => {
  const most = Number.MAX_SAFE_INTEGER;

  it('the number form writes the same bytes as the bigint', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.boolean(), (value, signed) => {
        fc.pre(signed || value >= 0);
        const [number, bigint] = [memory(24, 0xa5), memory(24, 0xa5)];
        big.setNumber64(number, 8, value, signed);
        bigint.setBigInt64(8, BigInt(value), false);
        expect(bytes(number)).toEqual(bytes(bigint));
        const [array, signedArray] = [new big.U64Array(number, 8, 1), new big.S64Array(number, 8, 1)];
        expect((signed ? signedArray : array).getNumber(0)).toBe(value);
        (signed ? signedArray : array).setNumber(0, 0);
        expect(array.get(0)).toBe(0n);
      }),
      {
        examples: [
          [most, false],
          [-most, true],
          [-1, true],
          [2 ** 32, false],
          [-(2 ** 32), true],
        ],
      },
    );
  });

  it.each([
    [-1, false],
    [2 ** 53, true],
    [0.5, true],
    [Number.NaN, false],
  ])('the number form refuses to write %d, signed %s', (value, signed) => {
    const view = memory(8, 0xa5);
    expect(() => big.setNumber64(view, 0, value, signed)).toThrow(RangeError);
    expect(bytes(view)).toEqual(new Array(8).fill(0xa5));
  });

  it.each([0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, BigInt(most)])('the number form of a member holds %d', (value) => {
    const run = little.allocate(KvmRun);
    run.psw_addr = value;
    expect(run.$$view.getBigUint64(40, false)).toBe(value);
    expect(run.$psw_addr).toBe(Number(value));
    run.psw_addr = 0n;
    run.$psw_addr = Number(value);
    expect(run.psw_addr).toBe(value);
  });

  it.each([2n ** 53n, 2n ** 63n, 2n ** 64n - 1n])('the number form of a member refuses %d', (value) => {
    const run = little.allocate(KvmRun);
    run.psw_addr = value;
    expect(() => run.$psw_addr).toThrow(RangeError);
  });
});

describe('big-endian bits', () => {
  const place = fc.record({
    content: fc.uint8Array({ minLength: 24, maxLength: 24 }),
    offset: fc.integer({ min: 0, max: 7 }),
    bit: fc.integer({ min: 0, max: 63 }),
    width: fc.integer({ min: 1, max: 64 }),
  });
  /** Returns the memory as one number. Its first byte is the most significant byte. */
  const whole = (view: DataView): bigint => bytes(view).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

  it('bits are read from the memory as one number', () => {
    fc.assert(
      fc.property(place, ({ content, offset, bit, width }) => {
        const view = new DataView(Uint8Array.from(content).buffer);
        const after = BigInt(24 * 8 - offset * 8 - bit - width);
        expect(big.getBits(view, offset, bit, width)).toBe((whole(view) / 2n ** after) % 2n ** BigInt(width));
      }),
    );
  });

  it('bits are written modulo their width, and other bits do not change', () => {
    fc.assert(
      fc.property(place, fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), ({ content, offset, bit, width }, value) => {
        const view = new DataView(Uint8Array.from(content).buffer);
        const [step, range] = [2n ** BigInt(24 * 8 - offset * 8 - bit - width), 2n ** BigInt(width)];
        const before = whole(view);
        const modulo = ((value % range) + range) % range;
        big.setBits(view, offset, bit, width, value);
        expect(whole(view)).toBe(before - ((before / step) % range) * step + modulo * step);
      }),
    );
  });
});

it.each([big.S32Value, big.U32Value, big.S64Value, big.U64Value])('a big-endian $name is in that order', (type) => {
  const value = little.allocate(type as little.ViewClass<little.View & { value: number | bigint }>);
  const wide = type.$size === 8;
  value.value = wide ? 0x0102030405060708n : 0x01020304;
  expect(bytes(value.$$view)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].slice(0, wide ? 8 : 4));
  expect(value.value).toBe(wide ? 0x0102030405060708n : 0x01020304);
});

it('a module of a big-endian target uses big-endian scalars', () => {
  const request = little.allocate(KvmS390IoAdapterReq);
  request.id = 0x01020304;
  expect(bytes(request.$$view).slice(0, 4)).toEqual([1, 2, 3, 4]);
});

describe('members with a byte order of their own', () => {
  const record = 'ShapeOrders';
  /** Every byte of every value is different. */
  const values = {
    odd: 0x01,
    ...{ be16: 0x0203, be32: 0x04050607, be64: 0x08090a0b0c0d0e0fn, le16: 0x1011, le32: 0x12131415 },
    ...{ le64: 0x161718191a1b1c1dn, halves: [0x2021, 0x2223, 0x2425], little: [0x3031323334353637n, 0x38n] },
    words: [0x41424344, 0x45464748],
  };
  const written = async (target: Target): Promise<{ memory: number[]; view: Record<string, unknown> }> => {
    const model = shapesModel(target);
    const { exports } = await importBindings({ model, files: filesFor([model]) });
    const view = little.allocate(classCalled(exports, record) as little.ViewClass<little.View>);
    Object.assign(view, values);
    const { wide } = view as unknown as { wide: little.NestedArray<little.U64Array> };
    for (const row of [0, 1]) wide.get(row).assign([0x5051525354555657n, 0x58n]);
    return { memory: bytes(view.$$view), view: view as unknown as Record<string, unknown> };
  };

  // The round trip of shapes.h compares the members on x86_64 with C.
  it.each([s390x, arm64, ppc64])('the members have the same bytes for $name as for x86_64', async (target) => {
    const { memory, view } = await written(target);
    expect(memory).toEqual((await written(x86_64)).memory);
    expect(new Set(memory).size).toBeGreaterThan(60);
    expect(memory.slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const { odd, be16, be64, le64, halves, words } = view;
    expect([odd, be16, be64, le64]).toEqual([values.odd, values.be16, values.be64, values.le64]);
    expect([...(halves as Iterable<number>), ...(words as Iterable<number>)]).toEqual([
      ...values.halves,
      ...values.words,
    ]);
    for (const name of ['be64', 'le64']) {
      view[`$${name}`] = 0x1_2345_6789_abcd;
      expect([view[name], view[`$${name}`]]).toEqual([0x1_2345_6789_abcdn, 0x1_2345_6789_abcd]);
    }
  });
});

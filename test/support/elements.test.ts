/** The iterators of arrays in C memory. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import * as bigEndian from '../../support/big-endian.js';
import * as littleEndian from '../../support/little-endian.js';

/** The classes by name. */
const [little, big] = [{ ...littleEndian }, { ...bigEndian }];

/** The same four bytes in each group, so that a wrong byte order or a wrong sign shows. */
const bytes = [0x81, 0x02, 0x03, 0x84];

function memory(): DataView {
  return new DataView(Uint8Array.from({ length: 32 }, (_, index) => bytes[index % 4] as number).buffer);
}

const cases = [
  ['U8Array', 0x81, 0x81],
  ['S8Array', -0x7f, -0x7f],
  ['CharArray', -0x7f, -0x7f],
  ['UnsignedCharArray', 0x81, 0x81],
  ['BoolArray', true, true],
  ['U16Array', 0x0281, 0x8102],
  ['S16Array', 0x0281, -0x7efe],
  ['U32Array', 0x84030281, 0x81020384],
  ['S32Array', -0x7bfcfd7f, -0x7efdfc7c],
  ['U64Array', 0x8403028184030281n, 0x8102038481020384n],
  ['S64Array', -0x7bfcfd7e7bfcfd7fn, -0x7efdfc7b7efdfc7cn],
] as const;

describe('an iterator of an array', () => {
  it.each(cases)('%s gives its elements in the byte order of the memory', (name, first, firstBigEndian) => {
    expect([...new little[name](memory(), 0, 3)][0]).toBe(first);
    expect([...new big[name](memory(), 0, 3)][0]).toBe(firstBigEndian);
    expect([...new little[name](memory(), 0, 3)]).toHaveLength(3);
  });

  it('gives floats as DataView reads them', () => {
    const view = memory();
    view.setFloat32(4, 1.5, true);
    view.setFloat64(8, -0.25, true);
    expect([...new little.F32Array(view, 0, 2)][1]).toBe(1.5);
    expect([...new little.F64Array(view, 0, 2)][1]).toBe(-0.25);
  });

  it('gives the views of structs and of rows', () => {
    const entries = [...new little.ViewArray(kvm.KvmMsrEntry, memory(), 0, 2)];
    expect(entries.map(({ $$offset, index }) => [$$offset, index])).toEqual([
      [0, 0x84030281],
      [16, 0x84030281],
    ]);
    const rows = new little.NestedArray(
      memory(),
      0,
      2,
      2,
      (view: DataView, offset: number) => new little.U8Array(view, offset, 2),
    );
    expect(Array.from(rows, (row) => [...row])).toEqual([
      [0x81, 2],
      [3, 0x84],
    ]);
  });

  it('reads an element when it is requested', () => {
    const array = new little.U8Array(memory(), 0, 2);
    const iterator = array[Symbol.iterator]();
    expect(iterator.next()).toEqual({ done: false, value: 0x81 });
    array.set(1, 7);
    expect(iterator.next()).toEqual({ done: false, value: 7 });
  });

  it('stays at its end, and a rest of it can be iterated', () => {
    const iterator = new little.U8Array(memory(), 0, 3)[Symbol.iterator]();
    iterator.next();
    expect([...iterator]).toEqual([2, 3]);
    expect(iterator.next()).toEqual({ done: true, value: undefined });
    expect(iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('has no elements if the array has none', () => {
    expect([...new little.U32Array(memory(), 32, 0)]).toEqual([]);
  });

  it('throws a TypeError when the buffer is detached', () => {
    const view = memory();
    const elements = new little.U32Array(view, 0, 2);
    structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
    expect(() => [...elements]).toThrow(TypeError);
  });
});

/** Views in JSON, and views that are cloned or posted. */

import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { allocate, assign, F64Array, toObject, U32Value, U64Value, type View } from '../../support/index.js';

describe('JSON.stringify', () => {
  it('gives the members of a view under their C names, with bigints as decimal strings', () => {
    const table = assign(allocate(kvm.KvmDtable), { base: 2n ** 64n - 1n, limit: 7, padding: [1, 2, 3] });
    expect(JSON.stringify(table)).toBe('{"base":"18446744073709551615","limit":7,"padding":[1,2,3]}');
    expect(JSON.stringify({ table: [table] })).toBe(`{"table":[${JSON.stringify(table)}]}`);
  });

  it('gives structs inside a struct, and the elements of arrays', () => {
    const sregs = assign(allocate(kvm.KvmSregs), { cs: { selector: 8 }, interrupt_bitmap: [1n, 2n] });
    const parsed = JSON.parse(JSON.stringify(sregs)) as Record<string, unknown>;
    expect(Object.keys(parsed)).toEqual(Object.keys(kvm.KvmSregs.$layout.members));
    expect(parsed).toMatchObject({ cs: { selector: 8, base: '0' }, interrupt_bitmap: ['1', '2', '0', '0'] });
    expect(JSON.stringify(sregs.interrupt_bitmap)).toBe('["1","2","0","0"]');
    const msrs = assign(allocate(kvm.KvmMsrs, 1), { entries: [{ index: 16 }] });
    expect(JSON.stringify(msrs)).toBe('{"nmsrs":1,"pad":0,"entries":[{"index":16,"reserved":0,"data":"0"}]}');
  });

  it('gives the value of a single scalar, and numbers that JSON does not have as strings', () => {
    const memory = new DataView(new ArrayBuffer(24));
    memory.setBigUint64(0, 2n ** 63n, true);
    memory.setFloat64(8, Number.NaN, true);
    memory.setFloat64(16, Number.NEGATIVE_INFINITY, true);
    expect(JSON.stringify(new U64Value(memory))).toBe('{"value":"9223372036854775808"}');
    expect(JSON.stringify(new F64Array(memory, 8, 2))).toBe('["NaN","-Infinity"]');
  });

  it('works for every class of the bindings', () => {
    const seen = Object.values(kvm).filter((value) => typeof value === 'function' && '$size' in value);
    for (const type of seen as (new (
      view: DataView,
    ) => View)[]) {
      const view = new type(new DataView(new ArrayBuffer(0x2000)));
      const parsed = JSON.parse(JSON.stringify(view)) as object;
      expect(Object.keys(parsed), type.name).toEqual(Object.keys(toObject(view) as object));
    }
    expect(seen.length).toBeGreaterThan(50);
  });
});

describe('structuredClone and postMessage', () => {
  const message = 'Symbol(a view; pass toObject(view) instead) could not be cloned.';

  it('refuse a view and an array of every kind, because a clone would have no members', () => {
    const sregs = allocate(kvm.KvmSregs);
    const values = [
      allocate(kvm.KvmRegs),
      sregs.cs,
      sregs.interrupt_bitmap,
      allocate(kvm.KvmMsrs, 1),
      allocate(kvm.KvmMsrs, 1).entries,
      allocate(kvm.KvmRun).hypercall.args,
      new U32Value(new DataView(new ArrayBuffer(4))),
    ];
    const { port1, port2 } = new MessageChannel();
    for (const value of values) {
      for (const cloned of [value, { value }, [value]]) {
        expect(() => structuredClone(cloned)).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
        expect(() => port1.postMessage(cloned)).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
      }
    }
    expect(() => structuredClone(sregs)).toThrow(message);
    port1.close();
    port2.close();
  });

  it('clone the plain object of a view', () => {
    const regs = assign(allocate(kvm.KvmRegs), { rip: 0x1000n });
    expect(structuredClone(toObject(regs))).toEqual(toObject(regs));
  });
});

describe('the constructor of a view', () => {
  it('names the type, its size, the offset and the length of the DataView', () => {
    const view = new DataView(new ArrayBuffer(150));
    expect(new kvm.KvmRegs(view, 6).$$offset).toBe(6);
    expect(() => new kvm.KvmRegs(view, 7)).toThrow(
      new RangeError('struct kvm_regs: 144 bytes at offset 7 are not inside the view of 150 bytes'),
    );
    expect(() => new kvm.KvmRegs(view, -200)).toThrow('struct kvm_regs: 144 bytes at offset -200 are not inside');
    expect(() => new U64Value(view, 143)).toThrow('unsigned long long: 8 bytes at offset 143 are not inside');
    const run = new kvm.KvmRun(new DataView(new ArrayBuffer(kvm.KvmRun.$size)));
    expect(() => new kvm.KvmRunIo(run.$$view, kvm.KvmRun.$size)).toThrow(/^struct kvm_run\.io: 16 bytes at offset/);
  });

  it('throws a TypeError when the buffer is detached', () => {
    const buffer = new ArrayBuffer(150);
    const view = new DataView(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => new kvm.KvmRegs(view)).toThrow(TypeError);
  });
});

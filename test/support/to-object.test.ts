/** Copies of views as plain objects. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import * as s390x from '../../generated/s390x/linux/kvm.js';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { allocate, type Plain, toObject } from '../../support/index.js';

describe('toObject', () => {
  it('copies each member under its C name, structs as objects and arrays as arrays', () => {
    const dtable = allocate(kvm.KvmDtable);
    dtable.base = 0x1000n;
    dtable.limit = 7;
    dtable.padding.assign([1, 2, 3]);
    const sregs = allocate(kvm.KvmSregs);
    sregs.gdt = dtable;
    const copy = toObject(sregs);
    expect(copy.gdt).toEqual({ base: 0x1000n, limit: 7, padding: [1, 2, 3] });
    expect(Object.keys(copy)).toEqual(Object.keys(kvm.KvmSregs.$layout.members));
    expectTypeOf(copy.gdt.padding).toEqualTypeOf<number[]>();
    expectTypeOf<Plain<kvm.KvmDtable>>().toEqualTypeOf<{ base: bigint; limit: number; padding: number[] }>();
  });

  it('copies values: a later change of the memory does not reach the copy', () => {
    const regs = allocate(kvm.KvmRegs);
    regs.rip = 1n;
    const copy = toObject(regs);
    regs.rip = 2n;
    expect(copy.rip).toBe(1n);
    expect(structuredClone(copy)).toEqual(copy);
  });

  it('copies the elements of a flexible array', () => {
    const msrs = allocate(kvm.KvmMsrs, 2);
    msrs.entries.get(1).index = 0x10;
    expect(toObject(msrs)).toEqual({
      nmsrs: 2,
      pad: 0,
      entries: [
        { index: 0, reserved: 0, data: 0n },
        { index: 0x10, reserved: 0, data: 0n },
      ],
    });
  });

  it('copies a view whose class does not list its values, as bindings of earlier versions', () => {
    class EarlierDtable extends kvm.KvmDtable {}
    Object.defineProperty(EarlierDtable.prototype, '$$values', { value: undefined });
    const view = new DataView(Uint8Array.from({ length: 16 }, (_, index) => index).buffer);
    expect(toObject(new EarlierDtable(view))).toEqual({
      base: 0x0706_0504_0302_0100n,
      limit: 0x0908,
      padding: [0x0b0a, 0x0d0c, 0x0f0e],
    });
  });

  it('reads big-endian memory', () => {
    const region = allocate(s390x.KvmUserspaceMemoryRegion);
    region.memory_size = 0x1234n;
    expect(toObject(region).memory_size).toBe(0x1234n);
  });

  it('throws a TypeError when the buffer is detached', () => {
    const regs = allocate(kvm.KvmRegs);
    structuredClone(regs.$$view.buffer, { transfer: [regs.$$view.buffer as ArrayBuffer] });
    expect(() => toObject(regs)).toThrow(TypeError);
  });
});

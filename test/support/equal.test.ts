/** Views that are compared by their bytes. */

import { describe, expect, it } from 'vitest';
import * as s390x from '../../generated/s390x/linux/kvm.js';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { allocate, bytesOf, copy, equal } from '../../support/index.js';

describe('equal', () => {
  it('compares every byte of the type and no other byte', () => {
    const memory = new DataView(new ArrayBuffer(3 * kvm.KvmRegs.$size));
    const a = new kvm.KvmRegs(memory, kvm.KvmRegs.$size);
    const b = allocate(kvm.KvmRegs);
    expect(equal(a, b)).toBe(true);
    for (let at = 0; at < memory.byteLength; at++) {
      memory.setUint8(at, 1);
      expect(equal(a, b), `byte ${at}`).toBe(at < kvm.KvmRegs.$size || at >= 2 * kvm.KvmRegs.$size);
      memory.setUint8(at, 0);
    }
  });

  it('compares the elements of a flexible array, as many as the member counts', () => {
    const [a, b] = [allocate(kvm.KvmMsrs, 2), allocate(kvm.KvmMsrs, 2)];
    b.entries.get(1).data = 1n;
    expect(equal(a, b)).toBe(false);
    a.nmsrs = 1;
    expect(equal(a, b)).toBe(false);
    b.nmsrs = 1;
    expect(equal(a, b)).toBe(true);
  });

  it('compares arrays, and the rows and elements of arrays', () => {
    const [a, b] = [allocate(kvm.KvmSregs), allocate(kvm.KvmSregs)];
    expect(equal(a.interrupt_bitmap, b.interrupt_bitmap)).toBe(true);
    b.interrupt_bitmap.set(3, 1n);
    expect(equal(a.interrupt_bitmap, b.interrupt_bitmap)).toBe(false);
    expect(equal(a.gdt, b.idt)).toBe(true);
  });

  it('throws a TypeError for views or arrays of different types, and for a detached buffer', () => {
    const [regs, sregs] = [allocate(kvm.KvmRegs), allocate(kvm.KvmSregs)];
    const untyped = equal as (a: unknown, b: unknown) => boolean;
    expect(() => untyped(regs, sregs)).toThrow(
      new TypeError('equal: struct kvm_regs and struct kvm_sregs; the types of both views must be equal'),
    );
    expect(() => untyped(regs, sregs.interrupt_bitmap)).toThrow('equal: KvmRegs and U64Array; ');
    expect(() => untyped(sregs.gdt.padding, sregs.interrupt_bitmap)).toThrow('equal: U16Array and U64Array; ');
    expect(() => untyped(regs, { rip: 0n })).toThrow(new TypeError('equal: an object is not a view'));
    expect(() => untyped(regs, 5)).toThrow(new TypeError('equal: 5 is not a view'));
    expect(() => untyped(allocate(kvm.KvmUserspaceMemoryRegion), allocate(s390x.KvmUserspaceMemoryRegion))).toThrow(
      /byte orders differ$/,
    );
    structuredClone(regs.$$view.buffer, { transfer: [regs.$$view.buffer as ArrayBuffer] });
    expect(() => equal(regs, allocate(kvm.KvmRegs))).toThrow(TypeError);
  });
});

describe('copy', () => {
  it('refuses views of different types and writes nothing', () => {
    const untyped = copy as (to: unknown, from: unknown) => void;
    const to = allocate(kvm.KvmSregs);
    const from = allocate(kvm.KvmRegs);
    bytesOf(from).fill(1);
    expect(() => untyped(to, from)).toThrow(
      new TypeError('copy: struct kvm_sregs and struct kvm_regs; the types of both views must be equal'),
    );
    expect(() => Object.assign(to, { gdt: from })).toThrow('copy: struct kvm_dtable and struct kvm_regs; ');
    expect(() => Object.assign(to, { gdt: { base: 1n } })).toThrow('copy: an object is not a view');
    expect(equal(to, allocate(kvm.KvmSregs))).toBe(true);
  });

  it('throws a TypeError when a buffer is detached', () => {
    const [to, from] = [allocate(kvm.KvmRegs), allocate(kvm.KvmRegs)];
    structuredClone(from.$$view.buffer, { transfer: [from.$$view.buffer as ArrayBuffer] });
    expect(() => copy(to, from)).toThrow(TypeError);
    expect(() => copy(from, to)).toThrow(TypeError);
  });
});

/** The registers of a vCPU. The guest sees what the host has set, and the host sees what the guest has set. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmError, KvmMsrError, KvmUnsupportedError } from '../../runtime/index.js';
import { Kvm, type Vcpu } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { longMode, places, protectedMode, realMode, userMode } from '../../tools/guests/index.js';
import { guarded } from '../helpers/guarded.js';
import { hasKvm, load, needsKvm, run, thrownBy } from '../helpers/vcpus.js';

const { KVM_EXIT_HLT, KVM_EXIT_IO } = kvm;

/** Model-specific registers. */
const msr = { timeStamp: 0x10, systemEnter: 0x176, efer: 0xc000_0080, kernelGsBase: 0xc000_0102 } as const;
const missing = 0xdead;

/** Returns the id of an MSR for `getOneReg`. */
const msrRegister = (index: number): bigint =>
  kvm.KVM_REG_X86 | kvm.KVM_REG_SIZE_U64 | (BigInt(kvm.KVM_X86_REG_TYPE_MSR) << 32n) | BigInt(index);

describe.skipIf(!hasKvm)(`MSRs ${needsKvm}`, () => {
  // Shows: KVM_SET_MSRS
  it('setMsrs sets MSRs that the guest then reads', () => {
    using machine = load(longMode.readMsr(msr.kernelGsBase));
    machine.vcpu.setMsrs([{ index: msr.kernelGsBase, data: 0x1234_5678_9abcn }]);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    expect(machine.vcpu.getRegs()).toMatchObject({ rax: 0x5678_9abcn, rdx: 0x1234n });
  });

  // Shows: KVM_GET_MSRS
  it('getMsrs returns MSRs that the guest has written', () => {
    using machine = load(longMode.writeMsr(msr.kernelGsBase, 0x7777_0000_5555n));
    run(machine);
    expect(machine.vcpu.getMsrs([msr.kernelGsBase])).toEqual([{ index: msr.kernelGsBase, data: 0x7777_0000_5555n }]);
  });

  // Shows: kvm-ioctls vcpu::msrs_test
  it('getMsrs returns MSRs in the order of the indices, and setMsrs accepts its result and entries of a view', () => {
    using machine = load(longMode.out);
    const { vcpu } = machine;
    vcpu.setMsrs([
      { index: msr.kernelGsBase, data: 1n },
      { index: msr.systemEnter, data: 2n },
    ]);
    const got = vcpu.getMsrs([msr.efer, msr.systemEnter, msr.kernelGsBase]);
    expect(got.map(({ index }) => index)).toEqual([msr.efer, msr.systemEnter, msr.kernelGsBase]);
    expect(got.map(({ data }) => data)).toEqual([vcpu.getSregs().efer, 2n, 1n]);
    const view = allocate(kvm.KvmMsrs, 1);
    Object.assign(view.entries.get(0), { index: msr.systemEnter, data: 3n });
    vcpu.setMsrs(view.entries);
    expect(vcpu.getMsrs(new Set([msr.systemEnter]))).toEqual([{ index: msr.systemEnter, data: 3n }]);
    vcpu.setMsrs(got);
    expect(vcpu.getMsrs(got.map(({ index }) => index))).toEqual(got);
    expect(vcpu.getMsrs([])).toEqual([]);
  });

  it('getMsrs and setMsrs accept more MSRs than one ioctl takes', () => {
    using machine = load(longMode.out);
    const { vcpu } = machine;
    const many = Array.from({ length: 600 }, (_, data) => ({ index: msr.systemEnter, data: BigInt(data) }));
    vcpu.setMsrs(many);
    expect(vcpu.getMsrs(many.map(({ index }) => index))).toEqual(many.map((each) => ({ ...each, data: 599n })));
  });

  it('the error of setMsrs names the refused MSR, and the MSRs before it are set', () => {
    using machine = load(longMode.out);
    const { vcpu } = machine;
    const indices = [msr.systemEnter, missing, msr.kernelGsBase];
    const error = thrownBy(() => vcpu.setMsrs(indices.map((index) => ({ index, data: 9n }))));
    expect(error).toBeInstanceOf(KvmMsrError);
    expect(error).toBeInstanceOf(KvmError);
    expect(error).toMatchObject({
      operation: 'KVM_SET_MSRS',
      index: missing,
      message: expect.stringContaining('0xdead'),
    });
    expect(vcpu.getMsrs([msr.systemEnter, msr.kernelGsBase]).map(({ data }) => data)).toEqual([9n, 0n]);
    const far = Array.from({ length: 300 }, (_, at) => (at === 299 ? missing : msr.efer));
    expect(thrownBy(() => vcpu.getMsrs(far))).toMatchObject({ operation: 'KVM_GET_MSRS', index: missing });
  });

  it.each([-1, 1.5, 2 ** 32, Number.NaN])('getMsrs and setMsrs refuse the index %s', (index) => {
    using machine = load(longMode.out);
    expect(thrownBy(() => machine.vcpu.getMsrs([index]))).toBeInstanceOf(KvmArgumentError);
    expect(thrownBy(() => machine.vcpu.setMsrs([{ index, data: 0n }]))).toBeInstanceOf(KvmArgumentError);
  });

  it('getMsrs returns the time stamp counter that the guest reads', () => {
    using machine = load(userMode.timeStamp);
    const now = (): bigint => machine.vcpu.getMsrs([msr.timeStamp])[0].data;
    const before = now();
    run(machine);
    const after = now();
    const { rax, rcx } = machine.vcpu.getRegs();
    expect((rcx << 32n) | rax).toBeGreaterThan(before);
    expect((rcx << 32n) | rax).toBeLessThan(after);
  });
});

describe.skipIf(!hasKvm)(`registers by id ${needsKvm}`, () => {
  // Shows: KVM_GET_ONE_REG, KVM_SET_ONE_REG, KVM_GET_REG_LIST
  it('setOneReg and getOneReg access the same registers as the other methods, and getRegList lists their ids', () => {
    using machine = load(longMode.readMsr(msr.kernelGsBase));
    const { vcpu } = machine;
    if (vcpu.checkExtension(kvm.KVM_CAP_ONE_REG) === 0) {
      expect(thrownBy(() => vcpu.getOneReg(0n))).toMatchObject({ capability: 'KVM_CAP_ONE_REG' });
      return;
    }
    vcpu.setOneReg(msrRegister(msr.kernelGsBase), 0x1304_0506_0708n);
    expect(vcpu.getOneReg(msrRegister(msr.kernelGsBase))).toBe(0x1304_0506_0708n);
    expect(vcpu.getMsrs([msr.kernelGsBase])[0].data).toBe(0x1304_0506_0708n);
    run(machine);
    expect(vcpu.getRegs()).toMatchObject({ rax: 0x0506_0708n, rdx: 0x1304n });
    expect(thrownBy(() => vcpu.getOneReg(msrRegister(missing)))).toMatchObject({ operation: 'KVM_GET_ONE_REG' });
    expect(thrownBy(() => vcpu.setOneReg(msrRegister(msr.kernelGsBase), 1n << 64n))).toBeInstanceOf(KvmArgumentError);
    expect(thrownBy(() => vcpu.setOneReg(msrRegister(msr.kernelGsBase), -1n))).toBeInstanceOf(KvmArgumentError);
    const list = vcpu.getRegList();
    for (const id of list.reg) expect(vcpu.getOneReg(id)).toBeTypeOf('bigint');
    expect(list.reg.length).toBe(Number(list.n));
  });
});

describe.skipIf(!hasKvm)(`CPUID ${needsKvm}`, () => {
  /** More entries than `getCpuid2` first allocates. */
  const many = 150;

  /** The kernel changes some leaves before this one. */
  const firstLeaf = 0x4000_0100;

  function cpuidOf(entries: number): kvm.KvmCpuid2 {
    const cpuid = allocate(kvm.KvmCpuid2, entries);
    for (const [at, entry] of [...cpuid.entries].entries()) {
      Object.assign(entry, { function: firstLeaf + at, eax: 0x1000 + at, ebx: 0xb0b, ecx: 0xc0c, edx: 0xd0d });
    }
    return cpuid;
  }

  // Shows: KVM_SET_CPUID2
  // Shows: kvm-ioctls vcpu::test_set_cpuid
  it('setCpuid2 sets leaves that the guest then reads', () => {
    using machine = load(longMode.cpuid(firstLeaf + 7));
    machine.vcpu.setCpuid2(cpuidOf(12));
    run(machine);
    expect(machine.vcpu.getRegs()).toMatchObject({ rax: 0x1007n, rbx: 0xb0bn, rcx: 0xc0cn, rdx: 0xd0dn });
  });

  // Shows: KVM_GET_CPUID2
  // Shows: kvm-ioctls vcpu::test_get_cpuid
  it.each([0, 1, 64, 65, many])('getCpuid2 returns all leaves of a CPUID with %s entries', (entries) => {
    using machine = load(realMode.halt);
    machine.vcpu.setCpuid2(cpuidOf(entries));
    const got = machine.vcpu.getCpuid2();
    expect(got.nent).toBe(entries);
    expect([...got.entries].map((entry) => [entry.function, entry.eax])).toEqual(
      Array.from({ length: entries }, (_, at) => [firstLeaf + at, 0x1000 + at]),
    );
  });

  it('setCpuid2 refuses more entries than the kernel takes, and a change after the first run', () => {
    using machine = load(realMode.halt);
    expect(thrownBy(() => machine.vcpu.setCpuid2(allocate(kvm.KvmCpuid2, 1000)))).toMatchObject({ code: 'E2BIG' });
    machine.vcpu.setCpuid2(cpuidOf(3));
    run(machine);
    expect(thrownBy(() => machine.vcpu.setCpuid2(cpuidOf(4)))).toMatchObject({
      operation: 'KVM_SET_CPUID2',
      code: 'EINVAL',
    });
  });
});

describe.skipIf(!hasKvm)(`general and special registers ${needsKvm}`, () => {
  // Shows: KVM_GET_REGS, KVM_SET_REGS
  it('setRegs sets registers that the guest then uses', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    const regs = vcpu.getRegs();
    regs.rax = 0x41n;
    vcpu.setRegs(regs);
    run(machine);
    expect(machine.vcpu.shared.getUint8(vcpu.kvmRun.io.$data_offset)).toBe(0x41);
  });

  // Shows: KVM_GET_SREGS2, KVM_SET_SREGS2, KVM_GET_SREGS, KVM_SET_SREGS
  it('getSregs2 and setSregs2 access the same registers as getSregs and setSregs', () => {
    using machine = load(protectedMode.out);
    const { vcpu } = machine;
    const two = vcpu.getSregs2();
    two.cr8 = 5n;
    two.ds.selector = 0x18;
    vcpu.setSregs2(two);
    const one = vcpu.getSregs();
    expect([one.cr8, one.ds.selector, one.cs.base, one.cr0]).toEqual([5n, 0x18, two.cs.base, two.cr0]);
    one.cr8 = 6n;
    vcpu.setSregs(one);
    expect(vcpu.getSregs2().cr8).toBe(6n);
    two.flags = 0x8000n;
    expect(thrownBy(() => vcpu.setSregs2(two))).toMatchObject({ operation: 'KVM_SET_SREGS2', code: 'EINVAL' });
  });
});

describe.skipIf(!hasKvm)(`floating-point and vector registers ${needsKvm}`, () => {
  const xmm = (vcpu: Vcpu, number: number): number[] => [...vcpu.getFpu().xmm.get(number)];
  /** Offsets in an area of XSAVE, in words of four bytes. */
  const areaOf = { mxcsr: 6, xmm0: 40, xmm1: 44, inUse: 128 } as const;
  const inXmm0 = [0x11, 0x22, 0x33, 0x44].map((byte) => byte * 0x0101_0101);
  const inUse = 0b11;

  function stored({ memory }: { memory: ReturnType<typeof load>['memory'] }): number[] {
    return [...new Uint32Array(memory.bytes(places.data, 16).slice().buffer)];
  }

  // Shows: KVM_GET_FPU, KVM_SET_FPU, KVM_GET_XSAVE, KVM_GET_XSAVE2
  it('setFpu sets registers that the guest then stores, and getFpu, getXsave and getXsave2 return registers that the guest has loaded', () => {
    using machine = load(userMode.sse);
    const { vcpu, memory } = machine;
    memory.bytes(places.data + 16, 16).fill(0x77);
    run(machine);
    const fpu = vcpu.getFpu();
    fpu.xmm.get(0).assign(Array(16).fill(0x55));
    vcpu.setFpu(fpu);
    run(machine);
    expect([...memory.bytes(places.data, 16)]).toEqual(Array(16).fill(0x55));
    expect(xmm(vcpu, 1)).toEqual(Array(16).fill(0x77));
    for (const area of [vcpu.getXsave(), vcpu.getXsave2()]) {
      expect([0, 1, 2, 3].map((word) => area.region.get(areaOf.xmm1 + word))).toEqual(Array(4).fill(0x7777_7777));
    }
  });

  // Shows: KVM_GET_XSAVE, KVM_GET_XSAVE2, KVM_SET_XSAVE
  it.each(['getXsave', 'getXsave2'] as const)(
    'setXsave sets the registers in an area of %s, and the guest then stores them',
    (get) => {
      using machine = load(userMode.sse);
      const { vcpu } = machine;
      const area = vcpu[get]();
      for (const [word, value] of inXmm0.entries()) area.region.set(areaOf.xmm0 + word, value);
      area.region.set(areaOf.inUse, inUse);
      vcpu.setXsave(area);
      for (let runs = 0; runs < 2; runs++) expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
      expect(stored(machine)).toEqual(inXmm0);
    },
  );

  it('getXsave2 writes exactly the bytes that KVM_CAP_XSAVE2 says', () => {
    using machine = load(userMode.sse);
    const { vcpu } = machine;
    const bytes = vcpu.checkExtension(kvm.KVM_CAP_XSAVE2);
    expect(bytes).toBeGreaterThanOrEqual(4096);
    const { view, intact } = guarded((data, offset) => new kvm.KvmXsave(data, offset), bytes);
    expect(vcpu.getXsave2(view)).toBe(view);
    expect(view.region.get(areaOf.mxcsr)).toBe(0x1f80);
    expect(intact()).toBe(true);
    expect(vcpu.getXsave2().$$view.byteLength).toBe(bytes);
  });

  it('getXsave2 and setXsave refuse an area that is shorter than KVM_CAP_XSAVE2 says', () => {
    // This capability has a large value, as KVM_CAP_XSAVE2 has where guests have AMX.
    const large = { KVM_CAP_XSAVE2: kvm.KVM_CAP_SET_GUEST_DEBUG2 };
    using machine = load(userMode.sse, {}, { ...kvm, ...large } as unknown as typeof kvm);
    const { vcpu } = machine;
    const bytes = vcpu.checkExtension(kvm.KVM_CAP_SET_GUEST_DEBUG2);
    expect(bytes).toBeGreaterThan(4096);
    const short = allocate(kvm.KvmXsave, 1);
    for (const call of [() => vcpu.getXsave2(short), () => vcpu.setXsave(short)]) {
      expect(thrownBy(call)).toMatchObject({
        name: 'KvmArgumentError',
        message: expect.stringContaining(`the kernel accesses ${bytes} bytes at offset 0, and the view has 4100`),
      });
    }
    expect(vcpu.getXsave2().$$view.byteLength).toBeGreaterThanOrEqual(bytes);
  });

  // Shows: KVM_GET_XCRS, KVM_SET_XCRS
  it('setXcrs sets XCR0, which the guest then reads', () => {
    using machine = load(userMode.extendedControl);
    const { vcpu } = machine;
    const cpuid = allocate(kvm.KvmCpuid2, 256);
    using system = Kvm.open();
    system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid);
    vcpu.setCpuid2(cpuid);
    const sregs = vcpu.getSregs();
    sregs.cr4 |= 0x4_0000n; // XSAVE is enabled
    vcpu.setSregs(sregs);
    const xcrs = vcpu.getXcrs();
    expect(xcrs.nr_xcrs).toBe(1);
    expect(xcrs.xcrs.get(0).value).toBe(1n);
    xcrs.xcrs.get(0).value = 0b11n;
    vcpu.setXcrs(xcrs);
    run(machine);
    expect(vcpu.getRegs().rbx & 0b11n).toBe(0b11n);
    expect(vcpu.getXcrs().xcrs.get(0).value).toBe(0b11n);
    xcrs.xcrs.get(0).value = 0b10n; // without x87
    expect(thrownBy(() => vcpu.setXcrs(xcrs))).toMatchObject({ operation: 'KVM_SET_XCRS', code: 'EINVAL' });
  });
});

describe.skipIf(!hasKvm)(`address translation ${needsKvm}`, () => {
  // Shows: KVM_TRANSLATE
  it('translate uses the page tables of the guest', () => {
    using machine = load(userMode.out);
    const mapped = machine.vcpu.translate(0x1234);
    expect([mapped.valid, mapped.physical_address]).toEqual([1, 0x1234n]);
    expect(machine.vcpu.translate(0x4000_0000n).valid).toBe(0);
  });
});

describe.skipIf(!hasKvm)(`nested state ${needsKvm}`, () => {
  it('the generic ioctl refuses a nested state that is longer than its view', () => {
    using machine = load(realMode.halt);
    const state = allocate(kvm.KvmNestedState);
    for (const size of [129, 4096, 0xffff_ffff]) {
      state.size = size;
      for (const request of [kvm.KVM_GET_NESTED_STATE, kvm.KVM_SET_NESTED_STATE]) {
        const call = (): number => machine.vcpu.ioctl(request, state);
        expect(call).toThrow(KvmArgumentError);
        expect(call).toThrow(`${request.name}: the kernel accesses ${size} bytes at offset 0, and the view has 128`);
      }
    }
  });

  // Shows: KVM_GET_NESTED_STATE, KVM_SET_NESTED_STATE
  // Shows: kvm-ioctls vcpu::test_get_and_set_nested_state
  it('setNestedState accepts the state that getNestedState returns, or both are unsupported', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    if (vcpu.checkExtension(kvm.KVM_CAP_NESTED_STATE) > 0) {
      const state = vcpu.getNestedState();
      expect(state.size).toBeGreaterThanOrEqual(128);
      vcpu.setNestedState(state);
    } else {
      for (const call of [() => vcpu.getNestedState(), () => vcpu.setNestedState(allocate(kvm.KvmNestedState))]) {
        expect(call).toThrow(KvmUnsupportedError);
        expect(thrownBy(call)).toMatchObject({ capability: 'KVM_CAP_NESTED_STATE' });
      }
    }
  });
});

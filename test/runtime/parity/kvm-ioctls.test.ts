/** What the unit tests of rust-vmm's kvm-ioctls show and no other test of this folder does. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { EventFd, GuestMemory, KvmArgumentError, KvmUnsupportedError } from '../../../runtime/index.js';
import { Kvm, pagesOf, type Vcpu } from '../../../runtime/x86_64.js';
import { allocate, bytesOf, type View } from '../../../support/index.js';
import { longMode, places, realMode } from '../../../tools/guests/index.js';
import { createVm, hasKvm, load, needsKvm, thrownBy } from '../../helpers/vcpus.js';

const { KVM_EXIT_DEBUG, KVM_EXIT_HLT, KVM_EXIT_IO, KVM_EXIT_MMIO } = bindings;

/** More leaves than the kernel takes. */
const tooMany = 257;

describe.skipIf(!hasKvm)(`the system ${needsKvm}`, () => {
  // Shows: kvm-ioctls Kvm::new, kvm-ioctls Kvm::new_with_path
  // Shows: kvm-ioctls system::test_kvm_new, kvm-ioctls system::test_kvm_new_with_path
  // Shows: kvm-ioctls system::test_kvm_api_version
  it('open opens /dev/kvm, or the device at a path, and checks the version of the API', () => {
    for (const options of [{}, { path: '/dev/kvm' }]) {
      using kvm = Kvm.open(options);
      expect(kvm.getApiVersion()).toBe(bindings.KVM_API_VERSION);
      expect(kvm.checkExtension('KVM_CAP_USER_MEMORY')).toBe(1);
    }
  });

  // Shows: kvm-ioctls Kvm::get_nr_vcpus, kvm-ioctls Kvm::get_max_vcpus, kvm-ioctls Kvm::get_max_vcpu_id
  // Shows: kvm-ioctls Kvm::get_nr_memslots, kvm-ioctls system::test_kvm_getters, kvm-ioctls VmFd::run_size
  it('checkExtension returns the limits of the kernel, and a vCPU shares as many bytes as getVcpuMmapSize says', () => {
    using kvm = Kvm.open();
    const [vcpus, most, ids] = [
      kvm.checkExtension('KVM_CAP_NR_VCPUS'),
      kvm.checkExtension('KVM_CAP_MAX_VCPUS'),
      kvm.checkExtension('KVM_CAP_MAX_VCPU_ID'),
    ];
    expect(vcpus).toBeGreaterThanOrEqual(1);
    expect(most).toBeGreaterThanOrEqual(vcpus);
    expect(ids).toBeGreaterThanOrEqual(most);
    expect(kvm.checkExtension('KVM_CAP_NR_MEMSLOTS')).toBeGreaterThanOrEqual(32);
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu(ids - 1);
    expect(vcpu.shared.byteLength).toBe(kvm.getVcpuMmapSize());
    for (const id of [ids, 65_537]) {
      expect(thrownBy(() => vm.createVcpu(id))).toMatchObject({ code: 'EINVAL', ioctl: 'KVM_CREATE_VCPU' });
    }
  });

  // Shows: kvm-ioctls system::test_get_supported_cpuid, kvm-ioctls system::test_get_emulated_cpuid
  it('the lists of the CPUID are not empty, and a list may have more room than the kernel uses', () => {
    using kvm = Kvm.open();
    for (const [list, request] of [
      [kvm.getSupportedCpuid(), bindings.KVM_GET_SUPPORTED_CPUID],
      [kvm.getEmulatedCpuid(), bindings.KVM_GET_EMULATED_CPUID],
    ] as const) {
      expect(list.nent).toBeGreaterThan(0);
      expect(list.nent).toBeLessThan(tooMany);
      expect(list.entries).toHaveLength(list.nent);
      const large = allocate(bindings.KvmCpuid2, tooMany);
      kvm.ioctl(request, large);
      expect(large.nent).toBe(list.nent);
    }
  });
});

describe.skipIf(!hasKvm)(`a VM ${needsKvm}`, () => {
  // Shows: kvm-ioctls vm::test_set_invalid_memory, kvm-ioctls vm::test_set_invalid_memory2
  it('addMemory refuses a slot without memory, with a guest memfd and without', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x1000);
    using memfd = vm.createGuestMemfd(0x1000);
    for (const slot of [{}, { guestMemfd: { memfd } }]) {
      expect(() => vm.addMemory({ memory, guestAddress: 0, length: 0, ...slot })).toThrow(KvmArgumentError);
    }
    expect(() => vm.addMemory({ memory: undefined as never, guestAddress: 0 })).toThrow(KvmArgumentError);
    expect(() => vm.removeMemory(0)).toThrow(KvmArgumentError);
  });

  // Shows: kvm-ioctls vm::test_register_ioevent
  it('registerIoeventfd accepts ports and addresses, with a value of each width and without', () => {
    using vm = createVm();
    using event = EventFd.create();
    for (const writes of [
      { address: 0xf4, length: 0, port: true },
      { address: 0x1000, length: 0 },
      { address: 0xc1, length: 1, port: true, datamatch: 0x7f },
      { address: 0xc2, length: 2, port: true, datamatch: 0x1337 },
      { address: 0xc4, length: 4, port: true, datamatch: 0xdead_beef },
      { address: 0xc8, length: 8, port: true, datamatch: 0xdead_beef_dead_beefn },
    ] as const) {
      vm.registerIoeventfd(event, writes);
      expect(thrownBy(() => vm.registerIoeventfd(event, writes))).toMatchObject({ code: 'EEXIST' });
      vm.unregisterIoeventfd(event, writes);
    }
  });

  // Shows: kvm-ioctls vm::test_set_gsi_routing, kvm-ioctls vm::test_enable_split_irqchip_cap
  it('setGsiRouting needs interrupt controllers in the kernel, of which the local APICs are enough', () => {
    using none = createVm();
    expect(thrownBy(() => none.setGsiRouting([]))).toMatchObject({ ioctl: 'KVM_SET_GSI_ROUTING', code: 'EINVAL' });
    using all = createVm();
    all.createIrqchip();
    all.setGsiRouting([]);
    using split = createVm();
    split.enableCap('KVM_CAP_SPLIT_IRQCHIP', 24);
    split.setGsiRouting([]);
  });

  // Shows: kvm-ioctls vm::test_set_msr_filter_unchecked, kvm-ioctls vm::test_set_msr_filter_safe
  it('setMsrFilter accepts a filter without ranges only if it allows the other MSRs', () => {
    using vm = createVm();
    vm.setMsrFilter({ ranges: [] });
    expect(thrownBy(() => vm.setMsrFilter({ ranges: [], others: 'deny' }))).toMatchObject({
      code: 'EINVAL',
      ioctl: 'KVM_X86_SET_MSR_FILTER',
    });
    const tooShort = { base: 0, count: 9, access: 'read', allowed: Uint8Array.of(0xff) } as const;
    expect(() => vm.setMsrFilter({ ranges: [tooShort] })).toThrow(KvmArgumentError);
    vm.setMsrFilter({ ranges: [{ base: 0x10, count: 1, allowed: Uint8Array.of(1) }], others: 'deny' });
  });
});

describe.skipIf(!hasKvm)(`a vCPU ${needsKvm}`, () => {
  // Shows: kvm-ioctls vcpu::test_get_cpuid_fail_num_entries_too_high
  // Shows: kvm-ioctls vcpu::test_get_cpuid_fail_num_entries_too_small
  it('the kernel refuses a list of the CPUID that is too short, and fills a longer one only as far as it goes', () => {
    using kvm = Kvm.open();
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    const cpuid = kvm.getSupportedCpuid();
    vcpu.setCpuid2(cpuid);
    const leaves = vcpu.getCpuid2().nent;
    expect(leaves).toBeGreaterThan(1);
    const short = allocate(bindings.KvmCpuid2, leaves - 1);
    expect(thrownBy(() => vcpu.ioctl(bindings.KVM_GET_CPUID2, short))).toMatchObject({ code: 'E2BIG' });
    const long = allocate(bindings.KvmCpuid2, tooMany);
    vcpu.ioctl(bindings.KVM_GET_CPUID2, long);
    expect(long.nent).toBe(leaves);
    expect(thrownBy(() => vcpu.setCpuid2(allocate(bindings.KvmCpuid2, tooMany)))).toMatchObject({ code: 'E2BIG' });
  });

  // Shows: kvm-ioctls vcpu::test_fpu, kvm-ioctls vcpu::xsave_test, kvm-ioctls vcpu::xcrs_test
  // Shows: kvm-ioctls vcpu::debugregs_test, kvm-ioctls vcpu::vcpu_events_test, kvm-ioctls vcpu::mpstate_test
  it.each<[string, (vcpu: Vcpu) => View, (vcpu: Vcpu, state: View) => void]>([
    ['getFpu', (vcpu) => vcpu.getFpu(), (vcpu, state) => vcpu.setFpu(state as bindings.KvmFpu)],
    ['getXsave', (vcpu) => vcpu.getXsave(), (vcpu, state) => vcpu.setXsave(state as bindings.KvmXsave)],
    ['getXsave2', (vcpu) => vcpu.getXsave2(), (vcpu, state) => vcpu.setXsave(state as bindings.KvmXsave)],
    ['getXcrs', (vcpu) => vcpu.getXcrs(), (vcpu, state) => vcpu.setXcrs(state as bindings.KvmXcrs)],
    ['getDebugregs', (vcpu) => vcpu.getDebugregs(), (vcpu, state) => vcpu.setDebugregs(state as bindings.KvmDebugregs)],
    [
      'getVcpuEvents',
      (vcpu) => vcpu.getVcpuEvents(),
      (vcpu, state) => vcpu.setVcpuEvents(state as bindings.KvmVcpuEvents),
    ],
    ['getMpState', (vcpu) => vcpu.getMpState(), (vcpu, state) => vcpu.setMpState(state as bindings.KvmMpState)],
  ])('the state that %s returns is unchanged after it is set', (_, get, set) => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    const state = get(vcpu);
    set(vcpu, state);
    expect(bytesOf(get(vcpu))).toEqual(bytesOf(state));
  });

  // Shows: kvm-ioctls vcpu::lapic_test
  it('getLapic returns the interrupt command that setLapic has set', () => {
    using vm = createVm();
    vm.createIrqchip();
    using vcpu = vm.createVcpu();
    const command = 0x300;
    const lapic = vcpu.getLapic();
    lapic.regs.set(command, 2);
    vcpu.setLapic(lapic);
    expect(vcpu.getLapic().regs.get(command)).toBe(2);
  });

  // Shows: kvm-ioctls vcpu::test_enable_cap
  it('enableCap of a vCPU enables the interrupt controller of Hyper-V, or names the missing capability', () => {
    using vm = createVm();
    vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 24);
    using vcpu = vm.createVcpu();
    const enable = (): void => vcpu.enableCap('KVM_CAP_HYPERV_SYNIC');
    if (vm.checkExtension('KVM_CAP_HYPERV_SYNIC') > 0) {
      enable();
      return;
    }
    expect(enable).toThrow(KvmUnsupportedError);
    expect(thrownBy(enable)).toMatchObject({ operation: 'KVM_ENABLE_CAP', capability: 'KVM_CAP_HYPERV_SYNIC' });
  });

  // Shows: kvm-ioctls vcpu::test_userspace_hypercall_exit
  it('a hypercall is an exit with its number and arguments if the processor has hypercalls, and the kernel names the exits it can make', () => {
    const mapGpaRange = 12;
    using kvm = Kvm.open();
    const bit = (leaf: number, at: number): boolean => {
      const entry = [...kvm.getSupportedCpuid().entries].find((each) => each.function === leaf);
      return (((entry?.ecx ?? 0) >>> at) & 1) === 1;
    };
    const [hasVmcall, hasVmmcall] = [bit(1, 5), bit(0x8000_0001, 2)];
    using machine = load(realMode.halt);
    const { vm, vcpu, memory } = machine;
    const exits = vm.checkExtension('KVM_CAP_EXIT_HYPERCALL');
    expect(thrownBy(() => vm.enableCap('KVM_CAP_EXIT_HYPERCALL', exits + 1))).toMatchObject({ code: 'EINVAL' });
    vm.enableCap('KVM_CAP_EXIT_HYPERCALL', 1 << mapGpaRange);
    memory.write(places.code, Uint8Array.of(0x0f, 0x01, hasVmcall ? 0xc1 : 0xd9, 0xf4));
    const regs = vcpu.getRegs();
    Object.assign(regs, { rax: BigInt(mapGpaRange), rbx: 0x123_4000n, rcx: 1n, rdx: 0n });
    vcpu.setRegs(regs);
    const exit = vcpu.run({ timeout: hasVmcall || hasVmmcall ? 60_000 : 100 });
    if (hasVmcall || hasVmmcall) {
      if (exit.reason !== bindings.KVM_EXIT_HYPERCALL) throw new Error(`unexpected exit ${String(exit.reason)}`);
      expect(exit.hypercall.nr).toBe(BigInt(mapGpaRange));
      expect([...exit.hypercall.args].slice(0, 3)).toEqual([0x123_4000n, 1n, 0n]);
    } else {
      // The instruction does not end on a processor without it. A timeout interrupts the run.
      expect(exit).toEqual({ reason: 'interrupted', cause: 'timeout' });
    }
  });

  // Shows: kvm-ioctls VcpuFd::get_kvm_run, kvm-ioctls vcpu::test_get_kvm_run
  it('kvmRun shows the memory that a vCPU shares with the kernel', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    vcpu.kvmRun.immediate_exit = 1;
    const { offset } = bindings.KvmRun.$layout.members.immediate_exit;
    expect([vcpu.kvmRun.immediate_exit, vcpu.shared.getUint8(offset)]).toEqual([1, 1]);
    vcpu.shared.setUint8(offset, 0);
    expect(vcpu.kvmRun.immediate_exit).toBe(0);
  });

  // Shows: kvm-ioctls vcpu::test_translate_gva
  it('translate returns an address in real mode, and none for an address that no page table has', () => {
    using machine = load(realMode.halt);
    const inRealMode = machine.vcpu.translate(0x1_0000);
    expect([inRealMode.valid, inRealMode.physical_address]).toEqual([1, 0x1_0000n]);
    using paging = load(longMode.out);
    expect(paging.vcpu.translate(2n ** 64n - 1n).valid).toBe(0);
  });

  // Shows: kvm-ioctls vcpu::test_run_code
  it('a guest has the exits, the debug stops and the dirty pages of its instructions', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    const [slot, start, device] = [0, 0x1000, 0x8000];
    vm.addMemory({ memory, guestAddress: start, slot, flags: bindings.KVM_MEM_LOG_DIRTY_PAGES });
    memory.write(0, programOfRunCode);
    vm.getDirtyLog(slot);
    using vcpu = vm.createVcpu();
    const sregs = vcpu.getSregs();
    Object.assign(sregs.cs, { base: 0n, selector: 0 });
    vcpu.setSregs(sregs);
    const regs = vcpu.getRegs();
    Object.assign(regs, { rip: BigInt(start), rax: 2n, rbx: 3n, rflags: 2n });
    vcpu.setRegs(regs);
    vcpu.setGuestDebug({ singleStep: true });
    const story: unknown[] = [];
    for (let isDone = false; !isDone; ) {
      const exit = vcpu.run({ timeout: 60_000 });
      if (exit.reason === KVM_EXIT_DEBUG) {
        const { pc, dr6, dr7, exception } = exit.debug.arch;
        expect([vcpu.getRegs().rip, exception, dr7 & 0xffn]).toEqual([pc, bindings.DB_VECTOR, 0n]);
        expect(dr6 & 0x4000n).toBe(0x4000n); // a single step
        story.push(`at 0x${pc.toString(16)}`);
        if (pc === 0x1007n) vcpu.setGuestDebug({});
      } else if (exit.reason === KVM_EXIT_IO) {
        const isOut = exit.io.direction === bindings.KVM_EXIT_IO_OUT;
        story.push([isOut ? 'out' : 'in', exit.io.port, isOut ? exit.data.get(0) : exit.data.length]);
      } else if (exit.reason === KVM_EXIT_MMIO) {
        const { phys_addr, is_write, len } = exit.mmio;
        story.push([is_write ? 'write' : 'read', phys_addr, len]);
      } else {
        expect(exit.reason).toBe(KVM_EXIT_HLT);
        isDone = true;
      }
    }
    expect(story).toEqual([
      'at 0x1003',
      'at 0x1005',
      'at 0x1007',
      ['out', 0x3f8, '5'.charCodeAt(0)],
      ['in', 0x3f8, 1],
      ['write', BigInt(device), 1],
      ['read', BigInt(device), 1],
    ]);
    expect([...pagesOf(vm.getDirtyLog(slot))]).toEqual([2]);
  });
});

/** add al, bl; add al, '0'; out; in; a write and a read of the device; a write to memory; hlt */
const programOfRunCode = Uint8Array.of(
  ...[0xba, 0xf8, 0x03, 0x00, 0xd8, 0x04, 0x30, 0xee, 0xec],
  ...[0xc6, 0x06, 0x00, 0x80, 0x00, 0x8a, 0x16, 0x00, 0x80],
  ...[0xc6, 0x06, 0x00, 0x30, 0x00, 0xf4],
);

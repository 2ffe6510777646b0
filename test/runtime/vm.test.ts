/** VMs and their vCPUs. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KVM_CREATE_IRQCHIP, KVM_EXIT_HLT } from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, KvmClosedError } from '../../runtime/index.js';
import type { Vcpu } from '../../runtime/x86_64.js';
import { realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, isMemory, needsKvm, openFiles } from '../helpers/vcpus.js';

/** Runs the vCPU this many times, and returns the exit reasons. */
function reasonsOf(vcpu: Vcpu, runs: number): number[] {
  return Array.from({ length: runs }, () => {
    const { reason } = vcpu.run();
    if (typeof reason !== 'number') throw new Error(`the reason is ${reason}`);
    return reason;
  });
}

describe.skipIf(!hasKvm)(`VMs and vCPUs ${needsKvm}`, () => {
  // Shows: kvm-ioctls vm::test_faulty_vm_fd
  it('every method refuses a closed VM', () => {
    const vm = createVm();
    using memory = GuestMemory.create(0x4000);
    vm.close();
    vm.close();
    for (const use of [
      () => vm.addMemory({ memory, guestAddress: 0 }),
      () => vm.createVcpu(),
      () => vm.checkExtension(0),
      () => vm.ioctl(KVM_CREATE_IRQCHIP),
    ]) {
      expect(use).toThrow(KvmClosedError);
    }
  });

  // Shows: kvm-ioctls vcpu::test_create_vcpu
  it('a vCPU shares struct kvm_run until `close`, and every method refuses a closed vCPU', () => {
    using vm = createVm();
    const { vcpu } = realMode.halt.load(vm);
    expect(reasonsOf(vcpu, 1)).toEqual([KVM_EXIT_HLT]);
    const { kvmRun, shared } = vcpu;
    expect(shared.byteLength).toBeGreaterThan(0);
    vcpu.close();
    vcpu.close();
    expect(() => kvmRun.exit_reason).toThrow(TypeError);
    for (const use of [() => vcpu.run(), () => vcpu.getRegs(), () => vcpu.kick(), () => vcpu.share()]) {
      expect(use).toThrow(KvmClosedError);
    }
  });

  // Shows: KVM_CREATE_VCPU
  // Shows: kvm-ioctls vm::test_create_vcpu_different_ids
  it('createVcpu refuses an id that is in use or too large', () => {
    using vm = createVm();
    using _ = vm.createVcpu(1);
    using __ = vm.createVcpu(0);
    expect(() => vm.createVcpu(1)).toThrow(/^KVM_CREATE_VCPU: EEXIST: vCPU 1 exists already;/);
    expect(() => vm.createVcpu(0xffff_ffff)).toThrow(/^KVM_CREATE_VCPU: EINVAL: /);
  });

  // Shows: KVM_GET_REGS, KVM_SET_REGS, KVM_GET_SREGS, KVM_SET_SREGS
  it('getRegs and getSregs return registers that setRegs and setSregs have set', () => {
    using vm = createVm();
    using loaded = realMode.halt.load(vm);
    const regs = loaded.vcpu.getRegs();
    regs.rbx = 0xffff_ffff_ffff_fffen;
    loaded.vcpu.setRegs(regs);
    expect(loaded.vcpu.getRegs().rbx).toBe(0xffff_ffff_ffff_fffen);
    const sregs = loaded.vcpu.getSregs();
    sregs.es.base = 0x1230n;
    sregs.es.selector = 0x123;
    loaded.vcpu.setSregs(sregs);
    expect(loaded.vcpu.getSregs(sregs).es).toMatchObject({ base: 0x1230n, selector: 0x123 });
  });

  it('close releases the files and the mappings while views of them remain', () => {
    const mappedVcpus = (): number => readFileSync('/proc/self/maps', 'utf8').split('anon_inode:kvm-vcpu').length - 1;
    const before = { files: openFiles(), vcpus: mappedVcpus() };
    const vm = createVm();
    const { vcpu, memory } = realMode.halt.load(vm);
    const { kvmRun } = vcpu;
    const { address } = memory;
    expect({ files: openFiles(), vcpus: mappedVcpus() }).toEqual({ files: before.files + 2, vcpus: before.vcpus + 1 });
    for (const each of [vcpu, memory, vm]) each.close();
    expect({ files: openFiles(), vcpus: mappedVcpus() }).toEqual(before);
    expect(isMemory(address)).toBe(false);
    expect(() => kvmRun.exit_reason).toThrow(TypeError);
  });
});

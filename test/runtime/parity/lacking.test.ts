/**
 * Checks of the kernel's own tests of KVM that need a capability which KVM on the machines of this project does not have. If the kernel
 * does not have the capability, the runtime throws the typed error.
 */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { KvmUnsupportedError } from '../../../runtime/index.js';
import { type Capability, Kvm, type Vcpu, type Vm } from '../../../runtime/x86_64.js';
import { allocate } from '../../../support/index.js';
import { hasKvm, needsKvm, thrownBy } from '../../helpers/vcpus.js';

interface Objects {
  readonly kvm: Kvm;
  readonly vm: Vm;
  readonly vcpu: Vcpu;
}

const checks: readonly (readonly [Extract<Capability, string>, (objects: Objects) => unknown])[] = [
  ['KVM_CAP_X86_SMM', ({ vcpu }) => vcpu.smi()],
  ['KVM_CAP_NESTED_STATE', ({ vcpu }) => vcpu.getNestedState()],
  ['KVM_CAP_NESTED_STATE', ({ vcpu }) => vcpu.setNestedState(allocate(bindings.KvmNestedState))],
  ['KVM_CAP_SYS_HYPERV_CPUID', ({ kvm }) => kvm.getSupportedHvCpuid()],
  ['KVM_CAP_HYPERV_CPUID', ({ vcpu }) => vcpu.getSupportedHvCpuid()],
  ['KVM_CAP_PRE_FAULT_MEMORY', ({ vcpu }) => vcpu.preFaultMemory(0, 0x1000)],
  ['KVM_CAP_MEMORY_ATTRIBUTES', ({ vm }) => vm.setMemoryAttributes({ address: 0, size: 0x1000, attributes: 0 })],
  ['KVM_CAP_XEN_HVM', ({ vm }) => vm.xenHvmGetAttr(bindings.KVM_XEN_ATTR_TYPE_SHARED_INFO)],
  ['KVM_CAP_XEN_HVM', ({ vcpu }) => vcpu.xenVcpuGetAttr(bindings.KVM_XEN_VCPU_ATTR_TYPE_VCPU_INFO)],
];

describe.skipIf(!hasKvm)(`capabilities that KVM may lack ${needsKvm}`, () => {
  // Shows: selftest x86/smm_test, selftest x86/nested_set_state_test, selftest x86/hyperv_cpuid
  // Shows: selftest pre_fault_memory_test, selftest x86/private_mem_conversions_test
  // Shows: selftest x86/xen_shinfo_test
  it.each(checks)('the method works with %s, and names it if the kernel does not have it', (capability, call) => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    const error = thrownBy(() => call({ kvm, vm, vcpu }));
    if (vm.checkExtension(capability) > 0) {
      expect(error).not.toBeInstanceOf(KvmUnsupportedError);
    } else {
      expect(error).toBeInstanceOf(KvmUnsupportedError);
      expect(error).toMatchObject({ capability });
    }
  });
});

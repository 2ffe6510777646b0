/** Ioctls that this kernel does not have. The generic ioctl says which capability is missing. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { KvmUnsupportedError } from '../../runtime/index.js';
import { type Capability, Kvm } from '../../runtime/x86_64.js';
import { allocate, type FlexibleViewClass, type View, type ViewClass } from '../../support/index.js';
import { hasKvm, needsKvm } from '../helpers/vcpus.js';

type Ioctls = Extract<keyof typeof bindings, `KVM_${string}`>;

type CapabilityName = Extract<Capability, string>;
type PerKind = Readonly<Record<string, CapabilityName>>;

/** The capability that announces an ioctl, or the capability for each kind of file descriptor. Null if there is none. */
const unsupported: readonly (readonly [Ioctls, CapabilityName | PerKind | null])[] = [
  // Ioctls of this architecture.
  ['KVM_GET_NR_MMU_PAGES', null],
  ['KVM_GET_SUPPORTED_HV_CPUID', { system: 'KVM_CAP_SYS_HYPERV_CPUID', vcpu: 'KVM_CAP_HYPERV_CPUID' }],
  ['KVM_HYPERV_EVENTFD', 'KVM_CAP_HYPERV_EVENTFD'],
  ['KVM_PRE_FAULT_MEMORY', 'KVM_CAP_PRE_FAULT_MEMORY'],
  ['KVM_SET_MEMORY_ATTRIBUTES', 'KVM_CAP_MEMORY_ATTRIBUTES'],
  ['KVM_XEN_HVM_CONFIG', 'KVM_CAP_XEN_HVM'],
  ['KVM_XEN_HVM_EVTCHN_SEND', 'KVM_CAP_XEN_HVM'],
  ['KVM_XEN_HVM_GET_ATTR', 'KVM_CAP_XEN_HVM'],
  ['KVM_XEN_HVM_SET_ATTR', 'KVM_CAP_XEN_HVM'],
  ['KVM_XEN_VCPU_GET_ATTR', 'KVM_CAP_XEN_HVM'],
  ['KVM_XEN_VCPU_SET_ATTR', 'KVM_CAP_XEN_HVM'],
  // Ioctls of other architectures.
  ['KVM_ARM_SET_DEVICE_ADDR', 'KVM_CAP_ARM_SET_DEVICE_ADDR'],
  ['KVM_ARM_VCPU_FINALIZE', 'KVM_CAP_ARM_SVE'],
  ['KVM_DIRTY_TLB', 'KVM_CAP_SW_TLB'],
  ['KVM_PPC_ALLOCATE_HTAB', 'KVM_CAP_PPC_ALLOC_HTAB'],
  ['KVM_PPC_GET_COMPAT_CAPS', 'KVM_CAP_PPC_COMPAT_CAPS'],
  ['KVM_PPC_SVM_OFF', null],
  ['KVM_S390_CLEAR_RESET', 'KVM_CAP_S390_VCPU_RESETS'],
  ['KVM_S390_ENABLE_SIE', 'KVM_CAP_S390_PSW'],
  ['KVM_S390_INITIAL_RESET', 'KVM_CAP_S390_PSW'],
  ['KVM_S390_KEYOP', 'KVM_CAP_S390_KEYOP'],
  ['KVM_S390_NORMAL_RESET', 'KVM_CAP_S390_VCPU_RESETS'],
  ['KVM_S390_STORE_STATUS', 'KVM_CAP_S390_PSW'],
  ['KVM_S390_VCPU_FAULT', 'KVM_CAP_S390_UCONTROL'],
];

interface Ioctl {
  readonly passes: 'nothing' | 'value' | 'pointer';
  readonly argument?: ViewClass<View> | string | null;
  readonly fds?: object;
}

const ioctls: ReadonlyMap<string, unknown> = new Map(Object.entries(bindings));

function argumentOf({ passes, argument }: Ioctl): unknown {
  if (passes === 'nothing') return undefined;
  if (passes === 'value') return 0;
  if (typeof argument !== 'function') return null;
  return '$flexible' in argument ? allocate(argument as FlexibleViewClass<View>, 1) : allocate<View>(argument);
}

describe.skipIf(!hasKvm)(`unsupported ioctls ${needsKvm}`, () => {
  // Shows: KVM_GET_NR_MMU_PAGES, KVM_GET_SUPPORTED_HV_CPUID, KVM_HYPERV_EVENTFD, KVM_PRE_FAULT_MEMORY
  // Shows: KVM_SET_MEMORY_ATTRIBUTES, KVM_XEN_HVM_CONFIG, KVM_XEN_HVM_EVTCHN_SEND, KVM_XEN_HVM_GET_ATTR
  // Shows: KVM_XEN_HVM_SET_ATTR, KVM_XEN_VCPU_GET_ATTR, KVM_XEN_VCPU_SET_ATTR, KVM_ARM_SET_DEVICE_ADDR
  // Shows: KVM_ARM_VCPU_FINALIZE, KVM_DIRTY_TLB, KVM_PPC_ALLOCATE_HTAB, KVM_PPC_GET_COMPAT_CAPS, KVM_PPC_SVM_OFF
  // Shows: KVM_S390_CLEAR_RESET, KVM_S390_ENABLE_SIE, KVM_S390_INITIAL_RESET, KVM_S390_KEYOP, KVM_S390_NORMAL_RESET
  // Shows: KVM_S390_STORE_STATUS, KVM_S390_VCPU_FAULT
  it.each(unsupported)(
    'the generic ioctl throws a KvmUnsupportedError with the capability: %s, %o',
    (name, announced) => {
      using kvm = Kvm.open();
      using vm = kvm.createVm();
      using vcpu = vm.createVcpu();
      const request = ioctls.get(name) as Ioctl;
      for (const [kind, { ioctl }] of Object.entries({ system: kvm, vm, vcpu })) {
        if (!(kind in (request.fds ?? {}))) continue;
        const capability = typeof announced === 'string' ? announced : (announced?.[kind] ?? null);
        const call = (): unknown => (ioctl as (...of: unknown[]) => unknown)(request, argumentOf(request));
        // The kernel of another machine may have the ioctl.
        if (capability !== null && vm.checkExtension(capability) > 0) {
          expect(call).not.toThrow(KvmUnsupportedError);
          continue;
        }
        expect(call).toThrow(KvmUnsupportedError);
        expect(call).toThrow(capability === null ? `${name}: ENOTTY: ` : new RegExp(`^${name}: .*\\b${capability}\\b`));
        expect(call).toThrow(expect.objectContaining({ operation: name, capability }));
      }
      expect.hasAssertions();
    },
  );
});

describe.skipIf(!hasKvm)(`KVM_SET_CPUID ${needsKvm}`, () => {
  // Shows: KVM_SET_CPUID
  it('setCpuid and the generic ioctl set the CPUID with KVM_SET_CPUID', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    const cpuid = allocate(bindings.KvmCpuid, 1);
    cpuid.entries.get(0).eax = 1;
    expect(vcpu.ioctl(bindings.KVM_SET_CPUID, cpuid)).toBe(0);
    const now = allocate(bindings.KvmCpuid2, 1);
    vcpu.ioctl(bindings.KVM_GET_CPUID2, now);
    expect([now.nent, now.entries.get(0).eax]).toEqual([1, 1]);
    cpuid.entries.get(0).eax = 2;
    vcpu.setCpuid(cpuid);
    expect(vcpu.getCpuid2().entries.get(0).eax).toBe(2);
  });
});

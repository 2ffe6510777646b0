/** What /dev/kvm is asked about guests yet to come: capabilities, CPUID, model-specific registers. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { grown } from '../../runtime/growing-views.js';
import {
  type CapabilityName,
  Kvm,
  KvmArgumentError,
  KvmClosedError,
  KvmError,
  KvmMsrError,
  KvmUnsupportedError,
} from '../../runtime/index.js';
import { allocate } from '../../support/index.js';
import { createVm, hasKvm, needsKvm } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`capabilities ${needsKvm}`, () => {
  it('are asked for by name or by number', () => {
    using kvm = Kvm.open();
    expect(kvm.checkExtension('KVM_CAP_USER_MEMORY')).toBe(1);
    expect(kvm.checkExtension(bindings.KVM_CAP_USER_MEMORY)).toBe(1);
    expect(kvm.checkExtension('KVM_CAP_S390_UCONTROL')).toBe(0);
    using vm = kvm.createVm();
    expect(vm.checkExtension('KVM_CAP_NR_MEMSLOTS')).toBe(kvm.checkExtension('KVM_CAP_NR_MEMSLOTS'));
    // @ts-expect-error not a name of a capability
    const none = (): number => kvm.checkExtension('KVM_CREATE_VM');
    expect(none).toThrow(KvmArgumentError);
    expect(() => kvm.checkExtension('KVM_CAP_NONE' as CapabilityName)).toThrow(
      /^KVM_CAP_NONE: the bindings have no capability of this name$/,
    );
  });

  it('that are required and missing are named', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    for (const each of [kvm, vm]) {
      each.requireExtension('KVM_CAP_IMMEDIATE_EXIT');
      expect(() => each.requireExtension('KVM_CAP_S390_UCONTROL')).toThrow(KvmUnsupportedError);
      expect(() => each.requireExtension(bindings.KVM_CAP_S390_UCONTROL)).toThrow(
        / does not have KVM_CAP_S390_UCONTROL$/,
      );
    }
  });

  it('are enabled in a VM, with arguments', () => {
    using vm = createVm();
    vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 24);
    // With the IOAPIC in user space the kernel has no chips to make.
    expect(() => vm.interrupts.createChips()).toThrow(/^KVM_CREATE_IRQCHIP: EEXIST: /);
  });

  it('are not enabled with wrong arguments, without being there, or in a VM that is closed', () => {
    using vm = createVm();
    expect(() => vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 1_000_000)).toThrow(
      /^KVM_ENABLE_CAP: EINVAL: .* these arguments$/,
    );
    expect(() => vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 1, 2, 3, 4, 5)).toThrow(
      /^KVM_ENABLE_CAP: 5 arguments; there are at most 4$/,
    );
    const absent = (): void => vm.enableCap('KVM_CAP_S390_UCONTROL');
    expect(absent).toThrow(KvmUnsupportedError);
    expect(absent).toThrow(/^KVM_ENABLE_CAP: .* does not have KVM_CAP_S390_UCONTROL$/);
    vm.close();
    expect(() => vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 24)).toThrow(KvmClosedError);
  });
});

describe.skipIf(!hasKvm)(`CPUID and MSRs of the system ${needsKvm}`, () => {
  it('gives all of CPUID that a guest may have, and what is emulated beyond', () => {
    using kvm = Kvm.open();
    const supported = kvm.supportedCpuid();
    const [first] = supported.entries;
    expect(first?.function).toBe(0);
    expect(first?.eax).toBeGreaterThan(0);
    // The leaves of KVM itself.
    const own = [...supported.entries].find((entry) => entry.function === 0x4000_0000);
    expect(Buffer.from(Uint32Array.of(own?.ebx ?? 0, own?.ecx ?? 0, own?.edx ?? 0).buffer).toString()).toBe(
      'KVMKVMKVM\0\0\0',
    );
    expect(kvm.emulatedCpuid().entries.length).toBeGreaterThan(0);
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    expect(vcpu.ioctl(bindings.KVM_SET_CPUID2, supported)).toBe(0);
  });

  it('grows a list until all of it fits', () => {
    using kvm = Kvm.open();
    const rooms: number[] = [];
    const list = grown(bindings.KvmMsrList, 1, (view) => {
      rooms.push(view.nmsrs);
      kvm.ioctl(bindings.KVM_GET_MSR_INDEX_LIST, view);
    });
    expect(rooms).toEqual([1, list.nmsrs]);
    expect([...list.indices]).toEqual(kvm.msrIndices());
    const cpuid = grown(bindings.KvmCpuid2, 1, (view) => {
      rooms.push(view.nent);
      kvm.ioctl(bindings.KVM_GET_SUPPORTED_CPUID, view);
    });
    expect(cpuid.nent).toBe(kvm.supportedCpuid().nent);
    // The kernel does not say how many there are here.
    expect(rooms.slice(2, 6)).toEqual([1, 2, 4, 8]);
  });

  it('does not grow a list for ever, nor for another error', () => {
    const rooms: number[] = [];
    const never = (code: string) => (): unknown =>
      grown(bindings.KvmCpuid2, 100, (view) => {
        rooms.push(view.nent);
        throw new KvmError('KVM_GET_SUPPORTED_CPUID', code, 'more');
      });
    expect(never('E2BIG')).toThrow(/^KVM_GET_SUPPORTED_CPUID: E2BIG/);
    expect(rooms.length).toBeLessThan(20);
    expect(rooms.at(-1)).toBeLessThanOrEqual(0x1_0000);
    rooms.length = 0;
    expect(never('EINVAL')).toThrow(/^KVM_GET_SUPPORTED_CPUID: EINVAL/);
    expect(rooms).toEqual([100]);
  });

  it('lists the MSRs of a vCPU, and those that tell features, with their values', () => {
    using kvm = Kvm.open();
    const IA32_SYSENTER_CS = 0x174;
    expect(kvm.msrIndices()).toContain(IA32_SYSENTER_CS);
    const features = kvm.featureMsrIndices();
    expect(features.length).toBeGreaterThan(0);
    const IA32_UCODE_REV = 0x8b;
    expect(features).toContain(IA32_UCODE_REV);
    const values = kvm.getFeatureMsrs(features);
    expect(values.map(({ index }) => index)).toEqual(features);
    expect(values.find(({ index }) => index === IA32_UCODE_REV)?.data).toBeGreaterThan(0n);
    expect(kvm.getFeatureMsrs([])).toEqual([]);
  });

  it('names an MSR that tells no feature', () => {
    using kvm = Kvm.open();
    const [good = 0] = kvm.featureMsrIndices();
    const call = (): unknown => kvm.getFeatureMsrs([good, 0x1234_5678]);
    expect(call).toThrow(KvmMsrError);
    expect(call).toThrow(/^KVM_GET_MSRS: .*MSR 0x12345678/);
  });

  it('tells machine check capabilities and attributes', () => {
    using kvm = Kvm.open();
    const MCG_CTL_P = 0x100n;
    expect(kvm.supportedMce() & MCG_CTL_P).toBe(MCG_CTL_P);
    const which = { group: 0, attribute: bindings.KVM_X86_XCOMP_GUEST_SUPP };
    expect(kvm.attributes.has(which)).toBe(true);
    const [x87AndSse = 0] = kvm.attributes.get(which, 8);
    expect(x87AndSse & 3).toBe(3);
    expect(kvm.attributes.has({ group: 99, attribute: 0 })).toBe(false);
    expect(() => kvm.attributes.get({ group: 99, attribute: 0 }, 8)).toThrow(/^KVM_GET_DEVICE_ATTR: ENXIO: /);
    for (const length of [-1, 1.5, Number.NaN, 2 ** 17]) {
      expect(() => kvm.attributes.get(which, length)).toThrow(KvmArgumentError);
    }
    // @ts-expect-error the system's cannot be set
    kvm.attributes.set satisfies unknown;
  });

  it('is refused after `close`', () => {
    const kvm = Kvm.open();
    kvm.close();
    for (const use of [
      () => kvm.supportedCpuid(),
      () => kvm.emulatedCpuid(),
      () => kvm.msrIndices(),
      () => kvm.featureMsrIndices(),
      () => kvm.getFeatureMsrs([0x8b]),
      () => kvm.supportedMce(),
      () => kvm.attributes.has({ group: 0, attribute: 0 }),
      () => kvm.requireExtension('KVM_CAP_USER_MEMORY'),
      () => kvm.ioctl(bindings.KVM_GET_SUPPORTED_CPUID, allocate(bindings.KvmCpuid2, 1)),
    ]) {
      expect(use).toThrow(KvmClosedError);
    }
  });
});

/** The opening of `/dev/kvm`, and the ioctls of its file descriptor. */

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as arm64 from '../../generated/arm64/linux/kvm.js';
import * as i386 from '../../generated/i386/linux/kvm.js';
import * as mips64 from '../../generated/mips64/linux/kvm.js';
import * as ppc64 from '../../generated/ppc64/linux/kvm.js';
import * as ppc64le from '../../generated/ppc64le/linux/kvm.js';
import * as s390x from '../../generated/s390x/linux/kvm.js';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { newHandle } from '../../runtime/arguments.js';
import { openKvmError } from '../../runtime/errors.js';
import { hostArchitecture as host } from '../../runtime/host-bindings.js';
import {
  KvmArgumentError,
  KvmClosedError,
  KvmMsrError,
  KvmUnavailableError,
  KvmUnsupportedError,
} from '../../runtime/index.js';
import { type Bindings, Kvm, Vcpu } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { temporaryFolder } from '../helpers/cli.js';
import { createVm, hasKvm, needsKvm, openFiles, runScript } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`/dev/kvm ${needsKvm}`, () => {
  // Shows: KVM_GET_API_VERSION
  it('getApiVersion returns 12', () => {
    using kvm = Kvm.open();
    expect(kvm.getApiVersion()).toBe(12);
  });

  // Shows: kvm-ioctls system::test_kvm_check_extension
  it('checkExtension returns a number, which is 0 for a capability that the kernel does not have', () => {
    using kvm = Kvm.open();
    expect(kvm.checkExtension(bindings.KVM_CAP_IMMEDIATE_EXIT)).toBe(1);
    expect(kvm.checkExtension(bindings.KVM_CAP_NR_MEMSLOTS)).toBeGreaterThan(8);
    expect(kvm.checkExtension(bindings.KVM_CAP_S390_UCONTROL)).toBe(0);
    expect(kvm.checkExtension(0x7fff_ffff)).toBe(0);
  });

  // Shows: KVM_GET_VCPU_MMAP_SIZE
  it('getVcpuMmapSize returns whole pages and more than struct kvm_run', () => {
    using kvm = Kvm.open();
    expect(kvm.getVcpuMmapSize()).toBeGreaterThan(bindings.KvmRun.$size);
    expect(kvm.getVcpuMmapSize() % 4096).toBe(0);
  });

  // Shows: KVM_CREATE_VM
  it('createVm creates a VM that stays usable after `close`', () => {
    const kvm = Kvm.open();
    using vm = kvm.createVm();
    kvm.close();
    expect(vm.checkExtension(bindings.KVM_CAP_USER_MEMORY)).toBe(1);
  });

  it('close closes the file descriptor, and a second call has no effect', () => {
    const before = openFiles();
    const kvm = Kvm.open();
    expect(openFiles()).toBe(before + 1);
    kvm.close();
    kvm.close();
    expect(openFiles()).toBe(before);
  });

  it('using closes the file descriptor at the end of the block', () => {
    const before = openFiles();
    {
      using _ = Kvm.open();
      expect(openFiles()).toBe(before + 1);
    }
    expect(openFiles()).toBe(before);
  });

  // Shows: kvm-ioctls system::test_bad_kvm_fd
  it('every method refuses a closed Kvm', () => {
    const kvm = Kvm.open();
    kvm.close();
    for (const use of [() => kvm.getApiVersion(), () => kvm.checkExtension(0), () => kvm.createVm()]) {
      expect(use).toThrow(KvmClosedError);
    }
  });

  it('open refuses bindings of another API version, and closes the file descriptor', () => {
    const before = openFiles();
    const other = { ...bindings, KVM_API_VERSION: 13 } as unknown as Bindings;
    expect(() => Kvm.open({ bindings: other })).toThrow(KvmUnsupportedError);
    expect(() => Kvm.open({ bindings: other })).toThrow(/version 12.*bindings have version 13/);
    expect(openFiles()).toBe(before);
  });

  it('the error of createVm names the ioctl and the errno', () => {
    using kvm = Kvm.open();
    expect(() => kvm.createVm(0xdead)).toThrow(/^KVM_CREATE_VM: EINVAL: /);
  });

  it('createVm creates VMs while signals interrupt the ioctl', async () => {
    expect(await runScript('create-vms')).toEqual({ created: 1000 });
  });
});

describe.skipIf(!hasKvm)(`capabilities ${needsKvm}`, () => {
  // Shows: KVM_CHECK_EXTENSION
  // Shows: kvm-ioctls vm::test_check_extension
  it('checkExtension accepts the name or the number of a capability', () => {
    using kvm = Kvm.open();
    expect(kvm.checkExtension('KVM_CAP_USER_MEMORY')).toBe(1);
    expect(kvm.checkExtension(bindings.KVM_CAP_USER_MEMORY)).toBe(1);
    expect(kvm.checkExtension('KVM_CAP_S390_UCONTROL')).toBe(0);
    using vm = kvm.createVm();
    expect(vm.checkExtension('KVM_CAP_NR_MEMSLOTS')).toBe(kvm.checkExtension('KVM_CAP_NR_MEMSLOTS'));
    // @ts-expect-error this is not the name of a capability
    const none = (): number => kvm.checkExtension('KVM_CREATE_VM');
    expect(none).toThrow(KvmArgumentError);
    expect(() => kvm.checkExtension('KVM_CAP_NONE' as 'KVM_CAP_USER_MEMORY')).toThrow(
      /^KVM_CHECK_EXTENSION: KVM_CAP_NONE: the bindings do not have a capability of this name$/,
    );
  });

  it('the error of requireExtension names the missing capability', () => {
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

  // Shows: KVM_ENABLE_CAP
  it('enableCap enables a capability of a VM with arguments', () => {
    using vm = createVm();
    vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 24);
    // The IOAPIC is in user space now, so the kernel refuses to create one.
    expect(() => vm.createIrqchip()).toThrow(/^KVM_CREATE_IRQCHIP: EEXIST: /);
  });

  // Shows: kvm-ioctls vm::test_enable_cap_failure
  it('enableCap refuses wrong arguments, a missing capability and a closed VM', () => {
    using vm = createVm();
    expect(() => vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 1_000_000)).toThrow(
      /^KVM_ENABLE_CAP: EINVAL: 1000000 pins; .* at most 4096; /,
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

describe.skipIf(!hasKvm)(`the CPUID, the MSRs and the attributes of the system ${needsKvm}`, () => {
  // Shows: KVM_GET_SUPPORTED_CPUID, KVM_GET_EMULATED_CPUID
  it('getSupportedCpuid returns the leaves that a guest may have, and getEmulatedCpuid returns the emulated features', () => {
    using kvm = Kvm.open();
    const supported = kvm.getSupportedCpuid();
    const [first] = supported.entries;
    expect(first?.function).toBe(0);
    expect(first?.eax).toBeGreaterThan(0);
    // This leaf is one of KVM's own.
    const own = [...supported.entries].find((entry) => entry.function === 0x4000_0000);
    expect(Buffer.from(Uint32Array.of(own?.ebx ?? 0, own?.ecx ?? 0, own?.edx ?? 0).buffer).toString()).toBe(
      'KVMKVMKVM\0\0\0',
    );
    expect(kvm.getEmulatedCpuid().entries.length).toBeGreaterThan(0);
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    expect(vcpu.ioctl(bindings.KVM_SET_CPUID2, supported)).toBe(0);
  });

  // Shows: KVM_GET_MSR_INDEX_LIST, KVM_GET_MSR_FEATURE_INDEX_LIST, KVM_GET_MSRS
  // Shows: kvm-ioctls system::get_msr_index_list, kvm-ioctls system::get_msr_feature_index_list, kvm-ioctls system::get_msrs
  it('getMsrIndexList and getMsrFeatureIndexList return indices of MSRs, and getMsrs returns the values of feature MSRs', () => {
    using kvm = Kvm.open();
    const IA32_SYSENTER_CS = 0x174;
    expect(kvm.getMsrIndexList()).toContain(IA32_SYSENTER_CS);
    const features = kvm.getMsrFeatureIndexList();
    expect(features.length).toBeGreaterThan(0);
    const IA32_UCODE_REV = 0x8b;
    expect(features).toContain(IA32_UCODE_REV);
    const values = kvm.getMsrs(features);
    expect(values.map(({ index }) => index)).toEqual(features);
    expect(values.find(({ index }) => index === IA32_UCODE_REV)?.data).toBeGreaterThan(0n);
    expect(kvm.getMsrs([])).toEqual([]);
  });

  it('the error of getMsrs names an MSR that is not a feature MSR', () => {
    using kvm = Kvm.open();
    const [good = 0] = kvm.getMsrFeatureIndexList();
    const call = (): unknown => kvm.getMsrs([good, 0x1234_5678]);
    expect(call).toThrow(KvmMsrError);
    expect(call).toThrow(/^KVM_GET_MSRS: .*MSR 0x12345678/);
  });

  // Shows: KVM_X86_GET_MCE_CAP_SUPPORTED, KVM_GET_DEVICE_ATTR
  it('getMceCapSupported returns the machine check capabilities, and getDeviceAttr returns attributes of the system', () => {
    using kvm = Kvm.open();
    const MCG_CTL_P = 0x100n;
    expect(kvm.getMceCapSupported() & MCG_CTL_P).toBe(MCG_CTL_P);
    const which = { group: 0, attr: bindings.KVM_X86_XCOMP_GUEST_SUPP };
    expect(kvm.hasDeviceAttr(which)).toBe(true);
    const [x87AndSse = 0] = kvm.getDeviceAttr(which, 8);
    expect(x87AndSse & 3).toBe(3);
    expect(kvm.hasDeviceAttr({ group: 99, attr: 0 })).toBe(false);
    expect(() => kvm.getDeviceAttr({ group: 99, attr: 0 }, 8)).toThrow(/^KVM_GET_DEVICE_ATTR: ENXIO: /);
    for (const length of [-1, 1.5, Number.NaN, 2 ** 17]) {
      expect(() => kvm.getDeviceAttr(which, length)).toThrow(KvmArgumentError);
    }
  });

  it('every method for the CPUID, the MSRs and the attributes refuses a closed Kvm', () => {
    const kvm = Kvm.open();
    kvm.close();
    for (const use of [
      () => kvm.getSupportedCpuid(),
      () => kvm.getEmulatedCpuid(),
      () => kvm.getMsrIndexList(),
      () => kvm.getMsrFeatureIndexList(),
      () => kvm.getMsrs([0x8b]),
      () => kvm.getMceCapSupported(),
      () => kvm.hasDeviceAttr({ group: 0, attr: 0 }),
      () => kvm.requireExtension('KVM_CAP_USER_MEMORY'),
      () => kvm.ioctl(bindings.KVM_GET_SUPPORTED_CPUID, allocate(bindings.KvmCpuid2, 1)),
    ]) {
      expect(use).toThrow(KvmClosedError);
    }
  });
});

describe('bindings of another architecture', () => {
  const all = { arm64, i386, mips64, ppc64, ppc64le, s390x, x86_64: bindings };
  const others = Object.entries(all).filter(([name]) => name !== host);

  it.each(others)('open and attach refuse the bindings of %s before they open a file', (name, other) => {
    const before = openFiles();
    const refused = other as unknown as Bindings;
    const problem = `the bindings are of ${name}, and this process is of ${host}; pass { bindings } of kvm-uapi/${host}/linux/kvm`;
    expect(() => Kvm.open({ bindings: refused })).toThrow(new KvmArgumentError('Kvm.open', problem));
    expect(() => Vcpu.attach(newHandle('vcpu', 0), refused)).toThrow(new KvmArgumentError('Vcpu.attach', problem));
    expect(openFiles()).toBe(before);
  });
});

describe('a device that cannot be opened', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    chmodSync(folder, 0o755);
  });

  const failure = (path: string): KvmUnavailableError => {
    try {
      Kvm.open({ path }).close();
    } catch (error) {
      if (error instanceof KvmUnavailableError) return error;
      throw error;
    }
    throw new Error(`${path} can be opened`);
  };

  it('the error of a missing device says to load the module', () => {
    const path = join(folder, 'missing');
    expect(failure(path)).toMatchObject({ code: 'ENOENT', operation: `open ${path}` });
    expect(failure(path).message).toMatch(/missing: ENOENT: not found; load kvm_intel or kvm_amd \(modprobe\)/);
  });

  it('the error of a device without permission says to join the group', async () => {
    const path = join(folder, 'locked');
    writeFileSync(path, '');
    chmodSync(path, 0);
    // Root may open every file, so root runs the script as another user.
    const env = { DEVICE: path, ...(process.getuid?.() === 0 ? { AS_USER: '65534' } : {}) };
    expect(await runScript('open', { env })).toEqual({
      failure: expect.stringMatching(
        /^KvmUnavailableError: .*EACCES: .*add the user to the group 'kvm' \(adduser USER kvm\)/,
      ),
    });
  });

  it('the error of another kind of file says that the file is not KVM', () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    const before = openFiles();
    expect(failure(path)).toMatchObject({
      code: 'ENOTTY',
      message: expect.stringMatching(/it is not KVM.*\/dev\/kvm/),
    });
    expect(failure(folder)).toMatchObject({ code: 'EISDIR', message: expect.stringMatching(/it is a folder/) });
    expect(openFiles()).toBe(before);
  });

  it.each([
    ['EBUSY', 16, /another hypervisor holds it; stop that first/],
    ['ENODEV', 19, /the firmware has turned it off/],
    ['ENXIO', 6, /the firmware has turned it off/],
    ['EPERM', 1, /in a container, pass the device in/],
    ['EIO', 5, /it cannot be opened/],
  ])('the error of a device that fails with %s says what to do', (code, errno, advice) => {
    const error = openKvmError('/dev/kvm', -errno);
    expect(error).toBeInstanceOf(KvmUnavailableError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(advice);
  });
});

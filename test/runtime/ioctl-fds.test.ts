/** The kinds of file descriptor that take an ioctl. The compiler, the runtime and the kernel agree. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { addon } from '../../runtime/addon.js';
import { KvmArgumentError } from '../../runtime/index.js';
import { fileRecord } from '../../runtime/kernel-file.js';
import { vcpuContext } from '../../runtime/vcpu.js';
import { vmContext } from '../../runtime/vm.js';
import { Kvm, type Vcpu, type Vm } from '../../runtime/x86_64.js';
import { allocate, type IoctlAlone, type IoctlByPointer, type View } from '../../support/index.js';
import { committedModel } from '../helpers/committed-models.js';
import { hasKvm, needsKvm } from '../helpers/vcpus.js';

/** The compiler is the test: it refuses each wrong call. This function is never called. */
export function whatCompiles(system: Kvm, vm: Vm, vcpu: Vcpu): void {
  const cap = allocate(kvm.KvmEnableCap);
  const regs = allocate(kvm.KvmRegs);
  system.ioctl(kvm.KVM_GET_API_VERSION);
  system.ioctl(kvm.KVM_GET_MSRS, allocate(kvm.KvmMsrs, 1));
  vcpu.ioctl(kvm.KVM_GET_MSRS, allocate(kvm.KvmMsrs, 1));
  vm.ioctl(kvm.KVM_ENABLE_CAP, cap);
  vcpu.ioctl(kvm.KVM_ENABLE_CAP, cap);
  vm.ioctl(kvm.KVM_GET_TSC_KHZ);
  vcpu.ioctl(kvm.KVM_GET_TSC_KHZ);
  // @ts-expect-error this is an ioctl of a vCPU
  vm.ioctl(kvm.KVM_GET_REGS, regs);
  // @ts-expect-error this is an ioctl of a vCPU
  system.ioctl(kvm.KVM_NMI);
  // @ts-expect-error this is an ioctl of a VM
  vcpu.ioctl(kvm.KVM_CREATE_IRQCHIP);
  // @ts-expect-error this is an ioctl of a VM or a vCPU
  system.ioctl(kvm.KVM_ENABLE_CAP, cap);
  // @ts-expect-error this is an ioctl of the system or a vCPU
  vm.ioctl(kvm.KVM_GET_MSRS, allocate(kvm.KvmMsrs, 1));
  // @ts-expect-error this is an ioctl of the system
  vm.ioctl(kvm.KVM_CREATE_VM, 0);
  // @ts-expect-error the view is of another struct
  vcpu.ioctl(kvm.KVM_GET_REGS, allocate(kvm.KvmSregs));

  // A device of another kind, and an ioctl of another header, do not have a kind of file descriptor.
  const device = <T extends View>(request: IoctlByPointer<T>, argument: NoInfer<T>): unknown => [request, argument];
  device(kvm.KVM_GET_REGS, regs);
  const other = { name: 'OTHER', passes: 'nothing', request: 1, direction: 'none', type: 0, nr: 1, size: 0 } as const;
  const unknown: IoctlAlone = other;
  // @ts-expect-error the type does not say that this is an ioctl of a VM
  vm.ioctl(unknown);
  vm.ioctl(unknown as IoctlAlone<'vm'>);

  // The direction of the argument.
  const out = <T extends View>(request: IoctlByPointer<T, 'vcpu', 'read'>): unknown => request;
  out(kvm.KVM_GET_REGS);
  // @ts-expect-error this ioctl only reads its argument
  out(kvm.KVM_SET_REGS);
  // @ts-expect-error this ioctl does not write to its argument, although its request says so
  ((request: IoctlByPointer<kvm.KvmIrqchip, 'vm', 'read'>) => request)(kvm.KVM_SET_IRQCHIP);
}

describe.skipIf(!hasKvm)(`the kinds of file descriptor ${needsKvm}`, () => {
  it('the runtime refuses an ioctl of another kind of file descriptor before the kernel sees it', () => {
    using system = Kvm.open();
    using vm = system.createVm();
    using vcpu = vm.createVcpu();
    const untyped = (ioctl: unknown) => ioctl as (request: object, argument?: unknown) => number;
    const regs = allocate(kvm.KvmRegs);
    for (const [call, message] of [
      [() => untyped(vm.ioctl)(kvm.KVM_GET_REGS, regs), 'KVM_GET_REGS: this is an ioctl of a vCPU, not of a VM'],
      [() => untyped(system.ioctl)(kvm.KVM_NMI), 'KVM_NMI: this is an ioctl of a vCPU, not of /dev/kvm'],
      [() => untyped(vcpu.ioctl)(kvm.KVM_CREATE_VM, 0), 'KVM_CREATE_VM: this is an ioctl of /dev/kvm, not of a vCPU'],
      [
        () => untyped(system.ioctl)(kvm.KVM_ENABLE_CAP, allocate(kvm.KvmEnableCap)),
        'KVM_ENABLE_CAP: this is an ioctl of a VM or a vCPU, not of /dev/kvm',
      ],
    ] as const) {
      expect(call).toThrow(KvmArgumentError);
      expect(call).toThrow(message);
    }
  });

  it('the runtime leaves an ioctl to the kernel when the bindings do not have its kinds of file descriptor', () => {
    const { fds: _, ...unknown } = kvm.KVM_GET_API_VERSION;
    using system = Kvm.open({ bindings: { ...kvm, KVM_GET_API_VERSION: unknown as typeof kvm.KVM_GET_API_VERSION } });
    expect(system.ioctl(unknown as IoctlAlone<'system'>)).toBe(12);
    using vm = system.createVm();
    expect(() => vm.ioctl(unknown as IoctlAlone<'vm'>)).toThrow(/^KVM_GET_API_VERSION: ENOTTY: /);
  });

  it('the kernel takes an ioctl on exactly the kinds of file descriptor that the model has', () => {
    const EFAULT = -14;
    using system = Kvm.open();
    using vm = system.createVm();
    vm.createIrqchip();
    using vcpu = vm.createVcpu();
    const calls = {
      system: (request: number) => addon().fileIoctl(fileRecord(system), request, 0),
      vm: (request: number) => addon().vmIoctl(vmContext(vm).record, request, 0),
      vcpu: (request: number) => addon().vcpuIoctl(vcpuContext('test', vcpu).record, request, 0),
    };
    // Ioctls of other architectures have the same request numbers.
    const own = committedModel().ioctls.filter(({ name }) => !/^KVM_(?:ARM|PPC|S390)_/.test(name));
    const found = own
      .filter(({ passes }) => passes === 'pointer')
      .flatMap(({ name, request, fds = [] }) => {
        // A file descriptor that takes the ioctl reads the argument and fails with EFAULT. Any other one does not read it.
        const kinds = Object.entries(calls).flatMap(([kind, call]) => (call(request) === EFAULT ? [kind] : []));
        return kinds.length === 0 ? [] : [{ name, kinds, expected: fds.filter((fd) => fd !== 'device') }];
      });
    expect(found.length).toBeGreaterThan(60);
    for (const { name, kinds, expected } of found) expect([name, ...kinds]).toEqual([name, ...expected]);
  });
});

/** Which ioctl is made on what: the compiler, the runtime and the kernel say the same. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { addon } from '../../runtime/addon.js';
import { Kvm, KvmArgumentError, type Vcpu, type Vm } from '../../runtime/index.js';
import { allocate, type IoctlAlone, type IoctlByPointer, type View } from '../../support/index.js';
import { committedModel } from '../helpers/committed-models.js';
import { hasKvm, needsKvm } from '../helpers/vcpus.js';

/** Never called: what does not compile here is the test. */
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
  // @ts-expect-error of a vCPU
  vm.ioctl(kvm.KVM_GET_REGS, regs);
  // @ts-expect-error of a vCPU
  system.ioctl(kvm.KVM_NMI);
  // @ts-expect-error of a VM
  vcpu.ioctl(kvm.KVM_CREATE_IRQCHIP);
  // @ts-expect-error of a VM or a vCPU
  system.ioctl(kvm.KVM_ENABLE_CAP, cap);
  // @ts-expect-error of the system or a vCPU
  vm.ioctl(kvm.KVM_GET_MSRS, allocate(kvm.KvmMsrs, 1));
  // @ts-expect-error of the system
  vm.ioctl(kvm.KVM_CREATE_VM, 0);
  // @ts-expect-error another struct
  vcpu.ioctl(kvm.KVM_GET_REGS, allocate(kvm.KvmSregs));

  // What knows nothing of file descriptors: a device of another kind, and an ioctl of another header.
  const device = <T extends View>(request: IoctlByPointer<T>, argument: NoInfer<T>): unknown => [request, argument];
  device(kvm.KVM_GET_REGS, regs);
  const other = { name: 'OTHER', passes: 'nothing', request: 1, direction: 'none', type: 0, nr: 1, size: 0 } as const;
  const unknown: IoctlAlone = other;
  // @ts-expect-error nobody says that it is an ioctl of a VM
  vm.ioctl(unknown);
  vm.ioctl(unknown as IoctlAlone<'vm'>);

  // Which way the bytes go.
  const out = <T extends View>(request: IoctlByPointer<T, 'vcpu', 'read'>): unknown => request;
  out(kvm.KVM_GET_REGS);
  // @ts-expect-error it only reads its argument
  out(kvm.KVM_SET_REGS);
  // @ts-expect-error the request says that it writes to its argument, which it does not
  ((request: IoctlByPointer<kvm.KvmIrqchip, 'vm', 'read'>) => request)(kvm.KVM_SET_IRQCHIP);
}

describe.skipIf(!hasKvm)(`an ioctl of another kind of file descriptor ${needsKvm}`, () => {
  it('is refused before the kernel sees it', () => {
    using system = Kvm.open();
    using vm = system.createVm();
    using vcpu = vm.createVcpu();
    const untyped = (ioctl: unknown) => ioctl as (request: object, argument?: unknown) => number;
    const regs = allocate(kvm.KvmRegs);
    for (const [call, message] of [
      [() => untyped(vm.ioctl)(kvm.KVM_GET_REGS, regs), 'KVM_GET_REGS: is an ioctl of a vCPU, not of a VM'],
      [() => untyped(system.ioctl)(kvm.KVM_NMI), 'KVM_NMI: is an ioctl of a vCPU, not of /dev/kvm'],
      [() => untyped(vcpu.ioctl)(kvm.KVM_CREATE_VM, 0), 'KVM_CREATE_VM: is an ioctl of /dev/kvm, not of a vCPU'],
      [
        () => untyped(system.ioctl)(kvm.KVM_ENABLE_CAP, allocate(kvm.KvmEnableCap)),
        'KVM_ENABLE_CAP: is an ioctl of a VM or a vCPU, not of /dev/kvm',
      ],
    ] as const) {
      expect(call).toThrow(KvmArgumentError);
      expect(call).toThrow(message);
    }
  });

  it('is left to the kernel where the bindings do not say of what it is', () => {
    using system = Kvm.open();
    const { fds: _, ...unknown } = kvm.KVM_GET_API_VERSION;
    expect(system.ioctl(unknown as IoctlAlone<'system'>)).toBe(12);
    using vm = system.createVm();
    expect(() => vm.ioctl(unknown as IoctlAlone<'vm'>)).toThrow(/^KVM_GET_API_VERSION: ENOTTY: /);
  });

  it('is one that the kernel does not take there either', () => {
    const { ioctl, open, fileCreate, fileRelease } = addon();
    const EFAULT = -14;
    const made: number[] = [open('/dev/kvm')];
    const [system = -1] = made;
    const vm = ioctl(system, kvm.KVM_CREATE_VM.request, 0);
    made.push(vm);
    ioctl(vm, kvm.KVM_CREATE_IRQCHIP.request, 0);
    const vcpu = ioctl(vm, kvm.KVM_CREATE_VCPU.request, 0);
    made.push(vcpu);
    try {
      expect(made.every((fd) => fd >= 0)).toBe(true);
      // Those of other architectures have the same request numbers.
      const own = committedModel().ioctls.filter(({ name }) => !/^KVM_(?:ARM|PPC|S390)_/.test(name));
      const found = own
        .filter(({ passes }) => passes === 'pointer')
        .flatMap(({ name, request, fds = [] }) => {
          // Who takes an ioctl reads its argument, which is nowhere; who does not never looks.
          const taken = Object.entries({ system, vm, vcpu }).filter(([, fd]) => ioctl(fd, request, 0) === EFAULT);
          const kinds = taken.map(([kind]) => kind);
          return kinds.length === 0 ? [] : [{ name, kinds, expected: fds.filter((fd) => fd !== 'device') }];
        });
      expect(found.length).toBeGreaterThan(60);
      for (const { name, kinds, expected } of found) expect([name, ...kinds]).toEqual([name, ...expected]);
    } finally {
      for (const fd of made.reverse()) fileRelease(fileCreate(fd));
    }
  });
});

/** The generic ioctl. It refuses every argument with which the kernel would access other memory. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { addon } from '../../runtime/addon.js';
import { Device, DeviceArgumentError, GuestMemory, KvmArgumentError, KvmError } from '../../runtime/index.js';
import { Kvm, type Vcpu, type Vm } from '../../runtime/x86_64.js';
import { allocate, type View, type ViewClass } from '../../support/index.js';
import { realMode } from '../../tools/guests/index.js';
import { guarded } from '../helpers/guarded.js';
import { createVm, hasKvm, needsKvm } from '../helpers/vcpus.js';

/** The ioctl as JavaScript can call it, without a compiler. */
type Untyped = (request: object, argument?: unknown) => number;
const untyped = (ioctl: unknown): Untyped => ioctl as Untyped;

interface Machine extends Disposable {
  readonly vm: Vm;
  readonly vcpu: Vcpu;
}

function machine(): Machine {
  const vm = createVm();
  const { vcpu, memory } = realMode.halt.load(vm);
  const close = (): void => {
    for (const each of [vcpu, memory, vm]) each.close();
  };
  return { vm, vcpu, [Symbol.dispose]: close };
}

describe.skipIf(!hasKvm)(`the generic ioctl ${needsKvm}`, () => {
  // Shows: kvm-ioctls kvm_ioctls::get_version, kvm-ioctls kvm_ioctls::check_vm_extension
  it('the generic ioctl passes no argument, values and structs', () => {
    using system = Kvm.open();
    using vm = system.createVm();
    using vcpu = vm.createVcpu();
    expect(system.ioctl(kvm.KVM_GET_API_VERSION)).toBe(12);
    expect(vm.ioctl(kvm.KVM_CHECK_EXTENSION, BigInt(kvm.KVM_CAP_NR_VCPUS))).toBeGreaterThan(0);
    const events = allocate(kvm.KvmVcpuEvents);
    expect(vcpu.ioctl(kvm.KVM_GET_VCPU_EVENTS, events)).toBe(0);
    expect(vcpu.ioctl(kvm.KVM_SET_VCPU_EVENTS, events)).toBe(0);
  });

  it('the generic ioctl writes to the bytes of the view and to no others', () => {
    using it = machine();
    const { view, intact } = guarded((bytes, offset) => new kvm.KvmRegs(bytes, offset), kvm.KvmRegs.$size);
    it.vcpu.ioctl(kvm.KVM_GET_REGS, view);
    expect(view.rip).toBe(0x1000n);
    expect(intact()).toBe(true);
  });

  it('the generic ioctl writes to memory that threads share', () => {
    using it = machine();
    const regs = new kvm.KvmRegs(new DataView(new SharedArrayBuffer(kvm.KvmRegs.$size)));
    it.vcpu.ioctl(kvm.KVM_GET_REGS, regs);
    expect(regs.rip).toBe(0x1000n);
  });

  it('the generic ioctl fills the elements of a view, and the kernel sets their count', () => {
    using system = Kvm.open();
    const cpuid = allocate(kvm.KvmCpuid2, 256);
    system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid);
    expect(cpuid.nent).toBeGreaterThan(1);
    expect(cpuid.nent).toBeLessThanOrEqual(256);
    expect(cpuid.entries.get(0).eax).toBeGreaterThan(0);
  });

  it('an ioctl that fails with E2BIG leaves the number of needed elements in the view', () => {
    using system = Kvm.open();
    const list = allocate(kvm.KvmMsrList, 1);
    expect(() => system.ioctl(kvm.KVM_GET_MSR_INDEX_LIST, list)).toThrow(
      /^KVM_GET_MSR_INDEX_LIST: E2BIG: .*allocate more/,
    );
    expect(list.nmsrs).toBeGreaterThan(1);
    const enough = allocate(kvm.KvmMsrList, list.nmsrs);
    system.ioctl(kvm.KVM_GET_MSR_INDEX_LIST, enough);
    expect([...enough.indices].every((index) => index > 0)).toBe(true);
  });

  describe('an error of the kernel', () => {
    it('the error names the ioctl and the errno', () => {
      using system = Kvm.open();
      using it = machine();
      const cpuid = allocate(kvm.KvmCpuid2, 1);
      const refused = (): number => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid);
      expect(refused).toThrow(KvmError);
      expect(refused).toThrow(/^KVM_GET_SUPPORTED_CPUID: E2BIG: the buffer has too few elements: .*; allocate more/);
      expect(() => it.vm.ioctl(kvm.KVM_CREATE_VCPU, 0)).toThrow(/^KVM_CREATE_VCPU: EEXIST: /);
      const sregs = it.vcpu.getSregs();
      sregs.cr0 = 0x8000_0000n; // paging without protection
      expect(() => it.vcpu.setSregs(sregs)).toThrow(/^KVM_SET_SREGS: EINVAL: /);
    });
  });

  describe('a wrong argument', () => {
    it.each([-1, 1.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n, '1', null, undefined, {}])(
      'the generic ioctl refuses a value that is not of the C type: %s',
      (value) => {
        using system = Kvm.open();
        const call = (): number => untyped(system.ioctl)(kvm.KVM_CHECK_EXTENSION, value);
        expect(call).toThrow(KvmArgumentError);
        expect(call).toThrow(/^KVM_CHECK_EXTENSION: the argument must be an unsigned long, not /);
      },
    );

    it('the generic ioctl refuses an argument for an ioctl that takes none', () => {
      using system = Kvm.open();
      for (const argument of [0, 1n, null, allocate(kvm.KvmRegs)]) {
        expect(() => untyped(system.ioctl)(kvm.KVM_GET_API_VERSION, argument)).toThrow(
          /^KVM_GET_API_VERSION: this ioctl takes no argument$/,
        );
      }
    });

    it.each<[string, unknown]>([
      ['undefined', undefined],
      ['null', null],
      ['a number', 4096],
      ['a bigint', 4096n],
      ['bytes', new Uint8Array(144)],
      ['a DataView', new DataView(new ArrayBuffer(144))],
      ['an object', { $$view: new DataView(new ArrayBuffer(144)), $$offset: 0 }],
    ])('the generic ioctl refuses %s instead of a view', (_, argument) => {
      using it = machine();
      const call = (): number => untyped(it.vcpu.ioctl)(kvm.KVM_GET_REGS, argument);
      expect(call).toThrow(/^KVM_GET_REGS: the argument must be a view of struct kvm_regs$/);
    });

    it('the generic ioctl refuses a view of another class', () => {
      using it = machine();
      expect(() => untyped(it.vcpu.ioctl)(kvm.KVM_GET_REGS, allocate(kvm.KvmSregs))).toThrow(
        /^KVM_GET_REGS: the argument must be a view of struct kvm_regs, not of struct kvm_sregs$/,
      );
    });

    it('the compiler refuses wrong arguments', () => {
      const vcpu = {} as Vcpu;
      const neverCalled = (): void => {
        // @ts-expect-error the view is of another class
        vcpu.ioctl(kvm.KVM_GET_REGS, allocate(kvm.KvmSregs));
        // @ts-expect-error the argument is missing
        vcpu.ioctl(kvm.KVM_GET_REGS);
        // @ts-expect-error the ioctl takes no argument
        vcpu.ioctl(kvm.KVM_NMI, 1);
        // @ts-expect-error the argument is not a value
        vcpu.ioctl(kvm.KVM_SET_TSC_KHZ, allocate(kvm.KvmRegs));
      };
      expect(neverCalled).toBeTypeOf('function');
    });

    // Shows: statement 64, security 17
    it('the generic ioctl refuses a view that is shorter than its count says', () => {
      using system = Kvm.open();
      for (const nent of [3, 1000, 0xffff_ffff]) {
        const cpuid = allocate(kvm.KvmCpuid2, 2);
        cpuid.nent = nent;
        const call = (): number => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid);
        expect(call).toThrow(KvmArgumentError);
        expect(call).toThrow(
          `KVM_GET_SUPPORTED_CPUID: the kernel accesses ${8 + nent * 40} bytes at offset 0, and the view has 88; allocate more elements`,
        );
      }
    });

    it('the generic ioctl refuses a view whose buffer is detached', () => {
      using it = machine();
      const regs = allocate(kvm.KvmRegs);
      structuredClone(regs.$$view.buffer, { transfer: [regs.$$view.buffer as ArrayBuffer] });
      expect(() => it.vcpu.ioctl(kvm.KVM_GET_REGS, regs)).toThrow(TypeError);
    });
  });

  it.each([
    [kvm.KVM_SET_USER_MEMORY_REGION, /use Vm\.addMemory and Vm\.removeMemory$/],
    [kvm.KVM_GET_DIRTY_LOG, /use Vm\.getDirtyLog$/],
    [kvm.KVM_SET_DEVICE_ATTR, /use setDeviceAttr$/],
    [kvm.KVM_GET_ONE_REG, /use Vcpu\.getOneReg$/],
    [kvm.KVM_MEMORY_ENCRYPT_OP, /its struct has addresses of this process; use memoryEncryptOp$/],
    [kvm.KVM_GET_XSAVE2, /use Vcpu\.getXsave2$/],
    [kvm.KVM_SET_XSAVE, /use Vcpu\.setXsave$/],
  ])('the generic ioctl refuses $name', (request, why) => {
    using it = machine();
    const argument = allocate<View>(request.argument as ViewClass<View>);
    const on = 'vm' in (request.fds ?? {}) ? it.vm : it.vcpu;
    const call = (): number => untyped(on.ioctl)(request, argument);
    expect(call).toThrow(KvmArgumentError);
    expect(call).toThrow(`${request.name}: the generic ioctl does not accept this ioctl: `);
    expect(call).toThrow(why);
  });

  it('the generic ioctl refuses an ioctl with addresses if the kernel has it, and otherwise names the missing capability', () => {
    // These bindings give the name of the capability to another capability, which every kernel has.
    using having = createVm({ ...kvm, KVM_CAP_XEN_HVM: kvm.KVM_CAP_USER_MEMORY as unknown as 38 });
    using lacking = createVm();
    for (const request of [kvm.KVM_XEN_HVM_CONFIG, kvm.KVM_XEN_HVM_SET_ATTR]) {
      const argument = allocate<View>(request.argument as ViewClass<View>);
      expect(() => untyped(having.ioctl)(request, argument)).toThrow(
        /its struct has addresses of this process; use Vm\.xenHvm(?:Config|SetAttr)$/,
      );
      if (lacking.checkExtension('KVM_CAP_XEN_HVM') === 0) {
        expect(() => untyped(lacking.ioctl)(request, argument)).toThrow(/ does not have KVM_CAP_XEN_HVM$/);
      }
    }
  });

  // Shows: security 26
  it('the generic ioctl refuses KVM_RUN, which nothing could interrupt, and KVM_SET_SIGNAL_MASK, which could block kicks', () => {
    using it = machine();
    // @ts-expect-error use Vcpu.run
    expect(() => it.vcpu.ioctl(kvm.KVM_RUN)).toThrow(/^KVM_RUN: .*use Vcpu\.run$/);
    // @ts-expect-error use Vcpu.run and kick
    expect(() => it.vcpu.ioctl(kvm.KVM_SET_SIGNAL_MASK, allocate(kvm.KvmSignalMask, 8))).toThrow(
      /^KVM_SET_SIGNAL_MASK: .*use Vcpu\.run and kick$/,
    );
  });
});

describe.skipIf(!hasKvm)(`an object that is not an ioctl of the bindings ${needsKvm}`, () => {
  const refusal =
    /this is not an ioctl of the bindings; pass the object that the bindings of Kvm\.open export, not a copy$/;

  // Shows: security 20
  it('the kernel does not write to an address that a copied ioctl passes as a value', () => {
    using it = machine();
    using memory = GuestMemory.create(4096);
    memory.bytes(0, 48).fill(0xee);
    const forged = { ...kvm.KVM_GET_CLOCK, passes: 'value', argument: 'unsigned long' };
    expect(() => untyped(it.vm.ioctl)(forged, memory.address)).toThrow(refusal);
    expect(memory.read(0, 48).every((byte) => byte === 0xee)).toBe(true);
  });

  // Shows: security 20
  it('a renamed copy does not avoid the refusal of an ioctl with addresses', () => {
    using it = machine();
    using memory = GuestMemory.create(4096);
    const region = allocate(kvm.KvmUserspaceMemoryRegion);
    Object.assign(region, { slot: 7, guest_phys_addr: 0x20_0000n, memory_size: 4096n, userspace_addr: memory.address });
    expect(() => untyped(it.vm.ioctl)({ ...kvm.KVM_SET_USER_MEMORY_REGION, name: 'x' }, region)).toThrow(/^x: /);
    expect(it.vm.addMemory({ slot: 7, memory, guestAddress: 0x20_0000 })).toBe(7);
  });

  const impostors: readonly unknown[] = [
    ...[undefined, null, 0, 1n, kvm.KVM_GET_REGS.request, 'KVM_GET_REGS', [], {}, () => {}, Symbol('request')],
    kvm.KVM_CAP_IRQCHIP,
    kvm.KvmRegs,
    { ...kvm.KVM_GET_REGS },
    Object.create(kvm.KVM_GET_REGS),
    structuredClone({ ...kvm.KVM_GET_REGS, argument: null }),
    new Proxy(kvm.KVM_GET_REGS, {}),
  ];
  // Shows: security 20
  it('every class refuses every other object in the place of an ioctl', () => {
    using system = Kvm.open();
    using it = machine();
    using device = it.vm.createDevice(kvm.KVM_DEV_TYPE_VFIO);
    for (const { ioctl } of [system, it.vm, it.vcpu, device]) {
      for (const impostor of impostors) {
        expect(() => untyped(ioctl)(impostor as object, allocate(kvm.KvmRegs))).toThrow(KvmArgumentError);
        expect(() => untyped(ioctl)(impostor as object)).toThrow(refusal);
      }
    }
    using file = Device.open('/dev/kvm', kvm);
    for (const impostor of impostors) {
      expect(() => untyped(file.ioctl)(impostor as object, allocate(kvm.KvmRegs))).toThrow(DeviceArgumentError);
    }
  });

  // Shows: security 20
  it('an ioctl of other bindings is refused, and one of the bindings of Kvm.open is made', () => {
    const other = { ...kvm.KVM_GET_API_VERSION };
    using system = Kvm.open({ bindings: { ...kvm, KVM_GET_API_VERSION: other } });
    expect(system.ioctl(other)).toBe(12);
    expect(() => system.ioctl(kvm.KVM_GET_API_VERSION)).toThrow(refusal);
  });

  it('nothing changes an ioctl of bindings that are in use', () => {
    const own = { ...kvm.KVM_GET_API_VERSION };
    using system = Kvm.open({ bindings: { ...kvm, KVM_GET_API_VERSION: own } });
    expect(() => Object.assign(own, { request: kvm.KVM_CREATE_VM.request })).toThrow(TypeError);
    expect(system.ioctl(own)).toBe(12);
  });
});

describe.skipIf(!hasKvm)(`a forged view ${needsKvm}`, () => {
  class Short extends kvm.KvmRegs {
    static override readonly $size = 0 as never;
  }
  class NoNumber extends kvm.KvmRegs {
    static override readonly $size = Number.NaN as never;
  }
  const lie = <T extends View>(type: new (view: DataView, offset?: number) => T, members: object): T => {
    const view = Object.create(type.prototype) as T;
    return Object.defineProperties(view, Object.getOwnPropertyDescriptors(members));
  };
  const short = new DataView(new ArrayBuffer(16));
  const long = new DataView(new ArrayBuffer(4096));

  it.each<[string, View]>([
    ['a size of 0', lie(Short, { $$view: short, $$offset: 0 })],
    ['a size of NaN', lie(NoNumber, { $$view: short, $$offset: 0 })],
    ['an offset beyond the end', lie(kvm.KvmRegs, { $$view: long, $$offset: 0x1_0000 })],
    ['an offset before the start', lie(kvm.KvmRegs, { $$view: long, $$offset: -64 })],
    ['an offset of NaN', lie(kvm.KvmRegs, { $$view: long, $$offset: Number.NaN })],
    ['a false length', lie(kvm.KvmRegs, { $$view: { byteLength: 4096, buffer: long.buffer }, $$offset: 0 })],
    ['bytes that are not a DataView', lie(kvm.KvmRegs, { $$view: new Uint8Array(4096), $$offset: 0 })],
  ])('the generic ioctl refuses a forged view with %s', (_, regs) => {
    using it = machine();
    expect(() => untyped(it.vcpu.ioctl)(kvm.KVM_GET_REGS, regs)).toThrow(/^KVM_GET_REGS: /);
    expect(() => untyped(it.vcpu.ioctl)(kvm.KVM_SET_REGS, regs)).toThrow(/^KVM_SET_REGS: /);
    expect(it.vcpu.getRegs().rip).toBe(0x1000n);
  });

  // Shows: security 16
  it('the generic ioctl reads the bytes of a view once', () => {
    using it = machine();
    let looks = 0;
    const changing = lie(kvm.KvmRegs, {
      $$offset: 0,
      get $$view(): DataView {
        return looks++ === 0 ? long : short;
      },
    });
    long.setUint8(0, 0);
    it.vcpu.ioctl(kvm.KVM_GET_REGS, changing as kvm.KvmRegs);
    expect(looks).toBe(1);
    expect(new kvm.KvmRegs(long).rip).toBe(0x1000n);
  });

  // Shows: security 16
  it('the generic ioctl checks a count that the class of the view hides', () => {
    using system = Kvm.open();
    class Hiding extends kvm.KvmCpuid2 {
      static override readonly $flexible = undefined as never;
      override get nent(): number {
        return 0;
      }
    }
    const { view, intact } = guarded((bytes, offset) => new Hiding(bytes, offset), 8);
    view.$$view.setUint32(view.$$offset, 100, true);
    const alone = new Hiding(new DataView(view.$$view.buffer, view.$$offset, 8));
    expect(() => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, alone)).toThrow(
      /the kernel accesses 4008 bytes .*the view has 8/,
    );
    expect(intact()).toBe(true);
  });

  // Shows: security 16
  it('the generic ioctl refuses a view whose count changes after the check', () => {
    using system = Kvm.open();
    const bytes = new Uint8Array(8 + 40).fill(0xa5);
    const cpuid = new kvm.KvmCpuid2(new DataView(bytes.buffer));
    cpuid.nent = 1;
    // The second question for the length raises the count, as a guest can do.
    let looks = 0;
    class RaisingView extends DataView<ArrayBufferLike> {
      override get byteLength(): number {
        if (++looks > 1) cpuid.nent = 100;
        return super.byteLength;
      }
    }
    const view = new RaisingView(bytes.buffer);
    const racing = lie(kvm.KvmCpuid2, { $$view: view, $$offset: 0 });
    expect(() => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, racing)).toThrow(KvmArgumentError);
    expect(looks).toBeGreaterThan(1);
  });

  // Shows: security 17
  it('the native layer refuses a forged ioctl with a false size', () => {
    const forged = { ...kvm.KVM_GET_REGS, size: 0, argument: lieAbout(kvm.KvmRegs) };
    using system = Kvm.open({ bindings: { ...kvm, KVM_GET_REGS: forged } });
    using vm = system.createVm();
    using vcpu = vm.createVcpu();
    const regs = lie(lieAbout(kvm.KvmRegs), { $$view: short, $$offset: 0 });
    expect(() => vcpu.ioctl(forged, regs)).toThrow(/^KVM_GET_REGS: EFAULT: /);
  });

  function lieAbout(type: typeof kvm.KvmRegs): typeof kvm.KvmRegs {
    return class extends type {
      static override readonly $size = 0 as never;
    };
  }

  // Shows: security 17
  it('the native layer refuses offsets and lengths outside of the view', () => {
    using it = machine();
    const { request } = kvm.KVM_GET_REGS;
    const record = addon().vcpuFind(it.vcpu.share().id);
    if (record === null) throw new Error('the vCPU is closed');
    const call = (view: DataView, offset: number, needed: number): number =>
      addon().vcpuIoctlView(record, request, view, offset, needed);
    const EFAULT = -14;
    expect(call(long, 0, 144)).toBe(0);
    expect(call(long, 4096 - 144, 144)).toBe(0);
    expect(call(long, 4096 - 143, 144)).toBe(EFAULT);
    expect(call(long, 0, 143)).toBe(EFAULT);
    expect(call(long, 0, 4097)).toBe(EFAULT);
    expect(call(long, 2 ** 40, 144)).toBe(EFAULT);
    for (const wrong of [-1, 2 ** 60, Number.NaN, 0.5, '144']) {
      expect(() => call(long, wrong as number, 144)).toThrow(TypeError);
      expect(() => call(long, 0, wrong as number)).toThrow(TypeError);
    }
    for (const wrong of [new Uint8Array(4096), new ArrayBuffer(4096), {}, null, undefined]) {
      expect(() => call(wrong as DataView, 0, 144)).toThrow(TypeError);
    }
    const detached = new DataView(new ArrayBuffer(4096));
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(call(detached, 0, 144)).toBe(EFAULT);
  });
});

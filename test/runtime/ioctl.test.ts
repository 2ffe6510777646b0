/** The generic ioctl: what it refuses before the kernel could touch memory that is not the argument's. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { addon } from '../../runtime/addon.js';
import { Kvm, KvmArgumentError, KvmError, type Vcpu, type Vm } from '../../runtime/index.js';
import { allocate, type IoctlByPointer, type View, type ViewClass } from '../../support/index.js';
import { realMode } from '../../tools/guests/index.js';
import { guarded } from '../helpers/guarded.js';
import { createVm, hasKvm, needsKvm } from '../helpers/vcpus.js';

/** The ioctl as JavaScript may call it, without a compiler. */
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
  it('passes nothing, values and structs', () => {
    using system = Kvm.open();
    using vm = system.createVm();
    using vcpu = vm.createVcpu();
    expect(system.ioctl(kvm.KVM_GET_API_VERSION)).toBe(12);
    expect(vm.ioctl(kvm.KVM_CHECK_EXTENSION, BigInt(kvm.KVM_CAP_NR_VCPUS))).toBeGreaterThan(0);
    const events = allocate(kvm.KvmVcpuEvents);
    expect(vcpu.ioctl(kvm.KVM_GET_VCPU_EVENTS, events)).toBe(0);
    expect(vcpu.ioctl(kvm.KVM_SET_VCPU_EVENTS, events)).toBe(0);
  });

  it('writes to the bytes of a view, wherever they are, and to no others', () => {
    using it = machine();
    const { view, intact } = guarded((bytes, offset) => new kvm.KvmRegs(bytes, offset), kvm.KvmRegs.$size);
    it.vcpu.ioctl(kvm.KVM_GET_REGS, view);
    expect(view.rip).toBe(0x1000n);
    expect(intact()).toBe(true);
  });

  it('writes to memory that threads share', () => {
    using it = machine();
    const regs = new kvm.KvmRegs(new DataView(new SharedArrayBuffer(kvm.KvmRegs.$size)));
    it.vcpu.ioctl(kvm.KVM_GET_REGS, regs);
    expect(regs.rip).toBe(0x1000n);
  });

  it('fills as many elements as there is room for, and tells how many', () => {
    using system = Kvm.open();
    const cpuid = allocate(kvm.KvmCpuid2, 256);
    system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid);
    expect(cpuid.nent).toBeGreaterThan(1);
    expect(cpuid.nent).toBeLessThanOrEqual(256);
    expect(cpuid.entries.get(0).eax).toBeGreaterThan(0);
  });

  it('tells how many elements are needed where there are too few', () => {
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

  describe('with what the kernel refuses', () => {
    it('names ioctl and errno', () => {
      using system = Kvm.open();
      using it = machine();
      const cpuid = allocate(kvm.KvmCpuid2, 1);
      const refused = (): number => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid);
      expect(refused).toThrow(KvmError);
      expect(refused).toThrow(/^KVM_GET_SUPPORTED_CPUID: E2BIG: the buffer has too few elements; allocate more$/);
      expect(() => it.vm.ioctl(kvm.KVM_CREATE_VCPU, 0)).toThrow(/^KVM_CREATE_VCPU: EEXIST: /);
      const sregs = it.vcpu.getSregs();
      sregs.cr0 = 0x8000_0000n; // paging without protection
      expect(() => it.vcpu.setSregs(sregs)).toThrow(/^KVM_SET_SREGS: EINVAL: /);
    });
  });

  describe('refuses an argument', () => {
    it.each([-1, 1.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n, '1', null, undefined, {}])(
      'that is no value of the C type: %s',
      (value) => {
        using system = Kvm.open();
        const call = (): number => untyped(system.ioctl)(kvm.KVM_CHECK_EXTENSION, value);
        expect(call).toThrow(KvmArgumentError);
        expect(call).toThrow(/^KVM_CHECK_EXTENSION: takes an unsigned long, not /);
      },
    );

    it('where none is taken', () => {
      using system = Kvm.open();
      for (const argument of [0, 1n, null, allocate(kvm.KvmRegs)]) {
        expect(() => untyped(system.ioctl)(kvm.KVM_GET_API_VERSION, argument)).toThrow(
          /^KVM_GET_API_VERSION: takes no argument$/,
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
    ])('that is no view but %s', (_, argument) => {
      using it = machine();
      const call = (): number => untyped(it.vcpu.ioctl)(kvm.KVM_GET_REGS, argument);
      expect(call).toThrow(/^KVM_GET_REGS: takes a view of struct kvm_regs$/);
    });

    it('of another class', () => {
      using it = machine();
      expect(() => untyped(it.vcpu.ioctl)(kvm.KVM_GET_REGS, allocate(kvm.KvmSregs))).toThrow(
        /^KVM_GET_REGS: takes a view of struct kvm_regs, not of struct kvm_sregs$/,
      );
    });

    it('that the compiler refuses as well', () => {
      const vcpu = {} as Vcpu;
      const neverCalled = (): void => {
        // @ts-expect-error another class
        vcpu.ioctl(kvm.KVM_GET_REGS, allocate(kvm.KvmSregs));
        // @ts-expect-error none given
        vcpu.ioctl(kvm.KVM_GET_REGS);
        // @ts-expect-error takes none
        vcpu.ioctl(kvm.KVM_NMI, 1);
        // @ts-expect-error not a value
        vcpu.ioctl(kvm.KVM_SET_TSC_KHZ, allocate(kvm.KvmRegs));
      };
      expect(neverCalled).toBeTypeOf('function');
    });

    it('whose counter says more than there is', () => {
      using system = Kvm.open();
      for (const nent of [3, 1000, 0xffff_ffff]) {
        const cpuid = allocate(kvm.KvmCpuid2, 2);
        cpuid.nent = nent;
        const call = (): number => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid);
        expect(call).toThrow(KvmArgumentError);
        expect(call).toThrow(
          `KVM_GET_SUPPORTED_CPUID: needs ${8 + nent * 40} bytes at offset 0, the view has 88; allocate more elements`,
        );
      }
    });

    it('whose buffer is detached', () => {
      using it = machine();
      const regs = allocate(kvm.KvmRegs);
      structuredClone(regs.$$view.buffer, { transfer: [regs.$$view.buffer as ArrayBuffer] });
      expect(() => it.vcpu.ioctl(kvm.KVM_GET_REGS, regs)).toThrow(TypeError);
    });
  });

  it.each([
    [kvm.KVM_SET_USER_MEMORY_REGION, /use Vm\.addMemory and Vm\.removeMemory$/],
    [kvm.KVM_GET_DIRTY_LOG, /use Vm\.dirty\.getLog$/],
    [kvm.KVM_SET_DEVICE_ATTR, /its struct carries addresses of this process$/],
    [kvm.KVM_GET_ONE_REG, /its struct carries addresses of this process$/],
    [kvm.KVM_MEMORY_ENCRYPT_OP, /its struct carries addresses of this process$/],
    [kvm.KVM_GET_XSAVE2, /use Vcpu\.getXsave2$/],
    [kvm.KVM_SET_XSAVE, /use Vcpu\.setXsave$/],
  ])('refuses $name', (request, why) => {
    using it = machine();
    const argument = allocate<View>(request.argument as ViewClass<View>);
    const on = 'vm' in (request.fds ?? {}) ? it.vm : it.vcpu;
    const call = (): number => untyped(on.ioctl)(request, argument);
    expect(call).toThrow(KvmArgumentError);
    expect(call).toThrow(`${request.name}: not for the generic ioctl: `);
    expect(call).toThrow(why);
  });

  it('refuses it where the kernel has it; where it does not, it says so', () => {
    // A kernel that has whatever goes by this name.
    using having = createVm({ ...kvm, KVM_CAP_XEN_HVM: kvm.KVM_CAP_USER_MEMORY as unknown as 38 });
    using lacking = createVm();
    for (const request of [kvm.KVM_XEN_HVM_CONFIG, kvm.KVM_XEN_HVM_SET_ATTR]) {
      const argument = allocate<View>(request.argument as ViewClass<View>);
      expect(() => untyped(having.ioctl)(request, argument)).toThrow(/its struct carries addresses of this process$/);
      if (lacking.checkExtension('KVM_CAP_XEN_HVM') === 0) {
        expect(() => untyped(lacking.ioctl)(request, argument)).toThrow(/ does not have KVM_CAP_XEN_HVM$/);
      }
    }
  });

  it('refuses to run a vCPU, which nothing could interrupt, and to keep kicks out', () => {
    using it = machine();
    expect(() => it.vcpu.ioctl(kvm.KVM_RUN)).toThrow(/^KVM_RUN: .*use Vcpu\.run$/);
    expect(() => it.vcpu.ioctl(kvm.KVM_SET_SIGNAL_MASK, allocate(kvm.KvmSignalMask, 8))).toThrow(
      /^KVM_SET_SIGNAL_MASK: .*use Vcpu\.run and kick$/,
    );
  });
});

describe.skipIf(!hasKvm)(`views that lie never get the kernel to touch bytes beyond them ${needsKvm}`, () => {
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
    ['a length that is not true', lie(kvm.KvmRegs, { $$view: { byteLength: 4096, buffer: long.buffer }, $$offset: 0 })],
    ['bytes that are no DataView', lie(kvm.KvmRegs, { $$view: new Uint8Array(4096), $$offset: 0 })],
  ])('%s', (_, regs) => {
    using it = machine();
    expect(() => untyped(it.vcpu.ioctl)(kvm.KVM_GET_REGS, regs)).toThrow(/^KVM_GET_REGS: /);
    expect(() => untyped(it.vcpu.ioctl)(kvm.KVM_SET_REGS, regs)).toThrow(/^KVM_SET_REGS: /);
    expect(it.vcpu.getRegs().rip).toBe(0x1000n);
  });

  it('one that changes while it is looked at', () => {
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

  it('a counter that its class hides from us', () => {
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
    expect(() => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, alone)).toThrow(/needs 4008 bytes .*the view has 8/);
    expect(intact()).toBe(true);
  });

  it('a counter that changes after it was looked at, as a guest may change its memory', () => {
    using system = Kvm.open();
    const bytes = new Uint8Array(8 + 40).fill(0xa5);
    const cpuid = new kvm.KvmCpuid2(new DataView(bytes.buffer));
    cpuid.nent = 1;
    // Whoever is asked for the length after the counter was read raises the counter.
    let looks = 0;
    const view = new Proxy(cpuid.$$view, {
      get: (target, key) => {
        if (key === 'byteLength' && ++looks > 1) cpuid.nent = 100;
        const value = Reflect.get(target, key) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const racing = lie(kvm.KvmCpuid2, { $$view: view, $$offset: 0 });
    expect(() => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, racing)).toThrow(KvmArgumentError);
  });

  it('an ioctl that lies about its size', () => {
    using it = machine();
    const forged = { ...kvm.KVM_GET_REGS, size: 0, argument: lieAbout(kvm.KvmRegs) } as IoctlByPointer<
      kvm.KvmRegs,
      'vcpu'
    >;
    const regs = lie(lieAbout(kvm.KvmRegs), { $$view: short, $$offset: 0 });
    expect(() => it.vcpu.ioctl(forged, regs)).toThrow(/^KVM_GET_REGS: EFAULT: /);
  });

  function lieAbout(type: typeof kvm.KvmRegs): typeof kvm.KvmRegs {
    return class extends type {
      static override readonly $size = 0 as never;
    };
  }

  it('the native layer, whatever it is told', () => {
    using it = machine();
    const { request } = kvm.KVM_GET_REGS;
    const { handle } = it.vcpu;
    const call = (view: DataView, offset: number, needed: number): number =>
      addon().vcpuIoctlView(handle, request, view, offset, needed);
    const EFAULT = -14;
    expect(call(long, 0, 144)).toBe(0);
    expect(call(long, 4096 - 144, 144)).toBe(0);
    expect(call(long, 4096 - 143, 144)).toBe(EFAULT);
    expect(call(long, 0, 143)).toBe(EFAULT);
    expect(call(long, 0, 4097)).toBe(EFAULT);
    expect(call(long, -1, 144)).toBe(EFAULT);
    expect(call(long, 0, -1)).toBe(EFAULT);
    expect(call(long, 2 ** 40, 144)).toBe(EFAULT);
    expect(call(long, 0, 2 ** 60)).toBe(EFAULT);
    expect(call(long, 0, Number.NaN)).toBe(EFAULT);
    expect(call(new Uint8Array(4096) as never, 0, 144)).toBe(EFAULT);
    expect(call(new ArrayBuffer(4096) as never, 0, 144)).toBe(EFAULT);
    const detached = new DataView(new ArrayBuffer(4096));
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(call(detached, 0, 144)).toBe(EFAULT);
  });
});

/** Ioctls whose argument has addresses of this process. The kernel would follow each of them, wherever it leads. */

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import type { Bindings, FdKind, IoctlTarget } from '../../runtime/context.js';
import {
  Device,
  DeviceArgumentError,
  GuestMemory,
  KvmArgumentError,
  KvmUnsupportedError,
} from '../../runtime/index.js';
import { type AnyIoctl, genericIoctl, methodsOfAddresses } from '../../runtime/ioctl.js';
import { Kvm } from '../../runtime/x86_64.js';
import { allocate, type View, type ViewClass } from '../../support/index.js';
import { createVm, hasKvm, needsKvm } from '../helpers/vcpus.js';

const architectures = readdirSync(new URL('../../generated', import.meta.url));

/** The ioctl as JavaScript can call it, without a compiler. */
type Untyped = (request: unknown, argument?: unknown, memory?: unknown) => number;
const untyped = (ioctl: unknown): Untyped => ioctl as Untyped;

const ioctlsOf = (bindings: object): AnyIoctl[] =>
  Object.values(bindings).filter((value) => typeof value === 'object' && value !== null && 'passes' in value);

/** A view with room for a header, or undefined if the ioctl takes none. */
function argumentOf(request: AnyIoctl): View | undefined {
  const { argument } = request as { readonly argument?: unknown };
  if (typeof argument !== 'function') return undefined;
  return new (argument as ViewClass<View>)(new DataView(new ArrayBuffer(4096 + request.size)));
}

const kvmIoctls = ioctlsOf(kvm);

describe('the generic ioctl of every architecture', () => {
  // Shows: security 19
  it.each(architectures)('no ioctl with addresses reaches the kernel: %s', async (architecture) => {
    const bindings = (await import(`../../generated/${architecture}/linux/kvm.ts`)) as Bindings;
    const made: string[] = [];
    const target = (kind: FdKind): IoctlTarget => ({
      kind,
      capabilities: { bindings, checkExtension: () => 1 },
      value: (request) => made.push(`value ${request}`),
      view: (request) => made.push(`view ${request}`),
      attribute: ({ request }) => made.push(`attribute ${request}`),
    });
    const withAddresses = ioctlsOf(bindings).filter(({ pointers }) => pointers);
    expect(withAddresses.length).toBeGreaterThan(8);
    for (const request of withAddresses) {
      for (const kind of ['system', 'vm', 'vcpu', 'device'] as const) {
        expect(() => untyped(genericIoctl(target(kind)))(request, argumentOf(request))).toThrow(KvmArgumentError);
      }
    }
    const { KVM_ENABLE_CAP: request, KvmEnableCap } = bindings;
    // Some architectures enable capabilities of VMs only.
    const kind = 'vcpu' in (request.fds ?? {}) ? 'vcpu' : 'vm';
    for (const [name, number] of Object.entries(request.pointersIf?.values ?? {})) {
      const enable = allocate(KvmEnableCap);
      enable.cap = number;
      expect(() => untyped(genericIoctl(target(kind)))(request, enable)).toThrow(
        `KVM_ENABLE_CAP: cap ${name}: its arguments are addresses of this process, which are refused`,
      );
    }
    expect(made).toEqual([]);
    untyped(genericIoctl(target(kind)))(request, allocate(KvmEnableCap));
    expect(made).toHaveLength(1);
  });

  it('every method to use instead is of an ioctl with addresses', () => {
    for (const name of methodsOfAddresses.keys()) {
      const pointers = name === 'KVM_MEMORY_ENCRYPT_OP' ? 'hidden' : true;
      expect([name, kvmIoctls.find((each) => each.name === name)?.pointers]).toEqual([name, pointers]);
    }
  });
});

describe.skipIf(!hasKvm)(`addresses of this process ${needsKvm}`, () => {
  const guard = 0xee;
  /** Memory that the kernel must not write to. */
  function guardedMemory(): GuestMemory {
    const memory = GuestMemory.create(4096);
    memory.bytes(0, 4096).fill(guard);
    return memory;
  }
  const isIntact = (memory: GuestMemory): boolean => memory.read(0, 4096).every((byte) => byte === guard);

  it('a Device on /dev/kvm refuses KVM_GET_DEVICE_ATTR, with memory and without', () => {
    using device = Device.open('/dev/kvm', kvm);
    using memory = guardedMemory();
    const attr = allocate(kvm.KvmDeviceAttr);
    Object.assign(attr, { group: 0, attr: 0n, addr: memory.address });
    // @ts-expect-error the memory is missing
    const call = (): number => device.ioctl(kvm.KVM_GET_DEVICE_ATTR, attr);
    expect(call).toThrow(DeviceArgumentError);
    expect(call).toThrow(/its struct has addresses of this process; pass the memory as the last argument$/);
    expect(() => device.ioctl(kvm.KVM_GET_DEVICE_ATTR, attr, memory)).toThrow(
      'KVM_GET_DEVICE_ATTR: nothing says how many bytes the kernel accesses at the address in addr',
    );
    expect(isIntact(memory)).toBe(true);
  });

  // Shows: security 19
  it('a Device on /dev/kvm refuses every ioctl with addresses', () => {
    using device = Device.open('/dev/kvm', kvm);
    for (const request of kvmIoctls.filter(({ pointers }) => pointers)) {
      expect(() => untyped(device.ioctl)(request, argumentOf(request))).toThrow(DeviceArgumentError);
    }
    const enable = allocate(kvm.KvmEnableCap);
    enable.cap = kvm.KVM_CAP_HYPERV_ENLIGHTENED_VMCS;
    expect(() => device.ioctl(kvm.KVM_ENABLE_CAP, enable)).toThrow(DeviceArgumentError);
  });

  // Shows: security 19
  it('a Device takes only memory of GuestMemory, and asks the record of the memory for its addresses', () => {
    using device = Device.open('/dev/kvm', kvm);
    using memory = guardedMemory();
    const region = allocate(kvm.KvmUserspaceMemoryRegion);
    const call = (given: unknown): number => untyped(device.ioctl)(kvm.KVM_SET_USER_MEMORY_REGION, region, given);
    Object.assign(region, { memory_size: 4096n, userspace_addr: memory.address });
    // This file descriptor does not have the ioctl, so the kernel refuses what the checks let pass.
    expect(() => call(memory)).toThrow(/^KVM_SET_USER_MEMORY_REGION: E(?:INVAL|NOTTY): /);
    expect(() => call([memory])).toThrow(/^KVM_SET_USER_MEMORY_REGION: E(?:INVAL|NOTTY): /);
    const lookAlike = { address: 0n, size: 2 ** 53, share: () => memory.share() };
    for (const given of [lookAlike, [memory, lookAlike], Object.create(memory), new Proxy(memory, {}), null, 1, 'x']) {
      expect(() => call(given)).toThrow(DeviceArgumentError);
      expect(() => call(given)).toThrow(/it must be a GuestMemory/);
    }
    region.memory_size = 8192n;
    using larger = guardedMemory();
    Object.defineProperty(larger, 'size', { value: 2 ** 52 });
    Object.defineProperty(larger, 'address', { value: 0n });
    expect(() => call([memory, larger])).toThrow(
      /^KVM_SET_USER_MEMORY_REGION: 8192 bytes at userspace_addr, .* are not inside/,
    );
  });

  // Shows: security 19
  it('enableCap and the generic ioctl refuse a capability whose arguments are addresses', () => {
    using memory = guardedMemory();
    using vm = createVm();
    using vcpu = vm.createVcpu();
    const { KVM_CAP_HYPERV_ENLIGHTENED_VMCS: number } = kvm;
    const enable = allocate(kvm.KvmEnableCap);
    enable.cap = number;
    enable.args.set(0, memory.address);
    for (const on of [vm, vcpu]) {
      const refused = (call: () => unknown): void => {
        expect(call).toThrow(KvmArgumentError);
        expect(call).toThrow(/^KVM_ENABLE_CAP: cap KVM_CAP_HYPERV_ENLIGHTENED_VMCS: /);
      };
      refused(() => on.enableCap('KVM_CAP_HYPERV_ENLIGHTENED_VMCS', memory.address));
      refused(() => on.enableCap(number, memory.address));
      refused(() => untyped(on.ioctl)(kvm.KVM_ENABLE_CAP, enable));
    }
    expect(isIntact(memory)).toBe(true);
  });

  it('the kernel reads the checked copy of KVM_ENABLE_CAP, not bytes that change after the check', () => {
    using memory = guardedMemory();
    using vm = createVm();
    using vcpu = vm.createVcpu();
    const bytes = new DataView(new SharedArrayBuffer(kvm.KvmEnableCap.$size));
    const enable = new kvm.KvmEnableCap(bytes);
    enable.args.set(0, memory.address);
    // Whoever asks for the length of the view causes the change, as another thread could.
    const changing = new Proxy(bytes, {
      get: (target, property) => {
        const value = Reflect.get(target, property) as unknown;
        if (property === 'buffer') queueChange();
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    let looks = 0;
    const queueChange = (): void => {
      if (++looks > 1) enable.cap = kvm.KVM_CAP_HYPERV_ENLIGHTENED_VMCS;
    };
    const racing = Object.create(kvm.KvmEnableCap.prototype) as kvm.KvmEnableCap;
    Object.defineProperties(racing, { $$view: { value: changing }, $$offset: { value: 0 } });
    expect(() => vcpu.ioctl(kvm.KVM_ENABLE_CAP, racing)).toThrow();
    expect(isIntact(memory)).toBe(true);
  });

  // Shows: security 19
  it('the methods take the address and the size of memory from its record, not from its properties', () => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    using own = guardedMemory();
    using other = guardedMemory();
    Object.defineProperty(own, 'size', { value: 2 ** 30 });
    expect(() => vm.addMemory({ memory: own, guestAddress: 0, length: 0x10_0000 })).toThrow(KvmArgumentError);
    expect(() => vm.addMemory({ memory: own, guestAddress: 0 })).toThrow(KvmArgumentError);
    expect(() => vm.registerEncryptedRegion(own, 0, 0x10_0000)).toThrow(KvmArgumentError);
    const { address } = other;
    const real = Object.getOwnPropertyDescriptor(GuestMemory.prototype, 'address');
    if (!real) throw new Error('GuestMemory has no address');
    Object.defineProperty(GuestMemory.prototype, 'address', { ...real, get: () => address });
    try {
      const which = { group: kvm.KVM_VCPU_TSC_CTRL, attr: kvm.KVM_VCPU_TSC_OFFSET };
      if (vcpu.hasDeviceAttr(which)) vcpu.setDeviceAttr(which, vcpu.getDeviceAttr(which, 8));
      using logged = GuestMemory.create(4096);
      const slot = vm.addMemory({ memory: logged, guestAddress: 0, flags: kvm.KVM_MEM_LOG_DIRTY_PAGES });
      expect(vm.getDirtyLog(slot)).toEqual(new Uint8Array(8));
    } finally {
      Object.defineProperty(GuestMemory.prototype, 'address', real);
    }
    expect(isIntact(other)).toBe(true);
  });

  it('an ioctl with addresses that the kernel does not have is unsupported', () => {
    using system = Kvm.open();
    using vm = system.createVm();
    if (vm.checkExtension('KVM_CAP_XEN_HVM') !== 0) return;
    const attr = allocate(kvm.KvmXenHvmAttr);
    expect(() => untyped(vm.ioctl)(kvm.KVM_XEN_HVM_SET_ATTR, attr)).toThrow(KvmUnsupportedError);
  });
});

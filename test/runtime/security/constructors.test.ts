/** Objects of the runtime come from their factories only. What looks like one of them never reaches the native layer. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { Device, EventFd, GuestMemory, KvmArgumentError, VcpuThread } from '../../../runtime/index.js';
import { Kvm, Vcpu, Vm } from '../../../runtime/x86_64.js';
import { realMode } from '../../../tools/guests/index.js';
import { hasKvm, load, needsKvm } from '../../helpers/vcpus.js';

type Class = abstract new (...values: never[]) => object;

/** Constructs with any arguments, as JavaScript can. */
function construct(type: unknown, ...values: readonly unknown[]): unknown {
  return Reflect.construct(type as new () => object, values);
}

/** The classes of an object, from its own one to the last before Object. */
function classesOf(type: Class): Class[] {
  const parent = Object.getPrototypeOf(type) as Class;
  return parent === Function.prototype ? [type] : [type, ...classesOf(parent)];
}

/** An object of each class. The ones that no module exports are found by their objects. */
function withObjects(use: (objects: readonly object[]) => void): void {
  using system = Kvm.open();
  using vm = system.createVm();
  vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', 4096);
  using vcpu = vm.createVcpu();
  using event = EventFd.create();
  using device = Device.open('/dev/null', kvm);
  using memory = GuestMemory.create(4096);
  using vmDevice = vm.createDevice(kvm.KVM_DEV_TYPE_VFIO);
  using stats = vcpu.stats();
  use([system, vm, vcpu, event, device, memory, vmDevice, stats, vm.dirtyRing(vcpu), vm.coalescedMmioRing(vcpu)]);
}

const classOf = (object: object): Class => object.constructor as unknown as Class;

describe.skipIf(!hasKvm)(`constructors ${needsKvm}`, () => {
  it.each([
    ['GuestMemory', GuestMemory, 'use GuestMemory.create or GuestMemory.attach'],
    ['Kvm', Kvm, 'use Kvm.open or Kvm.fromFd'],
    ['Vm', Vm, 'use Kvm.createVm, Vm.attach or Vm.fromFd'],
    ['Vcpu', Vcpu, 'use Vm.createVcpu, Vcpu.attach or Vcpu.fromFd'],
    ['EventFd', EventFd, 'use EventFd.create, EventFd.attach or EventFd.fromFd'],
    ['Device', Device, 'use Device.open or Device.fromFd'],
    ['VcpuThread', VcpuThread, 'use VcpuThread.start'],
  ])('the constructor of %s refuses a caller and names the method to use', (name, type, remedy) => {
    for (const values of [[], [4096], [{}, kvm], [Kvm, kvm, 12_288], [null, null, null]]) {
      expect(() => construct(type, ...values)).toThrow(
        new KvmArgumentError(`new ${name}`, `the constructor is not public; ${remedy}`),
      );
    }
  });

  // Shows: security 14
  it('every class of an object refuses to construct another object, its parents and subclasses too', () => {
    withObjects((objects) => {
      const classes = objects.flatMap((object) => classesOf(classOf(object)));
      expect(new Set(classes).size).toBeGreaterThan(objects.length);
      for (const type of classes) {
        class Sub extends (type as new (...values: unknown[]) => object) {}
        for (const made of [type, Sub]) {
          for (const values of [
            [],
            ...objects.map((object) => [object, object, object, object]),
            [Symbol('creator')],
          ]) {
            expect(() => construct(made, ...values), type.name).toThrow(KvmArgumentError);
          }
        }
      }
    });
  });
});

/** The methods and getters of an object and of its parents, with those of symbols. */
function* membersOf(object: object): Generator<[string, (this: unknown) => unknown]> {
  for (let at = Object.getPrototypeOf(object); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name !== 'constructor') yield [name, (get ?? value) as (this: unknown) => unknown];
    }
  }
}

describe.skipIf(!hasKvm)(`a wrong this ${needsKvm}`, () => {
  // Shows: security 14
  it('every method and getter throws an error when this is an object that only looks right', async () => {
    const refusals: [string, Promise<unknown>][] = [];
    const others: [string, Promise<unknown>][] = [];
    withObjects((objects) => {
      for (const object of objects) {
        const prototype = Object.getPrototypeOf(object) as object;
        for (const [name, member] of membersOf(object)) {
          const what = `${object.constructor.name}.${name}`;
          for (const wrong of [undefined, null, 1, {}, Object.create(null), Object.create(prototype), prototype]) {
            refusals.push([what, errorOf(() => member.call(wrong))]);
          }
          // These have the public members of the object, so some methods work on the object itself.
          for (const wrong of [Object.create(object), new Proxy(object, {}), { ...object }]) {
            others.push([what, errorOf(() => member.call(wrong))]);
          }
        }
      }
    });
    expect(refusals.length).toBeGreaterThan(1000);
    for (const [what, refusal] of refusals) {
      const error = await refusal;
      expect(error instanceof TypeError || error instanceof KvmArgumentError, `${what}: ${String(error)}`).toBe(true);
    }
    for (const [what, other] of others) {
      const error = await other;
      expect(error === undefined || error instanceof Error, `${what}: ${String(error)}`).toBe(true);
    }
  });

  /** The error that a method throws, or with which its promise is rejected. */
  async function errorOf(call: () => unknown): Promise<unknown> {
    try {
      await call();
      return undefined;
    } catch (error) {
      return error;
    }
  }
});

describe.skipIf(!hasKvm)(`objects that only look right ${needsKvm}`, () => {
  const lookAlikes = (object: object): [string, unknown][] => [
    ['a copy of the properties', { ...object }],
    ['an object of the prototype', Object.create(Object.getPrototypeOf(object))],
    ['an object that inherits from it', Object.create(object)],
    ['a Proxy', new Proxy(object, {})],
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a file descriptor', { fd: 1, size: 4096, address: 0x1000n }],
  ];

  // Shows: security 14
  it('addMemory, registerEncryptedRegion and Device refuse what is not a GuestMemory', () => {
    using machine = load(realMode.halt);
    const { vm, memory } = machine;
    for (const [what, wrong] of lookAlikes(memory)) {
      expect(() => vm.addMemory({ memory: wrong as GuestMemory, guestAddress: 0x100_0000 }), what).toThrow(
        /memory .*; it must be a GuestMemory$/,
      );
      expect(() => vm.registerEncryptedRegion(wrong as GuestMemory), what).toThrow(KvmArgumentError);
    }
  });

  // Shows: security 14
  it('registerIrqfd and registerIoeventfd refuse what is not an EventFd', () => {
    using machine = load(realMode.halt);
    const { vm } = machine;
    using event = EventFd.create();
    using other = GuestMemory.create(4096);
    for (const [what, wrong] of [...lookAlikes(event), ['memory', other] as const]) {
      const calls = [
        () => vm.registerIrqfd(wrong as EventFd, 4),
        () => vm.unregisterIrqfd(wrong as EventFd, 4),
        () => vm.registerIoeventfd(wrong as EventFd, { address: 0x5000_0000, length: 4 }),
      ];
      for (const call of calls) {
        expect(call, what).toThrow(/: event .*; it must be an EventFd$/);
      }
    }
  });

  // Shows: security 14
  it('dirtyRing and coalescedMmioRing refuse what is not a Vcpu', () => {
    using system = Kvm.open();
    using vm = system.createVm();
    vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', 4096);
    using vcpu = vm.createVcpu();
    for (const [what, wrong] of lookAlikes(vcpu)) {
      expect(() => vm.dirtyRing(wrong as Vcpu), what).toThrow(KvmArgumentError);
      expect(() => vm.coalescedMmioRing(wrong as Vcpu), what).toThrow(KvmArgumentError);
    }
  });
});

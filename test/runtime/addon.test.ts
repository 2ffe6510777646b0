/** What the native layer refuses, whatever its caller passes. A wrong argument must never end the process. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { type AddonMemorySlot, type AddonVcpuCreation, addon, type VmHandle } from '../../runtime/addon.js';
import { GuestMemory, type Vm } from '../../runtime/index.js';
import { allocate } from '../../support/index.js';
import { createVm, hasKvm, needsKvm, openFiles } from '../helpers/vcpus.js';

const EINVAL = -22;
const EFAULT = -14;

/** The good arguments of a function that takes an object. */
interface Given {
  readonly vm: Vm;
  readonly memory: GuestMemory;
}

function memorySlot({ vm, memory }: Given): AddonMemorySlot {
  const { request, size } = kvm.KVM_SET_USER_MEMORY_REGION;
  const region = allocate(kvm.KvmUserspaceMemoryRegion);
  region.memory_size = BigInt(memory.size);
  region.userspace_addr = memory.address;
  return {
    vm: vm.handle,
    request,
    view: region.$$view,
    offset: region.$$offset,
    needed: size,
    slot: 0,
    memory: memory.handle,
  };
}

function signalMask(): NonNullable<AddonVcpuCreation['setMask']> {
  const { $$view: view, $$offset: offset } = allocate(kvm.KvmSignalMask, 8);
  const signals = kvm.KvmSignalMask.$flexible.offset;
  return { request: kvm.KVM_SET_SIGNAL_MASK.request, view, offset, needed: view.byteLength, signals };
}

/** Of an eventfd, which cannot be mapped: all arguments are good, and the result is ENODEV. */
function vcpuCreation({ vm }: Given): AddonVcpuCreation {
  const signal = addon().SIGRTMAX - 1;
  addon().claimSignal(signal);
  return {
    vm: vm.handle,
    fd: addon().eventFd(),
    length: 12_288,
    run: kvm.KVM_RUN.request,
    immediateExit: kvm.KvmRun.$layout.members.immediate_exit.offset,
    signal,
    setMask: signalMask(),
  };
}

const functions = {
  vmSetMemory: {
    arguments: memorySlot,
    properties: ['vm', 'request', 'view', 'offset', 'needed', 'slot', 'memory'],
    good: 0,
  },
  vcpuCreate: {
    arguments: vcpuCreation,
    properties: ['vm', 'fd', 'length', 'run', 'immediateExit', 'signal', 'setMask'],
    good: -19,
  },
} as const;
type Name = keyof typeof functions;

const bufferOf = (good: Readonly<Record<string, unknown>>): ArrayBuffer =>
  (good as unknown as AddonMemorySlot).view.buffer as ArrayBuffer;

/** JavaScript's way to call a function: with anything. */
const call = (name: Name, argument: unknown): unknown => addon()[name](argument as never);

/** Calls `use` with good arguments of a function. */
function withGood<T>(name: Name, use: (good: Readonly<Record<string, unknown>>, given: Given) => T): T {
  using vm = createVm();
  using memory = GuestMemory.create(0x1000);
  return use({ ...functions[name].arguments({ vm, memory }) }, { vm, memory });
}

const wrong: readonly unknown[] = [
  undefined,
  '1',
  true,
  Symbol('wrong'),
  {},
  [],
  () => 1,
  1n,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1.5,
  -1,
  2 ** 53,
];

describe.skipIf(!hasKvm).each(Object.keys(functions) as Name[])(`the native function %s ${needsKvm}`, (name) => {
  it('accepts good arguments', () => {
    withGood(name, (good) => {
      expect(Object.keys(good)).toEqual(functions[name].properties);
      expect(call(name, good)).toBe(functions[name].good);
    });
  });

  it('refuses what is not an object', () => {
    for (const value of [...wrong, null]) expect(call(name, value), String(value)).toBe(EINVAL);
  });

  it.each(functions[name].properties)('refuses a wrong value of %s', (property) => {
    for (const value of wrong) {
      withGood(name, (good) => {
        // Where the only wrong value is one that is too large, its own check refuses it.
        const result = call(name, { ...good, [property]: value });
        expect([EINVAL, EFAULT], `${property} ${String(value)}`).toContain(result);
        if (typeof value !== 'number')
          expect(result, `${property} ${String(value)}`).toBe(property === 'view' ? EFAULT : EINVAL);
      });
    }
  });

  it.each(functions[name].properties)('reads %s once', (property) => {
    withGood(name, (good) => {
      const reads = new Map<string, number>();
      const counting = new Proxy(good, {
        get(target, key) {
          reads.set(String(key), (reads.get(String(key)) ?? 0) + 1);
          return Reflect.get(target, key) as unknown;
        },
      });
      expect(call(name, counting)).toBe(functions[name].good);
      expect(reads.get(property)).toBe(1);
    });
  });

  it.each(functions[name].properties)('throws what a getter of %s throws', (property) => {
    withGood(name, (good) => {
      const throwing = Object.defineProperty({ ...good }, property, {
        get() {
          throw new RangeError('thrown by a getter');
        },
      });
      expect(() => call(name, throwing)).toThrow(RangeError);
    });
  });

  it('refuses a handle that a getter releases while the arguments are read', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x1000);
    const good = functions[name].arguments({ vm, memory });
    // Reads the last property after the handle of the VM.
    const [last = ''] = Object.keys(good).slice(-1);
    const releasing = Object.defineProperty({ ...good }, last, {
      get() {
        vm.close();
        return Reflect.get(good, last) as unknown;
      },
    });
    expect(call(name, releasing)).toBe(EINVAL);
  });

  it('refuses a handle of another kind, and an object that is not a handle', () => {
    withGood(name, (good, { memory }) => {
      for (const vm of [memory.handle, addon().fileCreate(addon().eventFd()), null, Object.create(null)]) {
        const { fd: _, ...rest } = good;
        expect(call(name, { ...rest, vm, ...('fd' in good ? { fd: addon().eventFd() } : {}) })).toBe(EINVAL);
      }
    });
  });
});

describe.skipIf(!hasKvm)(`the native layer ${needsKvm}`, () => {
  it('finds no bytes in a view whose buffer a getter detaches', () => {
    withGood('vmSetMemory', (good) => {
      const buffer = bufferOf(good);
      const detaching = Object.defineProperty({ ...good }, 'slot', {
        get() {
          structuredClone(buffer, { transfer: [buffer] });
          return 0;
        },
      });
      expect(call('vmSetMemory', detaching)).toBe(EFAULT);
    });
  });

  it('finds no bytes outside of a view', () => {
    withGood('vmSetMemory', (good) => {
      for (const wrong of [{ offset: 1 }, { offset: -1 }, { needed: 33 }, { needed: 31 }, { offset: 2 ** 52 }]) {
        expect(call('vmSetMemory', { ...good, ...wrong }), JSON.stringify(wrong)).toBe(EFAULT);
      }
    });
  });

  it('makes no vCPU with a signal that nobody has claimed', () => {
    withGood('vcpuCreate', (good) => {
      expect(call('vcpuCreate', { ...good, signal: 51 })).toBe(EINVAL);
    });
  });

  it('makes no vCPU whose immediate_exit is outside of the shared bytes, or whose signal mask is outside of its argument', () => {
    withGood('vcpuCreate', (good) => {
      expect(call('vcpuCreate', { ...good, immediateExit: 12_288 })).toBe(EINVAL);
    });
    for (const wrong of [{ signals: 5 }, { signals: 2 ** 40 }, { needed: 13 }, { offset: 1 }]) {
      withGood('vcpuCreate', (good) => {
        expect(call('vcpuCreate', { ...good, setMask: { ...signalMask(), ...wrong } })).toBe(EFAULT);
      });
    }
    withGood('vcpuCreate', (good) => {
      expect(call('vcpuCreate', { ...good, setMask: {} })).toBe(EINVAL);
    });
  });

  it('closes the file of a vCPU that it does not make', () => {
    const before = openFiles();
    for (const wrong of [{}, { signal: 51 }, { vm: undefined as unknown as VmHandle }, { length: '1' }]) {
      withGood('vcpuCreate', (good) => call('vcpuCreate', { ...good, ...wrong }));
    }
    expect(openFiles()).toBe(before);
  });
});

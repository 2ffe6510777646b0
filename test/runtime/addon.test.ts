/** The native layer, without the checks of the TypeScript layer. A wrong argument must never end the process. */

import { fstatSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { type AddonMemorySlot, type AddonVcpuCreation, addon } from '../../runtime/addon.js';
import { GuestMemory } from '../../runtime/index.js';
import { fileRecord } from '../../runtime/kernel-file.js';
import { memoryRecord } from '../../runtime/memory.js';
import { OpenVm } from '../../runtime/open-vm.js';
import { architectureOf } from '../../runtime/x86_64/architecture.js';
import { Kvm } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { folderOf } from '../helpers/cli.js';
import { hasKvm, needsKvm, openFiles, projectRoot, runScript } from '../helpers/vcpus.js';

const EINVAL = -22;
const EFAULT = -14;

/** The objects that the good arguments of a function refer to. */
interface Given {
  readonly vm: OpenVm;
  readonly memory: GuestMemory;
}

function openVm(): OpenVm {
  using system = Kvm.open();
  const record = addon().vmCreate(fileRecord(system), kvm.KVM_CREATE_VM.request, 0);
  if (typeof record === 'number') throw new Error(`KVM_CREATE_VM: ${record}`);
  return new OpenVm(record, architectureOf(kvm));
}

function memorySlot({ vm, memory }: Given): AddonMemorySlot {
  const { request, size } = kvm.KVM_SET_USER_MEMORY_REGION;
  const region = allocate(kvm.KvmUserspaceMemoryRegion);
  const { slot, memory_size, userspace_addr } = kvm.KvmUserspaceMemoryRegion.$layout.members;
  return {
    vm: vm.record,
    request,
    view: region.$$view,
    offset: region.$$offset,
    needed: size,
    slot: 0,
    memory: memoryRecord(memory),
    memoryOffset: 0,
    length: memory.size,
    slotAt: slot.offset,
    lengthAt: memory_size.offset,
    addressAt: userspace_addr.offset,
  };
}

function signalMask(): NonNullable<AddonVcpuCreation['setMask']> {
  const { $$view: view, $$offset: offset } = allocate(kvm.KvmSignalMask, 8);
  const signals = kvm.KvmSignalMask.$flexible.offset;
  return { request: kvm.KVM_SET_SIGNAL_MASK.request, view, offset, needed: view.byteLength, signals };
}

function vcpuCreation({ vm }: Given): AddonVcpuCreation {
  const signal = addon().SIGRTMAX - 1;
  addon().claimSignal(signal);
  return {
    vm: vm.record,
    create: kvm.KVM_CREATE_VCPU.request,
    id: 0,
    length: 12_288,
    run: kvm.KVM_RUN.request,
    immediateExit: kvm.KvmRun.$layout.members.immediate_exit.offset,
    signal,
    setMask: signalMask(),
    fd: null,
  };
}

const functions = {
  vmSetMemory: {
    arguments: memorySlot,
    properties: [
      'vm',
      'request',
      'view',
      'offset',
      'needed',
      'slot',
      'memory',
      'memoryOffset',
      'length',
      'slotAt',
      'lengthAt',
      'addressAt',
    ],
    good: (result: unknown) => expect(result).toBe(0),
  },
  vcpuCreate: {
    arguments: vcpuCreation,
    properties: ['vm', 'create', 'id', 'length', 'run', 'immediateExit', 'signal', 'setMask', 'fd'],
    good: (result: unknown) => expect(result).toBeTypeOf('object'),
  },
} as const;
type Name = keyof typeof functions;

const bufferOf = (good: Readonly<Record<string, unknown>>): ArrayBuffer =>
  (good as unknown as AddonMemorySlot).view.buffer as ArrayBuffer;

/** Calls a function with any argument, as JavaScript can. */
const call = (name: Name, argument: unknown): unknown => addon()[name](argument as never);

/** Returns the result of a call, or the name of the error that it throws. */
function outcomeOf(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    return (error as Error).name;
  }
}

/** Calls `use` with good arguments of a function. */
function withGood<T>(name: Name, use: (good: Readonly<Record<string, unknown>>, given: Given) => T): T {
  const vm = openVm();
  using memory = GuestMemory.create(0x1000);
  using _ = { [Symbol.dispose]: () => vm.close() };
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
  it('the function accepts good arguments', () => {
    withGood(name, (good) => {
      expect(Object.keys(good)).toEqual(functions[name].properties);
      functions[name].good(call(name, good));
    });
  });

  it('the function refuses an argument that is not an object', () => {
    for (const value of [...wrong, null]) expect(() => call(name, value), String(value)).toThrow(TypeError);
  });

  // Shows: security 15
  it.each(functions[name].properties)('the function refuses a wrong value of %s', (property) => {
    for (const value of wrong) {
      withGood(name, (good) => {
        const attempt = (): unknown => call(name, { ...good, [property]: value });
        // Some values have the right type, and the function refuses them later: a slot without memory keeps none, and
        // not every number is a signal.
        if (value === true || value === -1) expect([TypeError.name, EINVAL]).toContain(outcomeOf(attempt));
        else if (property === 'id' && value === 1n) expect(outcomeOf(attempt)).toBeTypeOf('object');
        else expect(attempt, `${property} ${String(value)}`).toThrow(TypeError);
      });
    }
  });

  // Shows: security 16
  it.each(functions[name].properties)('the function reads %s once', (property) => {
    withGood(name, (good) => {
      const reads = new Map<string, number>();
      const counting = new Proxy(good, {
        get(target, key) {
          reads.set(String(key), (reads.get(String(key)) ?? 0) + 1);
          return Reflect.get(target, key) as unknown;
        },
      });
      functions[name].good(call(name, counting));
      expect(reads.get(property)).toBe(1);
    });
  });

  it.each(functions[name].properties)('the function throws the error that a getter of %s throws', (property) => {
    withGood(name, (good) => {
      const throwing = Object.defineProperty({ ...good }, property, {
        get() {
          throw new RangeError('thrown by a getter');
        },
      });
      expect(() => call(name, throwing)).toThrow(RangeError);
    });
  });

  it('the function refuses a handle that a getter releases while the function reads its arguments', () => {
    const vm = openVm();
    using memory = GuestMemory.create(0x1000);
    const good = functions[name].arguments({ vm, memory });
    // The function reads the last property after the handle of the VM.
    const [last = ''] = Object.keys(good).slice(-1);
    const releasing = Object.defineProperty({ ...good }, last, {
      get() {
        vm.close();
        return Reflect.get(good, last) as unknown;
      },
    });
    expect(() => call(name, releasing)).toThrow(TypeError);
  });

  // Shows: security 15
  it('the function refuses a handle of another kind, and an object that is not a handle', () => {
    withGood(name, (good, { memory }) => {
      for (const vm of [memoryRecord(memory), addon().eventFd(), null, Object.create(null)]) {
        expect(() => call(name, { ...good, vm })).toThrow(TypeError);
      }
    });
  });
});

describe.skipIf(!hasKvm)(`the native layer ${needsKvm}`, () => {
  it('vmSetMemory refuses a view whose buffer a getter detaches', () => {
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

  it('vmSetMemory refuses bytes outside of the view', () => {
    withGood('vmSetMemory', (good) => {
      for (const wrong of [{ offset: 1 }, { needed: 33 }, { needed: 31 }, { offset: 2 ** 52 }]) {
        expect(call('vmSetMemory', { ...good, ...wrong }), JSON.stringify(wrong)).toBe(EFAULT);
      }
    });
  });

  it('vcpuCreate refuses a kick signal that was not claimed', () => {
    withGood('vcpuCreate', (good) => {
      expect(call('vcpuCreate', { ...good, signal: 51 })).toBe(EINVAL);
    });
  });

  it('vcpuCreate refuses an immediate_exit outside of the shared bytes, and a signal mask outside of its argument', () => {
    withGood('vcpuCreate', (good) => {
      expect(call('vcpuCreate', { ...good, immediateExit: 12_288 })).toBe(EINVAL);
    });
    for (const wrong of [{ signals: 5 }, { signals: 2 ** 40 }, { needed: 13 }, { offset: 1 }]) {
      withGood('vcpuCreate', (good) => {
        expect(call('vcpuCreate', { ...good, setMask: { ...signalMask(), ...wrong } })).toBe(EFAULT);
      });
    }
    withGood('vcpuCreate', (good) => {
      expect(() => call('vcpuCreate', { ...good, setMask: {} })).toThrow(TypeError);
    });
  });

  it('vcpuCreate refuses a length that the kernel does not back with memory, and closes the vCPU', () => {
    const before = openFiles();
    withGood('vcpuCreate', (good) => expect(call('vcpuCreate', { ...good, length: 2 ** 20 })).toBe(EINVAL));
    expect(openFiles()).toBe(before);
  });

  it('a function that creates a file refuses a number that another ioctl returns, and does not close the file', () => {
    using system = Kvm.open();
    const { request } = kvm.KVM_CHECK_EXTENSION;
    const EBADF = -9;
    // KVM_CAP_IRQCHIP: the result is 1, the number of the standard output.
    expect(addon().fileIoctl(fileRecord(system), request, 0)).toBe(1);
    expect(addon().vmCreate(fileRecord(system), request, 0)).toBe(EBADF);
    withGood('vcpuCreate', (good, { vm }) => {
      expect(call('vcpuCreate', { ...good, create: request })).toBe(EBADF);
      expect(addon().vmCreateFile(vm.record, request, null, 0, 0, null)).toBe(EBADF);
    });
    expect(fstatSync(1)).toBeDefined();
  });
});

describe('the native runtime', () => {
  const failure = async (addon: string): Promise<string> =>
    (await runScript<{ failure: string }>('open', { env: { KVM_UAPI_ADDON: addon } })).failure;

  it('the error of a missing addon says how to build the addon', async () => {
    expect(await failure('no-such-addon.node')).toMatch(
      /^RuntimeMissingError: .*is not found; .* this machine(?: is|,) linux-.*install a C\+\+17 compiler and make .*npx kvm-uapi build/,
    );
  });

  it('the error of a broken addon says why it cannot be loaded', async () => {
    const addon = join(folderOf({ 'broken.node': 'no shared object' }), 'broken.node');
    // The path may be absolute or relative.
    for (const path of [addon, relative(projectRoot, addon)]) {
      expect(await failure(path)).toMatch(
        /^RuntimeMissingError: .*broken\.node: the native runtime cannot be loaded: .*(ELF|too short)/,
      );
    }
  });
});

/** The objects that threads share by handles: the VM, its devices and eventfds. */

import { once } from 'node:events';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { EventFd, GuestMemory, KvmArgumentError, KvmClosedError, VcpuThread } from '../../runtime/index.js';
import { type Bindings, Kvm, type Vcpu, Vm, VmDevice } from '../../runtime/x86_64.js';
import { places, realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, needsKvm, openFiles, program, within } from '../helpers/vcpus.js';

const attr = { group: bindings.KVM_DEV_VFIO_FILE, attr: bindings.KVM_DEV_VFIO_FILE_ADD };

/** A Worker that has attached to a VM, a device and an eventfd. */
async function attached(handles: object) {
  const worker = new Worker(new URL('../helpers/sharing-worker.mjs', import.meta.url), {
    workerData: { ...handles, attr },
  });
  const answer = async (): Promise<unknown> => (await within(once(worker, 'message'), 'the answer of the Worker'))[0];
  await answer();
  const ask = (job: string): Promise<unknown> => {
    worker.postMessage(job);
    return answer();
  };
  return { ask, [Symbol.asyncDispose]: async () => void (await worker.terminate()) };
}

function objects() {
  const vm = createVm();
  vm.createIrqchip();
  return { vm, event: EventFd.create(), device: vm.createDevice(bindings.KVM_DEV_TYPE_VFIO) };
}

const handlesOf = ({ vm, event, device }: ReturnType<typeof objects>) => ({
  vm: vm.share(),
  event: event.share(),
  device: device.share(),
});

const askedLines = (vm: Vm): number => vm.getIrqchip(bindings.KVM_IRQCHIP_PIC_MASTER).chip.pic.irr;

/** Offsets of registers of a local APIC. */
const apic = { spurious: 0xf0, requests: 0x200 } as const;

/** Sets the bit of the spurious interrupt vector register by which software enables a local APIC. */
function acceptInterrupts(vcpu: Vcpu): void {
  const state = vcpu.getLapic();
  registersOf(state).setUint32(apic.spurious, 0x1ff, true);
  vcpu.setLapic(state);
}

/** Whether an interrupt waits in the local APIC. */
function hasCome(vcpu: Vcpu, vector: number): boolean {
  const word = registersOf(vcpu.getLapic()).getUint32(apic.requests + (vector >> 5) * 0x10, true);
  return ((word >>> (vector & 31)) & 1) === 1;
}

function registersOf({ regs: { view, offset, length } }: bindings.KvmLapicState): DataView {
  return new DataView(view.buffer, view.byteOffset + offset, length);
}

/** The code of a guest that writes a character to a port for each pair, and then halts. */
function writes(...pairs: (readonly [port: number, character: string])[]): Uint8Array {
  const outs = pairs.flatMap(([port, character]) => [0xb0, character.charCodeAt(0), 0xe6, port]);
  return Uint8Array.of(...outs, 0xf4);
}

const attachers = {
  Vm: { kind: 'vm', attach: (handle: never) => Vm.attach(handle) },
  VmDevice: { kind: 'vm device', attach: (handle: never) => VmDevice.attach(handle) },
  EventFd: { kind: 'eventfd', attach: (handle: never) => EventFd.attach(handle) },
};

describe.skipIf(!hasKvm)(`shared objects ${needsKvm}`, () => {
  it('a Worker uses the VM, the device and the eventfd of this thread', async () => {
    const own = objects();
    const { vm, event, device } = own;
    await using worker = await attached(handlesOf(own));
    expect(askedLines(vm)).toBe(0);
    await worker.ask('raise');
    expect(askedLines(vm)).toBe(1 << 4);
    await worker.ask('signal');
    expect(event.take()).toBe(1n);
    event.signal();
    expect(await worker.ask('take')).toBe(1n);
    const read = worker.ask('read');
    event.signal();
    expect(await read).toBe(1n);
    expect(await worker.ask('hasAttr')).toBe(true);
    await worker.ask('createVcpu');
    expect(() => vm.createVcpu(3)).toThrow(/^KVM_CREATE_VCPU: EEXIST: /);
    for (const each of [vm, event, device]) each.close();
  });

  it('close of one thread does not close the objects of another thread, and the last close does', async () => {
    const before = openFiles();
    const own = objects();
    const handles = handlesOf(own);
    await using worker = await attached(handles);
    for (const each of Object.values(own)) each.close();
    await worker.ask('raise');
    await worker.ask('signal');
    expect(await worker.ask('take')).toBe(1n);
    expect(await worker.ask('hasAttr')).toBe(true);
    const again = Vm.attach(handles.vm);
    expect(askedLines(again)).toBe(1 << 4);
    again.close();
    const files = openFiles();
    await worker.ask('close');
    // The VM, the device and the eventfd.
    expect(openFiles()).toBe(files - 3);
    expect(openFiles()).toBeGreaterThanOrEqual(before);
    for (const [name, { kind, attach }] of Object.entries(attachers)) {
      const handle = Object.values(handles).find((each) => each.kind === kind) as never;
      expect(() => attach(handle), name).toThrow(KvmClosedError);
      expect(() => attach(handle), name).toThrow(/ of this handle is closed$/);
    }
  });

  it('two threads that add memory at once get different slots', async () => {
    const own = objects();
    const { vm } = own;
    await using worker = await attached(handlesOf(own));
    const memory = GuestMemory.create(0x1000);
    const others = worker.ask('addMemory');
    const slots: unknown[] = [];
    for (let index = 0; index < 64; index++) {
      slots.push(vm.addMemory({ memory, guestAddress: 0x200_0000 + index * 0x2000 }));
      await new Promise(setImmediate);
    }
    slots.push(...((await others) as number[]));
    expect(new Set(slots).size).toBe(128);
    expect(() => vm.addMemory({ memory, guestAddress: 0x100_0000 })).toThrow(/overlap slot \d+$/);
    for (const each of Object.values(own)) each.close();
  });

  it('every object of a VM has the same memory slots', () => {
    using vm = createVm();
    using again = Vm.attach(vm.share());
    using memory = GuestMemory.create(0x4000);
    const flags = bindings.KVM_MEM_LOG_DIRTY_PAGES;
    vm.addMemory({ memory, guestAddress: 0x10000, slot: 7 });
    expect(() => again.addMemory({ memory, guestAddress: 0x20000, slot: 7 })).toThrow(
      new KvmArgumentError('Vm.addMemory', 'slot 7 is in use; remove its memory first'),
    );
    expect(() => again.addMemory({ memory, guestAddress: 0x13000 })).toThrow(
      new KvmArgumentError('Vm.addMemory', 'guest addresses 0x13000 to 0x17000 overlap slot 7'),
    );
    again.setMemoryFlags(7, flags);
    expect(vm.getDirtyLog(7)).toEqual(new Uint8Array(8));
    expect(inspect(vm)).toContain("'7': 0x10000 to 0x14000");
    again.removeMemory(7);
    expect(() => vm.removeMemory(7)).toThrow(new KvmArgumentError('Vm.removeMemory', 'slot 7 is not in use'));
    expect(again.addMemory({ memory, guestAddress: 0x13000 })).toBe(0);
    expect(vm.addMemory({ memory, guestAddress: 0x20000 })).toBe(1);
  });

  it.each(Object.entries(attachers))(
    '%s.attach refuses everything but a handle of its kind',
    (name, { kind, attach }) => {
      using vm = createVm();
      using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
      using event = EventFd.create();
      using vcpu = vm.createVcpu();
      const handles = [vm.share(), device.share(), event.share(), vcpu.share()];
      const right = handles.find((each) => each.kind === kind);
      const others = handles.filter((each) => each !== right);
      for (const wrong of [
        ...others,
        { ...right, id: -1 },
        { ...right, id: 0.5 },
        { ...right, generation: 1 },
        5,
        null,
        {},
      ]) {
        expect(() => attach(wrong as never)).toThrow(KvmArgumentError);
        expect(() => attach(wrong as never)).toThrow(`${name}.attach: the handle is `);
      }
      // The number of an object of another kind.
      for (const { id } of others) expect(() => attach({ ...right, id } as never)).toThrow(KvmClosedError);
      attach(right as never).close();
    },
  );

  it.each(['Vm', 'VmDevice', 'EventFd'] as const)('%s.share refuses a closed object', (name) => {
    const { vm, device, event } = objects();
    for (const each of [device, event, vm]) each.close();
    expect(() => ({ Vm: vm, VmDevice: device, EventFd: event })[name].share()).toThrow(KvmClosedError);
  });

  it('attach refuses bindings of another architecture, and uses the given bindings', () => {
    using vm = createVm();
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    const target = { ...bindings.$target, arch: 'aarch64', nodeArch: 'arm64', name: 'aarch64' };
    const foreign = { ...bindings, $target: target } as unknown as Bindings;
    expect(() => Vm.attach(vm.share(), foreign)).toThrow(KvmArgumentError);
    expect(() => VmDevice.attach(device.share(), foreign)).toThrow(KvmArgumentError);
    const mine: Bindings = { ...bindings };
    using again = Vm.attach(vm.share(), mine);
    expect(again.bindings).toBe(mine);
  });

  it('Vm.attach of a vCPU returns its VM, even if that VM was closed', () => {
    const vm = createVm();
    vm.createIrqchip();
    vm.setIrqLine(4, true);
    const vcpu = vm.createVcpu();
    vm.close();
    using again = Vm.attach(vcpu);
    expect(askedLines(again)).toBe(1 << 4);
    vcpu.close();
    expect(() => Vm.attach(vcpu)).toThrow(KvmClosedError);
    using other = again.createVcpu(1);
    expect(other.shared.byteLength).toBeGreaterThan(0);
  });

  it('a device keeps the VM of the kernel, and Vm.attach still finds the VM', () => {
    const { vm, device } = objects();
    const handle = vm.share();
    vm.close();
    Vm.attach(handle).close();
    using again = VmDevice.attach(device.share());
    device.close();
    expect(again.hasDeviceAttr(attr)).toBe(true);
    again.close();
    expect(() => Vm.attach(handle)).toThrow(KvmClosedError);
  });
});

describe.skipIf(!hasKvm)(`the vm of a VcpuThread's program ${needsKvm}`, () => {
  it('a device in the thread of its vCPU drains the ring, raises a line and sends a message, in the order of the guest', async () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    vm.createIrqchip();
    using machine = realMode.halt.load(vm);
    const { vcpu, memory } = machine;
    memory.write(places.code, writes([0x10, '1'], [0x10, '2'], [0x11, 'l'], [0x10, '3'], [0x11, 'm'], [0x11, 'x']));
    acceptInterrupts(vcpu);
    vm.registerCoalescedMmio({ address: 0x10, size: 1, port: true });
    const seen = new SharedArrayBuffer(16);
    const message = { address: 0xfee0_0000n, data: 0x41 };
    const thread = VcpuThread.start(vcpu, program('device'), { data: { seen, message } });
    await within(thread.finished, 'the end of the thread');
    expect(String.fromCharCode(...new Uint8Array(seen).filter((value) => value))).toBe('12l3mx');
    expect(askedLines(vm) & (1 << 4)).toBe(1 << 4);
    expect(hasCome(vcpu, 0x41)).toBe(true);
  });
});

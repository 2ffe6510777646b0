/** Rings that several threads consume. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { GuestMemory, KvmArgumentError, KvmClosedError, VcpuThread } from '../../../runtime/index.js';
import {
  type Bindings,
  CoalescedMmioRing,
  type CoalescedMmioRingHandle,
  DirtyRing,
  type DirtyRingHandle,
} from '../../../runtime/x86_64.js';
import { places, protectedMode, realMode } from '../../../tools/guests/index.js';
import { createVm, hasKvm, load, type Machine, needsKvm, program, until, within } from '../../helpers/vcpus.js';
import { before, logging, slot } from '../logging-guest.js';

const entries = Math.floor((4096 - bindings.KvmCoalescedMmioRing.$size) / bindings.KvmCoalescedMmio.$size);

const ringBytes = 0x1_0000;

const ringed = () => logging((vm) => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', ringBytes));

/** A Worker that has attached to a ring. */
async function consumer(job: string, ring: CoalescedMmioRingHandle | DirtyRingHandle, data: object = {}) {
  const worker = new Worker(new URL('../../helpers/ring-worker.mjs', import.meta.url), {
    workerData: { job, ring, ...data },
  });
  const ended = once(worker, 'exit');
  const answer = async (): Promise<unknown> => (await within(once(worker, 'message'), 'the answer of the Worker'))[0];
  await answer();
  const ask = (): Promise<unknown> => {
    worker.postMessage('harvest');
    return answer();
  };
  const terminate = async (): Promise<void> => void (await within(worker.terminate(), 'the end of the Worker'));
  return { ask, ended, [Symbol.asyncDispose]: terminate };
}

/** Adds writes to the ring of a VM without coalesced zones, as the kernel does. The address of a write is its number. */
function producerOf({ vm, vcpu }: Machine) {
  const start = vm.checkExtension('KVM_CAP_COALESCED_MMIO') * 4096;
  const header = new Int32Array(vcpu.shared.buffer, start);
  const { first, last } = bindings.KvmCoalescedMmioRing.$layout.members;
  /** Adds a write unless the ring is full. */
  return (number: number): boolean => {
    const at = Atomics.load(header, last.offset / 4);
    const next = (at + 1) % entries;
    if (next === Atomics.load(header, first.offset / 4)) return false;
    const offset = start + bindings.KvmCoalescedMmioRing.$size + at * bindings.KvmCoalescedMmio.$size;
    new bindings.KvmCoalescedMmio(vcpu.shared, offset).phys_addr = BigInt(number);
    Atomics.store(header, last.offset / 4, next);
    return true;
  };
}

describe.skipIf(!hasKvm)(`rings in several threads ${needsKvm}`, () => {
  it('two threads that drain one ring at once serve each write once and in its order', async () => {
    using machine = load(realMode.halt);
    const add = producerOf(machine);
    const ring = machine.vm.coalescedMmioRing(machine.vcpu).share();
    const writes = 20_000;
    const words = new Int32Array(new SharedArrayBuffer(12));
    const log = new Int32Array(new SharedArrayBuffer(2 * writes * 4));
    await using one = await consumer('drain', ring, { words, log });
    await using other = await consumer('drain', ring, { words, log });
    for (let number = 1; number <= writes; ) {
      if (add(number)) number++;
      // The event loop turns, so that the watchdog of the test can end it.
      else await new Promise(setImmediate);
    }
    await until(() => Atomics.load(words, 1) >= writes, 'all writes are served');
    Atomics.store(words, 0, 1);
    await within(Promise.all([one.ended, other.ended]), 'the end of the Workers');
    expect(Atomics.load(words, 1)).toBe(writes);
    expect(log.subarray(0, writes).findIndex((number, index) => number !== index + 1)).toBe(-1);
  });

  it('a Worker that is terminated while it serves a write releases the ring', async () => {
    using machine = load(realMode.halt);
    producerOf(machine)(7);
    const ring = machine.vm.coalescedMmioRing(machine.vcpu);
    {
      await using _ = await consumer('hang', ring.share());
    }
    const words = new Int32Array(new SharedArrayBuffer(12));
    const log = new Int32Array(new SharedArrayBuffer(4));
    // A ring that stays locked would keep this thread for ever.
    await using _ = await consumer('drain', ring.share(), { words, log });
    await until(() => Atomics.load(words, 1) === 1, 'the write is served');
    expect(log[0]).toBe(7);
  });

  it('drain refuses to serve a ring from its own callback, and keeps the write in the ring', () => {
    using machine = load(realMode.halt);
    producerOf(machine)(7);
    const ring = machine.vm.coalescedMmioRing(machine.vcpu);
    const again = CoalescedMmioRing.attach(ring.share());
    const drain = (): number => ring.drain(() => void again.drain(() => {}));
    expect(drain).toThrow(KvmArgumentError);
    expect(drain).toThrow('CoalescedMmioRing.drain: serve drains the ring that it serves; it must not');
    again.close();
    expect(ring.drain(() => {})).toBe(1);
  });

  it('a callback that closes its ring or its vCPU does not keep the lock', () => {
    using machine = load(realMode.halt);
    const add = producerOf(machine);
    const { vm, vcpu } = machine;
    add(7);
    const ring = vm.coalescedMmioRing(vcpu);
    const closed = CoalescedMmioRing.attach(ring.share());
    expect(() => closed.drain(() => closed.close())).toThrow(TypeError);
    expect(ring.drain(() => {})).toBe(1);
  });

  it('threads that harvest one dirty ring continue after the last harvest of any thread', async () => {
    using machine = ringed();
    const ring = machine.vm.dirtyRing(machine.vcpu);
    await using worker = await consumer('harvest', ring.share());
    const page = [{ slot, page: BigInt(before) }];
    for (let times = 0; times < 3; times++) {
      machine.again();
      expect(await worker.ask()).toEqual(page);
      expect(ring.harvest()).toEqual([]);
      expect(machine.vm.resetDirtyRings()).toBe(1);
      machine.again();
      expect(ring.harvest()).toEqual(page);
      expect(await worker.ask()).toEqual([]);
      expect(machine.vm.resetDirtyRings()).toBe(1);
    }
  });

  it('the program of a VcpuThread harvests the ring of its vCPU at an exit', async () => {
    using vm = createVm();
    vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', ringBytes);
    using machine = protectedMode.mmio.load(vm);
    const pages = 64;
    using logged = GuestMemory.create(pages * 4096);
    vm.addMemory({ memory: logged, guestAddress: 0x10_0000, flags: bindings.KVM_MEM_LOG_DIRTY_PAGES });
    // mov edi, 0x100000; next: mov [edi], al; add edi, 0x1000; cmp edi, the end; jne next; out 0x10, al
    const end = 0x10_0000 + pages * 4096;
    const [low, high] = [(end >> 16) & 0xff, end >> 24];
    const write = [0x88, 0x07, 0x81, 0xc7, 0, 0x10, 0, 0, 0x81, 0xff, 0, 0, low, high, 0x75, 0xf0];
    machine.memory.write(places.code, Uint8Array.of(0xbf, 0, 0, 0x10, 0, ...write, 0xe6, 0x10));
    const counts = new Int32Array(new SharedArrayBuffer(8));
    const thread = VcpuThread.start(machine.vcpu, program('harvest'), { data: { counts } });
    await within(thread.finished, 'the end of the thread');
    expect(counts[0]).toBe(pages);
    expect(vm.dirtyRing(machine.vcpu).harvest()).toEqual([]);
  });

  const attachers = {
    CoalescedMmioRing: (handle: unknown, of?: Bindings) =>
      CoalescedMmioRing.attach(handle as CoalescedMmioRingHandle, of),
    DirtyRing: (handle: unknown, of?: Bindings) => DirtyRing.attach(handle as DirtyRingHandle, of),
  };

  it.each(['CoalescedMmioRing', 'DirtyRing'] as const)('%s.attach refuses wrong handles and closed vCPUs', (name) => {
    const machine = ringed();
    const rings = {
      CoalescedMmioRing: machine.vm.coalescedMmioRing(machine.vcpu),
      DirtyRing: machine.vm.dirtyRing(machine.vcpu),
    };
    const attach = attachers[name];
    const right = rings[name].share();
    const wrong = [machine.vcpu.share(), machine.vm.share(), { ...right, id: -1 }, { ...right, generation: 1 }, null];
    for (const handle of wrong) expect(() => attach(handle)).toThrow(KvmArgumentError);
    const foreign = { ...bindings, $target: { ...bindings.$target, nodeArch: 'arm64' } } as unknown as Bindings;
    expect(() => attach(right, foreign)).toThrow(KvmArgumentError);
    const again = attach(right);
    machine[Symbol.dispose]();
    expect(() => rings[name].share()).toThrow(KvmClosedError);
    // The attached ring keeps the vCPU open.
    attach(right).close();
    expect(again.share()).toEqual(right);
    again.close();
    again.close();
    expect(() => again.share()).toThrow(KvmClosedError);
    expect(() => attach(right)).toThrow(KvmClosedError);
  });

  it('DirtyRing.attach refuses a vCPU that does not have a dirty ring', () => {
    using machine = load(realMode.halt);
    const handle = { ...machine.vcpu.share(), kind: 'dirty ring' as const };
    expect(() => DirtyRing.attach(handle)).toThrow(/^DirtyRing.attach: the vCPUs of this VM have no dirty rings; /);
  });
});

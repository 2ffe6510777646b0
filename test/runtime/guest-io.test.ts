/** Writes of the guest that are no exits: doorbells, and the ring of coalesced writes. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { EventFd, KvmClosedError, KvmError, KvmUnsupportedError } from '../../runtime/index.js';
import { places, port, protectedMode, realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, load, needsKvm, run } from '../helpers/vcpus.js';

const { KVM_EXIT_HLT, KVM_EXIT_IO, KVM_EXIT_MMIO } = bindings;

describe.skipIf(!hasKvm)(`a doorbell ${needsKvm}`, () => {
  const atPort = { address: port, length: 1, port: true } as const;

  it('signals an eventfd in the place of an exit', () => {
    using machine = load(realMode.out);
    using event = EventFd.create();
    machine.vm.io.assignEvent(event, { ...atPort, value: 0x41 });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    expect(event.take()).toBe(1n);
  });

  it('is at an address of memory as well', () => {
    using machine = load(realMode.mmioWrite);
    using event = EventFd.create();
    machine.vm.io.assignEvent(event, { address: BigInt(places.device), length: 1 });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    expect(event.take()).toBe(1n);
  });

  it.each([
    ['another value', { ...atPort, value: 0x42 }],
    ['another port', { ...atPort, address: port + 1 }],
    ['another length', { ...atPort, length: 4 as const }],
    ['memory, not a port', { address: port, length: 1 as const }],
  ])('of %s is silent', (_, doorbell) => {
    using machine = load(realMode.out);
    using event = EventFd.create();
    machine.vm.io.assignEvent(event, doorbell);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(event.take()).toBe(0n);
  });

  it('is an exit again when it is not assigned any more', () => {
    using machine = load(realMode.out);
    using event = EventFd.create();
    machine.vm.io.assignEvent(event, atPort);
    expect(() => machine.vm.io.assignEvent(event, atPort)).toThrow(/^KVM_IOEVENTFD: EEXIST: /);
    machine.vm.io.unassignEvent(event, atPort);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(() => machine.vm.io.unassignEvent(event, atPort)).toThrow(
      /^KVM_IOEVENTFD: ENOENT: nothing of the kind is assigned$/,
    );
  });

  it('is refused when it is none', () => {
    using vm = createVm();
    using event = EventFd.create();
    expect(() => vm.io.assignEvent(event, { ...atPort, length: 3 as 4 })).toThrow(/^KVM_IOEVENTFD: EINVAL: /);
    vm.close();
    expect(() => vm.io.assignEvent(event, atPort)).toThrow(KvmClosedError);
    event.close();
    expect(() => createVm().io.assignEvent(event, atPort)).toThrow(/^this EventFd is closed$/);
  });
});

describe.skipIf(!hasKvm)(`the coalesced ring ${needsKvm}`, () => {
  const zone = { address: places.device, size: 8 };

  /** The guest writes 0x2a to the device, and asks it, which is an exit. */
  function written() {
    const machine = load(protectedMode.mmio);
    machine.vm.io.coalesce(zone);
    const page = machine.vm.checkExtension('KVM_CAP_COALESCED_MMIO');
    const header = new bindings.KvmCoalescedMmioRing(machine.vcpu.shared, page * 4096);
    return { ...machine, header };
  }

  const entries = Math.floor((4096 - bindings.KvmCoalescedMmioRing.$size) / bindings.KvmCoalescedMmio.$size);

  it('gives the writes before the exit that comes after them, each once', () => {
    using machine = written();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    const ring = machine.vm.io.ring(machine.vcpu);
    const writes: unknown[] = [];
    const serve = ({ phys_addr, len, pio, data }: bindings.KvmCoalescedMmio): void =>
      void writes.push({ phys_addr, len, pio, byte: data.get(0) });
    expect(ring.drain(serve)).toBe(1);
    expect(ring.drain(serve)).toBe(0);
    expect(writes).toEqual([{ phys_addr: BigInt(places.device), len: 1, pio: 0, byte: 0x2a }]);
  });

  it('has writes to ports too', () => {
    using machine = load(realMode.out);
    machine.vm.io.coalesce({ address: port, size: 1, port: true });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    const bytes: number[] = [];
    machine.vm.io.ring(machine.vcpu).drain(({ pio, data }) => void bytes.push(pio, data.get(0)));
    expect(bytes).toEqual([1, 0x41]);
  });

  it('goes on at its start after its last entry', () => {
    using machine = written();
    machine.header.first = entries - 1;
    machine.header.last = entries - 1;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    expect(machine.header.last).toBe(0);
    const bytes: number[] = [];
    expect(machine.vm.io.ring(machine.vcpu).drain(({ data }) => void bytes.push(data.get(0)))).toBe(1);
    expect(bytes).toEqual([0x2a]);
    expect(machine.header.first).toBe(0);
  });

  it('keeps the write that was not served to its end', () => {
    using machine = written();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    const ring = machine.vm.io.ring(machine.vcpu);
    const fail = (): never => {
      throw new Error('not now');
    };
    expect(() => ring.drain(fail)).toThrow('not now');
    expect(ring.drain(() => {})).toBe(1);
  });

  it.each([
    ['last', entries],
    ['last', 0xffff_ffff],
    ['first', entries],
    ['first', 0x8000_0000],
  ] as const)('whose `%s` is %d is refused, and nothing served', (member, index) => {
    using machine = written();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    machine.header[member] = index;
    const ring = machine.vm.io.ring(machine.vcpu);
    let served = 0;
    const drain = (): number =>
      ring.drain(() => {
        if (++served > 2 * entries) throw new Error('it does not end');
      });
    expect(drain).toThrow(KvmError);
    expect(drain).toThrow(`coalesced ring: EBADMSG: index ${index}, and there are ${entries} entries`);
    expect(served).toBe(0);
  });

  it('is left out of where no zone is any more', () => {
    using machine = written();
    machine.vm.io.uncoalesce(zone);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    expect(machine.vcpu.kvmRun.mmio.is_write).toBe(1);
    expect(machine.vm.io.ring(machine.vcpu).drain(() => {})).toBe(0);
  });

  it('is detached with its vCPU, and missing where the kernel has none', () => {
    const machine = written();
    const ring = machine.vm.io.ring(machine.vcpu);
    machine[Symbol.dispose]();
    expect(() => ring.drain(() => {})).toThrow(TypeError);
    expect(() => machine.vm.io.coalesce(zone)).toThrow(KvmClosedError);
    using other = load(realMode.halt, {}, { ...bindings, KVM_CAP_COALESCED_MMIO: 0x7fff_ffff as 15 });
    expect(() => other.vm.io.ring(other.vcpu)).toThrow(KvmUnsupportedError);
    expect(() => other.vm.io.ring(other.vcpu)).toThrow(/ does not have KVM_CAP_COALESCED_MMIO$/);
  });
});

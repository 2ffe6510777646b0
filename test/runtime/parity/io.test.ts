/** Ports, MMIO, doorbells and statistics, as the kernel's own tests of KVM check them. Every write of the guest is counted. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { EventFd } from '../../../runtime/index.js';
import { knownAnswers, places, port, realMode } from '../../../tools/guests/index.js';
import { hasKvm, load, type Machine, needsKvm, run, sent } from '../../helpers/vcpus.js';

const { KVM_EXIT_HLT, KVM_EXIT_IO, KVM_EXIT_MMIO } = bindings;

/** Sets registers of the vCPU. */
function setRegs({ vcpu }: Machine, members: Partial<bindings.KvmRegs>): void {
  const regs = vcpu.getRegs();
  Object.assign(regs, members);
  vcpu.setRegs(regs);
}

describe.skipIf(!hasKvm)(`coalesced writes ${needsKvm}`, () => {
  /** The kernel never uses the last entry. */
  const room = Math.floor((4096 - bindings.KvmCoalescedMmioRing.$size) / bindings.KvmCoalescedMmio.$size) - 1;

  // Shows: selftest coalesced_io_test
  it('the ring takes writes to memory and to ports in their order until it is full, and then a write is an exit', () => {
    using machine = load(knownAnswers.alternate);
    const { vm, vcpu } = machine;
    vm.registerCoalescedMmio({ address: places.device, size: 8 });
    vm.registerCoalescedMmio({ address: port, size: 8, port: true });
    const ring = vm.coalescedMmioRing(vcpu);
    const writes = 2 * room + 3;
    setRegs(machine, { rcx: BigInt(writes) });
    const expected = Array.from({ length: writes }, (_, index) => {
      const where = index % 2 === 0 ? { at: places.device, pio: 0 } : { at: port, pio: 1 };
      return { ...where, len: 4, value: writes - index };
    });
    const seen: unknown[] = [];
    for (;;) {
      const exit = vcpu.run({ timeout: 60_000 });
      const drained = ring.drain(({ phys_addr, pio, len, data }) => {
        const [first = 0, second = 0] = [...data];
        seen.push({ at: Number(phys_addr), pio, len, value: first | (second << 8) });
      });
      if (exit.reason === KVM_EXIT_HLT) break;
      expect(drained).toBe(room);
      if (exit.reason === KVM_EXIT_MMIO) {
        const { phys_addr, len } = exit.mmio;
        seen.push({ at: Number(phys_addr), pio: 0, len, value: exit.data.$value });
      } else if (exit.reason === KVM_EXIT_IO) {
        seen.push({ at: exit.io.port, pio: 1, len: exit.io.size, value: exit.data.get(0) });
      }
    }
    expect(seen).toEqual(expected);
    vm.unregisterCoalescedMmio({ address: places.device, size: 8 });
    setRegs(machine, { rip: BigInt(places.code), rcx: 2n });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    expect(ring.drain(() => {})).toBe(1);
  });
});

describe.skipIf(!hasKvm)(`doorbells ${needsKvm}`, () => {
  // Shows: kvm-ioctls VmFd::register_ioevent
  it('an eventfd counts each write of the guest to its doorbell', () => {
    const times = 1000;
    using machine = load(knownAnswers.ring);
    using doorbell = EventFd.create();
    using other = EventFd.create();
    machine.vm.registerIoeventfd(doorbell, { address: port, length: 1, port: true, datamatch: 7 });
    machine.vm.registerIoeventfd(other, { address: port, length: 1, port: true, datamatch: 8 });
    setRegs(machine, { rcx: BigInt(times), rax: 7n });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    expect([doorbell.take(), other.take()]).toEqual([BigInt(times), 0n]);
  });
});

describe.skipIf(!hasKvm)(`string input ${needsKvm}`, () => {
  // Shows: selftest x86/userspace_io_test
  it('repeated input fills exactly its bytes, also when the VMM changes the count during the instruction', () => {
    const input = (count: number, changed: number | null): Uint8Array => {
      using machine = load(knownAnswers.inputToMemory);
      setRegs(machine, { rcx: BigInt(count) });
      for (;;) {
        const exit = machine.vcpu.run({ timeout: 60_000 });
        if (exit.reason === KVM_EXIT_HLT) break;
        if (exit.reason !== KVM_EXIT_IO) throw new Error(`unexpected exit ${String(exit.reason)}`);
        expect(exit.io).toMatchObject({ direction: bindings.KVM_EXIT_IO_IN, size: 1, port });
        exit.data.bytes().fill(0xaa);
        if (changed !== null && machine.vcpu.getRegs().rcx === BigInt(count)) {
          setRegs(machine, { rcx: BigInt(changed) });
        }
      }
      expect(machine.vcpu.getRegs().rcx).toBe(0n);
      return machine.memory.read(places.data, 0x2001);
    };
    const filled = (bytes: Uint8Array): number => bytes.findIndex((byte) => byte !== 0xaa);
    expect(filled(input(0x2000, null))).toBe(0x2000);
    expect(filled(input(5, null))).toBe(5);
    // The kernel does not promise where the bytes go then. It writes no byte outside of the memory, and the guest continues.
    expect(() => [input(2, 1), input(3, 0x2000)]).not.toThrow();
  });
});

describe.skipIf(!hasKvm)(`statistics ${needsKvm}`, () => {
  // Shows: selftest kvm_binary_stats_test
  it('the statistics have unique names, valid descriptions, and count each interrupt of the guest', () => {
    const times = 25;
    using machine = load(realMode.onInterrupt(2));
    using stats = machine.vcpu.stats();
    using ofVm = machine.vm.stats();
    for (const each of [stats.read(), ofVm.read()]) {
      expect(each.length).toBeGreaterThan(10);
      expect(new Set(each.map(({ name }) => name)).size).toBe(each.length);
      for (const { name, type, unit, exponent, bucketSize, values } of each) {
        expect(name).toMatch(/^[a-z_0-9]+$/);
        expect([type, unit]).not.toContain('unknown');
        // Sizes are multiples, times are parts, of their unit.
        if (unit === 'bytes') expect(exponent).toBeGreaterThanOrEqual(0);
        if (unit === 'seconds') expect(exponent).toBeLessThanOrEqual(0);
        expect(bucketSize > 0).toBe(type === 'linear histogram');
        expect(values.length > 1).toBe(type.endsWith('histogram'));
      }
    }
    const injected = (): bigint => stats.read().find(({ name }) => name === 'nmi_injections')?.values[0] ?? -1n;
    // The guest has set its handler when it writes to the port.
    expect(sent(machine, 1)).toBe('A');
    const before = injected();
    let handled = 0;
    for (let index = 0; index < times; index++) {
      machine.vcpu.nmi();
      handled += sent(machine, 3).split('I').length - 1;
    }
    expect(handled).toBe(times);
    expect(injected() - before).toBe(BigInt(times));
  });
});

/** Writes of the guest that signal an eventfd instead of causing an exit. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { EventFd, KvmArgumentError, KvmClosedError } from '../../runtime/index.js';
import type { Ioeventfd } from '../../runtime/x86_64.js';
import { places, port, realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, load, needsKvm, run } from '../helpers/vcpus.js';

const { KVM_EXIT_HLT, KVM_EXIT_IO } = bindings;

describe.skipIf(!hasKvm)(`an ioeventfd ${needsKvm}`, () => {
  const atPort = { address: port, length: 1, port: true } as const;

  // Shows: KVM_IOEVENTFD
  it('registerIoeventfd makes a write to a port signal an eventfd instead of causing an exit', () => {
    using machine = load(realMode.out);
    using event = EventFd.create();
    machine.vm.registerIoeventfd(event, { ...atPort, datamatch: 0x41 });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    expect(event.take()).toBe(1n);
  });

  it('registerIoeventfd accepts a guest-physical address', () => {
    using machine = load(realMode.mmioWrite);
    using event = EventFd.create();
    machine.vm.registerIoeventfd(event, { address: BigInt(places.device), length: 1 });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    expect(event.take()).toBe(1n);
  });

  it.each([
    ['another value', { ...atPort, datamatch: 0x42 }],
    ['another port', { ...atPort, address: port + 1 }],
    ['another length', { ...atPort, length: 4 as const }],
    ['memory, not a port', { address: port, length: 1 as const }],
  ])('a write is an exit when the ioeventfd is for %s', (_, writes) => {
    using machine = load(realMode.out);
    using event = EventFd.create();
    machine.vm.registerIoeventfd(event, writes);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(event.take()).toBe(0n);
  });

  // Shows: kvm-ioctls VmFd::unregister_ioevent, kvm-ioctls vm::test_unregister_ioevent
  it('unregisterIoeventfd makes the write an exit again', () => {
    using machine = load(realMode.out);
    using event = EventFd.create();
    machine.vm.registerIoeventfd(event, atPort);
    expect(() => machine.vm.registerIoeventfd(event, atPort)).toThrow(/^KVM_IOEVENTFD: EEXIST: /);
    machine.vm.unregisterIoeventfd(event, atPort);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(() => machine.vm.unregisterIoeventfd(event, atPort)).toThrow(
      /^KVM_IOEVENTFD: ENOENT: .*: no ioeventfd with these properties is registered;/,
    );
  });

  it.each<[string, Ioeventfd, RegExp]>([
    [
      'a value longer than the writes',
      { address: 0x600, length: 1, port: true, datamatch: 0x1ff },
      /datamatch 511; .* to 255$/,
    ],
    ['a negative value', { address: 0x610, length: 4, port: true, datamatch: -1 }, /datamatch -1; .* to 4294967295$/],
    [
      'a value of 66 bits',
      { address: 0x620, length: 8, port: true, datamatch: 1n << 65n },
      /datamatch .* to 2\^64 - 1$/,
    ],
    [
      'a value without a length',
      { address: 0x620, length: 0, port: true, datamatch: 1 },
      /a datamatch needs a length of 1/,
    ],
    ['a port after the last one', { address: 0x1_2345, length: 1, port: true }, /port 74565; .* from 0 to 65535$/],
    ['an address of 65 bits', { address: (1n << 64n) + 0x800n, length: 1 }, /address \d+; .* to 2\^64 - 1$/],
  ])('registerIoeventfd refuses writes that the guest cannot make: %s', (_, writes, message) => {
    using vm = createVm();
    using event = EventFd.create();
    for (const call of [() => vm.registerIoeventfd(event, writes), () => vm.unregisterIoeventfd(event, writes)]) {
      expect(call).toThrow(KvmArgumentError);
      expect(call).toThrow(message);
    }
  });

  it('registerCoalescedMmio refuses a port that the processor does not have', () => {
    using vm = createVm();
    const zone = { address: 0x1_0000, size: 1, port: true };
    expect(() => vm.registerCoalescedMmio(zone)).toThrow('port 65536; it must be an integer from 0 to 65535');
    expect(() => vm.unregisterCoalescedMmio(zone)).toThrow(KvmArgumentError);
  });

  it('registerIoeventfd and registerIrqfd take only an EventFd', () => {
    using vm = createVm();
    using event = EventFd.create();
    for (const other of [{ fd: event.fd }, Object.create(EventFd.prototype), vm] as EventFd[]) {
      expect(() => vm.registerIoeventfd(other, atPort)).toThrow(KvmArgumentError);
      expect(() => vm.registerIrqfd(other, 4)).toThrow(KvmArgumentError);
      expect(() => vm.registerIrqfd(event, 4, { resample: other })).toThrow(KvmArgumentError);
    }
  });

  it('registerIoeventfd refuses an invalid length, a closed VM and a closed eventfd', () => {
    using vm = createVm();
    using event = EventFd.create();
    expect(() => vm.registerIoeventfd(event, { ...atPort, length: 3 as 4 })).toThrow(
      'KVM_IOEVENTFD: length 3; it must be 0, 1, 2, 4 or 8',
    );
    vm.close();
    expect(() => vm.registerIoeventfd(event, atPort)).toThrow(KvmClosedError);
    event.close();
    expect(() => createVm().registerIoeventfd(event, atPort)).toThrow(/^EventFd: this object is closed$/);
  });
});

/** The ring of coalesced writes. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmClosedError, KvmError, KvmUnsupportedError } from '../../../runtime/index.js';
import { places, port, protectedMode, realMode } from '../../../tools/guests/index.js';
import { hasKvm, load, needsKvm, run } from '../../helpers/vcpus.js';

const { KVM_EXIT_HLT, KVM_EXIT_MMIO } = bindings;

describe.skipIf(!hasKvm)(`the coalesced ring ${needsKvm}`, () => {
  const zone = { address: places.device, size: 8 };

  /** Loads a guest that writes 0x2a to the device and then reads from it. The read is an exit. */
  function written() {
    const machine = load(protectedMode.mmio);
    machine.vm.registerCoalescedMmio(zone);
    const page = machine.vm.checkExtension('KVM_CAP_COALESCED_MMIO');
    const header = new bindings.KvmCoalescedMmioRing(machine.vcpu.shared, page * 4096);
    return { ...machine, header };
  }

  const entries = Math.floor((4096 - bindings.KvmCoalescedMmioRing.$size) / bindings.KvmCoalescedMmio.$size);

  // Shows: KVM_REGISTER_COALESCED_MMIO
  // Shows: kvm-ioctls VcpuFd::map_coalesced_mmio_ring, kvm-ioctls VcpuFd::coalesced_mmio_read
  // Shows: kvm-ioctls vcpu::test_coalesced_mmio
  it('drain serves each coalesced write once, and the writes precede the next exit', () => {
    using machine = written();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    const ring = machine.vm.coalescedMmioRing(machine.vcpu);
    const writes: unknown[] = [];
    const serve = ({ phys_addr, len, pio, data }: bindings.KvmCoalescedMmio): void =>
      void writes.push({ phys_addr, len, pio, byte: data.get(0) });
    expect(ring.drain(serve)).toBe(1);
    expect(ring.drain(serve)).toBe(0);
    expect(writes).toEqual([{ phys_addr: BigInt(places.device), len: 1, pio: 0, byte: 0x2a }]);
  });

  // Shows: kvm-ioctls vcpu::test_coalesced_pio
  it('drain serves writes to ports', () => {
    using machine = load(realMode.out);
    machine.vm.registerCoalescedMmio({ address: port, size: 1, port: true });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    const bytes: number[] = [];
    machine.vm.coalescedMmioRing(machine.vcpu).drain(({ pio, data }) => void bytes.push(pio, data.get(0)));
    expect(bytes).toEqual([1, 0x41]);
  });

  it('drain continues at the start of the ring after the last entry', () => {
    using machine = written();
    machine.header.first = entries - 1;
    machine.header.last = entries - 1;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    expect(machine.header.last).toBe(0);
    const bytes: number[] = [];
    expect(machine.vm.coalescedMmioRing(machine.vcpu).drain(({ data }) => void bytes.push(data.get(0)))).toBe(1);
    expect(bytes).toEqual([0x2a]);
    expect(machine.header.first).toBe(0);
  });

  it('drain refuses a callback that returns a Promise, and keeps its write in the ring', () => {
    using machine = written();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    const ring = machine.vm.coalescedMmioRing(machine.vcpu);
    const drain = (): number =>
      ring.drain(async () => {
        throw new Error('this rejection is handled');
      });
    expect(drain).toThrow(KvmArgumentError);
    expect(drain).toThrow('CoalescedMmioRing.drain: serve returned an object of Promise; it must be synchronous');
    expect(ring.drain(() => {})).toBe(1);
  });

  it('drain keeps a write in the ring when the callback throws', () => {
    using machine = written();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    const ring = machine.vm.coalescedMmioRing(machine.vcpu);
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
  ] as const)('drain refuses a ring whose `%s` is %d, and serves nothing', (member, index) => {
    using machine = written();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    machine.header[member] = index;
    const ring = machine.vm.coalescedMmioRing(machine.vcpu);
    let served = 0;
    const drain = (): number =>
      ring.drain(() => {
        if (++served > 2 * entries) throw new Error('it does not end');
      });
    expect(drain).toThrow(KvmError);
    expect(drain).toThrow(`CoalescedMmioRing.drain: index ${index} in the header; the ring has ${entries} entries`);
    expect(served).toBe(0);
  });

  // Shows: KVM_UNREGISTER_COALESCED_MMIO
  // Shows: kvm-ioctls vcpu::test_coalesced_mmio
  it('unregisterCoalescedMmio makes the write an exit again', () => {
    using machine = written();
    machine.vm.unregisterCoalescedMmio(zone);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    expect(machine.vcpu.kvmRun.mmio.is_write).toBe(1);
    expect(machine.vm.coalescedMmioRing(machine.vcpu).drain(() => {})).toBe(0);
  });

  it('coalescedMmioRing is unusable after the vCPU is closed, and is refused when the kernel does not have KVM_CAP_COALESCED_MMIO', () => {
    const machine = written();
    const ring = machine.vm.coalescedMmioRing(machine.vcpu);
    machine[Symbol.dispose]();
    expect(() => ring.drain(() => {})).toThrow(KvmClosedError);
    expect(() => machine.vm.registerCoalescedMmio(zone)).toThrow(KvmClosedError);
    using other = load(realMode.halt, {}, { ...bindings, KVM_CAP_COALESCED_MMIO: 0x7fff_ffff as 15 });
    expect(() => other.vm.coalescedMmioRing(other.vcpu)).toThrow(KvmUnsupportedError);
    expect(() => other.vm.coalescedMmioRing(other.vcpu)).toThrow(/ does not have KVM_CAP_COALESCED_MMIO$/);
  });
});

/** The rings of the pages that a guest writes to. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmClosedError, KvmUnsupportedError } from '../../../runtime/index.js';
import type { Vm } from '../../../runtime/x86_64.js';
import { createVm, hasKvm, needsKvm } from '../../helpers/vcpus.js';
import { before, logging, slot } from '../logging-guest.js';

/**
 * Gives one harvested entry back. Since Linux 6.16 a pending signal ends KVM_RESET_DIRTY_RINGS early, without an error. On a busy
 * machine a signal of the teardown ticker can arrive that late.
 */
function resetOne(vm: Vm): number {
  for (let times = 0; times < 100; times++) {
    const entries = vm.resetDirtyRings();
    if (entries > 0) return entries;
  }
  return 0;
}

describe.skipIf(!hasKvm)(`the dirty ring ${needsKvm}`, () => {
  const ringBytes = 0x1_0000;

  // Shows: KVM_RESET_DIRTY_RINGS
  it('harvest returns each written page once until resetDirtyRings', () => {
    using machine = logging((vm) => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', ringBytes));
    const ring = machine.vm.dirtyRing(machine.vcpu);
    expect(ring.harvest()).toEqual([]);
    machine.again();
    expect(ring.harvest()).toEqual([{ slot, page: BigInt(before) }]);
    expect(ring.harvest()).toEqual([]);
    expect(resetOne(machine.vm)).toBe(1);
    expect(machine.vm.resetDirtyRings()).toBe(0);
    machine.again();
    expect(ring.harvest()).toEqual([{ slot, page: BigInt(before) }]);
  });

  it('harvest continues at the start of the ring after the last entry', () => {
    using machine = logging((vm) => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', ringBytes));
    const ring = machine.vm.dirtyRing(machine.vcpu);
    const entries = ringBytes / bindings.KvmDirtyGfn.$size;
    for (let times = 0; times < entries + 3; times++) {
      machine.again();
      expect(ring.harvest()).toEqual([{ slot, page: BigInt(before) }]);
      expect(resetOne(machine.vm)).toBe(1);
    }
  });

  it('dirtyRing and resetDirtyRings refuse a VM without rings, and enableCap refuses a wrong size, a late call and a closed VM', () => {
    using machine = logging();
    const { vm } = machine;
    expect(() => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', ringBytes)).toThrow(/^KVM_ENABLE_CAP: EINVAL: /);
    expect(() => vm.dirtyRing(machine.vcpu)).toThrow(KvmArgumentError);
    expect(() => vm.dirtyRing(machine.vcpu)).toThrow(
      /have no dirty rings; call enableCap\('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', bytes\) before createVcpu$/,
    );
    expect(() => vm.resetDirtyRings()).toThrow(/^KVM_RESET_DIRTY_RINGS: EINVAL: /);
    using other = createVm();
    expect(() => other.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', 5000)).toThrow(/^KVM_ENABLE_CAP: EINVAL: /);
    other.close();
    expect(() => other.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', ringBytes)).toThrow(KvmClosedError);
  });

  it('the error of enableCap names KVM_CAP_DIRTY_LOG_RING_ACQ_REL when the kernel does not have it', () => {
    const absent = { ...bindings, KVM_CAP_DIRTY_LOG_RING_ACQ_REL: bindings.KVM_CAP_S390_UCONTROL };
    using vm = createVm(absent as unknown as typeof bindings);
    expect(() => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', ringBytes)).toThrow(KvmUnsupportedError);
    expect(() => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', ringBytes)).toThrow(
      / does not have KVM_CAP_DIRTY_LOG_RING_ACQ_REL$/,
    );
  });
});

/** The rings of arm64. */

import * as arm64 from '../../generated/arm64/linux/kvm.js';
import { type Creator, creator } from '../construction.js';
import type { VcpuContext } from '../context.js';
import type { OpenVcpu } from '../open-vcpu.js';
import { vcpuOfRing } from '../rings/attached-vcpu.js';
import { CoalescedMmioRingBase, type CoalescedMmioRingHandle } from '../rings/coalesced-mmio-ring.js';
import { DirtyRingBase, type DirtyRingHandle } from '../rings/dirty-ring.js';
import { architectureOf } from './architecture.js';
import type { Bindings } from './bindings.js';

let makeDirty: (vcpu: VcpuContext) => DirtyRing;
let makeCoalesced: (vcpu: VcpuContext) => CoalescedMmioRing;

/**
 * The dirty ring of a vCPU (KVM_CAP_DIRTY_LOG_RING_ACQ_REL). `Vm.dirtyRing` returns it. Any thread may harvest it: each page is in
 * the result of one harvest.
 *
 * @example
 * vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', 65_536); // bytes, before the first vCPU
 * const vcpu = vm.createVcpu();
 * const ring = vm.dirtyRing(vcpu);
 * vcpu.run();
 * for (const { slot, page } of ring.harvest()) send(slot, page);
 * vm.resetDirtyRings();
 */
export class DirtyRing extends DirtyRingBase {
  private constructor(given: Creator, operation: string, vcpu: VcpuContext, ownVcpu?: OpenVcpu) {
    super(given, operation, vcpu, ownVcpu);
  }

  /**
   * Attaches to a ring of another thread.
   *
   * @param handle the result of `share` in the other thread.
   * @param bindings those of the `Kvm` that the vCPU is from, by default the package's own.
   * @throws KvmClosedError when the vCPU is closed everywhere, KvmArgumentError for anything but a handle of a ring, and when the
   * bindings are of another architecture.
   */
  static attach(handle: DirtyRingHandle, bindings: Bindings = arm64): DirtyRing {
    const operation = 'DirtyRing.attach';
    const vcpu = vcpuOfRing(operation, handle, 'dirty ring', architectureOf(bindings));
    return new DirtyRing(creator, operation, vcpu, vcpu);
  }

  static {
    makeDirty = (vcpu) => new DirtyRing(creator, 'Vm.dirtyRing', vcpu);
  }
}

/**
 * The ring of coalesced writes of a VM (KVM_CAP_COALESCED_MMIO). `Vm.coalescedMmioRing` returns it.
 *
 * @example
 * vm.registerCoalescedMmio({ address: 0x3f8, size: 1, port: true });
 * const ring = vm.coalescedMmioRing(vcpu);
 * const exit = vcpu.run();
 * ring.drain(({ phys_addr, len, data }) => store(phys_addr, data.bytes().subarray(0, len)));
 * serve(exit); // The writes in the ring are older than the exit.
 */
export class CoalescedMmioRing extends CoalescedMmioRingBase {
  private constructor(given: Creator, operation: string, vcpu: VcpuContext, ownVcpu?: OpenVcpu) {
    super(given, operation, vcpu, ownVcpu);
  }

  /**
   * Attaches to a ring of another thread.
   *
   * @param handle the result of `share` in the other thread.
   * @param bindings those of the `Kvm` that the vCPU is from, by default the package's own.
   * @throws KvmClosedError when the vCPU is closed everywhere, KvmArgumentError for anything but a handle of a ring, and when the
   * bindings are of another architecture.
   */
  static attach(handle: CoalescedMmioRingHandle, bindings: Bindings = arm64): CoalescedMmioRing {
    const operation = 'CoalescedMmioRing.attach';
    const vcpu = vcpuOfRing(operation, handle, 'coalesced MMIO ring', architectureOf(bindings));
    return new CoalescedMmioRing(creator, operation, vcpu, vcpu);
  }

  static {
    makeCoalesced = (vcpu) => new CoalescedMmioRing(creator, 'Vm.coalescedMmioRing', vcpu);
  }
}

/** Makes the object of the dirty ring of a vCPU. */
export function makeDirtyRing(vcpu: VcpuContext): DirtyRing {
  return makeDirty(vcpu);
}

/** Makes the object of the ring of coalesced writes of a VM. */
export function makeCoalescedMmioRing(vcpu: VcpuContext): CoalescedMmioRing {
  return makeCoalesced(vcpu);
}

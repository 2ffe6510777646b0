/** A virtual machine of arm64. */

import * as arm64 from '../../generated/arm64/linux/kvm.js';
import { type Creator, creator } from '../construction.js';
import type { KvmObject } from '../creators.js';
import type { OpenVm } from '../open-vm.js';
import { attachedVm, type VmHandle, type VmMakers, vmFromFd } from '../vm.js';
import { architectureOf } from './architecture.js';
import type { Bindings } from './bindings.js';
import { makeCoalescedMmioRing, makeDirtyRing } from './rings.js';
import { makeVcpu, type Vcpu } from './vcpu.js';
import { makeVmDevice } from './vm-device.js';
import { Arm64VmSettings, type Classes } from './vm-settings.js';

const makers: VmMakers<Bindings, Classes> = {
  vcpu: makeVcpu,
  device: makeVmDevice,
  dirtyRing: makeDirtyRing,
  coalescedMmioRing: makeCoalescedMmioRing,
};

let make: (vm: OpenVm<Bindings>) => Vm;

/**
 * A virtual machine. `Kvm.createVm` creates it. The methods are those of the ioctls of the VM file descriptor. All methods throw
 * KvmClosedError after `close`, and KvmArgumentError for an argument of a wrong type or size.
 */
export class Vm extends Arm64VmSettings {
  private constructor(given: Creator, vm: OpenVm<Bindings>) {
    super(given, vm, makers);
  }

  /**
   * Attaches to a VM of another thread, or to the VM of a vCPU of this thread.
   *
   * @param from the result of `share` in the other thread, or a vCPU.
   * @param bindings those of the `Kvm` that the VM is from, by default the package's own. For a vCPU always those of the vCPU.
   * @throws KvmClosedError when the VM or the vCPU is closed, KvmArgumentError for anything else, and when the bindings are of
   * another architecture.
   * @example
   * const vm = Vm.attach(workerData.vm); // The other thread passed vm.share().
   * vm.setIrqLine(4, true);
   */
  static attach(from: VmHandle | Vcpu, bindings: Bindings = arm64): Vm {
    return new Vm(creator, attachedVm(from, architectureOf(bindings)));
  }

  /**
   * Makes a `Vm` of a file descriptor of a VM that this process has created in another way. The file descriptor stays that of the
   * caller. The `Vm` has a duplicate of it. If this package has the VM already, the result uses the same VM: the slots, the vCPUs
   * and the rings are the same. Otherwise the slots that others have set are not known, and `close` removes the slots that
   * this package has set.
   *
   * @param fd the number of the file descriptor.
   * @param kvm a `Kvm`, whose bindings the VM has.
   * @throws KvmArgumentError for a number that is not open, and for a file descriptor of anything else; KvmError with code `EIO` for
   * a VM of another process, which only that process can use.
   * @example
   * using vm = Vm.fromFd(fd, kvm);
   */
  static fromFd(fd: number, kvm: KvmObject): Vm {
    return new Vm(creator, vmFromFd(fd, kvm) as OpenVm<Bindings>);
  }

  static {
    make = (vm) => new Vm(creator, vm);
  }
}

/** Makes the object of a VM. */
export function makeVm(vm: OpenVm<Bindings>): Vm {
  return make(vm);
}

/** A virtual CPU of riscv64. */

import * as riscv64 from '../../generated/riscv64/linux/kvm.js';
import { type Creator, creator } from '../construction.js';
import type { VmObject } from '../creators.js';
import type { VcpuHandle } from '../kick.js';
import type { OpenVcpu } from '../open-vcpu.js';
import { attachedVcpu, type VcpuOptions, vcpuFromFd } from '../vcpu.js';
import { architectureOf } from './architecture.js';
import type { Bindings } from './bindings.js';
import { Riscv64VcpuState } from './vcpu-state.js';

let make: (vcpu: OpenVcpu<Bindings>) => Vcpu;

/** A vCPU, which `Vm.createVcpu` creates. A vCPU belongs to the thread that runs the vCPU. */
export class Vcpu extends Riscv64VcpuState {
  private constructor(given: Creator, vcpu: OpenVcpu<Bindings>) {
    super(given, vcpu);
  }

  /**
   * Attaches to a vCPU of another thread.
   *
   * @param handle the result of `share` in the other thread.
   * @param bindings those of the `Kvm` that the vCPU is from, by default the package's own.
   * @throws KvmClosedError when the vCPU is closed everywhere, KvmArgumentError when the bindings are of another architecture.
   */
  static attach(handle: VcpuHandle, bindings: Bindings = riscv64): Vcpu {
    return new Vcpu(creator, attachedVcpu(handle, architectureOf(bindings)));
  }

  /**
   * Makes a `Vcpu` of a file descriptor of a vCPU that this process has created in another way. The file descriptor stays that of the
   * caller. The `Vcpu` has a duplicate of it. If this package has the vCPU already, the result uses the same vCPU: a kick
   * through either object interrupts the run. The options then have no effect.
   *
   * @param fd the number of the file descriptor.
   * @param vm the VM of the vCPU. If another part of the process has created the vCPU, the runtime cannot check this.
   * @param options the kick signal and the mechanism.
   * @throws KvmArgumentError for a number that is not open, for a file descriptor of anything else, for a vCPU of another VM of this
   * package, and when the kick signal is not available; KvmUnsupportedError when the mechanism is not; KvmError with code `EIO` for
   * a vCPU of another process, which only that process can use.
   * @example
   * using vcpu = Vcpu.fromFd(fd, vm);
   */
  static fromFd(fd: number, vm: VmObject, options: VcpuOptions = {}): Vcpu {
    return new Vcpu(creator, vcpuFromFd(fd, vm, options) as OpenVcpu<Bindings>);
  }

  static {
    make = (vcpu) => new Vcpu(creator, vcpu);
  }
}

/** Makes the object of a vCPU. */
export function makeVcpu(vcpu: OpenVcpu<Bindings>): Vcpu {
  return make(vcpu);
}

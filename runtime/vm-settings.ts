/** The methods of `Vm` for capabilities and statistics, which every architecture has. */

import { type CapabilityOf, checkExtension, enableCapability, requireExtension } from './capability.js';
import { type Creator, requireCreator } from './construction.js';
import type { Bindings, GenericIoctl, VmContext } from './context.js';
import { defineAbsent } from './other-architectures.js';
import { makeStats, type Stats } from './stats.js';

/** The part of `Vm` with its capabilities. */
export abstract class VmSettings<B extends Bindings> {
  /** The bindings of the `Kvm` that the VM is from. */
  readonly bindings: B;
  /** Makes any ioctl of the VM file descriptor. */
  readonly ioctl: GenericIoctl<'vm'>;
  readonly #vm: VmContext<B>;

  protected constructor(given: Creator, vm: VmContext<B>) {
    requireCreator(given, 'Vm', 'Kvm.createVm, Vm.attach or Vm.fromFd');
    this.#vm = vm;
    this.bindings = vm.bindings;
    this.ioctl = vm.ioctl;
  }

  // Capabilities

  /**
   * KVM_CHECK_EXTENSION: returns 0 if this VM does not have the capability, and otherwise 1 or a number that the
   * capability defines.
   *
   * @param capability a name such as `KVM_CAP_IRQFD`, or a number.
   * @throws KvmArgumentError for a name that the bindings do not have.
   * @see api.rst, "KVM_CHECK_EXTENSION"
   */
  checkExtension(capability: CapabilityOf<B>): number {
    return checkExtension(this.#vm, capability);
  }

  /**
   * KVM_CHECK_EXTENSION: throws an error if this VM does not have a capability.
   *
   * @param capability a name such as `KVM_CAP_IRQFD`, or a number.
   * @throws KvmUnsupportedError, which names the capability, when this VM does not have it, KvmArgumentError for a name
   * that the bindings do not have.
   * @see api.rst, "KVM_CHECK_EXTENSION"
   */
  requireExtension(capability: CapabilityOf<B>): void {
    requireExtension(this.#vm, capability);
  }

  /**
   * KVM_ENABLE_CAP: enables a capability that is off by default.
   *
   * @param args up to four arguments. The section of the capability in the kernel's document says what they are.
   * @throws KvmUnsupportedError, which names the capability, when the kernel does not have it, KvmError when the kernel
   * refuses the arguments.
   * @example
   * vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 24);
   * @see api.rst, "KVM_ENABLE_CAP"
   */
  enableCap(capability: CapabilityOf<B>, ...args: readonly (number | bigint)[]): void {
    enableCapability(this.#vm, capability, args);
  }

  // Statistics

  /**
   * KVM_GET_STATS_FD (KVM_CAP_BINARY_STATS_FD): returns a new file descriptor of the statistics of the VM. The caller
   * closes the file descriptor. `stats` reads the statistics.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_STATS_FD"
   */
  getStatsFd(): number {
    return this.ioctl(this.bindings.KVM_GET_STATS_FD);
  }

  /**
   * KVM_GET_STATS_FD (KVM_CAP_BINARY_STATS_FD): opens the statistics of the VM.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_STATS_FD"
   */
  stats(): Stats {
    return makeStats(this.#vm.createFile(this.bindings.KVM_GET_STATS_FD), this.bindings);
  }

  static {
    defineAbsent(VmSettings, 'Vm');
  }
}

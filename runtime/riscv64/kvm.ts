/** `/dev/kvm` on riscv64: the system file descriptor. */

import * as riscv64 from '../../generated/riscv64/linux/kvm.js';
import { type Creator, creator } from '../construction.js';
import { KvmBase, type KvmFile, type KvmOptionsOf, kvmFromFd, openedKvm } from '../kvm.js';
import { architectureOf } from './architecture.js';
import type { Bindings } from './bindings.js';
import { makeVm, type Vm } from './vm.js';

/** The options of `Kvm.open`. */
export type KvmOptions = KvmOptionsOf<Bindings>;

/** The options of `Kvm.fromFd`. */
export type KvmFromFdOptions = Pick<KvmOptions, 'bindings'>;

/**
 * `/dev/kvm`. VMs continue after their `Kvm` is closed. All methods throw KvmClosedError after `close`.
 *
 * @example
 * using kvm = Kvm.open();
 * const vm = kvm.createVm();
 */
export class Kvm extends KvmBase<Bindings, Vm> {
  private constructor(given: Creator, file: KvmFile<Bindings>) {
    super(given, file, makeVm);
  }

  /**
   * Opens KVM and checks its API version.
   *
   * @param options the path of the device, and the bindings.
   * @throws KvmArgumentError when the bindings are of another architecture than this machine's, and for unknown options.
   * @throws KvmUnavailableError when the device does not exist, may not be opened or is in use. The message says what to do.
   * @throws KvmUnsupportedError when the kernel has another API version than the bindings.
   */
  static open(options: KvmOptions = {}): Kvm {
    return new Kvm(creator, openedKvm('riscv64', options, riscv64, architectureOf));
  }

  /**
   * Makes a `Kvm` of a file descriptor of `/dev/kvm`, such as one that another process has opened. The file descriptor stays that
   * of the caller. The `Kvm` has a duplicate of it, and `close` closes the duplicate.
   *
   * @param fd the number of the file descriptor.
   * @param options the bindings.
   * @throws KvmArgumentError for a number that is not open, for a file descriptor of anything else, for unknown options, and when the
   * bindings are of another architecture than this machine's.
   * @throws KvmUnsupportedError when the kernel has another API version than the bindings.
   * @example
   * // The parent process: spawn('program', { stdio: ['inherit', 'inherit', 'inherit', kvm.fd] })
   * using kvm = Kvm.fromFd(3);
   */
  static fromFd(fd: number, options: KvmFromFdOptions = {}): Kvm {
    return new Kvm(creator, kvmFromFd('riscv64', fd, options, riscv64, architectureOf));
  }
}

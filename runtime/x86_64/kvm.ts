/** `/dev/kvm` on x86-64: the system file descriptor. */

import type { KvmCpuid2, KvmMsrList } from '../../generated/x86_64/linux/kvm.js';
import * as x86_64 from '../../generated/x86_64/linux/kvm.js';
import type { IoctlByPointer } from '../../support/index.js';
import { addon } from '../addon.js';
import { requireList } from '../arguments.js';
import { type Creator, creator } from '../construction.js';
import { type DeviceAttr, getDeviceAttr, hasDeviceAttr, setDeviceAttr } from '../devices/device-attr.js';
import { KvmError, KvmUnsupportedError, syscallError } from '../errors.js';
import { grown } from '../growing-views.js';
import { read } from '../ioctl.js';
import { fileRecord } from '../kernel-file.js';
import { KvmBase, type KvmFile, type KvmOptionsOf, kvmFromFd, kvmTarget, openedKvm } from '../kvm.js';
import { requireInteger } from '../numbers.js';
import { architectureOf } from './architecture.js';
import type { Bindings } from './bindings.js';
import { type Msr, transferMsrs } from './msrs.js';
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
    return new Kvm(creator, openedKvm('x86_64', options, x86_64, architectureOf));
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
    return new Kvm(creator, kvmFromFd('x86_64', fd, options, x86_64, architectureOf));
  }

  // What a guest may have

  /**
   * KVM_GET_SUPPORTED_CPUID (KVM_CAP_EXT_CPUID): returns the CPUID leaves that a guest may have, for `Vcpu.setCpuid2`.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_SUPPORTED_CPUID"
   */
  getSupportedCpuid(): KvmCpuid2 {
    return this.#cpuid(this.bindings.KVM_GET_SUPPORTED_CPUID);
  }

  /**
   * KVM_GET_EMULATED_CPUID (KVM_CAP_EXT_EMUL_CPUID): returns the CPUID features that the kernel emulates in addition.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_EMULATED_CPUID"
   */
  getEmulatedCpuid(): KvmCpuid2 {
    return this.#cpuid(this.bindings.KVM_GET_EMULATED_CPUID);
  }

  /**
   * KVM_GET_SUPPORTED_HV_CPUID (KVM_CAP_SYS_HYPERV_CPUID): returns the CPUID leaves that a Hyper-V guest may have.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_SUPPORTED_HV_CPUID"
   */
  getSupportedHvCpuid(): KvmCpuid2 {
    return this.#cpuid(this.bindings.KVM_GET_SUPPORTED_HV_CPUID);
  }

  #cpuid(request: IoctlByPointer<KvmCpuid2, 'system', 'readwrite'>): KvmCpuid2 {
    return grown(this.bindings.KvmCpuid2, 128, (cpuid) => this.ioctl(request, cpuid));
  }

  /**
   * KVM_GET_MSR_INDEX_LIST: returns the indices of the MSRs that belong to the state of a vCPU.
   *
   * @throws KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_MSR_INDEX_LIST, KVM_GET_MSR_FEATURE_INDEX_LIST"
   */
  getMsrIndexList(): number[] {
    return this.#indices(this.bindings.KVM_GET_MSR_INDEX_LIST);
  }

  /**
   * KVM_GET_MSR_FEATURE_INDEX_LIST (KVM_CAP_GET_MSR_FEATURES): returns the indices of the feature MSRs. The values of
   * these MSRs say what the kernel supports. `getMsrs` reads the values.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_MSR_INDEX_LIST, KVM_GET_MSR_FEATURE_INDEX_LIST"
   */
  getMsrFeatureIndexList(): number[] {
    return this.#indices(this.bindings.KVM_GET_MSR_FEATURE_INDEX_LIST);
  }

  #indices(request: IoctlByPointer<KvmMsrList, 'system', 'readwrite'>): number[] {
    return [...grown(this.bindings.KvmMsrList, 128, (list) => this.ioctl(request, list)).indices];
  }

  /**
   * KVM_GET_MSRS (KVM_CAP_GET_MSR_FEATURES): returns the values of feature MSRs, in the order of `indices`.
   *
   * @param indices the indices of the MSRs.
   * @throws KvmMsrError with the index of the first MSR that is not a feature MSR.
   * @see api.rst, "KVM_GET_MSRS"
   */
  getMsrs(indices: Iterable<number>): Msr[] {
    const msrs = requireList('KVM_GET_MSRS', 'indices', indices).map((index) => ({ index, data: 0n }));
    return transferMsrs(this.bindings, 'KVM_GET_MSRS', msrs, (some) => this.ioctl(this.bindings.KVM_GET_MSRS, some));
  }

  /**
   * KVM_X86_GET_MCE_CAP_SUPPORTED (KVM_CAP_MCE): returns the machine check capabilities that a vCPU may have, as a mask.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_X86_GET_MCE_CAP_SUPPORTED"
   */
  getMceCapSupported(): bigint {
    return read(this.ioctl, this.bindings.KVM_X86_GET_MCE_CAP_SUPPORTED).value;
  }

  // Attributes

  /**
   * KVM_HAS_DEVICE_ATTR (KVM_CAP_SYS_ATTRIBUTES): returns whether the system has an attribute.
   *
   * @param which the numbers of the group and of the attribute.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_HAS_DEVICE_ATTR"
   */
  hasDeviceAttr(which: DeviceAttr): boolean {
    return hasDeviceAttr(kvmTarget(this), which);
  }

  /**
   * KVM_GET_DEVICE_ATTR (KVM_CAP_SYS_ATTRIBUTES): returns the first `length` bytes of an attribute of the system. Some
   * attributes say what the kernel supports.
   *
   * @param which the numbers of the group and of the attribute.
   * @param length in bytes, at most 32 MiB. By default the length of the attribute, where the bindings know it.
   * @throws KvmError with code `ENXIO` when the attribute does not exist, KvmUnsupportedError when the kernel does not
   * have the capability, KvmArgumentError for a length that is too large, and without a length when the bindings do not know it.
   * @example
   * const bytes = kvm.getDeviceAttr({ group: 0, attr: KVM_X86_XCOMP_GUEST_SUPP });
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  getDeviceAttr(which: DeviceAttr, length?: number): Uint8Array {
    return getDeviceAttr(kvmTarget(this), which, length);
  }

  /**
   * KVM_SET_DEVICE_ATTR: sets an attribute of the system. No kernel up to Linux 7.3 has such an attribute.
   *
   * @param which the numbers of the group and of the attribute.
   * @param bytes the value, at most 32 MiB in the byte order of the architecture. By default no bytes.
   * @throws KvmUnsupportedError when no attribute of the system can be set.
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  setDeviceAttr(which: DeviceAttr, bytes?: Uint8Array): void {
    try {
      setDeviceAttr(kvmTarget(this), which, bytes);
    } catch (error) {
      // The kernel fails with EINVAL for every ioctl of this file that it does not have.
      if (!(error instanceof KvmError) || error.code !== 'EINVAL') throw error;
      const problem =
        'this kernel has no attribute of the system that can be set; the attributes of a VM and of a vCPU can';
      throw new KvmUnsupportedError(error.operation, problem, null, error);
    }
  }

  /**
   * ARCH_REQ_XCOMP_GUEST_PERM of arch_prctl: requests the permission that guests of this process use a state component of XSAVE
   * that is off by default, such as the tiles of AMX. Call it before the first vCPU of the process. The attribute
   * KVM_X86_XCOMP_GUEST_SUPP says which state components KVM supports. `Vcpu.getXsave2` and `Vcpu.setXsave` then use the larger
   * state.
   *
   * @param feature the number of the state component: 18 for XTILE_DATA.
   * @throws KvmUnsupportedError when the processor or the kernel does not have the state component or no permission is needed for
   * it, KvmError with code `EBUSY` after the first vCPU, KvmArgumentError for anything but an integer from 0 to 63.
   * @example
   * const [supported = 0n] = new BigUint64Array(kvm.getDeviceAttr({ group: 0, attr: KVM_X86_XCOMP_GUEST_SUPP }).buffer);
   * if ((supported >> 18n) & 1n) kvm.requestXcompGuestPermission(18);
   */
  requestXcompGuestPermission(feature: number): void {
    const operation = 'Kvm.requestXcompGuestPermission';
    // The Kvm must be open, although the permission is that of the process.
    fileRecord(this);
    const number = requireInteger(operation, 'feature', feature, 63);
    const result = addon().requestXcompGuestPerm(number);
    if (result < 0) throw permissionError(operation, number, result);
  }
}

function permissionError(operation: string, feature: number, result: number): KvmError {
  const error = syscallError('arch_prctl', operation, result);
  const { code } = error;
  if (code === 'EBUSY') {
    return new KvmError(
      operation,
      'this process has created a vCPU already; request the permission before the first vCPU',
      error,
    );
  }
  // Kernels before Linux 5.17 fail with EINVAL.
  if (!['EOPNOTSUPP', 'EINVAL', 'ENOSYS'].includes(code)) return error;
  const problem = `state component ${feature}: the processor or the kernel does not have it, or it needs no permission; the attribute KVM_X86_XCOMP_GUEST_SUPP has the supported components`;
  return new KvmUnsupportedError(operation, problem, null, error);
}

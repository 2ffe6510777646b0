/** `/dev/kvm`: the system file descriptor. */

import type { KvmCpuid2, KvmMsrList } from '../generated/x86_64/linux/kvm.js';
import * as x86_64 from '../generated/x86_64/linux/kvm.js';
import type { IoctlByPointer } from '../support/index.js';
import { inspectable } from '../support/inspect.js';
import { addon, type FileRecord } from './addon.js';
import { requireList, requirePath } from './arguments.js';
import { type Capability, checkExtension, requireExtension } from './capability.js';
import { type Creator, creator } from './construction.js';
import type { Bindings, CapabilityContext, GenericIoctl, IoctlTarget } from './context.js';
import { registerKvm } from './creators.js';
import { adopted, requireCloexec, requireFd } from './descriptors.js';
import { type DeviceAttr, getDeviceAttr, hasDeviceAttr, setDeviceAttr } from './devices/device-attr.js';
import { KvmError, KvmUnsupportedError, openKvmError, syscallError } from './errors.js';
import { grown } from './growing-views.js';
import { checkBindings } from './host-bindings.js';
import { created, genericIoctl, ioctlsOfFile, read, requireValue } from './ioctl.js';
import { fileRecord, KernelFile } from './kernel-file.js';
import { type Msr, transferMsrs } from './msrs.js';
import { requireInteger } from './numbers.js';
import { requireKnownKeys } from './options.js';
import { printBy } from './printing.js';
import { makeVm, type Vm } from './vm.js';

/** The options of `Kvm.open`. */
export interface KvmOptions {
  /** By default `/dev/kvm`. */
  readonly path?: string;
  /** Bindings that were generated from other headers than those of the package. */
  readonly bindings?: Bindings;
  /** Whether the file descriptor is closed in programs that this process starts. The default is true. */
  readonly cloexec?: boolean;
}

/** The options of `Kvm.fromFd`. */
export type KvmFromFdOptions = Pick<KvmOptions, 'bindings'>;

/**
 * `/dev/kvm`. VMs continue after their `Kvm` is closed. All methods throw KvmClosedError after `close`.
 *
 * @example
 * using kvm = Kvm.open();
 * const vm = kvm.createVm();
 */
export class Kvm extends KernelFile {
  /** The bindings that `open` was given. */
  readonly bindings: Bindings;
  readonly #system: CapabilityContext;
  readonly #target: IoctlTarget<'system'>;
  /** Makes any ioctl of the system file descriptor. */
  readonly ioctl: GenericIoctl<'system'>;

  private constructor(given: Creator, record: FileRecord, bindings: Bindings) {
    super(given, 'Kvm.open or Kvm.fromFd', record);
    this.bindings = bindings;
    const check = (capability: number): number => this.ioctl(bindings.KVM_CHECK_EXTENSION, capability);
    this.#system = { bindings, checkExtension: check };
    this.#target = { ...ioctlsOfFile(() => fileRecord(this)), kind: 'system', capabilities: this.#system };
    this.ioctl = genericIoctl(this.#target);
    registerKvm(this, () => this.ioctl(bindings.KVM_GET_VCPU_MMAP_SIZE));
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
    requireKnownKeys<KvmOptions>('Kvm.open', options, { path: true, bindings: true, cloexec: true });
    const { path = '/dev/kvm', bindings = x86_64, cloexec = true } = options;
    requirePath('Kvm.open', path);
    requireCloexec('Kvm.open', cloexec);
    checkBindings('Kvm.open', bindings);
    inspectable(bindings);
    const record = addon().open(path, cloexec);
    if (typeof record === 'number') throw openKvmError(path, record);
    return Kvm.#checked(path, record, bindings);
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
    const operation = 'Kvm.fromFd';
    requireKnownKeys<KvmFromFdOptions>(operation, options, { bindings: true });
    const { bindings = x86_64 } = options;
    const number = requireFd(operation, fd);
    checkBindings(operation, bindings);
    inspectable(bindings);
    const record = adopted(operation, '/dev/kvm', number, addon().systemFromFd(number));
    return Kvm.#checked(`fd ${number}`, record, bindings);
  }

  static #checked(path: string, record: FileRecord, bindings: Bindings): Kvm {
    const kvm = new Kvm(creator, record, bindings);
    try {
      const version = addon().fileIoctl(record, bindings.KVM_GET_API_VERSION.request, 0);
      if (version < 0) throw openKvmError(path, version);
      if (version === bindings.KVM_API_VERSION) return kvm;
      throw new KvmUnsupportedError(
        'KVM_GET_API_VERSION',
        `the kernel has version ${version}, and the bindings have version ${bindings.KVM_API_VERSION}, which every kernel has since Linux 2.6.22`,
      );
    } catch (error) {
      kvm.close();
      throw error;
    }
  }

  /**
   * KVM_GET_API_VERSION: returns the API version, which is 12 on every kernel since Linux 2.6.22.
   *
   * @throws KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_API_VERSION"
   */
  getApiVersion(): number {
    return this.ioctl(this.bindings.KVM_GET_API_VERSION);
  }

  // Capabilities

  /**
   * KVM_CHECK_EXTENSION: returns 0 if the kernel does not have the capability, and otherwise 1 or a number that the
   * capability defines.
   *
   * @param capability a name such as `KVM_CAP_IRQFD`, or a number.
   * @throws KvmArgumentError for a name that the bindings do not have.
   * @example
   * const most = kvm.checkExtension('KVM_CAP_MAX_VCPUS');
   * @see api.rst, "KVM_CHECK_EXTENSION"
   */
  checkExtension(capability: Capability): number {
    return checkExtension(this.#system, capability);
  }

  /**
   * KVM_CHECK_EXTENSION: throws an error if the kernel does not have a capability.
   *
   * @param capability a name such as `KVM_CAP_IRQFD`, or a number.
   * @throws KvmUnsupportedError, which names the capability, when the kernel does not have it, KvmArgumentError for a
   * name that the bindings do not have.
   * @see api.rst, "KVM_CHECK_EXTENSION"
   */
  requireExtension(capability: Capability): void {
    requireExtension(this.#system, capability);
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
    return hasDeviceAttr(this.#target, which);
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
    return getDeviceAttr(this.#target, which, length);
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
      setDeviceAttr(this.#target, which, bytes);
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

  // VMs

  /**
   * KVM_GET_VCPU_MMAP_SIZE: returns the number of bytes that a vCPU shares with user space.
   *
   * @throws KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_VCPU_MMAP_SIZE"
   */
  getVcpuMmapSize(): number {
    return this.ioctl(this.bindings.KVM_GET_VCPU_MMAP_SIZE);
  }

  /**
   * KVM_CREATE_VM: creates a VM.
   *
   * @param type the machine type, `KVM_VM_…` or 0. On x86 0 is the type that guests expect.
   * @throws KvmError when the kernel refuses.
   * @see api.rst, "KVM_CREATE_VM"
   */
  createVm(type: number | bigint = 0): Vm {
    const { KVM_CREATE_VM: request } = this.bindings;
    const value = requireValue(request, type);
    const record = addon().vmCreate(fileRecord(this), request.request, value);
    return makeVm(created(this.#target, request, record, value), this.bindings, this.getVcpuMmapSize());
  }

  static {
    printBy(Kvm, ({ fd }) => ({ fd }));
  }
}

/** The error of arch_prctl. */
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

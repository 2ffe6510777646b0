/** `/dev/kvm`: the system file descriptor. */

import type { KvmCpuid2 } from '../generated/x86_64/linux/kvm.js';
import * as x86_64 from '../generated/x86_64/linux/kvm.js';
import { inspectable } from '../support/inspect.js';
import { addon } from './addon.js';
import { type Capability, capabilityNumber, requireExtension } from './capability.js';
import type { Bindings, CapabilityContext, GenericIoctl, IoctlTarget } from './context.js';
import { Attributes } from './devices/attributes.js';
import { KvmUnsupportedError, openError } from './errors.js';
import { grown } from './growing-views.js';
import { checkBindings } from './host-bindings.js';
import { genericIoctl, ioctlsOfFd, read } from './ioctl.js';
import { KernelFile } from './kernel-file.js';
import { type Msr, transferMsrs } from './msrs.js';
import { printBy } from './printing.js';
import { Vm } from './vm.js';

export interface KvmOptions {
  readonly path?: string;
  /** Bindings that were generated from other headers than those of the package. */
  readonly bindings?: Bindings;
}

/** `/dev/kvm`. After `close`, VMs that were created with it continue. */
export class Kvm extends KernelFile implements CapabilityContext {
  readonly bindings: Bindings;
  /** The attributes of the system. Some of them say what the kernel supports. None can be set. */
  readonly attributes: Pick<Attributes, 'has' | 'get'>;

  private constructor(fd: number, bindings: Bindings) {
    super('Kvm', fd);
    this.bindings = bindings;
    this.attributes = new Attributes(this.#target, bindings);
  }

  /**
   * Opens KVM and checks its API version.
   *
   * @throws KvmArgumentError when the bindings are of another architecture than this machine's.
   * @throws KvmUnavailableError when the device does not exist, may not be opened or is in use. The message says what to do.
   * @throws KvmUnsupportedError when the kernel has another API version than the bindings.
   */
  static open({ path = '/dev/kvm', bindings = x86_64 }: KvmOptions = {}): Kvm {
    checkBindings(bindings);
    inspectable(bindings);
    const fd = addon().open(path);
    if (fd < 0) throw openError(path, fd);
    const kvm = new Kvm(fd, bindings);
    try {
      const version = addon().ioctl(kvm.fd, bindings.KVM_GET_API_VERSION.request, 0);
      if (version < 0) throw openError(path, version);
      if (version === bindings.KVM_API_VERSION) return kvm;
      throw new KvmUnsupportedError(
        'KVM_GET_API_VERSION',
        `version ${version}`,
        `the bindings are of version ${bindings.KVM_API_VERSION}, the only one since Linux 2.6.22`,
      );
    } catch (error) {
      kvm.close();
      throw error;
    }
  }

  /** KVM_GET_API_VERSION: the API version, which is 12 on every kernel since Linux 2.6.22. */
  apiVersion(): number {
    return this.ioctl(this.bindings.KVM_GET_API_VERSION);
  }

  /** KVM_CHECK_EXTENSION: 0 if the kernel does not have a capability, else 1 or a number that the capability defines. */
  checkExtension(capability: Capability): number {
    return this.ioctl(this.bindings.KVM_CHECK_EXTENSION, capabilityNumber(this.bindings, capability));
  }

  /** @throws KvmUnsupportedError, which names the capability, when the kernel does not have it. */
  requireExtension(capability: Capability): void {
    requireExtension(this, capability);
  }

  /** KVM_GET_SUPPORTED_CPUID: the CPUID leaves that a guest may have, for `Vcpu.setCpuid`. */
  supportedCpuid(): KvmCpuid2 {
    return this.#cpuid(this.bindings.KVM_GET_SUPPORTED_CPUID);
  }

  /** KVM_GET_EMULATED_CPUID: the CPUID features that the kernel emulates in addition. */
  emulatedCpuid(): KvmCpuid2 {
    return this.#cpuid(this.bindings.KVM_GET_EMULATED_CPUID);
  }

  #cpuid(request: Bindings['KVM_GET_SUPPORTED_CPUID']): KvmCpuid2 {
    return grown(this.bindings.KvmCpuid2, 128, (cpuid) => this.ioctl(request, cpuid));
  }

  /** KVM_GET_MSR_INDEX_LIST: the indices of the MSRs that belong to the state of a vCPU. */
  msrIndices(): number[] {
    return this.#indices(this.bindings.KVM_GET_MSR_INDEX_LIST);
  }

  /** KVM_GET_MSR_FEATURE_INDEX_LIST: the indices of the MSRs that say what the kernel supports, for `getFeatureMsrs`. */
  featureMsrIndices(): number[] {
    return this.#indices(this.bindings.KVM_GET_MSR_FEATURE_INDEX_LIST);
  }

  #indices(request: Bindings['KVM_GET_MSR_INDEX_LIST']): number[] {
    return [...grown(this.bindings.KvmMsrList, 128, (list) => this.ioctl(request, list)).indices];
  }

  /**
   * KVM_GET_MSRS: the values of feature MSRs, in the order of `indices`.
   *
   * @throws KvmMsrError with the index of the first MSR that is not a feature MSR.
   */
  getFeatureMsrs(indices: readonly number[]): Msr[] {
    const msrs = indices.map((index) => ({ index, data: 0n }));
    return transferMsrs(this.bindings, 'KVM_GET_MSRS', msrs, (some) => this.ioctl(this.bindings.KVM_GET_MSRS, some));
  }

  /** KVM_X86_GET_MCE_CAP_SUPPORTED: the machine check capabilities that a vCPU may have, as a mask. */
  supportedMce(): bigint {
    return read(this.ioctl, this.bindings.KVM_X86_GET_MCE_CAP_SUPPORTED).value;
  }

  /** KVM_GET_VCPU_MMAP_SIZE: the number of bytes that a vCPU shares with user space. */
  vcpuMmapSize(): number {
    return this.ioctl(this.bindings.KVM_GET_VCPU_MMAP_SIZE);
  }

  /** KVM_CREATE_VM: creates a VM. `type` is the machine type, which is 0 except for special machines. */
  createVm(type: number | bigint = 0): Vm {
    const fd = this.ioctl(this.bindings.KVM_CREATE_VM, type);
    return new Vm(addon().vmCreate(fd), this.bindings, this.vcpuMmapSize());
  }

  readonly #target: IoctlTarget & { readonly kind: 'system' } = {
    ...ioctlsOfFd(() => this.fd),
    kind: 'system',
    capabilities: this,
  };

  /** Makes any ioctl of the system file descriptor. */
  readonly ioctl: GenericIoctl<'system'> = genericIoctl(this.#target);

  static {
    printBy(Kvm, ({ fd }) => ({ fd }));
  }
}

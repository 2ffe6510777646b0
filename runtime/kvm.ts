/** `/dev/kvm`: the system file descriptor. */

import { inspectable } from '../generated/inspect.js';
import * as x86_64 from '../generated/x86_64/linux/kvm.js';
import { KvmClosedError, KvmUnsupportedError, openError } from './errors.js';
import { type Bindings, checkBindings } from './host.js';
import { type GenericIoctl, genericIoctl } from './ioctl.js';
import { type FileHandle, native } from './native.js';
import { Vm } from './vm.js';

export interface KvmOptions {
  readonly path?: string;
  /** Bindings generated from other headers than the package's own. */
  readonly bindings?: Bindings;
}

export class Kvm implements Disposable, AsyncDisposable {
  readonly bindings: Bindings;
  #handle: FileHandle | undefined;

  private constructor(fd: number, bindings: Bindings) {
    this.#handle = native().fileCreate(fd);
    this.bindings = bindings;
  }

  /**
   * Opens KVM and checks its API version.
   *
   * @throws KvmArgumentError when the bindings are of another architecture than this machine's.
   * @throws KvmUnavailableError when the device is not there, not permitted or held: the message says what to do.
   * @throws KvmUnsupportedError when the kernel speaks another version than the bindings.
   */
  static open({ path = '/dev/kvm', bindings = x86_64 }: KvmOptions = {}): Kvm {
    checkBindings(bindings);
    inspectable(bindings);
    const fd = native().open(path);
    if (fd < 0) throw openError(path, fd);
    const kvm = new Kvm(fd, bindings);
    try {
      const version = native().ioctl(kvm.#open(), bindings.KVM_GET_API_VERSION.request, 0);
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

  /** KVM_GET_API_VERSION: 12 on every kernel that is not ancient. */
  apiVersion(): number {
    return this.ioctl(this.bindings.KVM_GET_API_VERSION);
  }

  /** KVM_CHECK_EXTENSION: 0 when the kernel lacks a `KVM_CAP_…`, else 1 or a number that the capability defines. */
  checkExtension(capability: number): number {
    return this.ioctl(this.bindings.KVM_CHECK_EXTENSION, capability);
  }

  /** KVM_GET_VCPU_MMAP_SIZE: bytes that a vCPU shares with user space. */
  vcpuMmapSize(): number {
    return this.ioctl(this.bindings.KVM_GET_VCPU_MMAP_SIZE);
  }

  /** KVM_CREATE_VM. `type` is the machine type, 0 but for special ones. */
  createVm(type: number | bigint = 0): Vm {
    const fd = this.ioctl(this.bindings.KVM_CREATE_VM, type);
    return new Vm(native().vmCreate(fd), this.bindings, this.vcpuMmapSize());
  }

  /** Any ioctl of the system file descriptor. */
  readonly ioctl: GenericIoctl = genericIoctl({
    value: (request, value) => native().ioctl(this.#open(), request, value),
    view: (request, view, offset, needed) => native().ioctlView(this.#open(), request, view, offset, needed),
  });

  #open(): number {
    if (!this.#handle) throw new KvmClosedError('this Kvm is closed');
    return native().fileFd(this.#handle);
  }

  /** Closes the file descriptor. VMs made with it go on. */
  close(): void {
    if (!this.#handle) return;
    native().fileRelease(this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

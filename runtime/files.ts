/** Files of the kernel that this process holds: those that KVM makes beside VMs and vCPUs, and devices. */

import { type FileHandle, native } from './addon.js';
import { KvmClosedError } from './errors.js';

/** A file descriptor of the kernel, and what it is called in errors. */
export class KernelFile implements Disposable {
  readonly #name: string;
  #handle: FileHandle | undefined;

  /** Takes the fd over. */
  constructor(name: string, fd: number) {
    this.#name = name;
    this.#handle = native().fileCreate(fd);
  }

  /** It is closed with this object. @throws KvmClosedError after `close`. */
  get fd(): number {
    if (!this.#handle) throw this.closedError(`this ${this.#name} is closed`);
    return native().fileFd(this.#handle);
  }

  /** What is thrown at a use after `close`. */
  protected closedError(message: string): Error {
    return new KvmClosedError(message);
  }

  close(): void {
    if (!this.#handle) return;
    native().fileRelease(this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Memory of KVM_CREATE_GUEST_MEMFD, which no process can map unless a flag says so. The VM uses it while it is open. */
export class GuestMemfd extends KernelFile {
  /** In bytes. */
  readonly size: number;

  /** For `Vm.createGuestMemfd`. */
  constructor(fd: number, size: number) {
    super('GuestMemfd', fd);
    this.size = size;
  }
}

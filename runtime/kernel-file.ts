/** Files of the kernel that this process has open, other than VMs and vCPUs. */

import { addon, type FileHandle } from './addon.js';
import { KvmClosedError } from './errors.js';

/** An open file descriptor. `name` names it in errors. */
export class KernelFile implements Disposable {
  readonly #name: string;
  #handle: FileHandle | undefined;

  /** Takes over the file descriptor: `close` closes it. */
  constructor(name: string, fd: number) {
    this.#name = name;
    this.#handle = addon().fileCreate(fd);
  }

  /** The file descriptor. It is closed with this object. @throws KvmClosedError after `close`. */
  get fd(): number {
    if (!this.#handle) throw this.closedError(`this ${this.#name} is closed`);
    return addon().fileFd(this.#handle);
  }

  /** Makes the error for a use after `close`. */
  protected closedError(message: string): Error {
    return new KvmClosedError(message);
  }

  close(): void {
    if (!this.#handle) return;
    addon().fileRelease(this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Memory of KVM_CREATE_GUEST_MEMFD. No process can map it, unless a flag permits that. The VM uses it while it is open. */
export class GuestMemfd extends KernelFile {
  /** The size in bytes. */
  readonly size: number;

  /** Only `Vm.createGuestMemfd` calls this. */
  constructor(fd: number, size: number) {
    super('GuestMemfd', fd);
    this.size = size;
  }
}

/** Memory for the private pages of a guest. */

import { addon, type FileRecord } from './addon.js';
import { type Creator, creator } from './construction.js';
import { adopted, requireFd } from './descriptors.js';
import { syscallError } from './errors.js';
import { KernelFile } from './kernel-file.js';

let make: (record: FileRecord, size: number) => GuestMemfd;

/**
 * The memory that `Vm.createGuestMemfd` creates. No process can map it, unless a flag permits that. A VM uses it while it is
 * in a memory slot and open.
 */
export class GuestMemfd extends KernelFile {
  /** The size in bytes. */
  readonly size: number;

  private constructor(given: Creator, record: FileRecord, size: number) {
    super(given, 'Vm.createGuestMemfd or GuestMemfd.fromFd', record);
    this.size = size;
  }

  /**
   * Makes a `GuestMemfd` of a file descriptor of KVM_CREATE_GUEST_MEMFD. The file descriptor stays that of the caller. The
   * `GuestMemfd` has a duplicate of it.
   *
   * @param fd the number of the file descriptor.
   * @throws KvmArgumentError for a number that is not open, and for a file descriptor of anything else.
   * @example
   * using memfd = GuestMemfd.fromFd(fd);
   */
  static fromFd(fd: number): GuestMemfd {
    const operation = 'GuestMemfd.fromFd';
    const number = requireFd(operation, fd);
    const record = adopted(operation, 'KVM_CREATE_GUEST_MEMFD', number, addon().guestMemfdFromFd(number));
    const size = addon().fileSize(record);
    if (size < 0) throw syscallError('fstat', operation, size);
    return make(record, size);
  }

  static {
    make = (record, size) => new GuestMemfd(creator, record, size);
  }
}

/** Makes the object of a file of KVM_CREATE_GUEST_MEMFD. */
export function makeGuestMemfd(record: FileRecord, size: number): GuestMemfd {
  return make(record, size);
}

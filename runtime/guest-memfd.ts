/** Memory for the private pages of a guest. */

import type { FileRecord } from './addon.js';
import { type Creator, creator } from './construction.js';
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
    super(given, 'Vm.createGuestMemfd', record);
    this.size = size;
  }

  static {
    make = (record, size) => new GuestMemfd(creator, record, size);
  }
}

/** Makes the object of a file of KVM_CREATE_GUEST_MEMFD. */
export function makeGuestMemfd(record: FileRecord, size: number): GuestMemfd {
  return make(record, size);
}

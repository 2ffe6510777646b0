/** Memory for ioctls that read or write at an address in their struct. */

import { GuestMemory } from './memory.js';

/** Longer than any register or attribute of a device, in case the kernel writes more bytes than expected. */
const margin = 0x1_0000;

let made: GuestMemory | undefined;

/** At least this many bytes, for one ioctl of this isolate at a time. The bytes of the previous ioctl are still there. */
export function scratch(bytes: number = 0): GuestMemory {
  if (made === undefined || made.size < bytes + margin) {
    made?.close();
    made = undefined;
    made = GuestMemory.create(2 ** Math.ceil(Math.log2(bytes + margin)));
  }
  return made;
}

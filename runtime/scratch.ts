/** Memory whose address the kernel may be given, for ioctls that read or write through a pointer in their struct. */

import { GuestMemory } from './memory.js';

let made: GuestMemory | undefined;

/** For one ioctl of this isolate at a time: longer than any register, whose number says a length of 2^15 bytes at most. */
export function scratch(): GuestMemory {
  made ??= GuestMemory.create(0x1_0000);
  return made;
}

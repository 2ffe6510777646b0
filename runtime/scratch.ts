/** Memory whose address the kernel may be given, for ioctls that read or write through a pointer in their struct. */

import { GuestMemory } from './memory.js';

/** Longer than any register or attribute of a device, for what the kernel might write behind the end. */
const margin = 0x1_0000;

let made: GuestMemory | undefined;

/** For one ioctl of this isolate at a time: so many bytes and more. What the last one left is still there. */
export function scratch(bytes: number = 0): GuestMemory {
  if (made === undefined || made.size < bytes + margin) {
    made?.close();
    made = undefined;
    made = GuestMemory.create(2 ** Math.ceil(Math.log2(bytes + margin)));
  }
  return made;
}

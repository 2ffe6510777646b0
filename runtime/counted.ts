/** Structs that the kernel fills with as many elements as it has. */

import { allocate, type FlexibleViewClass, type View } from '../support/index.js';
import { KvmError } from './errors.js';

/** More elements than any list of KVM has. */
const limit = 0x1_0000;

/**
 * A new view that the kernel has filled. `ask` makes the ioctl; while that says E2BIG there is to be room for more: as
 * many as the kernel has written into the struct, or else twice as many.
 */
export function grown<T extends View>(type: FlexibleViewClass<T>, count: number, ask: (view: T) => void): T {
  for (let room = count; ; ) {
    const view = allocate(type, room);
    try {
      ask(view);
      return view;
    } catch (error) {
      if (!(error instanceof KvmError && error.code === 'E2BIG') || room >= limit) throw error;
      const members = view as unknown as Record<string, number | bigint>;
      const wanted = Number(members[type.$flexible.countedBy ?? '']);
      room = Math.min(limit, wanted > room ? wanted : 2 * room);
    }
  }
}

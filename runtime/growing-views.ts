/** Structs that the kernel fills with elements, whose number only the kernel knows. */

import { allocate, type FlexibleViewClass, type View } from '../support/index.js';
import { KvmError } from './errors.js';

/** The most elements to ask for. No list of KVM has more. */
const limit = 0x1_0000;

/**
 * Allocates a view and has the kernel fill it. `ask` makes the ioctl. If the ioctl fails with E2BIG, it is made again with
 * room for as many elements as the kernel has written into the struct, or else with room for twice as many.
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

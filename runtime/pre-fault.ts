/** KVM_PRE_FAULT_MEMORY, which can stop before the end of its range. */

import type { KvmPreFaultMemory } from '../generated/x86_64/linux/kvm.js';
import { KvmError } from './errors.js';

/** How often the ioctl is made again without progress, if another thread changes the memory at the same time. */
const mostAttempts = 1000;

/**
 * Repeats the ioctl until the kernel has done the whole range. `ask` makes the ioctl, and the kernel writes the rest of the range
 * into the struct.
 *
 * @throws KvmError when the kernel refuses, or makes no progress. The range then begins with the page that failed.
 */
export function preFault(range: KvmPreFaultMemory, ask: () => void): void {
  let attempts = 0;
  do {
    const before = range.size;
    attempts++;
    try {
      ask();
    } catch (error) {
      // The kernel has found a change of the memory slots, and asks for another attempt.
      if (!(error instanceof KvmError && error.code === 'EAGAIN') || attempts >= mostAttempts) throw error;
      continue;
    }
    if (range.size < before) attempts = 0;
    else if (attempts >= mostAttempts) throw noProgress(range);
  } while (range.size > 0n);
}

function noProgress(range: KvmPreFaultMemory): KvmError {
  const place = `0x${range.gpa.toString(16)}`;
  return new KvmError('KVM_PRE_FAULT_MEMORY', `the kernel makes no progress at ${place}`, {
    code: 'ERR_KVM_INVALID_DATA',
  });
}

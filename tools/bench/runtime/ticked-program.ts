/** The program of a guest that spins and gets stray signals. It stores the id of its thread. */

import { readlinkSync } from 'node:fs';
import type { VcpuProgram } from '../../../runtime/x86_64.js';

export default function start(_vcpu: unknown, thread: Int32Array): VcpuProgram {
  Atomics.store(thread, 0, Number(readlinkSync('/proc/thread-self').split('/').at(-1)));
  return {
    onExit() {
      throw new Error('exit of a guest that spins');
    },
  };
}

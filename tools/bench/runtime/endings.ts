/** The ways in which a process ends while guests spin. */

import type { VcpuThread } from '../../../runtime/index.js';

interface Ending {
  /** What leads to it. The rest is up to the process. */
  deed(threads: readonly VcpuThread[]): void;
  /** The exit code or the signal it must end with. */
  readonly status: number | NodeJS.Signals;
}

export const endings: Readonly<Record<string, Ending>> = {
  'worker.terminate()': {
    deed: (threads) => {
      for (const thread of threads) void thread.terminate();
    },
    status: 0,
  },
  'process.exit()': {
    deed: () => process.exit(3),
    status: 3,
  },
  'an uncaught error': {
    deed: () => {
      throw new Error('on purpose');
    },
    status: 1,
  },
  'a rejected promise': {
    deed: () => void Promise.reject(new Error('on purpose')),
    status: 1,
  },
  'Ctrl-C': {
    deed: () => void process.kill(process.pid, 'SIGINT'),
    status: 'SIGINT',
  },
  'the end of the main module': {
    deed: (threads) => {
      for (const thread of threads) thread.unref();
    },
    status: 0,
  },
};

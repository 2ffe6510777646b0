/** The exits of a vCPU as an async iterator, for programs that do not need speed. */

import { on } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { builtModule } from '../addon.js';
import type { Interruption, RunResult, Vcpu } from '../vcpu.js';
import { type ExitsData, noMore } from './async-exits-program.js';
import { VcpuThread, type VcpuThreadOptions } from './vcpu-thread.js';

/**
 * Runs the vCPU in a Worker and yields the result of each run, as `run` returns it. The vCPU waits after each result, so this
 * thread can serve the exit through `vcpu.kvmRun`. The vCPU goes on when the next result is requested. Leaving the loop ends
 * the Worker, and the operation of the last exit stays pending. Each exit takes about four times as long as in a `VcpuThread`.
 *
 * @throws the error that `run` throws, or the reason of the signal.
 */
export async function* exits(
  vcpu: Vcpu,
  { signal }: Pick<VcpuThreadOptions, 'signal'> = {},
): AsyncGenerator<RunResult, void, undefined> {
  const { port1: port, port2 } = new MessageChannel();
  const turn = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const data: ExitsData = { port: port2, turn };
  const options = { data, transferList: [port2], ...(signal ? { signal } : {}) };
  const thread = VcpuThread.start(vcpu, builtModule('runtime/thread/async-exits-program'), options);
  // This may be rejected while the caller still serves an exit. The loop below throws the error after that.
  thread.finished.catch(() => {});
  let served = 0;
  const answer = (word: number): void => {
    if (Atomics.load(turn, 0) !== noMore) Atomics.store(turn, 0, word);
    Atomics.notify(turn, 0);
  };
  const end = (): void => answer(noMore);
  signal?.addEventListener('abort', end);
  try {
    for await (const [message] of on(port, 'message', { close: ['close'] })) {
      vcpu.interruption = message as Interruption | null;
      yield vcpu.interruption === null ? 'exit' : 'interrupted';
      answer(++served);
    }
    await thread.finished;
  } finally {
    signal?.removeEventListener('abort', end);
    end();
    await thread[Symbol.asyncDispose]();
    port.close();
  }
}

/** The exits of a vCPU as an async iterator, for programs that do not need speed. */

import { on } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { onAbort } from '../abort.js';
import { requireAbortSignal } from '../arguments.js';
import type { AnyExit, ExitObjectOf, UnrecognizedExitObject } from '../exit/exits.js';
import { type Interruption, interruptions } from '../exit/interruption.js';
import { requireKnownKeys } from '../options.js';
import { type ExitsData, noMore } from './async-exits-program.js';
import { type ShareableVcpu, startExitsThread } from './vcpu-thread.js';

/** A copy of a result of `Vcpu.run`. */
export type RunResultObjectOf<Exit extends AnyExit> = ExitObjectOf<Exit> | UnrecognizedExitObject | Interruption;

/** The options of `Vcpu.exits`. */
export interface ExitsOptions {
  /** Ends the iteration. The iterator then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Implements `Vcpu.exits`. `lastExit` copies the exit that the vCPU has now. */
export async function* asyncExits<Exit extends AnyExit>(
  vcpu: ShareableVcpu,
  lastExit: () => ExitObjectOf<Exit> | UnrecognizedExitObject,
  options: ExitsOptions,
): AsyncGenerator<RunResultObjectOf<Exit>, void, undefined> {
  requireKnownKeys<ExitsOptions>('Vcpu.exits', options, { signal: true });
  const { signal } = options;
  requireAbortSignal('Vcpu.exits', signal);
  const { port1: port, port2 } = new MessageChannel();
  const turn = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const data: ExitsData = { port: port2, turn };
  const thread = startExitsThread(vcpu, {
    data,
    transferList: [port2],
    ...(signal ? { signal } : {}),
  });
  // This may be rejected while the caller still serves an exit. The loop below throws the error after that.
  thread.finished.catch(() => {});
  let served = 0;
  const answer = (word: number): void => {
    if (Atomics.load(turn, 0) !== noMore) Atomics.store(turn, 0, word);
    Atomics.notify(turn, 0);
  };
  const end = (): void => answer(noMore);
  const endWait = onAbort(signal, end);
  try {
    for await (const [message] of on(port, 'message', { close: ['close'] })) {
      const interruption = message as Interruption | null;
      yield interruption === null ? lastExit() : frozen(interruption);
      answer(++served);
    }
    await thread.finished;
  } finally {
    endWait();
    end();
    await thread[Symbol.asyncDispose]();
    port.close();
  }
}

/** Returns the object of this thread for an interruption that was posted. */
function frozen({ cause }: Interruption): Interruption {
  return interruptions.find((each) => each?.cause === cause) as Interruption;
}

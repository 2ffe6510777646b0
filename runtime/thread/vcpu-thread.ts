/** Runs a vCPU in a Worker, which also serves its exits, so that the event loop of this thread stays free. */

import { type TransferListItem, Worker } from 'node:worker_threads';
import { onAbort } from '../abort.js';
import { addon, addonPath, threadWorker } from '../addon.js';
import { describe, moduleAddress, requireAbortSignal, requireHandle } from '../arguments.js';
import { type Creator, creator, requireCreator } from '../construction.js';
import { KvmArgumentError, KvmClosedError, KvmError, restored } from '../errors.js';
import { kick, type VcpuHandle } from '../kick.js';
import { requireKnownKeys } from '../options.js';
import {
  newWords,
  orderWord,
  runningMessage,
  stageOf,
  stateOf,
  type ThreadState,
  type WorkerInput,
  words,
} from './program.js';

/** A vCPU that a thread can run. `Vcpu` is one. */
export interface ShareableVcpu {
  /** Returns the handle of the vCPU. */
  share(): VcpuHandle;
}

/** The options of `VcpuThread.start`. */
export interface VcpuThreadOptions {
  /** The data for the program, cloned like `workerData`. Post memory and other vCPUs by handle: `memory.share()`. */
  readonly data?: unknown;
  /** The objects in `data` that are moved instead of cloned. */
  readonly transferList?: readonly TransferListItem[];
  /** Stops the thread. `finished` is then rejected with the signal's reason. One signal can stop many threads. */
  readonly signal?: AbortSignal;
}

/** Why a thread did not end as it should. */
interface Failure {
  readonly reason: unknown;
  readonly isAbort: boolean;
}

let makeThread: (vcpu: ShareableVcpu, program: string | null, options: VcpuThreadOptions) => VcpuThread;

/**
 * A Worker that runs a vCPU.
 *
 * @example
 * const thread = VcpuThread.start(vcpu, new URL('program.js', import.meta.url));
 * await thread.pause(); // The vCPU is out of KVM_RUN, and its registers are consistent.
 * console.log(vcpu.getRegs().rip);
 * await thread.resume();
 * await thread.stop();
 */
export class VcpuThread implements AsyncDisposable {
  /**
   * Settled when the Worker has ended. Fulfilled when the program has stopped, or was stopped. Rejected with the error that
   * the program has thrown, with a `KvmArgumentError` when the program cannot be loaded or returns a wrong answer, or with
   * the reason of the signal. If nothing handles the rejection, Node ends the process. Only the reason of a signal does not
   * need to be handled.
   */
  readonly finished: Promise<void>;
  readonly #vcpu: VcpuHandle;
  readonly #worker: Worker;
  readonly #words: Int32Array = newWords();
  #exitCode: number | null = null;
  #failure: Failure | null = null;
  #keepsPaused = false;
  #isTerminated = false;
  /** Called when the Worker reports that it is paused, and when it has ended. */
  #acknowledge = (): void => {};
  #orderCount = 0;
  /** Pauses and resumptions take effect one after the other. */
  #orders: Promise<void> = Promise.resolve();
  /** Fulfilled when the program runs the vCPU, and when the Worker has ended. */
  readonly #running: Promise<void>;

  private constructor(given: Creator, vcpu: ShareableVcpu, program: string | null, options: VcpuThreadOptions) {
    requireCreator(given, 'VcpuThread', 'VcpuThread.start');
    const { data, transferList = [], signal } = options;
    this.#vcpu = vcpu.share();
    requireHandle('VcpuThread.start', this.#vcpu, 'vcpu');
    const worker = threadWorker();
    // A reference of this object, so that the vCPU stays open when the caller closes its own.
    const kept = addon().vcpuFind(this.#vcpu.id);
    if (!kept) throw new KvmClosedError('VcpuThread.start', 'this vCPU is closed');
    const workerData: WorkerInput = { addon: addonPath(), vcpu: this.#vcpu, program, data, words: this.#words };
    this.#worker = new Worker(worker, { workerData, transferList: [...transferList] });
    const endWait = onAbort(signal, () => this.#setOrder('stop'));
    let markRunning = (): void => {};
    this.#running = new Promise((resolve) => {
      markRunning = resolve;
    });
    this.#worker.on('message', (message) => {
      if (message === runningMessage) markRunning();
      else if (message === Atomics.load(this.#words, words.order)) this.#acknowledge();
    });
    let uncaught: { readonly thrown: unknown } | undefined;
    this.#worker.once('error', (thrown) => {
      uncaught = { thrown };
    });
    this.finished = new Promise<void>((resolve, reject) => {
      this.#worker.once('exit', (exitCode) => {
        this.#exitCode = exitCode;
        this.#keepPaused(false);
        addon().vcpuRelease(kept, false);
        endWait();
        const reason = uncaught ? this.#reasonOf(uncaught.thrown, program) : this.#reasonOfEnd(exitCode, program);
        if (reason !== null) this.#failure = { reason, isAbort: false };
        else if (signal?.aborted) this.#failure = { reason: signal.reason, isAbort: true };
        this.#acknowledge();
        markRunning();
        if (this.#failure === null) return resolve();
        // One signal can stop many threads, and the caller can wait for one thread at a time.
        if (this.#failure.isAbort) this.finished.catch(() => {});
        reject(this.#failure.reason);
      });
    });
  }

  /**
   * Starts a Worker that runs the vCPU with the program of a module. The Worker keeps the process alive until the program
   * stops; see `unref`.
   *
   * @param vcpu the vCPU. The caller may close this object, because the Worker keeps the vCPU open.
   * @param program the URL or the path of a module whose default export is a `StartVcpuProgram`. A relative path starts at
   * the working directory.
   * @param options the data for the program, and a signal that stops the thread.
   * @throws the reason of the signal when it is aborted already, KvmArgumentError for a wrong program or wrong options,
   * RuntimeMissingError when the module of the Worker is not found.
   */
  static start(vcpu: ShareableVcpu, program: URL | string, options: VcpuThreadOptions = {}): VcpuThread {
    const operation = 'VcpuThread.start';
    requireKnownKeys<VcpuThreadOptions>(operation, options, { data: true, transferList: true, signal: true });
    const address = moduleAddress(operation, program);
    if (typeof (vcpu as Partial<ShareableVcpu> | null | undefined)?.share !== 'function') {
      throw new KvmArgumentError(operation, `vcpu ${describe(vcpu)}; it must be a Vcpu`);
    }
    const { signal, transferList } = options;
    requireAbortSignal(operation, signal);
    if (transferList !== undefined && !Array.isArray(transferList)) {
      throw new KvmArgumentError(operation, `transferList ${describe(transferList)}; it must be an array`);
    }
    signal?.throwIfAborted();
    return new VcpuThread(creator, vcpu, address, options);
  }

  /**
   * The exit code of the Worker: `process.exitCode` of the program, or the argument of its `process.exit`. Null until the
   * Worker has ended. After `terminate` and after an error it is 1.
   */
  get exitCode(): number | null {
    return this.#exitCode;
  }

  /** Kicks the vCPU out of KVM_RUN. The runtime then calls `onInterrupt` of the program. */
  kick(): void {
    kick(this.#vcpu);
  }

  /**
   * Pauses the vCPU. Fulfilled when the vCPU is out of KVM_RUN, the operation of its last exit is completed and the Worker
   * waits. The registers are consistent then, and other threads may use the vCPU. Fulfilled also when the thread stops
   * instead. Rejected like `finished` when `finished` is rejected; this rejection does not need to be handled.
   */
  pause(): Promise<void> {
    return this.#after(async () => {
      if (this.#hasEnded) return;
      const acknowledged = new Promise<void>((resolve) => {
        this.#acknowledge = resolve;
      });
      this.#setOrder('pause');
      await acknowledged;
    });
  }

  /**
   * Resumes a paused vCPU. Fulfilled when the program is loaded and the vCPU may run, or when the thread has stopped.
   * Rejected like `finished` when `finished` is rejected; this rejection does not need to be handled.
   */
  resume(): Promise<void> {
    return this.#after(() => {
      this.#setOrder('run');
      return this.#running;
    });
  }

  /**
   * Ends the thread after the exit that its program is serving. As before a pause, the operation of that exit is completed,
   * and a pending kick is delivered. Settled like `finished`.
   */
  stop(): Promise<void> {
    this.#setOrder('stop');
    return this.finished;
  }

  /** Ends the thread wherever its program is, even in an endless loop. Settled like `finished`. */
  terminate(): Promise<void> {
    this.#isTerminated = true;
    void this.#worker.terminate();
    return this.finished;
  }

  /** After this the thread does not keep the process alive: the process may end while the guest runs. */
  unref(): this {
    this.#worker.unref();
    return this;
  }

  /** After this the thread keeps the process alive again, as from the start. */
  ref(): this {
    this.#worker.ref();
    return this;
  }

  /**
   * Calls `stop` at the end of an `await using` block. Rejected with the error of the program if the thread has not ended
   * before. The reason of a signal is not an error here.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    await this.stop().catch((error: unknown) => {
      if (!this.#failure?.isAbort) throw error;
    });
  }

  get #hasEnded(): boolean {
    return this.#exitCode !== null;
  }

  /** Returns the error for what the Worker has thrown. */
  #reasonOf(thrown: unknown, program: string | null): unknown {
    const cause = restored(thrown);
    if (stageOf(this.#words) !== 'loading' || cause instanceof KvmError) return cause;
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : describe(cause);
    return new KvmArgumentError('VcpuThread', `${program} cannot be loaded: ${said}`, { cause });
  }

  /** Returns the error for a Worker that has ended without an error. Null if the Worker was to end. */
  #reasonOfEnd(exitCode: number, program: string | null): Error | null {
    const stage = stageOf(this.#words);
    if (this.#isTerminated || stage === 'stopped' || (stage === 'running' && exitCode === 0)) return null;
    const when = {
      loading: 'while its module was loaded; a top-level await must settle, and the module must not call process.exit',
      starting: 'before its default export returned a VcpuProgram; a promise of the default export must settle',
      running: "while it ran; it must return 'stop' instead of calling process.exit with an error code",
    }[stage];
    return new KvmArgumentError('VcpuThread', `${program} ended its Worker with exit code ${exitCode} ${when}`);
  }

  #after(order: () => Promise<void>): Promise<void> {
    const done = this.#orders.then(order).then(() => {
      if (this.#hasEnded && this.#failure !== null) throw this.#failure.reason;
    });
    // `finished` reports the failure. The next order is executed all the same.
    this.#orders = done.catch(() => {});
    return done;
  }

  #setOrder(state: ThreadState): void {
    if (this.#hasEnded || stateOf(Atomics.load(this.#words, words.order)) === 'stop') return;
    // The Worker reads the order when its vCPU is paused, so the order is stored first.
    Atomics.store(this.#words, words.order, orderWord(++this.#orderCount, state));
    this.#keepPaused(state !== 'run');
    Atomics.notify(this.#words, words.order);
  }

  /** Pauses the vCPU at most once, whoever else has paused it. */
  #keepPaused(paused: boolean): void {
    if (paused === this.#keepsPaused) return;
    this.#keepsPaused = paused;
    addon().pause(this.#vcpu.id, paused);
  }

  static {
    makeThread = (vcpu, program, options) => new VcpuThread(creator, vcpu, program, options);
  }
}

/** Starts a thread with the program of `Vcpu.exits`. */
export function startExitsThread(vcpu: ShareableVcpu, options: VcpuThreadOptions): VcpuThread {
  options.signal?.throwIfAborted();
  return makeThread(vcpu, null, options);
}

/** Runs a vCPU in a Worker, which also handles its exits, so that the event loop of this thread stays free. */

import { type TransferListItem, Worker } from 'node:worker_threads';
import { addon, builtModule } from '../addon.js';
import { restored } from '../errors.js';
import { kick, type SharedVcpu, type Vcpu } from '../vcpu.js';

/** The program that runs in the Worker. All calls are synchronous. When a call returns, the next run begins; 'stop' ends the thread. */
export interface VcpuProgram {
  /** Called when the vCPU has returned with an exit: serve it. */
  exit(): 'stop' | undefined;
  /** Called when the vCPU was kicked. Without this method the vCPU goes on. */
  interrupted?(): 'stop' | undefined;
}

/** The default export of a program's module. It is called once, in the Worker. */
export type StartVcpuProgram<Data = unknown> = (vcpu: Vcpu, data: Data) => VcpuProgram | Promise<VcpuProgram>;

export interface VcpuThreadOptions {
  /** The data for the program, cloned like `workerData`. Post memory and other vCPUs by handle: `memory.share()`. */
  readonly data?: unknown;
  /** The objects in `data` that are moved instead of cloned. */
  readonly transferList?: readonly TransferListItem[];
  /** Stops the thread. `finished` is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What the Worker gets as `workerData`. */
export interface WorkerInput {
  readonly vcpu: SharedVcpu;
  readonly program: string;
  readonly data: unknown;
  /** One word, as `orderWord` makes it. */
  readonly order: Int32Array;
}

/** What the Worker does while its vCPU is paused. */
const threadStates = ['run', 'pause', 'stop'] as const;
export type ThreadState = (typeof threadStates)[number];

/** The order to be in a state, as one word. No two orders are the same word, so the Worker can wait for the next order. */
export function orderWord(number: number, state: ThreadState): number {
  return (number << 2) | threadStates.indexOf(state);
}

export function stateOf(order: number): ThreadState {
  return threadStates[order & 3] as ThreadState;
}

export class VcpuThread implements AsyncDisposable {
  /**
   * Settled when the Worker has ended. Fulfilled when the program has stopped, or was stopped. Rejected with the error that
   * the program has thrown, or with the reason of the signal.
   */
  readonly finished: Promise<void>;
  readonly #vcpu: SharedVcpu;
  readonly #worker: Worker;
  readonly #order: Int32Array;
  #hasEnded = false;
  #keepsPaused = false;
  /** Called when the Worker reports that it is paused, and when it has ended. */
  #acknowledge = (): void => {};
  #orderCount = 0;
  /** Pauses and resumptions take effect one after the other. */
  #orders: Promise<void> = Promise.resolve();

  private constructor(vcpu: Vcpu, program: URL, { data, transferList = [], signal }: VcpuThreadOptions) {
    this.#vcpu = vcpu.share();
    this.#order = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const workerData: WorkerInput = { vcpu: this.#vcpu, program: program.href, data, order: this.#order };
    this.#worker = new Worker(builtModule('runtime/thread/worker'), {
      workerData,
      transferList: [...transferList],
    });
    // A handle of this thread object, so that the vCPU stays open when the caller closes its own.
    const kept = addon().vcpuFind(this.#vcpu.id);
    const onAbort = (): void => this.#setOrder('stop');
    signal?.addEventListener('abort', onAbort);
    this.#worker.on('message', (paused) => {
      if (paused === Atomics.load(this.#order, 0)) this.#acknowledge();
    });
    let failure: { readonly thrown: unknown } | undefined;
    this.#worker.once('error', (thrown) => {
      failure = { thrown };
    });
    this.finished = new Promise<void>((resolve, reject) => {
      this.#worker.once('exit', () => {
        this.#hasEnded = true;
        this.#keepPaused(false);
        if (kept) addon().vcpuRelease(kept, false);
        signal?.removeEventListener('abort', onAbort);
        this.#acknowledge();
        if (failure) reject(restored(failure.thrown));
        else if (signal?.aborted) reject(signal.reason);
        else resolve();
      });
    });
  }

  /**
   * Starts a Worker that runs the vCPU with the program of a module. The Worker keeps the process alive until the program
   * stops; see `unref`.
   */
  static start(vcpu: Vcpu, program: URL, options: VcpuThreadOptions = {}): VcpuThread {
    options.signal?.throwIfAborted();
    return new VcpuThread(vcpu, program, options);
  }

  /** Kicks the vCPU out of KVM_RUN. Its program is called with the interruption. */
  kick(): void {
    kick(this.#vcpu);
  }

  /**
   * Pauses the vCPU. Fulfilled when the vCPU is out of KVM_RUN, the operation of its last exit is completed and the Worker
   * waits. Its registers are consistent then, and other threads may use it. Fulfilled also when the thread ends instead.
   */
  pause(): Promise<void> {
    return this.#after(
      () =>
        new Promise((resolve) => {
          this.#acknowledge = resolve;
          this.#setOrder('pause');
          if (this.#hasEnded) resolve();
        }),
    );
  }

  /** Resumes a paused vCPU. */
  resume(): void {
    void this.#after(async () => this.#setOrder('run'));
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
  async terminate(): Promise<void> {
    await this.#worker.terminate();
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

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) await this.stop();
  }

  #after(order: () => Promise<void>): Promise<void> {
    const done = this.#orders.then(order);
    this.#orders = done;
    return done;
  }

  #setOrder(state: ThreadState): void {
    if (this.#hasEnded || stateOf(Atomics.load(this.#order, 0)) === 'stop') return;
    // The Worker reads the order when its vCPU is paused, so the order is stored first.
    Atomics.store(this.#order, 0, orderWord(++this.#orderCount, state));
    this.#keepPaused(state !== 'run');
    Atomics.notify(this.#order, 0);
  }

  /** Pauses the vCPU at most once, whoever else has paused it. */
  #keepPaused(paused: boolean): void {
    if (paused === this.#keepsPaused) return;
    this.#keepsPaused = paused;
    addon().pause(this.#vcpu.id, paused);
  }
}

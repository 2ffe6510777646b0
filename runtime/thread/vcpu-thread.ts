/** A vCPU off the main thread: a Worker that runs it and handles its exits, and what this thread can tell it to do. */

import { type TransferListItem, Worker } from 'node:worker_threads';
import { builtModule, native } from '../addon.js';
import { restored } from '../errors.js';
import { hold, kick, type SharedVcpu, type Vcpu } from '../vcpu.js';

/** What runs in the Worker. All of it is synchronous: the next run begins when a call returns; with 'stop' the thread ends. */
export interface VcpuProgram {
  /** The vCPU has come back with an exit: serve it. */
  exit(): 'stop' | undefined;
  /** It has been kicked. Without this it goes on. */
  interrupted?(): 'stop' | undefined;
}

/** The default export of a program's module: called once, in the Worker. */
export type StartVcpuProgram<Data = unknown> = (vcpu: Vcpu, data: Data) => VcpuProgram | Promise<VcpuProgram>;

export interface VcpuThreadOptions {
  /** What the program gets, cloned as `workerData` is. Memory and other vCPUs go by handle: `memory.share()`. */
  readonly data?: unknown;
  /** What of `data` is moved instead of cloned. */
  readonly transferList?: readonly TransferListItem[];
  /** Stops the thread; `finished` is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What the Worker gets. */
export interface ThreadOrder {
  readonly vcpu: SharedVcpu;
  readonly program: string;
  readonly data: unknown;
  /** One word, what `word` gives. */
  readonly state: Int32Array;
}

/** What the Worker is to do while its vCPU is held. */
const threadStates = ['run', 'pause', 'stop'] as const;
export type ThreadState = (typeof threadStates)[number];

/** A state as the two sides tell it. No two orders are the same word: the Worker waits for the next one. */
export function word(order: number, state: ThreadState): number {
  return (order << 2) | threadStates.indexOf(state);
}

export function stateOf(told: number): ThreadState {
  return threadStates[told & 3] as ThreadState;
}

export class VcpuThread implements AsyncDisposable {
  /**
   * Settled when the Worker has ended. Fulfilled when the program has stopped, or was stopped. Rejected with what the
   * program has thrown, or with the reason of the signal.
   */
  readonly finished: Promise<void>;
  readonly #vcpu: SharedVcpu;
  readonly #worker: Worker;
  readonly #state: Int32Array;
  #hasEnded = false;
  #holds = false;
  /** Called when the Worker says that it is paused, or has ended. */
  #acknowledge = (): void => {};
  #orderCount = 0;
  /** Pauses and resumptions take effect one after the other. */
  #orders: Promise<void> = Promise.resolve();

  private constructor(vcpu: Vcpu, program: URL, { data, transferList = [], signal }: VcpuThreadOptions) {
    this.#vcpu = vcpu.share();
    this.#state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const workerData: ThreadOrder = { vcpu: this.#vcpu, program: program.href, data, state: this.#state };
    this.#worker = new Worker(builtModule('runtime/thread/worker'), {
      workerData,
      transferList: [...transferList],
    });
    // Of its own, so that the vCPU stays when the caller closes its.
    const kept = native().vcpuFind(this.#vcpu.id);
    const onAbort = (): void => this.#order('stop');
    signal?.addEventListener('abort', onAbort);
    this.#worker.on('message', (paused) => {
      if (paused === Atomics.load(this.#state, 0)) this.#acknowledge();
    });
    let failure: { readonly thrown: unknown } | undefined;
    this.#worker.once('error', (thrown) => {
      failure = { thrown };
    });
    this.finished = new Promise<void>((resolve, reject) => {
      this.#worker.once('exit', () => {
        this.#hasEnded = true;
        this.#hold(false);
        if (kept) native().vcpuRelease(kept, false);
        signal?.removeEventListener('abort', onAbort);
        this.#acknowledge();
        if (failure) reject(restored(failure.thrown));
        else if (signal?.aborted) reject(signal.reason);
        else resolve();
      });
    });
  }

  /**
   * Starts a Worker that runs the vCPU with the program of a module. It keeps the process alive, until the program stops;
   * see `unref`.
   */
  static start(vcpu: Vcpu, program: URL, options: VcpuThreadOptions = {}): VcpuThread {
    options.signal?.throwIfAborted();
    return new VcpuThread(vcpu, program, options);
  }

  /** Gets the vCPU out of KVM_RUN: its program is told. */
  kick(): void {
    kick(this.#vcpu);
  }

  /**
   * Holds the vCPU. Fulfilled when it is out of KVM_RUN, the operation of its last exit is completed and the Worker waits:
   * its registers are consistent then, and other threads may use it. Fulfilled too when the thread ends instead.
   */
  pause(): Promise<void> {
    return this.#after(
      () =>
        new Promise((resolve) => {
          this.#acknowledge = resolve;
          this.#order('pause');
          if (this.#hasEnded) resolve();
        }),
    );
  }

  /** Lets a paused vCPU go on. */
  resume(): void {
    void this.#after(async () => this.#order('run'));
  }

  /**
   * Ends the thread behind the exit that its program is serving. As before a pause, the operation of that exit is
   * completed, and a kick that is pending is told. Settled as `finished` is.
   */
  stop(): Promise<void> {
    this.#order('stop');
    return this.finished;
  }

  /** Ends the thread wherever its program is, be it in a loop of its own. Settled as `finished` is. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    return this.finished;
  }

  /** From now on this thread does not keep the process alive: the process may end while the guest runs. */
  unref(): this {
    this.#worker.unref();
    return this;
  }

  /** From now on it does again, as from the start. */
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

  #order(state: ThreadState): void {
    if (this.#hasEnded || stateOf(Atomics.load(this.#state, 0)) === 'stop') return;
    // The Worker looks at the state when it finds its vCPU held, so the state is there first.
    Atomics.store(this.#state, 0, word(++this.#orderCount, state));
    this.#hold(state !== 'run');
    Atomics.notify(this.#state, 0);
  }

  /** Once at most, whoever else holds the vCPU. */
  #hold(held: boolean): void {
    if (held === this.#holds) return;
    this.#holds = held;
    hold(this.#vcpu, held);
  }
}

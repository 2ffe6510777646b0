/** Workers that run vCPUs. They are started once and used for many sequences. */

import { Worker } from 'node:worker_threads';
import { builtModule } from '../../runtime/addon.js';
import type { VcpuHandle } from '../../runtime/index.js';
import type { RunOptions } from '../../runtime/x86_64.js';
import type { Outcome } from '../lib/outcome.js';

/** A message to a Worker. */
export interface RunMessage {
  readonly vcpu: VcpuHandle;
  readonly options: RunOptions;
}

export class PooledWorker {
  readonly #worker = new Worker(builtModule('tools/stress/sequence-worker'));
  #isBusy = false;

  get isBusy(): boolean {
    return this.#isBusy;
  }

  run(message: RunMessage): Promise<Outcome> {
    this.#isBusy = true;
    return new Promise((resolve, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('message', (outcome: Outcome) => {
        this.#worker.off('error', reject);
        this.#isBusy = false;
        resolve(outcome);
      });
      this.#worker.postMessage(message);
    });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

export class Pool implements AsyncDisposable {
  readonly #workers: PooledWorker[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /** Returns a Worker that is free, or undefined when all are busy. */
  free(): PooledWorker | undefined {
    const free = this.#workers.find(({ isBusy }) => !isBusy);
    if (free !== undefined || this.#workers.length === this.#size) return free;
    const started = new PooledWorker();
    this.#workers.push(started);
    return started;
  }

  /** Ends a Worker, even during a run. Another one takes its place later. */
  async terminate(worker: PooledWorker): Promise<void> {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    await worker.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => this.terminate(worker)));
  }
}

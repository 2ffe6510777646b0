/** Workers that run vCPUs, started once for many sequences. */

import { Worker } from 'node:worker_threads';
import { builtModule } from '../../runtime/addon.js';
import type { RunOptions, SharedVcpu } from '../../runtime/index.js';
import type { Outcome } from './outcome.js';

export interface WorkerOrder {
  readonly vcpu: SharedVcpu;
  readonly options: Pick<RunOptions, 'timeoutMs' | 'number'>;
}

export class PooledWorker {
  readonly #worker = new Worker(builtModule('tools/stress/sequence-worker'));
  #isBusy = false;

  get isBusy(): boolean {
    return this.#isBusy;
  }

  run(order: WorkerOrder): Promise<Outcome> {
    this.#isBusy = true;
    return new Promise((resolve, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('message', (outcome: Outcome) => {
        this.#worker.off('error', reject);
        this.#isBusy = false;
        resolve(outcome);
      });
      this.#worker.postMessage(order);
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

  /** One that is free; undefined when all are at work. */
  free(): PooledWorker | undefined {
    const free = this.#workers.find(({ isBusy }) => !isBusy);
    if (free !== undefined || this.#workers.length === this.#size) return free;
    const started = new PooledWorker();
    this.#workers.push(started);
    return started;
  }

  /** Ends a Worker, in a run or not; another one will take its place. */
  async terminate(worker: PooledWorker): Promise<void> {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    await worker.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => this.terminate(worker)));
  }
}

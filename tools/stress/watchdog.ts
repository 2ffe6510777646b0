/** Watches a thread from another thread, because the timers of a thread that hangs do not fire. */

import { writeSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { builtModule } from '../../runtime/addon.js';

const hangsAfterMs = 60_000;

export class Watchdog implements AsyncDisposable {
  /** How many steps this thread has made. */
  readonly #steps = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker = new Worker(builtModule('tools/stress/watchdog'), { workerData: this.#steps });

  /** `what` is printed if this thread hangs after this call. */
  begin(what: string): void {
    this.#worker.postMessage(what);
    this.step();
  }

  /** If this is not called for a minute, the process ends. */
  step(): void {
    Atomics.add(this.#steps, 0, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

function watch(steps: Int32Array): void {
  let doing = '';
  let seen = 0;
  let since = Date.now();
  parentPort?.on('message', (what: string) => {
    doing = what;
  });
  setInterval(() => {
    if (Atomics.load(steps, 0) !== seen) {
      seen = Atomics.load(steps, 0);
      since = Date.now();
    } else if (Date.now() - since > hangsAfterMs) {
      writeSync(2, `no progress for ${hangsAfterMs} ms in: ${doing}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  }, 1000);
}

if (!isMainThread && workerData instanceof Int32Array) watch(workerData);

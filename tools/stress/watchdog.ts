/** Watches this thread from another one, as it may hang where no timer of its own could say so. */

import { writeSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { builtModule } from '../../runtime/addon.js';

const hangsAfterMs = 60_000;

export class Watchdog implements AsyncDisposable {
  /** How often this thread has got on. */
  readonly #beats = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker = new Worker(builtModule('tools/stress/watchdog'), { workerData: this.#beats });

  /** Said when it hangs from now on. */
  begin(what: string): void {
    this.#worker.postMessage(what);
    this.beat();
  }

  /** Without this for a minute the process is ended. */
  beat(): void {
    Atomics.add(this.#beats, 0, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

function watch(beats: Int32Array): void {
  let doing = '';
  let beat = 0;
  let since = Date.now();
  parentPort?.on('message', (what: string) => {
    doing = what;
  });
  setInterval(() => {
    if (Atomics.load(beats, 0) !== beat) {
      beat = Atomics.load(beats, 0);
      since = Date.now();
    } else if (Date.now() - since > hangsAfterMs) {
      writeSync(2, `this hangs: ${doing}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  }, 1000);
}

if (!isMainThread && workerData instanceof Int32Array) watch(workerData);

/** Runs the generator on changed headers in a separate, watched process. A failure there does not end this process. */

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import type { Verdict } from '../lib/random-values.js';
import type { Mutant } from './mutations.js';
import { type Answer, longestReadingMs, mostMemory } from './reading.js';

/** The number of readings for each result. */
export interface ReadingCounts {
  models: number;
  errors: number;
}

export class Readers implements Disposable {
  readonly counts: ReadingCounts = { models: 0, errors: 0 };
  /** The most memory that a process has used, in MiB. */
  memory = 0;
  #process: ChildProcess | undefined;

  /** Returns one verdict for each header, in their order. `done` is called after each verdict. */
  async judge(mutants: readonly Mutant[], done: () => void = () => {}): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const mutant of mutants) {
      verdicts.push(await this.#verdict(mutant));
      done();
    }
    return verdicts;
  }

  async #verdict(mutant: Mutant): Promise<Verdict> {
    const answer = await this.#ask(mutant);
    if (typeof answer === 'string') return answer;
    const { outcome, memory } = answer;
    this.memory = Math.max(this.memory, memory);
    if (outcome.is === 'failure') return outcome.message;
    if (memory > mostMemory) {
      // The next header gets a new process.
      this[Symbol.dispose]();
      return `${memory} MiB`;
    }
    this.counts[outcome.is === 'model' ? 'models' : 'errors']++;
    return null;
  }

  /** Returns the answer of the process. If the process ends or hangs, returns a description of this. */
  #ask(mutant: Mutant): Promise<Answer | string> {
    const child = this.#begun();
    return new Promise((resolve) => {
      let complaint = '';
      const end = (result: Answer | string): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        child.stderr?.removeAllListeners();
        if (typeof result === 'string') this[Symbol.dispose]();
        resolve(result);
      };
      const timer = setTimeout(() => end(`no answer within ${longestReadingMs / 1000} s`), longestReadingMs);
      child.once('message', (answer) => end(answer as Answer));
      child.once('exit', (code, signal) =>
        end(`the process ended with ${signal ?? code}\n${complaint.slice(0, 2000)}`),
      );
      child.stderr?.on('data', (text) => {
        complaint += text;
      });
      child.send(mutant);
    });
  }

  #begun(): ChildProcess {
    this.#process ??= fork(join(packageRoot(), 'dist', 'tools', 'fuzz', 'reader.js'), {
      execArgv: [`--max-old-space-size=${mostMemory}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    return this.#process;
  }

  [Symbol.dispose](): void {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
  }
}

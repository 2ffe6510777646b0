/** The counts of an eventfd as an async iterator. */

import type { EventWait, EventWaits } from './event-waits.js';

type Step = IteratorResult<bigint, void>;

const done: Step = { done: true, value: undefined };

/** Implements `EventFd.counts`. Several calls of `next` may wait at once. */
export class EventCounts implements AsyncIterableIterator<bigint, void, undefined> {
  readonly #waits: EventWaits;
  readonly #signal: AbortSignal | undefined;
  readonly #pending = new Set<EventWait>();
  #isDone = false;

  constructor(waits: EventWaits, signal: AbortSignal | undefined) {
    this.#waits = waits;
    this.#signal = signal;
  }

  async next(): Promise<Step> {
    if (this.#isDone || this.#waits.hasEnded) return done;
    return new Promise<Step>((resolve, reject) => {
      const wait: EventWait = {
        serve: (value) => {
          this.#pending.delete(wait);
          resolve({ done: false, value });
        },
        fail: (error) => {
          this.#finish(wait);
          reject(error);
        },
        end: () => {
          this.#finish(wait);
          resolve(done);
        },
      };
      try {
        this.#waits.addRead('EventFd.counts', wait, this.#signal);
        this.#pending.add(wait);
      } catch (error) {
        wait.fail(error);
      }
    });
  }

  async return(): Promise<Step> {
    this.#isDone = true;
    for (const wait of [...this.#pending]) {
      this.#waits.remove(wait);
      wait.end();
    }
    return done;
  }

  #finish(wait: EventWait): void {
    this.#isDone = true;
    this.#pending.delete(wait);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

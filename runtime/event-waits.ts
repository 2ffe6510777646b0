/** The waits for an eventfd in the event loop of this thread: reads, which are served once, and watches. */

import { onAbort } from './abort.js';
import { addon, type FileRecord, type PollRecord } from './addon.js';
import { KvmUnsupportedError, syscallError } from './errors.js';

/** A wait for the counter. After `fail` or `end` no other function is called. */
export interface EventWait {
  /** The wait gets a count. A read has ended then. */
  serve(count: bigint): void;
  /** The signal has aborted, or the kernel has refused. */
  fail(error: unknown): void;
  /** The eventfd was closed. */
  end(): void;
}

/** The eventfd. */
interface Source {
  /** @throws KvmClosedError after `close`. */
  record(): FileRecord;
  /** Returns the counter and sets it to 0. */
  take(): bigint;
}

const noLibuv = 'this program does not have the functions of libuv; use readSync in a Worker';
const ENOTSUP = -95;

export class EventWaits {
  readonly #source: Source;
  /** The reads in the order of their calls. Each value ends the wait for the signal of the read. */
  readonly #reads = new Map<EventWait, () => void>();
  readonly #watches = new Map<EventWait, () => void>();
  #poll: PollRecord | undefined;
  #keepsAlive = true;
  #hasEnded = false;
  /** The addon keeps this function, and so this object and the eventfd, while something waits. */
  readonly #ready = (): void => this.#serve();

  constructor(source: Source) {
    this.#source = source;
  }

  /** Whether the eventfd was closed. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Adds a read. @throws the reason of the signal when it is aborted, KvmClosedError after `end`. */
  addRead(operation: string, wait: EventWait, signal: AbortSignal | undefined): void {
    this.#add(operation, this.#reads, wait, signal);
  }

  /** Adds a watch. @throws the reason of the signal when it is aborted, KvmClosedError after `end`. */
  addWatch(operation: string, wait: EventWait, signal: AbortSignal | undefined): void {
    this.#add(operation, this.#watches, wait, signal);
  }

  #add(operation: string, waits: Map<EventWait, () => void>, wait: EventWait, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    this.#poll ??= createPoll(operation, this.#source.record(), this.#ready);
    const unlisten = onAbort(signal, () => {
      this.remove(wait);
      wait.fail(signal?.reason);
    });
    waits.set(wait, unlisten);
    try {
      this.#update(operation);
    } catch (error) {
      this.remove(wait);
      throw error;
    }
  }

  /** Removes a wait. Nothing happens if the wait has ended. */
  remove(wait: EventWait): void {
    for (const waits of [this.#reads, this.#watches]) {
      waits.get(wait)?.();
      waits.delete(wait);
    }
    this.#update('EventFd');
  }

  /** Sets whether the waits keep the event loop alive. */
  keepAlive(keepsAlive: boolean): void {
    this.#keepsAlive = keepsAlive;
    this.#update('EventFd');
  }

  #update(operation: string): void {
    if (this.#poll === undefined) return;
    const waits = this.#reads.size + this.#watches.size > 0;
    const result = addon().pollWait(this.#poll, waits, this.#keepsAlive);
    if (result < 0) throw syscallError('epoll_ctl', operation, result);
  }

  #serve(): void {
    let count: bigint;
    try {
      count = this.#source.take();
    } catch (error) {
      this.#failAll(error);
      return;
    }
    const [read] = this.#reads.keys();
    if (count === 0n) {
      // Another thread has taken the counter.
      this.#update('EventFd');
    } else if (read) {
      this.remove(read);
      read.serve(count);
    } else {
      this.#update('EventFd');
      for (const watch of [...this.#watches.keys()]) {
        if (this.#watches.has(watch)) watch.serve(count);
      }
    }
  }

  #failAll(error: unknown): void {
    const waits = [...this.#reads.keys(), ...this.#watches.keys()];
    for (const wait of waits) this.remove(wait);
    for (const wait of waits) wait.fail(error);
  }

  /** Ends all waits, because the eventfd is closed. */
  end(): void {
    this.#hasEnded = true;
    const waits = [...this.#reads.keys(), ...this.#watches.keys()];
    for (const wait of waits) this.remove(wait);
    if (this.#poll) addon().pollRelease(this.#poll);
    this.#poll = undefined;
    for (const wait of waits) wait.end();
  }
}

function createPoll(operation: string, file: FileRecord, ready: () => void): PollRecord {
  const poll = addon().pollCreate(file, ready);
  if (typeof poll !== 'number') return poll;
  if (poll === ENOTSUP) throw new KvmUnsupportedError(operation, noLibuv);
  throw syscallError('epoll_ctl', operation, poll);
}

/** An eventfd: a counter with which the guest wakes user space, or user space interrupts the guest. */

import { AsyncResource } from 'node:async_hooks';
import { addon, type FileRecord } from './addon.js';
import { describe, newHandle, requireAbortSignal, requireClass, requireFunction, requireHandle } from './arguments.js';
import { type Creator, creator } from './construction.js';
import { adopted, requireFd } from './descriptors.js';
import { KvmArgumentError, KvmClosedError, KvmError, syscallError } from './errors.js';
import { EventCounts } from './event-counts.js';
import { type EventWait, EventWaits } from './event-waits.js';
import { fileRecord, isKernelFile, KernelFile } from './kernel-file.js';
import { requireKnownKeys } from './options.js';

/**
 * What another thread needs to attach to the eventfd. `EventFd.share` returns the handle. A handle can be posted. A handle does not
 * keep the eventfd open: keep the eventfd open until the other thread has attached.
 */
export interface EventFdHandle {
  /** Always `'eventfd'`. */
  readonly kind: 'eventfd';
  /** The number of the eventfd in this process. */
  readonly id: number;
  /** The number of this process. */
  readonly generation: number;
}

/** The options of `EventFd.read`, `EventFd.counts` and `EventFd.watch`. */
export interface EventFdOptions {
  /** Ends the wait. `read` and the iterator of `counts` then reject with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The options of `EventFd.readSync`. */
export interface EventFdReadSyncOptions {
  /** The longest time to wait, in milliseconds. Infinity, the default, means no limit. */
  readonly timeout?: number;
}

/** What `EventFd.watch` returns. */
export interface EventFdWatcher extends Disposable {
  /** Ends the watch. Nothing happens if the watch has ended already. */
  close(): void;
}

/** @throws KvmArgumentError for anything but an `EventFd`. `what` is its name for the caller. */
export function requireEventFd(operation: string, what: string, event: unknown): void {
  requireClass(operation, what, event, 'EventFd', isKernelFile(event, EventFd));
}

/**
 * An eventfd: a counter that connects the guest with user space. `close` ends the irqfds of the eventfd. The ioeventfds of a
 * closed eventfd continue, but nobody can read the counter any more.
 *
 * A read takes the whole counter. Reads that wait are served one after the other, in the order of their calls. Watchers get
 * the counts for which no read waits. The waits use the event loop of this thread and keep it alive; see `unref`. An irqfd
 * takes the counter too: do not read an eventfd that is registered with `Vm.registerIrqfd`.
 *
 * @example
 * const event = EventFd.create();
 * vm.registerIoeventfd(event, { address: 0xd000_0000, length: 4 });
 * for await (const count of event) console.log(`the guest has written ${count} times`);
 */
export class EventFd extends KernelFile implements AsyncIterable<bigint, void, undefined> {
  readonly #waits = new EventWaits({ record: () => fileRecord(this), take: () => this.take() });

  private constructor(given: Creator, record: FileRecord) {
    super(given, 'EventFd.create, EventFd.attach or EventFd.fromFd', record);
  }

  /** Creates an eventfd whose counter is 0. @throws KvmError when the kernel refuses. */
  static create(): EventFd {
    const record = addon().eventFd();
    if (typeof record === 'number') throw syscallError('eventfd2', 'EventFd.create', record);
    return new EventFd(creator, record);
  }

  /**
   * Attaches to an eventfd of another thread. All threads use the same counter, and each count goes to one of the reads.
   *
   * @param handle the result of `share` in the other thread.
   * @throws KvmClosedError when the eventfd is closed everywhere, KvmArgumentError for anything but a handle of an eventfd.
   */
  static attach(handle: EventFdHandle): EventFd {
    const found = addon().eventFind(requireHandle('EventFd.attach', handle, 'eventfd'));
    if (!found) throw new KvmClosedError('EventFd.attach', 'the eventfd of this handle is closed');
    return new EventFd(creator, found);
  }

  /**
   * Makes an `EventFd` of a file descriptor of an eventfd. The file descriptor stays that of the caller. The `EventFd` has a
   * duplicate of it, and the irqfds of the eventfd end when both are closed.
   *
   * @param fd the number of the file descriptor.
   * @throws KvmArgumentError for a number that is not open, for a file descriptor of anything else, and for an eventfd without
   * EFD_NONBLOCK, which would block the thread.
   * @example
   * using event = EventFd.fromFd(fd);
   */
  static fromFd(fd: number): EventFd {
    const operation = 'EventFd.fromFd';
    const number = requireFd(operation, fd);
    const record = adopted(operation, 'an eventfd', number, addon().eventFromFd(number));
    if (addon().fileNeverBlocks(record)) return new EventFd(creator, record);
    addon().fileRelease(record);
    const rule = 'create it with EFD_NONBLOCK, or set O_NONBLOCK with fcntl(F_SETFL)';
    throw new KvmArgumentError(operation, `fd ${number} is an eventfd that blocks its readers; ${rule}`);
  }

  /**
   * Returns the handle to post to another thread, which passes it to `EventFd.attach`.
   *
   * @throws KvmClosedError after `close`.
   */
  share(): EventFdHandle {
    return newHandle('eventfd', addon().eventId(fileRecord(this)));
  }

  /**
   * Adds 1 to the counter.
   *
   * @throws KvmError with code `EAGAIN` when the counter is at its maximum, KvmClosedError after `close`.
   */
  signal(): void {
    const operation = 'EventFd.signal';
    const result = addon().eventSignal(fileRecord(this));
    if (result === 0) return;
    const error = syscallError('write', operation, result);
    if (error.code !== 'EAGAIN') throw error;
    throw new KvmError(operation, 'the counter is at its maximum, 2^64 - 2; read it first', error);
  }

  /**
   * Returns the counter and sets it to 0: the number of signals since the last call. The call does not wait, and reads that
   * wait do not get these signals.
   *
   * @throws KvmClosedError after `close`.
   */
  take(): bigint {
    const count = addon().eventTake(fileRecord(this));
    if (typeof count === 'number') throw syscallError('read', 'EventFd.take', count);
    return count;
  }

  /**
   * Waits in the event loop until the counter is not 0, and then returns the counter and sets it to 0.
   *
   * @param options a signal that ends the wait. The counter then stays as it is.
   * @returns the counter, at least 1.
   * @throws KvmClosedError when the eventfd is closed, also during the wait. The signal's reason when it aborts.
   * KvmArgumentError for wrong options. KvmUnsupportedError in a program that does not have libuv. All of them reject the
   * promise.
   * @example
   * const count = await event.read({ signal: AbortSignal.timeout(1_000) });
   */
  async read(options: EventFdOptions = {}): Promise<bigint> {
    const operation = 'EventFd.read';
    const signal = signalOf(operation, options);
    return new Promise((serve, fail) => {
      const end = (): void => fail(new KvmClosedError(operation, 'this object was closed during the read'));
      this.#waits.addRead(operation, { serve, fail, end }, signal);
    });
  }

  /**
   * Blocks this thread until the counter is not 0, and then returns the counter and sets it to 0. Use this method in a Worker
   * that has nothing else to do. `worker.terminate()` ends the call.
   *
   * @param options the longest time to wait.
   * @returns the counter, or 0n after the timeout.
   * @throws KvmClosedError after `close`, KvmArgumentError for wrong options.
   * @example
   * const count = event.readSync({ timeout: 1_000 });
   */
  readSync(options: EventFdReadSyncOptions = {}): bigint {
    const operation = 'EventFd.readSync';
    requireKnownKeys<EventFdReadSyncOptions>(operation, options, { timeout: true });
    const { timeout = Number.POSITIVE_INFINITY } = options;
    if (typeof timeout !== 'number' || Number.isNaN(timeout)) {
      throw new KvmArgumentError(operation, `timeout ${describe(timeout)}; it must be a number of milliseconds`);
    }
    const end = performance.now() + timeout;
    for (;;) {
      const count = this.take();
      const left = end - performance.now();
      if (count > 0n || left <= 0) return count;
      // The addon waits for a short time only. Between two waits V8 can end the Worker.
      const result = addon().eventWait(fileRecord(this), Math.ceil(Math.min(left, 1_000)));
      if (result < 0) throw syscallError('poll', operation, result);
    }
  }

  /**
   * Returns an async iterator over the counts. Each step is a `read`. The iteration ends when the eventfd is closed.
   *
   * @param options a signal that ends the iteration. The iterator then throws the signal's reason.
   * @throws KvmClosedError after `close`, KvmArgumentError for wrong options.
   * @example
   * for await (const count of event.counts({ signal: AbortSignal.timeout(1_000) })) console.log(count);
   */
  counts(options: EventFdOptions = {}): AsyncIterableIterator<bigint, void, undefined> {
    const signal = signalOf('EventFd.counts', options);
    fileRecord(this);
    return new EventCounts(this.#waits, signal);
  }

  /** Returns `counts()`, for `for await (const count of event)`. @throws KvmClosedError after `close`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<bigint, void, undefined> {
    return this.counts();
  }

  /**
   * Calls a function with each count, until the watch or the eventfd is closed. If several functions watch, each of them gets
   * each count. An error that the function throws is an uncaught exception.
   *
   * @param listener the function. It gets the counter, at least 1n.
   * @param options a signal that ends the watch.
   * @throws KvmClosedError after `close`, the signal's reason when it is aborted already, KvmArgumentError for wrong
   * arguments, KvmUnsupportedError in a program that does not have libuv.
   * @example
   * const watcher = event.watch((count) => console.log(count));
   * watcher.close();
   */
  watch(listener: (count: bigint) => void, options: EventFdOptions = {}): EventFdWatcher {
    const operation = 'EventFd.watch';
    requireFunction(operation, 'listener', listener);
    const signal = signalOf(operation, options);
    const serve = AsyncResource.bind((count: bigint): void => listener(count));
    const wait: EventWait = {
      serve,
      fail(error) {
        if (!signal?.aborted) throw error;
      },
      end() {},
    };
    this.#waits.addWatch(operation, wait, signal);
    const close = (): void => this.#waits.remove(wait);
    return { close, [Symbol.dispose]: close };
  }

  /** After this the waits for this object do not keep the event loop alive: the process may end during a wait. */
  unref(): this {
    this.#waits.keepAlive(false);
    return this;
  }

  /** After this the waits for this object keep the event loop alive again, as from the start. */
  ref(): this {
    this.#waits.keepAlive(true);
    return this;
  }

  /** Closes the eventfd in this thread. The last `close` of all threads closes the file descriptor. Reads that wait are rejected with a KvmClosedError, and iterations and watches end. */
  override close(): void {
    super.close();
    this.#waits.end();
  }
}

function signalOf(operation: string, options: EventFdOptions): AbortSignal | undefined {
  requireKnownKeys<EventFdOptions>(operation, options, { signal: true });
  const { signal } = options;
  requireAbortSignal(operation, signal);
  return signal;
}

/** An eventfd: a counter with which the guest wakes user space, or user space interrupts the guest. */

import { readSync, writeSync } from 'node:fs';
import { addon } from './addon.js';
import { kernelError } from './errors.js';
import { KernelFile } from './kernel-file.js';

/** Closing it ends its irqfds. Its ioeventfds continue, and nobody sees them. */
export class EventFd extends KernelFile {
  /** Creates an eventfd whose counter is 0. */
  static create(): EventFd {
    const fd = addon().eventFd();
    if (fd < 0) throw kernelError('eventfd', fd);
    return new EventFd('EventFd', fd);
  }

  /** Adds 1 to the counter. */
  signal(): void {
    writeSync(this.fd, new Uint8Array(BigUint64Array.of(1n).buffer));
  }

  /** Returns how often it was signalled since the last call. It does not wait. */
  take(): bigint {
    const counter = new BigUint64Array(1);
    try {
      readSync(this.fd, counter);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    return counter[0] ?? 0n;
  }
}

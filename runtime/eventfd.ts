/** Eventfds: what wakes user space when the guest writes somewhere, or the guest when user space does. */

import { readSync, writeSync } from 'node:fs';
import { native } from './addon.js';
import { kernelError } from './errors.js';
import { KernelFile } from './files.js';

/** Closed, it ends the irqfds it is in; an ioeventfd goes on, and nobody sees it. */
export class EventFd extends KernelFile {
  /** A new one, whose counter is 0. */
  static create(): EventFd {
    const fd = native().eventFd();
    if (fd < 0) throw kernelError('eventfd', fd);
    return new EventFd('EventFd', fd);
  }

  /** Adds 1 to the counter. */
  signal(): void {
    writeSync(this.fd, new Uint8Array(BigUint64Array.of(1n).buffer));
  }

  /** How often it was signalled since this was last asked. It does not wait. */
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

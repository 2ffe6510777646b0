/** Waits for what the kernel does later, in a thread of its own. */

import { setTimeout as sleep } from 'node:timers/promises';

const limitMs = 60_000;

/** Repeats the assertions until they hold. @throws the error of the last attempt after a minute. */
export async function eventually(assertions: () => void): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    try {
      assertions();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(20);
    }
  }
}

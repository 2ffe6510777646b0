/** Lets one process at a time change or measure what all processes of the machine share. */

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Waits until no other process has this name, which a process has until it ends or closes the server. */
export async function ownName(name: string): Promise<AsyncDisposable> {
  for (;;) {
    const server = createServer();
    const [result] = await Promise.race([once(server.listen(`\0${name}`), 'listening'), once(server, 'error')]);
    if (!(result instanceof Error)) {
      return {
        async [Symbol.asyncDispose]() {
          server.close();
          await once(server, 'close');
        },
      };
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}

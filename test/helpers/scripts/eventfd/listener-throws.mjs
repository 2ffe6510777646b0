// A listener throws, and then a read is served.

import { EventFd } from '../../../../dist/runtime/index.js';

const event = EventFd.create();
const watcher = event.watch(() => {
  throw new Error('thrown by the listener');
});
process.once('uncaughtException', async ({ message }) => {
  watcher.close();
  event.signal();
  console.log(JSON.stringify({ message, count: Number(await event.read()) }));
});
event.signal();

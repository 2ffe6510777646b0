// The process ends in one way, named by WAY, while reads, an iterator and a watch wait.

import { EventFd } from '../../../../dist/runtime/index.js';

const event = EventFd.create();
event.read();
event.read({ signal: new AbortController().signal });
event.watch(() => {});
event.counts().next();
event.signal();

const ways = {
  exit: () => process.exit(0),
  unref: () => event.unref(),
  close: () => event.close(),
};
event.read().catch(() => {});
setTimeout(() => {
  console.log(JSON.stringify('ending'));
  ways[process.env.WAY]();
}, 10);
// Some of these waits are rejected by `close`.
process.on('unhandledRejection', () => {});

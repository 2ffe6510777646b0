// Drops eventfds without closing them: 20 that have waited, and one that waits.

import { readdirSync, writeSync } from 'node:fs';
import { EventFd } from '../../../../dist/runtime/index.js';
import { collectUntil } from '../../../../tools/lib/process-resources.mjs';

const openFiles = () => readdirSync('/proc/self/fd').length;

async function readOnce() {
  const event = EventFd.create();
  event.signal();
  await event.read();
}

function drop() {
  const event = EventFd.create();
  return { fd: event.fd, read: event.read() };
}

await readOnce();
await collectUntil();
const before = openFiles();
for (let made = 0; made < 20; made++) await readOnce();
// Each of them has its file descriptor and that of its poll handle.
const held = openFiles() - before;
const { fd, read } = drop();
await collectUntil(() => openFiles() - before === 2);
const waiting = openFiles() - before;
writeSync(fd, new Uint8Array(BigUint64Array.of(3n).buffer));
const count = Number(await read);
await collectUntil(() => openFiles() === before);
console.log(JSON.stringify({ held, waiting, count, after: openFiles() - before }));

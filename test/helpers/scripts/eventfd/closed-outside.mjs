// Something closes the file descriptor of an eventfd while two reads wait.

import { closeSync } from 'node:fs';
import { EventFd } from '../../../../dist/runtime/index.js';

const event = EventFd.create();
const reads = [event.read(), event.read()];
event.signal();
closeSync(event.fd);
const results = await Promise.allSettled(reads);
console.log(JSON.stringify(results.map(({ reason }) => [reason.name, reason.code, reason.syscall])));

// Drops many machines. The event loop turns, and nothing asks for a garbage collection.

import { readdirSync } from 'node:fs';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';

const count = Number(process.env.COUNT);
const openFiles = () => readdirSync('/proc/self/fd').length;

const before = openFiles();
let most = 0;
for (let made = 0; made < count; made++) {
  realMode.halt.load(Kvm.open().createVm());
  if (made % 10 > 0) continue;
  await new Promise((resolve) => setImmediate(resolve));
  most = Math.max(most, openFiles() - before);
}
console.log(JSON.stringify(most));

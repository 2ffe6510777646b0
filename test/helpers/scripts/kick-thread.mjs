// Kicks a `VcpuThread` out of a guest that spins, and prints the number of calls of its program.

import { setTimeout } from 'node:timers/promises';
import { VcpuThread } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { places, userMode } from '../../../dist/tools/guests/index.js';

const { MECHANISM: mechanism } = process.env;
const { vcpu, memory } = userMode.spin.load(Kvm.open().createVm(), { mechanism });
const counter = memory.dataView(places.data, 4);
const words = new Int32Array(new SharedArrayBuffer(12));
const thread = VcpuThread.start(vcpu, new URL('../programs/serve.mjs', import.meta.url), { data: { words } });

const seen = [];
for (let kicks = 0; kicks < 3; kicks++) {
  const before = counter.getUint32(0, true);
  while (counter.getUint32(0, true) < before + 10_000_000) await setTimeout(1);
  seen.push([...words.subarray(0, 2)]);
  thread.kick();
  while (words[1] === kicks) await setTimeout(1);
}
await thread.stop();
console.log(JSON.stringify({ seen }));

// Counts the threads that serve the exits of a `VcpuThread`.

import { MessageChannel } from 'node:worker_threads';
import { VcpuThread } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';

const exits = 100;
const { vcpu } = realMode.outForEver.load(Kvm.open().createVm());
const { port1, port2 } = new MessageChannel();
const seen = [];
port1.on('message', (thread) => seen.push(thread));
const program = new URL('../programs/post-thread.mjs', import.meta.url);
await VcpuThread.start(vcpu, program, { data: { port: port2, exits }, transferList: [port2] }).finished;
await new Promise((resolve) => setImmediate(resolve));
port1.close();
console.log(JSON.stringify({ threads: new Set(seen).size, exits: seen.length }));

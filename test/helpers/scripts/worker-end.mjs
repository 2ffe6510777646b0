// A Worker holds a bit of everything, and ends without closing any of it.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { GuestMemory, Kvm } from '../../../dist/runtime/index.js';
import { census } from '../../../tools/lib/census.mjs';

if (isMainThread) {
  const before = census();
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, 'message');
  const held = census();
  await worker.terminate();
  console.log(JSON.stringify({ before, held, after: census() }));
} else {
  const kvm = Kvm.open();
  const vm = kvm.createVm();
  const memory = GuestMemory.create(0x10000, { memfd: 'held' });
  vm.addMemory({ memory, guestAddress: 0 });
  memory.write(0x1000, Uint8Array.of(0xf4));
  const vcpu = vm.createVcpu();
  vcpu.share();
  vcpu.run({ timeoutMs: 1 });
  // It waits for messages that do not come, and has everything in use.
  parentPort.on('message', () => [kvm, vm, memory, vcpu]);
  parentPort.postMessage('ready');
}

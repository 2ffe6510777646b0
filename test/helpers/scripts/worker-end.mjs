// A Worker makes one object of each kind, and ends without closing them.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { GuestMemory } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { census } from '../../../tools/lib/process-resources.mjs';

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
  vcpu.run({ timeout: 1 });
  // The Worker waits for messages that never arrive, and keeps all objects.
  parentPort.on('message', () => [kvm, vm, memory, vcpu]);
  parentPort.postMessage('ready');
}

// Only a Worker loads the addon, and a signal arrives after the Worker has ended.

import { once } from 'node:events';
import { isMainThread, Worker } from 'node:worker_threads';

if (isMainThread) {
  await once(new Worker(new URL(import.meta.url)), 'exit');
  for (let i = 0; i < 10; i++) process.kill(process.pid, 63);
  console.log(JSON.stringify({ alive: true }));
} else {
  const { realMode } = await import('../../../dist/tools/guests/index.js');
  const { Kvm } = await import('../../../dist/runtime/x86_64.js');
  const { vcpu } = realMode.out.load(Kvm.open().createVm());
  vcpu.kick();
  vcpu.run();
}

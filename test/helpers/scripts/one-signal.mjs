// One AbortSignal stops twelve threads. The process waits for them one after the other. Then a thread fails.

import { setTimeout } from 'node:timers/promises';
import { VcpuThread } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { userMode } from '../../../dist/tools/guests/index.js';

const warnings = [];
process.on('warning', ({ message }) => warnings.push(message));

const { signal, abort } = (() => {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
})();
const kvm = Kvm.open();
const program = new URL('../programs/serve.mjs', import.meta.url);
const threads = Array.from({ length: 12 }, () => {
  const { vcpu } = userMode.spin.load(kvm.createVm());
  const words = new Int32Array(new SharedArrayBuffer(12));
  return VcpuThread.start(vcpu, program, { data: { words }, signal });
});
// A promise of each kind, which nothing handles.
for (const thread of threads) {
  thread.pause();
  thread.resume();
}
await Promise.all(threads.map((thread) => thread.resume()));
abort(new Error('enough'));
for (const thread of threads) thread.terminate();
const reasons = [];
for (const { finished } of threads) {
  // The other threads end in the meantime.
  await setTimeout(20);
  reasons.push(await finished.catch(({ message }) => message));
}

// Only `finished` reports the failure of a program, so nothing handles the other promises.
const failing = VcpuThread.start(userMode.spin.load(kvm.createVm()).vcpu, './no-such-program.mjs');
for (const order of ['pause', 'resume', 'pause']) failing[order]();
const failure = await failing.finished.catch(({ name }) => name);
await setTimeout(20);
console.log(JSON.stringify({ reasons, warnings, failure }));

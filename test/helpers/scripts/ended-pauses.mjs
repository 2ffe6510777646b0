// A Worker pauses a vCPU of this thread and ends. ENDING is how the Worker ends.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { addon } from '../../../dist/runtime/addon.js';
import { VcpuThread } from '../../../dist/runtime/index.js';
import { Kvm, Vcpu } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';
import { runOutcome } from '../../../dist/tools/lib/outcome.js';

const program = new URL('../programs/serve.mjs', import.meta.url);
const words = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));

if (isMainThread) {
  const { vcpu } = realMode.spin.load(Kvm.open().createVm());
  const worker = new Worker(new URL(import.meta.url), { workerData: vcpu.share() });
  await once(worker, 'message');
  const paused = runOutcome(vcpu, { timeout: 1 });
  // Only the isolate that has paused the vCPU can end the pause.
  addon().pause(vcpu.share().id, false);
  const stillPaused = runOutcome(vcpu, { timeout: 1 });
  const ended = once(worker, 'exit');
  if (process.env.ENDING === 'terminate') await worker.terminate();
  else worker.postMessage('exit');
  await ended;
  console.log(JSON.stringify({ paused, stillPaused, after: runOutcome(vcpu, { timeout: 1 }) }));
} else {
  const thread = VcpuThread.start(Vcpu.attach(workerData), program, { data: { words } });
  await thread.pause();
  // Twice more, without the class.
  addon().pause(workerData.id, true);
  addon().pause(workerData.id, true);
  parentPort.once('message', () => process.exit());
  parentPort.postMessage('paused');
}

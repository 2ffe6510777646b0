/** The Worker of a `VcpuThread`. It runs the vCPU until the program returns 'stop', or until the order is to stop. */

import { parentPort, workerData } from 'node:worker_threads';
import { Vcpu } from '../vcpu.js';
import { type StartVcpuProgram, stateOf, type WorkerInput } from './vcpu-thread.js';

const input = workerData as WorkerInput;
// This comes first, because the other thread may close its own handle.
const vcpu = Vcpu.attach(input.vcpu);
const module = (await import(input.program)) as { readonly default?: StartVcpuProgram };
if (typeof module.default !== 'function') {
  throw new TypeError(`${input.program}: a vCPU's program exports a function as its default`);
}
const program = await module.default(vcpu, input.data);

const pollMs = 10;

function interrupted(): 'stop' | undefined {
  if (vcpu.interruption === 'kick') return program.interrupted?.();
  const order = Atomics.load(input.order, 0);
  if (stateOf(order) === 'stop') return 'stop';
  if (stateOf(order) === 'pause') {
    parentPort?.postMessage(order);
    // The notification of this same order can arrive only now. Nothing but another order ends the pause.
    while (Atomics.load(input.order, 0) === order) Atomics.wait(input.order, 0, order);
  } else {
    // Another thread has paused the vCPU, and it does not notify this one when it resumes the vCPU.
    Atomics.wait(input.order, 0, order, pollMs);
  }
  return undefined;
}

while ((vcpu.run() === 'exit' ? program.exit() : interrupted()) !== 'stop');
vcpu.close();
// The program may have left something that would keep the Worker alive.
process.exit();

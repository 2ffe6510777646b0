/** The Worker of a `VcpuThread`: runs the vCPU until the program, or the other side, says stop. */

import { parentPort, workerData } from 'node:worker_threads';
import { Vcpu } from '../vcpu.js';
import { type StartVcpuProgram, stateOf, type ThreadOrder } from './vcpu-thread.js';

const order = workerData as ThreadOrder;
// Right at the start: the other side may let go of its own.
const vcpu = Vcpu.attach(order.vcpu);
const module = (await import(order.program)) as { readonly default?: StartVcpuProgram };
if (typeof module.default !== 'function') {
  throw new TypeError(`${order.program}: a vCPU's program exports a function as its default`);
}
const program = await module.default(vcpu, order.data);

const lookAgainMs = 10;

function interrupted(): 'stop' | undefined {
  if (vcpu.interruption === 'kick') return program.interrupted?.();
  const told = Atomics.load(order.state, 0);
  if (stateOf(told) === 'stop') return 'stop';
  if (stateOf(told) === 'pause') {
    parentPort?.postMessage(told);
    // The order itself notifies too, perhaps only now: nothing but another order ends the pause.
    while (Atomics.load(order.state, 0) === told) Atomics.wait(order.state, 0, told);
  } else {
    // Held by somebody else, who does not tell when the vCPU may go on.
    Atomics.wait(order.state, 0, told, lookAgainMs);
  }
  return undefined;
}

while ((vcpu.run() === 'exit' ? program.exit() : interrupted()) !== 'stop');
vcpu.close();
// The program may have left something that would keep the Worker alive.
process.exit();

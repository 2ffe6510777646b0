/** A Worker that runs a vCPU by itself, without `VcpuThread`. */

import { workerData } from 'node:worker_threads';
import type { VcpuHandle } from '../../../runtime/index.js';
import { Vcpu, Vm } from '../../../runtime/x86_64.js';
import start, { type ProgramData } from './program.js';

export interface RunnerInput extends ProgramData {
  readonly vcpu: VcpuHandle;
}

const input = workerData as RunnerInput;
const vcpu = Vcpu.attach(input.vcpu);
const program = await start(vcpu, input, Vm.attach(vcpu));

/** Runs the vCPU once, and returns whether the program stops. */
function step(): boolean {
  const result = vcpu.run();
  const answer = result.reason === 'interrupted' ? program.onInterrupt?.(result) : program.onExit(result);
  return answer === 'stop';
}

while (!step());

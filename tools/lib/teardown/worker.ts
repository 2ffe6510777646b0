/** A Worker that runs a vCPU by itself, without `VcpuThread`. */

import { workerData } from 'node:worker_threads';
import { type SharedVcpu, Vcpu } from '../../../runtime/index.js';
import start, { type ProgramData } from './program.js';

export interface RunnerInput extends ProgramData {
  readonly vcpu: SharedVcpu;
}

const input = workerData as RunnerInput;
const vcpu = Vcpu.attach(input.vcpu);
const program = await start(vcpu, input);
while ((vcpu.run() === 'exit' ? program.exit() : program.interrupted?.()) !== 'stop');

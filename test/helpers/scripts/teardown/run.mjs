// A Worker that runs a vCPU by itself.

import { workerData } from 'node:worker_threads';
import { Vcpu } from '../../../../dist/runtime/index.js';
import start from './program.mjs';

const vcpu = Vcpu.attach(workerData.vcpu);
const { exit, interrupted } = start(vcpu, workerData);
while ((vcpu.run() === 'exit' ? exit() : interrupted()) !== 'stop');

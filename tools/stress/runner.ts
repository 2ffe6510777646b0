/** The Worker of a `KickedVcpu`: it runs its vCPU again and again, and counts what the runs return. */

import { workerData } from 'node:worker_threads';
import type { RunnerInput } from './kicked-vcpu.js';
import { SharedCounters } from './shared-counters.js';

const { vcpu: shared, counters: buffer, bindings: architecture } = workerData as RunnerInput;
const { Vcpu } = (await import(`../../runtime/${architecture}.js`)) as typeof import('../../runtime/x86_64.js');
const vcpu = Vcpu.attach(shared);
const counters = new SharedCounters(buffer);

while (!counters.isOver) {
  counters.begin();
  if (vcpu.run().reason === 'interrupted') counters.deliver(process.hrtime.bigint());
}
vcpu.close();

// Makes vCPUs in a process that handles the default kick signal in another way.

import { Kvm } from '../../../dist/runtime/index.js';
import { runOutcome } from '../../../dist/tools/lib/outcome.js';

const vm = Kvm.open().createVm();
let refusal = '';
try {
  vm.createVcpu(0);
} catch (error) {
  refusal = `${error.name}: ${error.message}`;
}
const vcpu = vm.createVcpu(0, { signal: 40 });
vcpu.kick();
console.log(JSON.stringify({ refusal, withAnother: runOutcome(vcpu) }));

// Makes vCPUs in a process that handles the signal SIGRTMAX - 1 in another way.

import { Kvm } from '../../../dist/runtime/x86_64.js';
import { runOutcome } from '../../../dist/tools/lib/outcome.js';

const vm = Kvm.open().createVm();
let refusal = '';
try {
  vm.createVcpu(0, { kickSignal: 63 });
} catch (error) {
  refusal = `${error.name}: ${error.message}`;
}
const kicked = (vcpu) => {
  vcpu.kick();
  return runOutcome(vcpu);
};
const withAnother = kicked(vm.createVcpu(0, { kickSignal: 40 }));
console.log(JSON.stringify({ refusal, withAnother, withFreeOne: kicked(vm.createVcpu(1)) }));

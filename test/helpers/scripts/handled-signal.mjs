// A process in which somebody else has the signal.

import { Kvm } from '../../../dist/runtime/index.js';

const vm = Kvm.open().createVm();
let refusal = '';
try {
  vm.createVcpu(0);
} catch (error) {
  refusal = `${error.name}: ${error.message}`;
}
const vcpu = vm.createVcpu(0, { signal: 40 });
vcpu.kick();
console.log(JSON.stringify({ refusal, withAnother: `${vcpu.run()} by ${vcpu.interruption}` }));

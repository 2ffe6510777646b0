// Runs a vCPU in a script of node:vm that has a timeout. The timeout ends the script, and the vCPU can run again.

import { runInThisContext } from 'node:vm';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';
import { runOutcome } from '../../../dist/tools/lib/outcome.js';

const { vcpu } = realMode.spin.load(Kvm.open().createVm());
globalThis.run = () => vcpu.run();
let code;
try {
  runInThisContext('run()', { timeout: 50 });
} catch (error) {
  code = error.code;
}
console.log(JSON.stringify({ code, next: runOutcome(vcpu, { timeout: 1 }) }));

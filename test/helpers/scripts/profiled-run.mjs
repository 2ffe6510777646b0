// Runs a guest that spins while a profiler sends signals to this thread.

import { Kvm } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';
import { runOutcome } from '../../../dist/tools/lib/outcome.js';

process.on('SIGINT', () => {});
const { vcpu } = realMode.spin.load(Kvm.open().createVm());
console.log(JSON.stringify(runOutcome(vcpu, { timeout: 300, interruptOnProcessSignal: true })));
process.exit();

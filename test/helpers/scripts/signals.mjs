// Prints which signals get a handler when vCPUs are created.

import { readFileSync } from 'node:fs';
import { Kvm } from '../../../dist/runtime/x86_64.js';

function handled() {
  const [, mask] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const bits = BigInt(`0x${mask}`);
  return Array.from({ length: 64 }, (_, index) => index + 1).filter((signal) => (bits >> BigInt(signal - 1)) & 1n);
}

const vm = Kvm.open().createVm();
const before = handled();
vm.createVcpu(0);
const between = handled();
vm.createVcpu(1, { kickSignal: 40 });
const after = handled();
console.log(
  JSON.stringify({
    handled: between.filter((signal) => !before.includes(signal)),
    also: after.filter((signal) => !between.includes(signal)),
  }),
);

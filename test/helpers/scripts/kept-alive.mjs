// Only a vCPU or a view is left. The other objects were closed or dropped, and collected.

import { Kvm } from '../../../dist/runtime/x86_64.js';
import { places, realMode } from '../../../dist/tools/guests/index.js';
import { collectUntil } from '../../../tools/lib/process-resources.mjs';

/** The text that the guest prints until it halts. */
function printed(vcpu) {
  let text = '';
  for (;;) {
    const exit = vcpu.run();
    if (exit.reason !== vcpu.bindings.KVM_EXIT_IO) return text;
    text += String.fromCharCode(...exit.data);
  }
}

function start() {
  const kvm = Kvm.open();
  const vm = kvm.createVm();
  return { kvm, vm, ...realMode.print('hello').load(vm) };
}

function closed() {
  const { kvm, vm, vcpu, memory } = start();
  for (const each of [memory, vm, kvm]) each.close();
  return vcpu;
}

const vcpus = { closed: closed(), dropped: start().vcpu };
const kvmRun = (() => {
  const { vcpu } = start();
  printed(vcpu);
  return vcpu.kvmRun;
})();
const bytes = start().memory.bytes(places.data, 5);

await collectUntil();
console.log(
  JSON.stringify({
    closed: printed(vcpus.closed),
    dropped: printed(vcpus.dropped),
    kvmRun: kvmRun.exit_reason,
    memory: new TextDecoder().decode(bytes),
  }),
);

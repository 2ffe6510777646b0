// Drops all objects and closes none.

import { GuestMemory } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { census, collectUntil } from '../../../tools/lib/process-resources.mjs';

const before = census();

function create() {
  const kvm = Kvm.open();
  const vm = kvm.createVm();
  const memory = GuestMemory.create(0x10000, { memfd: 'dropped' });
  vm.addMemory({ memory, guestAddress: 0 });
  memory.write(0, Uint8Array.of(1));
  const vcpu = vm.createVcpu();
  memory.share();
  vcpu.share();
  return [kvm, vm, memory, vcpu];
}

/** A function of its own, so that no reference is left on the stack. */
function censusWhileHeld() {
  const everything = Array.from({ length: 20 }, create);
  return { ...census(), holding: everything.length };
}

const held = censusWhileHeld();
const isGone = () => JSON.stringify(census().files) === JSON.stringify(before.files);
await collectUntil(isGone);
console.log(JSON.stringify({ before, held, after: census() }));

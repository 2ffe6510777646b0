// Creates and closes VMs, and counts the resources of the process before and after.

import { Kvm, Vcpu } from '../../dist/runtime/x86_64.js';
import { realMode } from '../../dist/tools/guests/index.js';
import { census, collectUntil } from '../lib/process-resources.mjs';

const cycles = Number(process.env.CYCLES);
const guest = realMode.out;

function cycle() {
  const kvm = Kvm.open();
  const vm = kvm.createVm();
  const { vcpu, memory } = guest.load(vm);
  const attached = Vcpu.attach(vcpu.share());
  memory.share();
  vcpu.run({ timeout: 30_000 });
  attached.kick();
  attached.run();
  // All pages become resident, so that a leak is visible.
  memory.bytes(0, memory.size).fill(1);
  for (const each of [attached, vcpu, memory, vm, kvm]) each.close();
}

// The heap grows during the first cycles, so these cycles are not measured.
for (let i = 0; i < cycles / 8; i++) cycle();
await collectUntil();
const before = census();
for (let i = 0; i < cycles; i++) cycle();
await collectUntil();
console.log(JSON.stringify({ before, after: census() }));

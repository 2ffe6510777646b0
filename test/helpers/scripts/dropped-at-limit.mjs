// Drops many objects of each kind without a turn of the event loop, in a process that may have few open files.

import { EventFd, GuestMemory } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';
import { runOutcome } from '../../../dist/tools/lib/outcome.js';

const { COUNT, KVM_UAPI_ADDON = '' } = process.env;

/** A vCPU that is dropped, and its view that is not. */
function keptView() {
  const { vcpu } = realMode.halt.load(Kvm.open().createVm());
  vcpu.run();
  return vcpu.kvmRun;
}

const kinds = {
  machines: () => runOutcome(realMode.halt.load(Kvm.open().createVm()).vcpu),
  eventFds: () => EventFd.create().signal(),
  memfds: () => GuestMemory.create(0x1000, { memfd: 'dropped' }),
};
/** 64 of these memories are larger than the address space of a process. A sanitizer uses most of this space. */
const large = KVM_UAPI_ADDON.includes('sanitized') ? 0x1000 : 2 ** 43;

const view = keptView();
const made = {};
for (const [kind, make] of Object.entries(kinds)) {
  for (made[kind] = 0; made[kind] < Number(COUNT); made[kind]++) make();
}
for (made.memories = 0; made.memories < 64; made.memories++) GuestMemory.create(large);
console.log(JSON.stringify({ made, view: view.exit_reason }));

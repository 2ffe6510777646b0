// Uses memory on a machine whose C library says that pages have another size.

import { GuestMemory } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';

const outcome = (call) => {
  try {
    return call();
  } catch (error) {
    return error.message;
  }
};

const vm = Kvm.open().createVm();
const memory = GuestMemory.create(0x8000);
const memfd = vm.createGuestMemfd(0x8000);
console.log(
  JSON.stringify({
    pageSize: memory.pageSize,
    create: outcome(() => GuestMemory.create(0x1000).size),
    hugePages: outcome(() => GuestMemory.create(0x4000, { hugePageSize: 0x4000 }).size),
    guestAddress: outcome(() => vm.addMemory({ memory, guestAddress: 0x1000 })),
    offset: outcome(() => vm.addMemory({ memory, guestAddress: 0, offset: 0x1000 })),
    slot: outcome(() => vm.addMemory({ memory, guestAddress: 0 })),
    move: outcome(() => vm.moveMemory(0, 0x1000)),
    discard: outcome(() => memory.discard(0x1000, 0x4000)),
    allocate: outcome(() => memfd.allocate(0x1000)),
  }),
);

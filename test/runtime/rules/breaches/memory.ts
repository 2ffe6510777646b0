/** Breaches of the rules of memory. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import type { Vm } from '../../../../runtime/x86_64.js';
import { type Breach, type Make, of } from './breach.js';

const slots: readonly Breach[] = [
  ...of(
    'KVM_SET_USER_MEMORY_REGION',
    'EINVAL',
    [
      'the number of the slot is too large',
      'less than KVM_CAP_NR_MEMSLOTS',
      'slot 32764: at most 32763 (KVM_CAP_NR_MEMSLOTS is 32764)',
      (make) => make.slot({ slot: 32_764 }),
    ],
    ['a flag is unknown', 'the flags can be', 'flags 0x80', (make) => make.slot({ flags: 0x80 })],
    [
      'the addresses are too high',
      'below 2^52',
      'guest addresses 0x10000000000000 to',
      (make) => make.slot({ guestAddress: 1n << 52n }),
    ],
    [
      'the slot is too long',
      'at most 2^31 - 1 pages',
      '2147483648 pages',
      (make) => make.slot({ memory: make.memory(2 ** 43) }),
    ],
    [
      'KVM_MEM_READONLY changes',
      'KVM_MEM_READONLY of a slot cannot change',
      'flags 0x0 become 0x2',
      (make) => {
        const vm = make.vm();
        vm.setMemoryFlags(vm.addMemory({ memory: make.memory(), guestAddress: 0 }), kvm.KVM_MEM_READONLY);
      },
    ],
  ),
  ...of(
    'KVM_SET_USER_MEMORY_REGION2',
    'EINVAL',
    [
      'the number of the slot is too large',
      'less than KVM_CAP_NR_MEMSLOTS',
      'slot 32764',
      (make) => make.privateSlot({ slot: 32_764 }),
    ],
    ['a flag is unknown', 'the flags can be', 'flags 0x84', (make) => make.privateSlot({ flags: 0x80 })],
    [
      'the addresses are too high',
      'below 2^52',
      'to 0x10000000001000',
      (make) => make.privateSlot({ guestAddress: (1n << 52n) - 0x3000n }),
    ],
    [
      'the slot is too long',
      'at most 2^31 - 1 pages',
      '2147483648 pages',
      (make) => make.privateSlot({ size: 2 ** 43 }),
    ],
    [
      'the slot has private memory and a dirty log',
      'neither KVM_MEM_LOG_DIRTY_PAGES nor KVM_MEM_READONLY',
      'flags 0x5',
      (make) => make.privateSlot({ flags: 1 }),
    ],
    [
      'the offset is not aligned',
      'the offset in a guest memfd must be a multiple',
      'offset 100',
      (make) => make.privateSlot({ offset: 100 }),
    ],
    [
      'the part is longer than the guest memfd',
      'must end inside the guest memfd',
      'bytes 4096 to 20480',
      (make) => make.privateSlot({ offset: 0x1000 }),
    ],
    [
      'two slots have the same private memory',
      'in one slot only',
      'a part of the guest memfd that another slot has',
      (make) => {
        const vm = make.vm();
        const memory = make.memory();
        const memfd = vm.createGuestMemfd(memory.size);
        vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd } });
        vm.addMemory({ memory, guestAddress: 0x10_0000, guestMemfd: { memfd } });
      },
    ],
    [
      'the guest memfd is of another VM',
      'belongs to the VM',
      'a guest memfd of another VM',
      (make) => make.privateSlot({}, make.vm(), make.vm()),
    ],
  ),
];

const logged = (make: Make, flags: number, prepare?: (vm: Vm) => unknown): [Vm, number] => {
  const vm = make.vm(prepare);
  return [vm, vm.addMemory({ memory: make.memory(0x10_0000), guestAddress: 0, flags })];
};
const ring = (vm: Vm): void => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', 4096);

const logs: readonly Breach[] = [
  ...of('KVM_GET_DIRTY_LOG', 'ENOENT', [
    'the slot has no log',
    'a slot without KVM_MEM_LOG_DIRTY_PAGES',
    'slot 0: the slot does not have KVM_MEM_LOG_DIRTY_PAGES',
    (make) => {
      const [vm, slot] = logged(make, 0);
      vm.getDirtyLog(slot);
    },
  ]),
  ...of('KVM_GET_DIRTY_LOG', 'ENXIO', [
    'the VM has dirty rings',
    'a VM with dirty rings',
    'dirty rings of 4096 bytes',
    (make) => {
      const [vm, slot] = logged(make, 1, ring);
      vm.getDirtyLog(slot);
    },
  ]),
  ...of('KVM_CLEAR_DIRTY_LOG', 'ENOENT', [
    'the slot has no log',
    'a slot without KVM_MEM_LOG_DIRTY_PAGES',
    'slot 0: the slot does not have KVM_MEM_LOG_DIRTY_PAGES',
    (make) => {
      const [vm, slot] = logged(make, 0);
      vm.clearDirtyLog(slot, new Uint8Array(32));
    },
  ]),
  ...of('KVM_CLEAR_DIRTY_LOG', 'ENXIO', [
    'the VM has dirty rings',
    'a VM with dirty rings',
    'dirty rings of 4096 bytes',
    (make) => {
      const [vm, slot] = logged(make, 1, ring);
      vm.clearDirtyLog(slot, new Uint8Array(32));
    },
  ]),
  ...of(
    'KVM_CLEAR_DIRTY_LOG',
    'EINVAL',
    [
      'the first page is in the middle of a word',
      'the first page must be a multiple of 64',
      'first page 1',
      (make) => {
        const [vm, slot] = logged(make, 1);
        vm.clearDirtyLog(slot, new Uint8Array(8), 1, 64);
      },
    ],
    [
      'the pages end in the middle of a word',
      'the number of pages must be a multiple of 64',
      '3 pages',
      (make) => {
        const [vm, slot] = logged(make, 1);
        vm.clearDirtyLog(slot, new Uint8Array(8), 0, 3);
      },
    ],
  ),
  ...of('KVM_RESET_DIRTY_RINGS', 'EINVAL', [
    'the VM has no rings',
    'the dirty rings must be enabled',
    'the VM has no dirty rings',
    (make) => make.vm().resetDirtyRings(),
  ]),
];

/** The breaches. */
export const memoryBreaches: readonly Breach[] = [...slots, ...logs];

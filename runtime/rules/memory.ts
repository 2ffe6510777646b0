/** The rules of memory slots and of the logs of written pages, on all architectures. */

import { addon } from '../addon.js';
import type { Facts } from './facts.js';
import { hex, possibleRule, type Rule, rule, unknownBits, when } from './rule.js';

const pageSize = (): bigint => BigInt(addon().PAGE_SIZE);
/** The kernel counts the pages of a slot in an int. */
const mostPages = 2n ** 31n - 1n;
interface Region {
  readonly slot: number;
  readonly flags: number;
  readonly guest_phys_addr: bigint;
  readonly memory_size: bigint;
}

const requests = ['KVM_SET_USER_MEMORY_REGION', 'KVM_SET_USER_MEMORY_REGION2'] as const;

function has({ flags }: Region, flag: bigint): boolean {
  return (BigInt(flags) & flag) !== 0n;
}

/** Whether the slot has the part of a guest memfd. */
function isPrivate(region: Region, { bindings }: Facts): boolean {
  return has(region, bindings.KVM_MEM_GUEST_MEMFD);
}

/** Bits 16 to 31 are the address space. */
function slotNumber({ slot }: Region, facts: Facts): string | undefined {
  const slots = facts.capability('KVM_CAP_NR_MEMSLOTS');
  return when((slot & 0xffff) >= slots, `slot ${slot}: at most ${slots - 1} (KVM_CAP_NR_MEMSLOTS is ${slots})`);
}

/** The flags that the struct of an ioctl can have. */
function knownFlags(ioctl: (typeof requests)[number], { bindings }: Facts): bigint {
  const { KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY, KVM_MEM_GUEST_MEMFD } = bindings;
  const flags = KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY;
  return ioctl === 'KVM_SET_USER_MEMORY_REGION2' ? flags | KVM_MEM_GUEST_MEMFD : flags;
}

const slots: readonly Rule[] = requests.flatMap((ioctl) => [
  rule(ioctl, 'EINVAL', {
    rule: 'the number of a slot must be less than KVM_CAP_NR_MEMSLOTS',
    remedy: 'leave out the number: addMemory finds a free slot',
    broken: slotNumber,
  }),
  rule(ioctl, 'EINVAL', {
    rule:
      ioctl === 'KVM_SET_USER_MEMORY_REGION'
        ? 'the flags can be KVM_MEM_LOG_DIRTY_PAGES and KVM_MEM_READONLY'
        : 'the flags can be KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY and KVM_MEM_GUEST_MEMFD',
    remedy: 'leave out the other flags; addMemory sets KVM_MEM_GUEST_MEMFD for a guestMemfd',
    broken({ flags }, facts) {
      const unknown = unknownBits(flags, knownFlags(ioctl, facts));
      return when(unknown !== 0n, `flags ${hex(flags)}, of which ${hex(unknown)} are unknown`);
    },
  }),
  rule(ioctl, 'EINVAL', {
    rule: 'a slot has at most 2^31 - 1 pages',
    remedy: 'use several slots',
    broken: ({ memory_size: size }) => when(size / pageSize() > mostPages, `${size / pageSize()} pages`),
  }),
]);

const fixedFlags: readonly Rule[] = [
  // A slot with private memory cannot have the flag at all.
  rule('KVM_SET_USER_MEMORY_REGION', 'EINVAL', {
    rule: 'the flag KVM_MEM_READONLY of a slot cannot change',
    remedy: 'remove the memory with removeMemory and add it again',
    broken(region, facts) {
      const before = facts.slot(region.slot);
      const isSame = before?.guest_phys_addr === region.guest_phys_addr && before.memory_size === region.memory_size;
      if (before === undefined || !isSame) return undefined;
      const changes = ((BigInt(before.flags) ^ BigInt(region.flags)) & facts.bindings.KVM_MEM_READONLY) !== 0n;
      return when(changes, `slot ${region.slot}: flags ${hex(before.flags)} become ${hex(region.flags)}`);
    },
  }),
];

const privateSlots: readonly Rule[] = [
  rule('KVM_SET_USER_MEMORY_REGION2', 'EINVAL', {
    rule: 'a slot with KVM_MEM_GUEST_MEMFD can have neither KVM_MEM_LOG_DIRTY_PAGES nor KVM_MEM_READONLY',
    remedy: 'leave out these flags',
    broken(region, { bindings: { KVM_MEM_GUEST_MEMFD, KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY } }) {
      const others = has(region, KVM_MEM_LOG_DIRTY_PAGES) || has(region, KVM_MEM_READONLY);
      return when(has(region, KVM_MEM_GUEST_MEMFD) && others, `flags ${hex(region.flags)}`);
    },
  }),
  rule('KVM_SET_USER_MEMORY_REGION2', 'EINVAL', {
    rule: 'the offset in a guest memfd must be a multiple of the page size',
    remedy: 'use a multiple of the page size of the host',
    broken(region, facts) {
      const { guest_memfd_offset: offset } = region;
      return when(isPrivate(region, facts) && offset % pageSize() !== 0n, `offset ${offset} of the guest memfd`);
    },
  }),
  possibleRule('KVM_SET_USER_MEMORY_REGION2', 'EINVAL', {
    rule: 'the part of a guest memfd must end inside the guest memfd',
    remedy: 'create a longer guest memfd, or add less memory',
    broken(region, facts) {
      const { guest_memfd_offset: offset, memory_size: size } = region;
      return when(isPrivate(region, facts), `bytes ${offset} to ${offset + size} of the guest memfd`);
    },
  }),
  possibleRule('KVM_SET_USER_MEMORY_REGION2', 'EINVAL', {
    rule: 'a page of a guest memfd can be in one slot only',
    remedy: 'use another part of the guest memfd',
    broken: (region, facts) => when(isPrivate(region, facts), 'a part of the guest memfd that another slot has'),
  }),
  possibleRule('KVM_SET_USER_MEMORY_REGION2', 'EINVAL', {
    rule: 'a guest memfd belongs to the VM that has created it',
    remedy: 'create the guest memfd with createGuestMemfd of this VM',
    broken: (region, facts) => when(isPrivate(region, facts), 'a guest memfd of another VM'),
  }),
];

const logs: readonly Rule[] = [
  ...(['KVM_GET_DIRTY_LOG', 'KVM_CLEAR_DIRTY_LOG'] as const).flatMap((ioctl) => [
    rule(ioctl, 'ENOENT', {
      rule: 'a slot without KVM_MEM_LOG_DIRTY_PAGES has no dirty log',
      remedy: 'set the flag with addMemory or setMemoryFlags',
      broken({ slot }, facts) {
        return facts.slot(slot) === undefined
          ? `slot ${slot} is not in use`
          : `slot ${slot}: the slot does not have KVM_MEM_LOG_DIRTY_PAGES`;
      },
    }),
    rule(ioctl, 'ENXIO', {
      rule: 'a VM with dirty rings has no dirty logs',
      remedy: 'read the rings with vm.dirtyRing, or leave out KVM_CAP_DIRTY_LOG_RING',
      broken: ({ slot }, { dirtyRingBytes }) =>
        `slot ${slot}: the VM has dirty rings${dirtyRingBytes > 0 ? ` of ${dirtyRingBytes} bytes` : ''}`,
    }),
  ]),
  rule('KVM_CLEAR_DIRTY_LOG', 'EINVAL', {
    rule: 'the first page must be a multiple of 64',
    remedy: 'begin at a multiple of 64, with the bits of the pages before it cleared in the bitmap',
    broken: ({ first_page: first }) => when(first % 64n !== 0n, `first page ${first}`),
  }),
  possibleRule('KVM_CLEAR_DIRTY_LOG', 'EINVAL', {
    rule: 'the number of pages must be a multiple of 64, or reach to the end of the slot',
    remedy: 'use a multiple of 64, with the bits of the other pages cleared in the bitmap',
    broken: ({ num_pages: pages }) => when(pages % 64 !== 0, `${pages} pages`),
  }),
  rule('KVM_RESET_DIRTY_RINGS', 'EINVAL', {
    rule: 'the dirty rings must be enabled',
    remedy: "call vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', bytes) before the first vCPU",
    broken: (_, { dirtyRingBytes }) => when(dirtyRingBytes === 0, 'the VM has no dirty rings'),
  }),
];

/** The rules of memory. */
export const memoryRules: readonly Rule[] = [...slots, ...fixedFlags, ...privateSlots, ...logs];

/** The rules of writes of the guest that are not exits, on all architectures. */

import { hex, possibleRule, type Rule, rule, unknownBits, when } from './rule.js';

const lengths = [0, 1, 2, 4, 8];
const addressEnd = 2n ** 64n;

const ioeventfds: readonly Rule[] = [
  rule('KVM_IOEVENTFD', 'EINVAL', {
    rule: 'the length must be 0, 1, 2, 4 or 8',
    remedy: 'use one ioeventfd for each length of the writes',
    broken: ({ len }) => when(!lengths.includes(len), `length ${len}`),
  }),
  rule('KVM_IOEVENTFD', 'EINVAL', {
    rule: 'the flags can be KVM_IOEVENTFD_FLAG_DATAMATCH, KVM_IOEVENTFD_FLAG_PIO and KVM_IOEVENTFD_FLAG_DEASSIGN',
    remedy: 'leave out the other flags',
    broken({ flags }, { bindings }) {
      const { KVM_IOEVENTFD_FLAG_DATAMATCH, KVM_IOEVENTFD_FLAG_PIO, KVM_IOEVENTFD_FLAG_DEASSIGN } = bindings;
      const known = [KVM_IOEVENTFD_FLAG_DATAMATCH, KVM_IOEVENTFD_FLAG_PIO, KVM_IOEVENTFD_FLAG_DEASSIGN];
      const unknown = unknownBits(flags, ...known, bindings.KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY);
      return when(unknown !== 0n, `flags ${hex(flags)}, of which ${hex(unknown)} are unknown`);
    },
  }),
  rule('KVM_IOEVENTFD', 'EINVAL', {
    rule: 'the written bytes must be below 2^64',
    remedy: 'use a lower address',
    broken: ({ addr, len }) => when(addr + BigInt(len) >= addressEnd, `${len} bytes at address ${hex(addr)}`),
  }),
  rule('KVM_IOEVENTFD', 'EINVAL', {
    rule: 'a datamatch needs a length, because writes of any length have no value to compare with',
    remedy: 'set the length to 1, 2, 4 or 8',
    broken: ({ flags, len }, { bindings }) =>
      when((flags & bindings.KVM_IOEVENTFD_FLAG_DATAMATCH) !== 0 && len === 0, 'a datamatch with length 0'),
  }),
  possibleRule('KVM_IOEVENTFD', 'EINVAL', {
    rule: 'the file descriptor must be an eventfd',
    remedy: 'use EventFd.create',
    broken: ({ fd }) => `file descriptor ${fd} is not an eventfd`,
  }),
  rule('KVM_IOEVENTFD', 'EEXIST', {
    rule: 'the same writes can signal one eventfd: at an address all lengths, or all values, overlap one length or value',
    remedy: 'use another address, length or datamatch, or call vm.unregisterIoeventfd first',
    broken: ({ addr, len }) => `writes of ${len} bytes at ${hex(addr)}: another ioeventfd is registered for them`,
  }),
  rule('KVM_IOEVENTFD', 'ENOENT', {
    rule: 'unregisterIoeventfd needs the eventfd, the address, the length and the datamatch of registerIoeventfd',
    remedy: 'pass the same eventfd and the same writes',
    broken: ({ addr, len }) =>
      `writes of ${len} bytes at ${hex(addr)}: no ioeventfd with these properties is registered`,
  }),
];

const coalesced: readonly Rule[] = (['KVM_REGISTER_COALESCED_MMIO', 'KVM_UNREGISTER_COALESCED_MMIO'] as const).map(
  (ioctl) =>
    rule(ioctl, 'EINVAL', {
      rule: 'the member pio must be 0 for addresses, or 1 for ports',
      remedy: 'use vm.registerCoalescedMmio with port: true or false',
      broken: ({ pio }) => when(pio > 1, `pio ${pio}`),
    }),
);

const full: readonly Rule[] = [
  rule('KVM_REGISTER_COALESCED_MMIO', 'ENOSPC', {
    rule: 'the kernel has room for a limited number of zones and devices on each bus of a VM, which is 1000 today',
    remedy: 'register fewer and larger zones',
    broken: ({ addr, size }) => `${size} bytes at ${hex(addr)}: the bus is full`,
  }),
];

/** The rules of ioeventfds and coalesced writes. */
export const ioRules: readonly Rule[] = [...ioeventfds, ...coalesced, ...full];

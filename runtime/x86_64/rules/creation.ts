/** The rules of x86-64 for the ioctls that create a VM and guest memory, and for the boot vCPU. */

import { hex, type Rule, unknownBits, when } from '../../rules/rule.js';
import type { Facts } from './facts.js';
import { rule } from './rule.js';

const pageSize = 4096n;

/** The machine types that the kernel has. Kernels without KVM_CAP_VM_TYPES have type 0 only. */
function machineTypes(facts: Facts): number[] {
  const mask = facts.capability('KVM_CAP_VM_TYPES');
  const types = Array.from({ length: 32 }, (_, type) => type).filter((type) => ((mask >>> type) & 1) === 1);
  return types.length === 0 ? [0] : types;
}

const vms: readonly Rule[] = [
  rule('KVM_CREATE_VM', 'EINVAL', {
    rule: 'the machine type must be one of those in the mask of KVM_CAP_VM_TYPES',
    remedy: 'use type 0, or a type that the kernel has',
    broken(type, facts) {
      const types = machineTypes(facts);
      return when(!types.includes(Number(type)), `machine type ${type}; this kernel has ${types.join(', ')}`);
    },
  }),
];

const bootVcpus: readonly Rule[] = [
  rule('KVM_SET_BOOT_CPU_ID', 'EBUSY', {
    rule: 'the boot vCPU must be set before the first vCPU is created',
    remedy: 'call vm.setBootCpuId before vm.createVcpu',
    broken: (id) => `boot vCPU ${id}: the VM has a vCPU already`,
  }),
  rule('KVM_SET_BOOT_CPU_ID', 'EINVAL', {
    // The kernel accepts KVM_CAP_MAX_VCPU_ID itself, although no vCPU can have this id.
    rule: 'the id of the boot vCPU must be that of a vCPU, less than KVM_CAP_MAX_VCPU_ID',
    remedy: 'use a smaller id',
    broken(id, facts) {
      const limit = facts.capability('KVM_CAP_MAX_VCPU_ID');
      return when(limit > 0 && id > limit, `boot vCPU ${id}; KVM_CAP_MAX_VCPU_ID is ${limit}`);
    },
  }),
];

const guestMemfds: readonly Rule[] = [
  rule('KVM_CREATE_GUEST_MEMFD', 'EINVAL', {
    rule: 'the size must be a multiple of the page size, and more than 0',
    remedy: 'round the size up to a multiple of 4096',
    broken: ({ size }) => when(size === 0n || size % pageSize !== 0n || size >= 2n ** 63n, `size ${size}`),
  }),
  rule('KVM_CREATE_GUEST_MEMFD', 'EINVAL', {
    rule: 'the flags must be those of KVM_CAP_GUEST_MEMFD_FLAGS',
    remedy: 'leave out the other flags',
    broken({ flags }, facts) {
      const known = facts.capability('KVM_CAP_GUEST_MEMFD_FLAGS') >>> 0;
      const unknown = unknownBits(flags, known);
      return when(
        unknown !== 0n,
        `flags ${hex(flags)}, of which ${hex(unknown)} are unknown; the kernel has ${hex(known)}`,
      );
    },
  }),
];

/** The rules of creation. */
export const creationRulesOfX86: readonly Rule[] = [...vms, ...bootVcpus, ...guestMemfds];

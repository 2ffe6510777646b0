/** The rules of the ioctls that create something: a VM, a vCPU, a device and guest memory. */

import type { Facts } from './facts.js';
import { hex, possibleRule, type Rule, rule, unknownBits, when } from './rule.js';

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

const vcpus: readonly Rule[] = [
  rule('KVM_CREATE_VCPU', 'EEXIST', {
    rule: 'each vCPU of a VM must have an id of its own, and a closed vCPU keeps its id until the VM ends',
    remedy: 'use another id',
    broken: (id) => `vCPU ${id} exists already`,
  }),
  rule('KVM_CREATE_VCPU', 'EINVAL', {
    rule: 'the id of a vCPU must be less than KVM_CAP_MAX_VCPU_ID',
    remedy: 'use a smaller id',
    broken(id, facts) {
      const limit = facts.capability('KVM_CAP_MAX_VCPU_ID');
      return when(limit > 0 && id >= limit, `vCPU id ${id}; KVM_CAP_MAX_VCPU_ID is ${limit}`);
    },
  }),
  possibleRule('KVM_CREATE_VCPU', 'EINVAL', {
    rule: 'the id must be less than the number with which KVM_CAP_MAX_VCPU_ID was enabled on this VM',
    remedy: 'use a smaller id, or enable the capability with a larger number',
    broken: (id) => `vCPU id ${id}`,
  }),
  possibleRule('KVM_CREATE_VCPU', 'EINVAL', {
    rule: 'a VM has at most KVM_CAP_MAX_VCPUS vCPUs, and closed vCPUs count too',
    remedy: 'create fewer vCPUs',
    broken(id, facts) {
      return `vCPU ${id} is one too many; KVM_CAP_MAX_VCPUS is ${facts.capability('KVM_CAP_MAX_VCPUS')}`;
    },
  }),
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

const devices: readonly Rule[] = [
  rule('KVM_CREATE_DEVICE', 'ENODEV', {
    rule: 'the kernel must have the type of the device, which depends on the architecture and on the configuration of the kernel',
    remedy: 'use another type, or load the module of the device',
    broken: ({ type }) => `device type ${type}`,
  }),
  rule('KVM_CREATE_DEVICE', 'EBUSY', {
    rule: 'a VM can have one device of this type',
    remedy: 'use the device that exists, which VmDevice.attach opens in another thread',
    broken: ({ type }) => `device type ${type}: the VM has a device of this type already`,
  }),
  ...(['KVM_SET_DEVICE_ATTR', 'KVM_GET_DEVICE_ATTR'] as const).map((ioctl) =>
    rule(ioctl, 'ENXIO', {
      rule: 'the group and the attribute must be those of the file: of the device, of the vCPU or of the system',
      remedy:
        'ask with hasDeviceAttr; the documents of the devices are in Documentation/virt/kvm/devices/ of the kernel',
      broken: ({ group, attr }) => `attribute ${attr} of group ${group}`,
    }),
  ),
  possibleRule('KVM_GET_DEVICE_ATTR', 'EPERM', {
    rule: 'some devices, such as KVM_DEV_TYPE_VFIO, have no attributes that can be read',
    remedy: 'see the document of the device in Documentation/virt/kvm/devices/ of the kernel',
    broken: ({ group, attr }) => `attribute ${attr} of group ${group}`,
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
export const creationRules: readonly Rule[] = [...vms, ...vcpus, ...devices, ...guestMemfds];

/** The rules of the ioctls that create a vCPU and a device, and of the attributes of a device, on all architectures. */

import { possibleRule, type Rule, rule, when } from './rule.js';

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

/** The rules of creation. */
export const creationRules: readonly Rule[] = [...vcpus, ...devices];

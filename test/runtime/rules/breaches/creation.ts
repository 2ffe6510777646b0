/** Breaches of the rules of creation. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import { type Breach, of } from './breach.js';

/** The breaches. */
export const creationBreaches: readonly Breach[] = [
  ...of('KVM_CREATE_VM', 'EINVAL', [
    'the machine type is unknown',
    'mask of KVM_CAP_VM_TYPES',
    'machine type 77; this kernel has 0',
    (make) => make.kvm().createVm(77),
  ]),
  ...of('KVM_CREATE_VCPU', 'EEXIST', [
    'the id is taken',
    'an id of its own',
    'vCPU 0 exists already',
    (make) => make.vmWithVcpu().createVcpu(0),
  ]),
  ...of(
    'KVM_CREATE_VCPU',
    'EINVAL',
    [
      'the id is too large',
      'less than KVM_CAP_MAX_VCPU_ID',
      'vCPU id 5000; KVM_CAP_MAX_VCPU_ID is 4096',
      (make) => make.vm().createVcpu(5000),
    ],
    [
      'the id is at the limit of this VM',
      'KVM_CAP_MAX_VCPU_ID was enabled on this VM',
      'vCPU id 4',
      (make) => make.vm((vm) => vm.enableCap('KVM_CAP_MAX_VCPU_ID', 4)).createVcpu(4),
    ],
    [
      'the VM has all vCPUs that it can have',
      'at most KVM_CAP_MAX_VCPUS vCPUs',
      'KVM_CAP_MAX_VCPUS is 1024',
      (make) => {
        const vm = make.vm();
        for (let id = 0; ; id++) vm.createVcpu(id).close();
      },
    ],
  ),
  ...of('KVM_SET_BOOT_CPU_ID', 'EBUSY', [
    'the VM has a vCPU',
    'before the first vCPU',
    'boot vCPU 1: the VM has a vCPU already',
    (make) => make.vmWithVcpu().setBootCpuId(1),
  ]),
  ...of('KVM_SET_BOOT_CPU_ID', 'EINVAL', [
    'the id is too large',
    'less than KVM_CAP_MAX_VCPU_ID',
    'boot vCPU 99999',
    (make) => make.vm().setBootCpuId(99_999),
  ]),
  ...of('KVM_CREATE_DEVICE', 'ENODEV', [
    'the type is of another architecture',
    'must have the type',
    'device type 7',
    (make) => make.vm().createDevice(kvm.KVM_DEV_TYPE_ARM_VGIC_V3),
  ]),
  ...of('KVM_CREATE_DEVICE', 'EBUSY', [
    'the VM has such a device',
    'one device of this type',
    'device type 4',
    (make) => {
      const vm = make.vm();
      make.vfio(vm);
      return make.vfio(vm);
    },
  ]),
  ...of('KVM_SET_DEVICE_ATTR', 'ENXIO', [
    'the group is unknown',
    'the group and the attribute',
    'attribute 3 of group 99',
    (make) => make.vfio().setDeviceAttr({ group: 99, attr: 3 }, new Uint8Array(4)),
  ]),
  ...of('KVM_GET_DEVICE_ATTR', 'ENXIO', [
    'the attribute is unknown',
    'the group and the attribute',
    'attribute 99 of group 0',
    (make) => make.kvm().getDeviceAttr({ group: 0, attr: 99 }, 8),
  ]),
  ...of('KVM_GET_DEVICE_ATTR', 'EPERM', [
    'the device has nothing to read',
    'no attributes that can be read',
    'attribute 3 of group 99',
    (make) => make.vfio().getDeviceAttr({ group: 99, attr: 3 }, 4),
  ]),
  ...of(
    'KVM_CREATE_GUEST_MEMFD',
    'EINVAL',
    ['the size is 0', 'a multiple of the page size', 'size 0', (make) => make.vm().createGuestMemfd(0)],
    ['a flag is unknown', 'KVM_CAP_GUEST_MEMFD_FLAGS', 'flags 0x80', (make) => make.vm().createGuestMemfd(4096, 0x80)],
  ),
];

/** The kernel facts about the attributes of devices, vCPUs and VMs, compared with the headers of every architecture. */

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deviceAttributeRows } from '../../../generator/kernel/device-attributes.js';
import type { Model } from '../../../generator/model/model.js';
import { committedModel } from '../../helpers/committed-models.js';

const architectures = readdirSync(new URL('../../../generated', import.meta.url));
const models = architectures.map((architecture): Model => committedModel(architecture));

/** The names of the constants and the enumerators of all models. */
const constants = new Set(
  models.flatMap((model) => [
    ...model.constants.map(({ name }) => name),
    ...model.enums.flatMap(({ enumerators }) => enumerators.map(({ name }) => name)),
  ]),
);
const structs = new Set(models.flatMap(({ types }) => types.map(({ cName }) => cName)));

/** Groups whose attributes have different lengths, or whose length depends on more than the attribute. */
const withoutRows = new Map([
  ['KVM_X86_GRP_SYSTEM', 'it is group 0, which older headers do not name'],
  ['KVM_DEV_LOONGARCH_IPI_GRP_REGS', 'registers of 4 and of 8 bytes'],
  ['KVM_DEV_LOONGARCH_EXTIOI_GRP_REGS', 'registers that the header does not name'],
  ['KVM_DEV_LOONGARCH_EXTIOI_GRP_SW_STATUS', 'registers that the header does not describe'],
  ['KVM_DEV_LOONGARCH_PCH_PIC_GRP_REGS', 'registers of 1 and of 8 bytes'],
  ['KVM_DEV_LOONGARCH_DMSINTC_GRP_CTRL', 'no document describes it yet'],
  ['KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ', 'no document describes it yet'],
  ['KVM_S390_VM_CPU_TOPOLOGY', 'the attribute of the set ioctl is the value'],
]);

const isGroup =
  /_GRP_|^KVM_DEV_FLIC_|^KVM_ARM_V\w+_CTRL$|^KVM_LOONGARCH_V\w+_CTRL$|^KVM_S390_VM_(?:MEM_CTRL|TOD|CRYPTO|CPU_MODEL|CPU_TOPOLOGY|MIGRATION)$|^KVM_DEV_VFIO_(?:FILE|GROUP)$|^KVM_VCPU_TSC_CTRL$/;

describe('the lengths of attributes', () => {
  it('every name of a row is in a header', () => {
    for (const { devices = [], group, attrs = [], value } of deviceAttributeRows) {
      const names = [...devices, ...attrs, ...(typeof group === 'string' ? [group] : [])];
      expect(names.filter((name) => !constants.has(name))).toEqual([]);
      if (value.startsWith('struct ')) expect([...structs]).toContain(value);
    }
  });

  it('every group of the headers has a row or a reason', () => {
    const groups = [...constants].filter((name) => isGroup.test(name));
    expect(groups.length).toBeGreaterThan(40);
    const described = new Set(deviceAttributeRows.map(({ group }) => group));
    expect(groups.filter((name) => !described.has(name) && !withoutRows.has(name))).toEqual([]);
    expect([...withoutRows.keys()].filter((name) => described.has(name) || !constants.has(name))).toEqual([]);
  });

  it.each(architectures)('the ioctls of %s have the rows whose names are in its headers', (architecture) => {
    const { ioctls, types } = committedModel(architecture);
    const sizes = new Map(types.map(({ cName, size }) => [cName, size]));
    const [get, set] = ['KVM_GET_DEVICE_ATTR', 'KVM_SET_DEVICE_ATTR'].map((name) =>
      ioctls.find((ioctl) => ioctl.name === name),
    );
    for (const ioctl of [get, set]) {
      const attributes = ioctl?.attributes ?? [];
      // Every architecture has the device of VFIO.
      expect(attributes.map(({ name }) => name)).toContain('KVM_DEV_VFIO_FILE_ADD');
      for (const { type, size, fd, device } of attributes) {
        if (type.startsWith('struct ')) expect([type, size]).toEqual([type, sizes.get(type)]);
        expect(ioctl?.fds).toContain(fd);
        expect(device !== undefined).toBe(fd === 'device');
      }
      const keys = attributes.map(({ fd, device, group, attr }) => [fd, device, group, attr].join());
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});

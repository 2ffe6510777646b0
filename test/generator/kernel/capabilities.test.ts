/**
 * The capability that announces each ioctl. Each row has ioctls and a capability that the header of some architecture
 * defines.
 */

import { describe, expect, it } from 'vitest';
import { announcementsOf, capabilityRows } from '../../../generator/kernel/capabilities.js';
import { targets } from '../../../generator/targets/targets.js';
import { committedModel } from '../../helpers/committed-models.js';

const models = targets.filter(({ withoutKvm }) => withoutKvm === undefined).map(({ name }) => committedModel(name));
const ioctls = models.flatMap((model) => model.ioctls);

describe('the table of capabilities', () => {
  it('the table has rows', () => {
    expect(capabilityRows.length).toBeGreaterThan(80);
  });

  it.each(capabilityRows)('$capability is a constant and announces ioctls of a header', ({ capability, ...row }) => {
    expect(models.some(({ constants }) => constants.some(({ name }) => name === capability))).toBe(true);
    const known = new Set(ioctls.map(({ name }) => name));
    expect(row.ioctls.filter((name) => !known.has(name))).toEqual([]);
    expect(row.ioctls.length).toBeGreaterThan(0);
  });

  it('the table names an ioctl once for each kind of file descriptor and architecture', () => {
    const named = capabilityRows.flatMap(({ ioctls: names, fd, architecture }) =>
      names.map((name) => `${name} ${fd} ${architecture}`),
    );
    expect(named.filter((name, index) => named.indexOf(name) !== index)).toEqual([]);
  });

  it('the table distinguishes the kinds of file descriptor', () => {
    expect(announcementsOf('KVM_SET_TSC_KHZ', 'linux/kvm.h', 'x86').byFd).toEqual(
      new Map([
        ['vcpu', 'KVM_CAP_TSC_CONTROL'],
        ['vm', 'KVM_CAP_VM_TSC_CONTROL'],
      ]),
    );
    expect(announcementsOf('KVM_CREATE_IRQCHIP', 'linux/kvm.h', 's390').all).toBe('KVM_CAP_S390_IRQCHIP');
    expect(announcementsOf('KVM_RUN', 'linux/kvm.h', 'x86')).toEqual({ byFd: new Map() });
  });
});

describe('the committed models', () => {
  it('the models have the capability of each ioctl for the file descriptors that accept it', () => {
    const of = (target: string, name: string): unknown =>
      committedModel(target).ioctls.find((ioctl) => ioctl.name === name)?.capability;
    expect(of('x86_64', 'KVM_GET_SREGS2')).toBe('KVM_CAP_SREGS2');
    expect(of('x86_64', 'KVM_ENABLE_CAP')).toEqual({ vm: 'KVM_CAP_ENABLE_CAP_VM', vcpu: 'KVM_CAP_ENABLE_CAP' });
    expect(of('x86_64', 'KVM_RUN')).toBeUndefined();
    expect(of('s390x', 'KVM_CREATE_IRQCHIP')).toBe('KVM_CAP_S390_IRQCHIP');
  });
});

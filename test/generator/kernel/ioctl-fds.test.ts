/** The kinds of file descriptor that accept each ioctl. The table has all ioctls of the header and no others. */

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openHeaders } from '../../../generator/cli/header-options.js';
import { fdRows } from '../../../generator/kernel/ioctl-fds.js';
import { architectures } from '../../../generator/targets/architectures.js';
import { targetCalled } from '../../../generator/targets/targets.js';
import { headerSet, whyMissing } from '../../../tools/lib/header-sets.js';
import { committedModel, modelOfText } from '../../helpers/committed-models.js';

const generated = new URL('../../../generated/', import.meta.url);
const folders = readdirSync(generated, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const models = folders.map(({ name }) => committedModel(name));
const inHeaders = new Set(models.flatMap(({ ioctls }) => ioctls.map(({ name }) => name)));
const named = (former: boolean): string[] =>
  [...new Set(fdRows.filter((row) => (row.former ?? false) === former).flatMap(({ ioctls }) => ioctls))].sort();

describe('the list of file descriptors', () => {
  it('the table has exactly the ioctls of kvm.h on all architectures', () => {
    expect(models.length).toBeGreaterThan(9);
    expect(inHeaders.size).toBeGreaterThan(150);
    expect(named(false)).toEqual([...inHeaders].sort());
  });

  it('the table has ioctls of former headers in separate rows', () => {
    expect(named(true).length).toBeGreaterThan(0);
    expect(named(true).filter((name) => inHeaders.has(name))).toEqual([]);
  });

  it('each row has its source and its architecture, and no ioctl is listed twice', () => {
    const known = architectures.map(({ kernel }) => kernel);
    for (const { source, architecture, ioctls } of fdRows) {
      expect(source).toMatch(/^kvm_\w+ .*in (?:arch|virt)\//);
      if (architecture !== undefined) expect(known).toContain(architecture);
      expect(new Set(ioctls).size).toBe(ioctls.length);
      expect(ioctls.length).toBeGreaterThan(0);
    }
  });
});

describe('the model', () => {
  const fds = (target: string, ioctl: string): unknown =>
    committedModel(target).ioctls.find(({ name }) => name === ioctl)?.fds;

  it.each([
    ['x86_64', 'KVM_CREATE_VM', ['system']],
    ['x86_64', 'KVM_CREATE_VCPU', ['vm']],
    ['x86_64', 'KVM_GET_REGS', ['vcpu']],
    ['x86_64', 'KVM_CHECK_EXTENSION', ['system', 'vm']],
    ['x86_64', 'KVM_ENABLE_CAP', ['vm', 'vcpu']],
    ['x86_64', 'KVM_GET_MSRS', ['system', 'vcpu']],
    // The functions of the architecture, if it has some.
    ['x86_64', 'KVM_SET_DEVICE_ATTR', ['vcpu', 'device']],
    ['arm64', 'KVM_SET_DEVICE_ATTR', ['vm', 'vcpu', 'device']],
    ['riscv64', 'KVM_SET_DEVICE_ATTR', ['device']],
    ['arm64', 'KVM_ENABLE_CAP', ['vm']],
    // The functions of another architecture, if it has none.
    ['x86_64', 'KVM_S390_ENABLE_SIE', ['system']],
    ['s390x', 'KVM_NMI', ['vcpu']],
  ])('the model of %s has %s on %j', (target, ioctl, expected) => {
    expect(fds(target, ioctl)).toEqual(expected);
  });

  it('the model has the kinds for every ioctl of kvm.h', () => {
    for (const { ioctls } of models) expect(ioctls.filter((ioctl) => ioctl.fds === undefined)).toEqual([]);
  });

  it.skipIf(whyMissing('bookworm-amd64'))('the model has the kinds for every ioctl of an older kvm.h', async () => {
    const { root } = await headerSet('bookworm-amd64');
    const { ioctls } = openHeaders({ header: ['linux/kvm.h'], arch: 'x86_64', from: root, include: [] }).model(
      'linux/kvm.h',
    );
    const kinds = new Map(ioctls.map(({ name, fds }) => [name, fds]));
    expect(kinds.get('KVM_ASSIGN_PCI_DEVICE')).toEqual(['vm']);
    expect(kinds.get('__KVM_DEPRECATED_VCPU_W_0x87')).toEqual(['vcpu']);
    expect(ioctls.filter((ioctl) => ioctl.fds === undefined)).toEqual([]);
  });

  it('the model has no kinds for the ioctls of another header', () => {
    const text = "#include <linux/ioctl.h>\n#define KVM_GET_REGS _IO('K', 1)\n";
    const { ioctls } = modelOfText('linux/other.h', text, targetCalled('x86_64'));
    expect(ioctls.map(({ name, fds }) => [name, fds])).toEqual([['KVM_GET_REGS', undefined]]);
  });
});

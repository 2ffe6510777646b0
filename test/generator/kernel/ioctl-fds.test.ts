/** Which kinds of file descriptor an ioctl is made on: the list is of the header's ioctls, all of them and no others. */

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
  it('has exactly the ioctls of kvm.h on all architectures', () => {
    expect(models.length).toBeGreaterThan(9);
    expect(inHeaders.size).toBeGreaterThan(150);
    expect(named(false)).toEqual([...inHeaders].sort());
  });

  it('has those that headers had once in rows of their own', () => {
    expect(named(true).length).toBeGreaterThan(0);
    expect(named(true).filter((name) => inHeaders.has(name))).toEqual([]);
  });

  it('says of each row who says so, of which architecture, and of no ioctl twice', () => {
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
    // Of the functions of the architecture, where it has some …
    ['x86_64', 'KVM_SET_DEVICE_ATTR', ['vcpu', 'device']],
    ['arm64', 'KVM_SET_DEVICE_ATTR', ['vm', 'vcpu', 'device']],
    ['riscv64', 'KVM_SET_DEVICE_ATTR', ['device']],
    ['arm64', 'KVM_ENABLE_CAP', ['vm']],
    // … and of another's where it has none.
    ['x86_64', 'KVM_S390_ENABLE_SIE', ['system']],
    ['s390x', 'KVM_NMI', ['vcpu']],
  ])('of %s has %s on %j', (target, ioctl, expected) => {
    expect(fds(target, ioctl)).toEqual(expected);
  });

  it('has them for every ioctl of kvm.h', () => {
    for (const { ioctls } of models) expect(ioctls.filter((ioctl) => ioctl.fds === undefined)).toEqual([]);
  });

  it.skipIf(whyMissing('bookworm-amd64'))('has them for every ioctl of an older kvm.h', async () => {
    const { root } = await headerSet('bookworm-amd64');
    const { ioctls } = openHeaders({ header: ['linux/kvm.h'], arch: 'x86_64', from: root, include: [] }).model(
      'linux/kvm.h',
    );
    const kinds = new Map(ioctls.map(({ name, fds }) => [name, fds]));
    expect(kinds.get('KVM_ASSIGN_PCI_DEVICE')).toEqual(['vm']);
    expect(kinds.get('__KVM_DEPRECATED_VCPU_W_0x87')).toEqual(['vcpu']);
    expect(ioctls.filter((ioctl) => ioctl.fds === undefined)).toEqual([]);
  });

  it('has none for the ioctls of another header', () => {
    const text = "#include <linux/ioctl.h>\n#define KVM_GET_REGS _IO('K', 1)\n";
    const { ioctls } = modelOfText('linux/other.h', text, targetCalled('x86_64'));
    expect(ioctls.map(({ name, fds }) => [name, fds])).toEqual([['KVM_GET_REGS', undefined]]);
  });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MODEL_SCHEMA, type Model } from '../../generator/model/model.js';
import { kvmUapi, projectRoot } from '../helpers/cli.js';

const kvm = ['--header', 'linux/kvm.h', '--arch', 'x86_64'];

describe('layout', () => {
  it('shows immediate_exit at 1, padding1[6] at 2, exit_reason at 8', () => {
    const { status, stdout } = kvmUapi(['layout', 'kvm_run', ...kvm]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/ immediate_exit; +\/\* +1 +1 \*\//);
    expect(stdout).toMatch(/ padding1\[6\]; +\/\* +2 +6 \*\//);
    expect(stdout).toMatch(/ exit_reason; +\/\* +8 +4 \*\//);
  });

  it.each([
    ['linux-4.10', /padding1\[7\]; +\/\* +1 +7 \*\//, false],
    ['linux-4.11', /padding1\[6\]; +\/\* +2 +6 \*\//, true],
  ] as const)('shows the excerpt of %s', (which, padding, hasFlag) => {
    const include = join(projectRoot, 'headers', 'immediate-exit', which);
    const { stdout } = kvmUapi(['layout', 'kvm_run', '--include', include]);
    expect(stdout).toMatch(padding);
    expect(stdout).toMatch(/ exit_reason; +\/\* +8 +4 \*\//);
    expect(/ immediate_exit; +\/\* +1 +1 \*\//.test(stdout)).toBe(hasFlag);
    const model = JSON.parse(kvmUapi(['layout', '--json', '--include', include]).stdout) as Model;
    const values = new Map(model.constants.map(({ name, value }) => [name, value]));
    expect(
      ['SPAPR_RESIZE_HPT', 'PPC_MMU_RADIX', 'PPC_MMU_HASH_V3'].map((name) => values.get(`KVM_CAP_${name}`)),
    ).toEqual([133, 134, 135]);
    expect(values.get('KVM_CAP_IMMEDIATE_EXIT')).toBe(hasFlag ? 136 : undefined);
    expect(model.types.map(({ tag }) => tag)).toContain('kvm_irq_routing');
  });

  it('prints no colour into a pipe', () => {
    expect(kvmUapi(['layout', 'kvm_run', ...kvm]).stdout).not.toContain('\u001b');
  });

  it('names close spellings of a type that is not there', () => {
    const run = kvmUapi(['layout', 'kvm_runn', ...kvm]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/kvm_runn.*did you mean .*kvm_run/);
  });
});

describe('layout --json', () => {
  const { stdout } = kvmUapi(['layout', '--json', ...kvm]);
  const model = JSON.parse(stdout) as Model;

  it('prints the whole model', () => {
    expect(model).toMatchObject({ schema: MODEL_SCHEMA, target: 'x86_64', header: 'linux/kvm.h' });
    expect(model.kernel).toMatch(/^\d+\.\d+\.\d+$/);
    for (const list of ['types', 'enums', 'constants', 'ioctls', 'functions', 'omissions'] as const) {
      expect(model[list].length).toBeGreaterThan(0);
    }
  });

  it('places members from the start of the list they stand in', () => {
    const run = model.types.find(({ tag }) => tag === 'kvm_run');
    expect(run?.members[1]).toMatchObject({ name: 'immediate_exit', type: '__u8', offset: 1, size: 1 });
    expect(run?.members[2]).toMatchObject({ name: 'padding1', type: '__u8', offset: 2, size: 6, dims: [6] });
    const arms = run?.members.find(({ name, members }) => name === null && members);
    const io = arms?.members?.find(({ name }) => name === 'io');
    expect([arms?.offset, io?.offset, io?.members?.[0]?.offset]).toEqual([32, 0, 0]);
  });

  it('counts the bits of a bit-field from its storage unit', () => {
    const ioapic = model.types.find(({ tag }) => tag === 'kvm_ioapic_state');
    const fields = ioapic?.members.at(-1)?.members?.[1]?.members;
    expect(fields?.find(({ name }) => name === 'dest_mode')).toMatchObject({ offset: 1, bit: { offset: 3, width: 1 } });
  });

  it('writes integers of 64-bit C type as decimal strings, requests as numbers', () => {
    const constant = (name: string): unknown => model.constants.find((entry) => entry.name === name);
    expect(constant('KVM_MEM_READONLY')).toMatchObject({ value: '2', type: 'unsigned long' });
    expect(constant('KVM_API_VERSION')).toMatchObject({ value: 12, type: 'int' });
    expect(model.ioctls.find(({ name }) => name === 'KVM_GET_REGS')).toMatchObject({
      request: 0x8090ae81,
      direction: 'read',
      type: 0xae,
      nr: 0x81,
      argument: 'struct kvm_regs',
      size: 144,
    });
  });

  it('is for one header, and all of it', () => {
    expect(kvmUapi(['layout', 'kvm_run', '--json', ...kvm]).status).toBe(2);
    expect(kvmUapi(['layout', '--json', ...kvm, '--header', 'asm/kvm.h']).status).toBe(2);
  });
});

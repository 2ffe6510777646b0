import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelFromJson } from '../../generator/model/json.js';
import { MODEL_SCHEMA, type Model } from '../../generator/model/model.js';
import { folderOf, kvmUapi, projectRoot } from '../helpers/cli.js';

const kvm = ['--header', 'linux/kvm.h', '--arch', 'x86_64'];

describe('layout', () => {
  it('layout shows immediate_exit at 1, padding1[6] at 2, exit_reason at 8', () => {
    const { status, stdout } = kvmUapi(['layout', 'kvm_run', ...kvm]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/ immediate_exit; +\/\* +1 +1 \*\//);
    expect(stdout).toMatch(/ padding1\[6\]; +\/\* +2 +6 \*\//);
    expect(stdout).toMatch(/ exit_reason; +\/\* +8 +4 \*\//);
  });

  it.each([
    ['linux-4.10', /padding1\[7\]; +\/\* +1 +7 \*\//, false],
    ['linux-4.11', /padding1\[6\]; +\/\* +2 +6 \*\//, true],
  ] as const)('layout shows the excerpt of %s', (which, padding, hasFlag) => {
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

  it('layout prints no colours into a pipe', () => {
    expect(kvmUapi(['layout', 'kvm_run', ...kvm]).stdout).not.toContain('\u001b');
  });

  it('layout names the header of a type that was read but is not covered', () => {
    const include = folderOf({
      'x/a.h': '#include <x/b.h>\nstruct a { struct b *b; };\n',
      'x/b.h': '#define X_B\n#include <x/inner.h>\nstruct b { struct inner inner; };\n',
      'x/inner.h': '#ifndef X_B\n#error\n#endif\nstruct inner { int x; };\n',
    });
    const from = ['--include', include, '--header', 'x/a.h'];
    expect(kvmUapi(['layout', 'b', ...from]).stderr).toBe(
      "error: <x/a.h> reads 'b' from <x/b.h> but does not cover it; add --header x/b.h\n",
    );
    expect(kvmUapi(['layout', 'struct inner', ...from]).stderr).toMatch(/add --header x\/b\.h\n/);
    expect(kvmUapi(['layout', 'b', ...from, '--header', 'x/b.h']).status).toBe(0);
  });

  it('layout suggests similar names for a missing type', () => {
    const run = kvmUapi(['layout', 'kvm_runn', ...kvm]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/kvm_runn.*did you mean .*kvm_run/);
  });
});

describe('layout of a name that is not a type', () => {
  it.each([
    [
      'KVM_API_VERSION',
      "'KVM_API_VERSION' is not a type: it is a constant of type int with the value 12; layout prints types",
    ],
    ['KVM_RUN', "'KVM_RUN' is not a type: it is the ioctl 0xae80 without an argument; layout prints types"],
    ['KVM_DEV_TYPE_VFIO', /it is an enumerator of enum kvm_device_type with the value 4|it is a constant/],
    ['KVM_ALLOCATE_RMA', /it is an omission: /],
  ])('layout says what %s is', (name, message) => {
    const run = kvmUapi(['layout', name, ...kvm]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(message instanceof RegExp ? message : `error: ${message}\n`);
  });
});

describe('layout --json', () => {
  const { stdout } = kvmUapi(['layout', '--json', ...kvm]);
  const model = JSON.parse(stdout) as Model;

  it('layout --json prints the whole model', () => {
    expect(model).toMatchObject({ schema: MODEL_SCHEMA, target: 'x86_64', header: 'linux/kvm.h' });
    expect(model.kernel).toMatch(/^\d+\.\d+\.\d+$/);
    for (const list of ['types', 'enums', 'constants', 'ioctls', 'functions', 'omissions'] as const) {
      expect(model[list].length).toBeGreaterThan(0);
    }
  });

  it('the offset of a member counts from the start of its list of members', () => {
    const run = model.types.find(({ tag }) => tag === 'kvm_run');
    expect(run?.members[1]).toMatchObject({ name: 'immediate_exit', type: '__u8', offset: 1, size: 1 });
    expect(run?.members[2]).toMatchObject({ name: 'padding1', type: '__u8', offset: 2, size: 6, dims: [6] });
    const arms = run?.members.find(({ name, members }) => name === null && members);
    const io = arms?.members?.find(({ name }) => name === 'io');
    expect([arms?.offset, io?.offset, io?.members?.[0]?.offset]).toEqual([32, 0, 0]);
  });

  it('the bits of a bit-field count from its storage unit', () => {
    const ioapic = model.types.find(({ tag }) => tag === 'kvm_ioapic_state');
    const fields = ioapic?.members.at(-1)?.members?.[1]?.members;
    expect(fields?.find(({ name }) => name === 'dest_mode')).toMatchObject({ offset: 1, bit: { offset: 3, width: 1 } });
  });

  it('integers with a 64-bit C type are decimal strings, and requests are numbers', () => {
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

  it('layout --json with names prints the model of these types and of the types that they need', () => {
    const run = kvmUapi(['layout', 'kvm_debugregs', 'struct kvm_cpuid2', '--json', ...kvm]);
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
    const part = modelFromJson(run.stdout, 'stdout');
    expect(part.types.map(({ cName }) => cName).sort()).toEqual([
      'struct kvm_cpuid2',
      'struct kvm_cpuid_entry2',
      'struct kvm_debugregs',
    ]);
    expect(part.selection).toEqual({ types: ['kvm_debugregs', 'struct kvm_cpuid2'], constants: [] });
    expect(part.constants).toEqual([]);
  });

  it('layout --json accepts exactly one header', () => {
    const run = kvmUapi(['layout', '--json', ...kvm, '--header', 'asm/kvm.h']);
    expect(run.status).toBe(2);
    expect(run.stdout).toMatch(/exactly one header, not of <linux\/kvm\.h> and <asm\/kvm\.h>; name one with --header/);
  });
});

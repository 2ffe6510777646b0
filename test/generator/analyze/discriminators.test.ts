/** The KVM_EXIT_* constants that select each member of the union of `struct kvm_run`. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { type HeaderOptions, openHeaders } from '../../../generator/cli/header-options.js';
import { selectedUnions, statedCases } from '../../../generator/kernel/discriminators.js';
import type { Member, Model, RecordType } from '../../../generator/model/model.js';
import { headerSet, whyMissing } from '../../../tools/lib/header-sets.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { committedModel } from '../../helpers/committed-models.js';

const [union] = selectedUnions;
if (!union) throw new Error('there is no union');

afterEach(() => {
  vi.resetModules();
  vi.doUnmock('../../../generator/kernel/discriminators.js');
});

/** Reads `<linux/kvm.h>` with only the comments as the source. */
async function withoutRows(options: Partial<HeaderOptions>, arch: string): Promise<Model> {
  vi.resetModules();
  vi.doMock('../../../generator/kernel/discriminators.js', () => ({ selectedUnions, statedCases: [] }));
  const { openHeaders: openThem } = await import('../../../generator/cli/header-options.js');
  return openThem({ header: ['linux/kvm.h'], arch, include: [], ...options }).model('linux/kvm.h');
}

const runOf = ({ types }: Model): RecordType => types.find(({ tag }) => tag === 'kvm_run') as RecordType;

/** Returns each exit with its valid members. */
function armsOf(model: Model): Record<string, string[]> {
  const arms: Record<string, string[]> = {};
  const visit = (members: readonly Member[]): void => {
    for (const { name, when = [], members: inside = [] } of members) {
      for (const exit of when) arms[exit] = [...(arms[exit] ?? []), String(name)];
      visit(inside);
    }
  };
  visit(runOf(model).members);
  return arms;
}

/** The exits by their numbers: what continues the name of another, as KVM_EXIT_IO_OUT does, is a value within that one. */
function exitsOf({ constants }: Model): string[] {
  const names = constants.map(({ name }) => name).filter((name) => name.startsWith('KVM_EXIT_'));
  return names.filter((name) => !names.some((other) => name.startsWith(`${other}_`)));
}

describe('the members of the union of kvm_run', () => {
  const model = committedModel();

  it('all members of the union are assigned', () => {
    const arms = armsOf(model);
    expect(arms).toMatchObject({
      KVM_EXIT_IO: ['io'],
      KVM_EXIT_MMIO: ['mmio'],
      KVM_EXIT_S390_RESET: ['s390_reset_flags'],
      KVM_EXIT_DCR: ['dcr'],
      KVM_EXIT_NMI: ['hw'],
      KVM_EXIT_X86_RDMSR: ['msr'],
      KVM_EXIT_X86_WRMSR: ['msr'],
      KVM_EXIT_INTERNAL_ERROR: ['internal', 'emulation_failure'],
    });
    const alone = runOf(model).discriminator?.selectsNone ?? [];
    expect([...Object.keys(arms), ...alone].sort()).toEqual(exitsOf(model).sort());
    expect(alone).toContain('KVM_EXIT_HLT');
    const unions = runOf(model).members.filter(({ name, shape }) => name === null && shape.is === 'union');
    const unsaid = unions
      .flatMap(({ members = [] }) => members)
      .filter(({ when, name }) => !when && name !== 'padding');
    expect(unsaid.map(({ name }) => name)).toEqual([]);
  });

  const sets = { 'those installed here': undefined, 'the newest set': 'newest' } as const;
  describe.each(Object.entries(sets))('%s', (_, set) => {
    const missing = set && whyMissing(set);
    it.skipIf(missing)('comments alone assign at least nine tenths of the exits', async () => {
      const found = set && (await headerSet(set));
      // ARM of 32 bits has no KVM any more.
      const architectures = found ? found.architectures.filter((name) => name !== 'arm') : ['x86_64'];
      expect(architectures.length).toBeGreaterThanOrEqual(found ? 10 : 1);
      for (const arch of architectures) {
        const options = found ? { from: found.root } : {};
        const all = openHeaders({ header: ['linux/kvm.h'], arch, include: [], ...options }).model('linux/kvm.h');
        const alone = runOf(all).discriminator?.selectsNone ?? [];
        const withArm = exitsOf(all).filter((name) => !alone.includes(name));
        expect(withArm.length).toBeGreaterThan(25);
        const said = armsOf(await withoutRows(options, arch));
        expect(Object.keys(said).length / withArm.length, arch).toBeGreaterThanOrEqual(0.9);
        const told = armsOf(all);
        expect([...Object.keys(told), ...alone].sort(), arch).toEqual(exitsOf(all).sort());
        expect(told, arch).toMatchObject({ KVM_EXIT_NMI: ['hw'] });
        for (const [exit, arms] of Object.entries(said)) expect(told[exit], exit).toEqual(expect.arrayContaining(arms));
      }
    });
  });

  it('the rows exist only for exits without a comment, and each has a source', async () => {
    expect(statedCases.length).toBeGreaterThan(0);
    const said = armsOf(await withoutRows({}, 'x86_64'));
    for (const { value, member, source } of statedCases) {
      expect(said[value] ?? [], value).not.toContain(member);
      if (member === null) expect(said, value).not.toHaveProperty(value);
      expect(source, value).toMatch(/\.(?:rst|c|h)\b/);
    }
  });
});

describe('a comment before a member of the union', () => {
  const header = (body: string): string => `
#define KVM_EXIT_IO 2
#define KVM_EXIT_MMIO 6
#define KVM_EXIT_HLT 5
#define KVM_EXIT_XEN 34
struct kvm_run { unsigned exit_reason;
  union { ${body} }; };`;
  const arms = (body: string): Record<string, string[]> => armsOf(modelOf({ 'linux/kvm.h': header(body) }));

  it.each<[string, Record<string, string[]>]>([
    ['\n /* KVM_EXIT_IO */\n int a;', { KVM_EXIT_IO: ['a'] }],
    ['\n // KVM_EXIT_IO\n int a;', { KVM_EXIT_IO: ['a'] }],
    ['\n /*\n  * KVM_EXIT_IO\n  */\n struct { int b; } a;', { KVM_EXIT_IO: ['a'] }],
    [
      '\n /* KVM_EXIT_IO / KVM_EXIT_MMIO,\n KVM_EXIT_XEN */ int a;',
      { KVM_EXIT_IO: ['a'], KVM_EXIT_MMIO: ['a'], KVM_EXIT_XEN: ['a'] },
    ],
    ['\n /* KVM_EXIT_IO (deprecated) */\n#define ELSE 1\n int a;', { KVM_EXIT_IO: ['a'] }],
    [
      '\n /* KVM_EXIT_IO */\n int a; /* KVM_EXIT_XEN */\n /* KVM_EXIT_MMIO */\n int b;',
      { KVM_EXIT_IO: ['a'], KVM_EXIT_MMIO: ['b'] },
    ],
    ['\n /* KVM_EXIT_IO */\n int a;\n int b;', { KVM_EXIT_IO: ['a'] }],
    ['\n /* KVM_EXIT_IO */\n struct { int a; };\n', {}],
    ['\n struct {\n /* KVM_EXIT_IO */\n int a; };\n', { KVM_EXIT_IO: ['a'] }],
    ['\n struct {\n /* KVM_EXIT_IO */\n int a; } b;\n', {}],
    ['\n /* not for KVM_EXIT_IO */\n int a;', {}],
    ['\n /* KVM_EXIT_IO has it */\n int a;', {}],
    ['\n /* KVM_EXIT_NEVER */\n int a;', {}],
  ])('the comment selects the members: %j', (body, expected) => {
    expect(arms(body)).toEqual(expected);
  });

  it('the comment has no effect in another record or another header', () => {
    const text = header('\n /* KVM_EXIT_IO */\n int a;');
    expect(modelOf({ 'linux/other.h': text }).types[0]?.discriminator).toBeUndefined();
    const [, other] = modelOf({
      'linux/kvm.h': `${text}\n${header('\n /* KVM_EXIT_IO */\n int a;').replace(/#.*\n/g, '').replace('kvm_run', 'kvm_walk')}`,
    }).types;
    expect(other?.tag).toBe('kvm_walk');
    expect(other?.discriminator).toBeUndefined();
  });
});

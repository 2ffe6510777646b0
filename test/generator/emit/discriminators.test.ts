/** The emitted view of a record with a discriminator: its data and its type. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { filesFor } from '../../../generator/cli/generate.js';
import { emitModules } from '../../../generator/emit/modules.js';
import { committedModel, modelOfText } from '../../helpers/committed-models.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

const constants = `
#define KVM_EXIT_IO 2
#define KVM_EXIT_MMIO 6
#define KVM_EXIT_HLT 5
`;
const run = `
struct kvm_run {
  unsigned exit_reason;
  union {
    /* KVM_EXIT_IO / KVM_EXIT_MMIO */
    int shared;
    /* KVM_EXIT_IO */
    struct { char size; } constructor;
    /* KVM_EXIT_MMIO */
    int a_name_that_makes_the_line_longer_than_lines_may_be;
    int never;
  };
};
`;

function emitted(header: string): string {
  const [module] = emitModules(modelOfText('linux/kvm.h', header));
  return module?.text ?? '';
}

describe('the view of kvm_run', () => {
  const text = emitted(constants + run);

  it('the class has the cases as data', () => {
    expect(text).toContain(`  static readonly $discriminator = {
    member: 'exit_reason',
    property: 'reason',
    cases: [
      { name: 'KVM_EXIT_IO', value: 2, members: ['shared', 'constructor$'] },
      { name: 'KVM_EXIT_HLT', value: 5, members: [] },
      { name: 'KVM_EXIT_MMIO', value: 6, members: ['shared', 'a_name_that_makes_the_line_longer_than_lines_may_be'] },
    ],
  } as const;
`);
  });

  it('the type has an alternative for each value', () => {
    expect(text).toContain('export type KvmRunExit =\n  | {');
    expect(text).toContain(`
  | { readonly reason: typeof KVM_EXIT_HLT }
  | {
      readonly reason: typeof KVM_EXIT_MMIO;
      readonly shared: KvmRun['shared'];
      readonly a_name_that_makes_the_line_longer_than_lines_may_be: KvmRun['a_name_that_makes_the_line_longer_than_lines_may_be'];
    }
  | { readonly reason: null; readonly exit_reason: number };
`);
  });

  it('the type gets another name if a C name equals it', () => {
    const both = emitted(`${constants}${run}struct kvm_run_exit { int mine; };`);
    expect(both).toContain('export class KvmRunExit implements');
    expect(both).toContain('export type KvmRunExit$ =');
  });

  it('the type has only the values that the header has', () => {
    const values = emitted(`#define KVM_EXIT_MMIO 6\n${run}`).match(/typeof KVM_EXIT_\w+/g);
    expect(values).toEqual(['typeof KVM_EXIT_MMIO']);
  });

  it('the type narrows in TypeScript', () => {
    const files = filesFor([modelOfText('linux/kvm.h', constants + run)]).filter(({ path }) => path.endsWith('.ts'));
    const use = `import type { KvmRunExit } from './x86_64/linux/kvm.js';
export const sizeOf = (exit: KvmRunExit): number => (exit.reason === 2 ? exit.constructor$.size : 0);
export const wrong = (exit: KvmRunExit): number => (exit.reason === 5 ? exit.constructor$.size : 0);
`;
    const found = diagnosticsOf([...files, { path: 'use.ts', text: use }]);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('use.ts:3');
  });

  it('a part of the header has only the cases whose constants it has', () => {
    const model = committedModel();
    const linesFor = (constants: readonly string[]): string[] => {
      const part = { ...model, constants: model.constants.filter(({ name }) => constants.includes(name)), ioctls: [] };
      const module = emitModules(part).find(({ path }) => path === 'x86_64/linux/kvm.ts');
      return module?.text.split('\n').filter((line) => /^ {2}\| \{ readonly reason: /.test(line)) ?? [];
    };
    const unknown = '  | { readonly reason: null; readonly exit_reason: number };';
    expect(linesFor([])).toEqual([unknown]);
    expect(linesFor(['KVM_EXIT_IO'])).toEqual([
      "  | { readonly reason: typeof KVM_EXIT_IO; readonly io: KvmRun['io'] }",
      unknown,
    ]);
  });

  it('the committed bindings have every exit once', () => {
    const values = kvm.KvmRun.$discriminator.cases.map(({ value }) => value);
    expect(new Set(values).size).toBe(values.length);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
  });
});

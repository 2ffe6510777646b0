/** The derivation of the tables, from small lists of subjects and tests. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ioctlsOf,
  requireKnownSubjects,
  statementsOf,
  subjectsWithoutTest,
  tableOf,
} from '../../../tools/docs/tables.js';
import type { TaggedTest } from '../../../tools/docs/tags.js';

const test = (title: string, ...subjects: string[]): TaggedTest => ({ file: 'a.test.ts', line: 7, title, subjects });

const subjects = [
  { name: 'KVM_GET_REGS', text: '`KVM_GET_REGS`' },
  { name: 'KVM_SET_REGS', text: '`KVM_SET_REGS`' },
  { name: 'KVM_NMI', text: '`KVM_NMI`' },
];
const tests = [
  test('the registers are read', 'KVM_GET_REGS'),
  test('the registers are the same in `a | b`', 'KVM_SET_REGS', 'KVM_GET_REGS'),
];

describe('statementsOf', () => {
  it('the statements are the numbered items of the document, with all their lines', () => {
    const document =
      '# Title\n\n1. A kick is\n   sticky.\n2. A timeout is not.\n\n## More\n\n10. A pause\n    lasts.\n\nText.\n';
    expect(statementsOf(document, 'statement')).toEqual([
      { name: 'statement 1', text: '1. A kick is sticky.' },
      { name: 'statement 2', text: '2. A timeout is not.' },
      { name: 'statement 10', text: '10. A pause lasts.' },
    ]);
    expect(statementsOf(document, 'security').map(({ name }) => name)).toEqual([
      'security 1',
      'security 2',
      'security 10',
    ]);
  });
});

describe('ioctlsOf', () => {
  it('the ioctls are those of the committed model, in its order', () => {
    const model = new URL('../../../generated/x86_64/linux/kvm.model.json', import.meta.url);
    const [first, second, ...more] = ioctlsOf(readFileSync(model, 'utf8'));
    expect(first).toEqual({ name: 'KVM_GET_API_VERSION', text: '`KVM_GET_API_VERSION`' });
    expect(second?.name).toBe('KVM_CREATE_VM');
    expect(more.length).toBeGreaterThan(100);
  });
});

describe('tableOf', () => {
  it('the table has a row for each subject, with all its tests', () => {
    const head = { heading: 'Tests of the ioctls', intro: 'Derived.', column: 'ioctl' };
    expect(tableOf(head, subjects, tests)).toBe(`# Tests of the ioctls

Derived.

| ioctl | tests |
| --- | --- |
| \`KVM_GET_REGS\` | a.test.ts: \`the registers are read\`<br>a.test.ts: \`\` the registers are the same in \`a \\| b\` \`\` |
| \`KVM_SET_REGS\` | a.test.ts: \`\` the registers are the same in \`a \\| b\` \`\` |
| \`KVM_NMI\` |  |
`);
  });
});

describe('subjectsWithoutTest', () => {
  it('the list has each subject that no tag names', () => {
    expect(subjectsWithoutTest(subjects, tests)).toEqual(['KVM_NMI']);
  });
});

describe('requireKnownSubjects', () => {
  it('known subjects are accepted', () => {
    expect(() => requireKnownSubjects(subjects, tests)).not.toThrow();
  });

  it('an unknown subject is refused with its location', () => {
    const wrong = [...tests, test('a statement is shown', 'statement 99')];
    expect(() => requireKnownSubjects(subjects, wrong)).toThrow(
      /^a\.test\.ts:7: unknown subject 'statement 99'; expected /,
    );
  });
});

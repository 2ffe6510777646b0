/** The rows of the document about parity: their numbers, the members of the runtime, and the tests that show them. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as arm64 from '../../../runtime/arm64.js';
import { isAbsent } from '../../../runtime/other-architectures.js';
import * as riscv64 from '../../../runtime/riscv64.js';
import { CoalescedMmioRing } from '../../../runtime/x86_64.js';
import { allTaggedTests, taggedChecks } from '../../../tools/docs/documents.js';
import { classes } from '../../../tools/docs/ioctl-methods.js';
import { methodRows } from '../../../tools/docs/parity/methods.js';
import { otherMethodRows } from '../../../tools/docs/parity/other-architectures.js';
import { parityWithoutTest, testsOfMethod } from '../../../tools/docs/parity/parity.js';
import { selftestRows } from '../../../tools/docs/parity/selftests.js';
import { unitTests, unitTestsOfHardware } from '../../../tools/docs/parity/unit-tests.js';

const tests = allTaggedTests();
const texts = new Map(
  tests.map(({ file }) => [file, readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')]),
);

const types = new Map([...Object.values(classes), CoalescedMmioRing].map((type) => [type.name, type]));

/** The members that a vCPU gets when it is constructed, so its prototype does not have them. */
const ownMembers = ['Vcpu.kvmRun', 'Vcpu.shared'];

function hasMember(name: string): boolean {
  const [className = '', member = ''] = name.split('.');
  const type = types.get(className);
  return type !== undefined && (member in type.prototype || member in type || ownMembers.includes(name));
}

it('the tables have 114 methods, 70 unit tests and 54 checks, each once', () => {
  for (const [names, count] of [
    [methodRows.map(({ theirs }) => theirs), 114],
    [unitTests, 70],
    [selftestRows.map(({ name }) => name), 54],
  ] as const) {
    expect(new Set(names).size).toBe(count);
    expect(names).toHaveLength(count);
  }
});

it('two unit tests need other hardware, and six checks need a capability', () => {
  expect([...unitTestsOfHardware.keys()].every((name) => unitTests.includes(name))).toBe(true);
  expect(unitTestsOfHardware.size).toBe(2);
  expect(selftestRows.filter(({ lacks }) => lacks !== undefined)).toHaveLength(6);
});

it('the runtime has every member that the tables name', () => {
  const missing = methodRows.flatMap(({ ours }) => ours).filter((name) => !hasMember(name));
  expect(missing).toEqual([]);
});

it('every row has a test', () => {
  expect(parityWithoutTest(tests, taggedChecks())).toEqual([]);
});

it('a test that shows a method is in a file that uses a member of the row', () => {
  const unused = methodRows.filter((row) => {
    const members = row.ours.map((name) => `.${name.split('.')[1]}`);
    const files = testsOfMethod(row, tests).map(({ file }) => texts.get(file) ?? '');
    return !files.some((text) => members.some((member) => text.includes(member)));
  });
  expect(unused.map(({ theirs }) => theirs)).toEqual([]);
});

describe.each(['arm64', 'riscv64'] as const)('the table of %s', (name) => {
  const entry = { arm64, riscv64 }[name];

  it('has each public method of kvm-ioctls once', () => {
    const names = otherMethodRows[name].map(({ theirs }) => theirs);
    expect(new Set(names).size).toBe({ arm64: 73, riscv64: 57 }[name]);
    expect(names).toHaveLength(new Set(names).size);
  });

  it('names members that the entry has', () => {
    const exported = new Map(Object.entries(entry as Readonly<Record<string, unknown>>));
    const missing = otherMethodRows[name]
      .flatMap(({ ours }) => ours)
      .filter((member) => {
        const [className = '', method] = member.split('.');
        const type = exported.get(className) as { readonly prototype: object } | undefined;
        if (type === undefined || method === undefined) return type === undefined;
        const value: unknown = Reflect.get(type, method) ?? Reflect.getOwnPropertyDescriptor(type.prototype, method);
        return isAbsent(value) || !(value !== undefined || method in type.prototype || ownMembers.includes(member));
      });
    expect(missing).toEqual([]);
  });
});

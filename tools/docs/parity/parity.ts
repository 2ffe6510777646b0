/**
 * The document docs/internals/parity.md: the methods and the unit tests of kvm-ioctls and checks of the kernel's own tests of KVM, each
 * with the tests of this project that show the same. A tag above a test names a row of the tables:
 * `// Shows: kvm-ioctls VmFd::get_dirty_log`, `// Shows: kvm-ioctls vcpu::test_fpu` or `// Shows: selftest x86/cpuid_test`.
 */

import { cell, codeSpan, type Subject, testCells } from '../tables.js';
import type { TaggedTest } from '../tags.js';
import { type MethodRow, methodRows } from './methods.js';
import { type OtherArchitecture, otherMethodRows } from './other-architectures.js';
import { type SelftestRow, selftestRows } from './selftests.js';
import { unitTests, unitTestsOfHardware } from './unit-tests.js';

/** The name in a tag for a method or a unit test of kvm-ioctls. */
function peerSubject(name: string): string {
  return `kvm-ioctls ${name}`;
}

/** The name in a tag for a check of the kernel's own tests. */
function selftestSubject(name: string): string {
  return `selftest ${name}`;
}

/** What the tags of tests can name, besides statements and ioctls. */
export const paritySubjects: readonly Subject[] = [
  ...new Set(allMethodRows().map(({ theirs }) => peerSubject(theirs))),
  ...unitTests.map(peerSubject),
  ...selftestRows.map(({ name }) => selftestSubject(name)),
].map((name) => ({ name, text: name }));

/** The checks of each architecture that run in a virtual machine. */
export type Checks = Readonly<Record<OtherArchitecture, readonly TaggedTest[]>>;

function allMethodRows(): readonly MethodRow[] {
  return [...methodRows, ...Object.values(otherMethodRows).flat()];
}

/** The tests that show a method: those whose tag names it, or its ioctl. */
export function testsOfMethod({ theirs, ioctl }: MethodRow, tests: readonly TaggedTest[]): readonly TaggedTest[] {
  const own = testsOf(peerSubject(theirs), tests);
  return own.length > 0 || ioctl === undefined ? own : testsOf(ioctl, tests);
}

function testsOf(subject: string, tests: readonly TaggedTest[]): readonly TaggedTest[] {
  return tests.filter(({ subjects }) => subjects.includes(subject));
}

/** The rows that no test shows. */
export function parityWithoutTest(tests: readonly TaggedTest[], checks: Checks): readonly string[] {
  const missing = (rows: readonly MethodRow[], those: readonly TaggedTest[], on: string): string[] =>
    rows.filter((row) => testsOfMethod(row, those).length === 0).map(({ theirs }) => `${theirs}${on}`);
  const methods = [
    ...missing(methodRows, tests, ''),
    ...architectures.flatMap((name) => missing(otherMethodRows[name], checks[name], ` on ${name}`)),
  ];
  const shown = new Set(tests.flatMap(({ subjects }) => subjects));
  const others = [...unitTests.map(peerSubject), ...selftestRows.map(({ name }) => selftestSubject(name))];
  return [...methods, ...others.filter((subject) => !shown.has(subject))];
}

const architectures = ['arm64', 'riscv64'] as const;

/** The text of the document. */
export function parityDocument(tests: readonly TaggedTest[], checks: Checks): string {
  const lacking = selftestRows.filter(({ lacks }) => lacks !== undefined);
  return [
    ...['# Parity', '', intro, ''],
    ...['## Methods of kvm-ioctls', '', `kvm-ioctls 0.24 has ${methodRows.length} public methods on x86-64.`, ''],
    ...table(
      ['kvm-ioctls', 'this package', 'tests'],
      methodRows.map((row) => methodCells(row, tests)),
    ),
    ...architectures.flatMap((name) => otherMethods(name, checks[name])),
    ...['', '## Unit tests of kvm-ioctls', '', unitTestsIntro(), ''],
    ...table(
      ['unit test', 'tests'],
      unitTests.map((name) => [codeSpan(name), testCells(testsOf(peerSubject(name), tests)) + needs(name)]),
    ),
    ...['', "## The kernel's own tests", '', selftestsIntro(lacking.length), ''],
    ...table(
      ['test', 'what it shows', 'tests'],
      selftestRows.map((row) => selftestCells(row, tests)),
    ),
    '',
  ].join('\n');
}

const intro = `This page lists the methods and the tests of two other projects that use KVM, and the tests of this package that show the same.
The rows are data in \`tools/docs/parity/\`. A tag above a test names a row: \`// Shows: kvm-ioctls vcpu::test_fpu\` or
\`// Shows: selftest x86/cpuid_test\`. If no tag names a method, its tests are those whose tag names its ioctl. \`npm run docs\` derives
the tables.`;

function otherMethods(name: OtherArchitecture, checks: readonly TaggedTest[]): string[] {
  const rows = otherMethodRows[name];
  return [
    ...['', `## Methods of kvm-ioctls on ${name}`, ''],
    `kvm-ioctls 0.24 has ${rows.length} public methods on ${name}. The checks run on its KVM in QEMU, see [hypervisors.md](hypervisors.md).`,
    '',
    ...table(
      ['kvm-ioctls', 'this package', 'checks'],
      rows.map((row) => methodCells(row, checks)),
    ),
  ];
}

function unitTestsIntro(): string {
  return `kvm-ioctls 0.24 has ${unitTests.length} unit tests on x86-64. ${unitTestsOfHardware.size} of them need hardware that is missing here. Their tests show the error of the kernel.`;
}

function selftestsIntro(lacking: number): string {
  return `${selftestRows.length} checks of \`tools/testing/selftests/kvm\` concern the interface of KVM. ${lacking} of them need a capability that KVM on these machines does not have. Their tests show the typed error.`;
}

function needs(name: string): string {
  const hardware = unitTestsOfHardware.get(name);
  return hardware === undefined ? '' : ` (needs ${hardware})`;
}

function methodCells(row: MethodRow, tests: readonly TaggedTest[]): string[] {
  return [codeSpan(row.theirs), row.ours.map(codeSpan).join(', '), testCells(testsOfMethod(row, tests))];
}

function selftestCells({ name, what, lacks }: SelftestRow, tests: readonly TaggedTest[]): string[] {
  const cells = testCells(testsOf(selftestSubject(name), tests));
  return [codeSpan(name), what, lacks === undefined ? cells : `${cells} (needs ${lacks})`];
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)];
}

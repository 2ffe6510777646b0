/** The derived documents of docs/, from the files of this project. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import { checkFiles, type OtherArchitecture } from './parity/other-architectures.js';
import { parityDocument, paritySubjects, parityWithoutTest } from './parity/parity.js';
import { rulesDocument } from './rules.js';
import {
  ioctlsOf,
  requireKnownSubjects,
  statementsOf,
  subjectsWithoutTest,
  type TableHead,
  tableOf,
} from './tables.js';
import { type TaggedTest, taggedTests } from './tags.js';

export interface DerivedDocument {
  /** The path of the document. */
  readonly path: string;
  readonly text: string;
  /** The subjects of the document that no test shows. */
  readonly withoutTest: readonly string[];
}

/**
 * Derives all documents.
 *
 * @throws Error when a tag is not directly above a test, or names an unknown subject.
 */
export function derivedDocuments(): readonly DerivedDocument[] {
  const tests = allTaggedTests();
  const statements = statementsOf(read('docs/race-free-exit.md'), 'statement');
  const security = statementsOf(read('docs/security.md'), 'security');
  const ioctls = ioctlsOf(read('generated/x86_64/linux/kvm.model.json'));
  const ioctlsElsewhere = ['arm64', 'riscv64'].flatMap((name) =>
    ioctlsOf(read(`generated/${name}/linux/kvm.model.json`)),
  );
  const checks = taggedChecks();
  const subjects = [...statements, ...security, ...ioctls, ...paritySubjects];
  requireKnownSubjects(subjects, tests);
  requireKnownSubjects([...subjects, ...ioctlsElsewhere], Object.values(checks).flat());
  return [
    {
      path: 'docs/internals/race-free-exit-tests.md',
      text: tableOf(statementsHead, statements, tests),
      withoutTest: subjectsWithoutTest(statements, tests),
    },
    {
      path: 'docs/internals/security-tests.md',
      text: tableOf(securityHead, security, tests),
      withoutTest: subjectsWithoutTest(security, tests),
    },
    {
      path: 'docs/internals/ioctl-tests.md',
      text: tableOf(ioctlsHead, ioctls, tests),
      withoutTest: subjectsWithoutTest(ioctls, tests),
    },
    { path: 'docs/errors.md', text: rulesDocument(), withoutTest: [] },
    {
      path: 'docs/internals/parity.md',
      text: parityDocument(tests, checks),
      withoutTest: parityWithoutTest(tests, checks),
    },
  ];
}

/** The tests of this project that have tags, in the order of their files. */
export function allTaggedTests(): readonly TaggedTest[] {
  return testFiles().flatMap((file) => taggedTests(file, read(file)));
}

/** The checks with tags that run in the virtual machine of each architecture. */
export function taggedChecks(): Readonly<Record<OtherArchitecture, readonly TaggedTest[]>> {
  const of = (name: OtherArchitecture): readonly TaggedTest[] =>
    checkFiles[name].flatMap((file) => taggedTests(file, read(file)));
  return { arm64: of('arm64'), riscv64: of('riscv64') };
}

const statementsHead: TableHead = {
  heading: 'Tests of the race-free exit',
  intro: `The tests that show the statements of [race-free-exit.md](../race-free-exit.md). A tag above a test names the statements:
\`// Shows: statement 5\`. \`npm run docs\` derives this table from the tags.`,
  column: 'statement',
};

const securityHead: TableHead = {
  heading: 'Tests of security',
  intro: `The tests that show the statements of [security.md](../security.md). A tag above a test names the statements:
\`// Shows: security 3\`. \`npm run docs\` derives this table from the tags.`,
  column: 'statement',
};

const ioctlsHead: TableHead = {
  heading: 'Tests of the ioctls',
  intro: `The tests that show the ioctls of \`linux/kvm.h\` on x86. [ioctls.md](../ioctls.md) lists their methods. A tag above a test
names the ioctls: \`// Shows: KVM_GET_REGS, KVM_SET_REGS\`. \`npm run docs\` derives this table from the tags.`,
  column: 'ioctl',
};

function testFiles(): readonly string[] {
  return readdirSync(join(packageRoot(), 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
    .toSorted();
}

function read(path: string): string {
  return readFileSync(join(packageRoot(), path), 'utf8');
}

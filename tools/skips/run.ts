/**
 * `node dist/tools/skips/run.js REPORT …`: compares the skipped tests of runs, by the JSON reports of Vitest, with
 * test/skips.json. A test may be skipped if an entry names it and the condition of the entry holds on this machine. An entry
 * that names no test of the reports is an error too. The reports must have all projects.
 */

import { closeSync, openSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { relative } from 'node:path';
import { catalogue } from '../../generator/headers/sets/catalogue.js';
import { sinceFacts } from '../../generator/headers/sets/since.js';
import { recordIn } from '../../generator/headers/sets/store.js';
import type { Target } from '../../generator/targets/target.js';
import { targetCalled, targets } from '../../generator/targets/targets.js';
import { compilerOf, hasCLibrary, hasGcc, isInstalled } from '../lib/compilers.js';
import { headerSet, headerSetNames, whyMissing } from '../lib/header-sets.js';
import { call } from '../lib/programs.js';
import { sinceSetNames } from '../since/sets.js';

/** `files` and `tests` are regular expressions. An entry with `{target}` stands for an entry of each target. */
interface Entry {
  readonly files: string;
  readonly tests: string;
  /** The condition under which the tests may be skipped. */
  readonly when: string;
  readonly reason: string;
}

interface Test {
  readonly file: string;
  readonly name: string;
  readonly isSkipped: boolean;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function testsOf(path: string): Test[] {
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({
      file: relative(process.cwd(), name),
      name: fullName,
      isSkipped: status !== 'passed' && status !== 'failed',
    })),
  );
}

function opens(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}

/** Whether the mirror offers another version of a header set than the catalogue records. */
async function differsFromCatalogue(): Promise<boolean> {
  for (const name of headerSetNames) {
    const { version } = await headerSet(name);
    if (version !== catalogue().find((entry) => entry.name === name)?.version) return true;
  }
  return false;
}

/** Whether the mirror lacks a set that the first versions come from, or offers another version of it. */
async function differsFromSince(): Promise<boolean> {
  const recorded = sinceFacts().sets.map(({ sha256 }) => JSON.stringify(sha256));
  for (const name of sinceSetNames) {
    if (whyMissing(name) !== undefined) return true;
    const parts = Object.entries(recordIn((await headerSet(name)).root)?.architectures ?? {});
    const sha256 = Object.fromEntries(parts.map(([kernel, part]) => [kernel, part.sha256]));
    if (!recorded.includes(JSON.stringify(sha256))) return true;
  }
  return false;
}

/** Whether the installed headers are of Linux 6.1, by their LINUX_VERSION_CODE. */
function hasLinux61(): boolean {
  const { stdout } = call('cc', ['-E', '-P', '-x', 'c', '-'], {
    input: '#include <linux/version.h>\nLINUX_VERSION_CODE\n',
  });
  return Math.floor(Number(stdout) / 256) === 6 * 256 + 1;
}

const conditions: Readonly<Record<string, () => boolean | Promise<boolean>>> = {
  'no /dev/kvm': () => !opens('/dev/kvm'),
  'no /dev/net/tun': () => !opens('/dev/net/tun'),
  'no type stripping': () => !('stripTypeScriptTypes' in module),
  'no GCC 12': () => targets.some((target) => isInstalled(target) && !isGcc12(compilerOf(target).cc)),
  'the mirror has another version': differsFromCatalogue,
  'the mirror has other sets than headers/since.json': differsFromSince,
  'the installed headers are not of Linux 6.1': () => !hasLinux61(),
};

function isGcc12(cc: string): boolean {
  return /^12\b/.test(call(cc, ['-dumpversion']).stdout);
}

/** What a machine can lack for a target. */
const lacking: Readonly<Record<string, (target: Target) => boolean>> = {
  'no compiler': (target) => !isInstalled(target),
  'no GCC': (target) => !hasGcc(target),
  'no GCC or no C library': (target) => !hasGcc(target) || !hasCLibrary(target),
};

/** @throws Error when no condition has this name. */
function holds(when: string): boolean | Promise<boolean> {
  const [, lack = '', target] = /^(no .+) for (\w+)$/.exec(when) ?? [];
  const lacks = lacking[lack];
  if (lacks && target !== undefined) return lacks(targetCalled(target));
  const [, program] = /^no program ([\w+-]+)$/.exec(when) ?? [];
  if (program !== undefined) return call(program, ['--version']).error !== undefined;
  const condition = conditions[when];
  if (!condition) throw new Error(`test/skips.json: unknown condition '${when}'`);
  return condition();
}

function forEachTarget(entry: Entry): Entry[] {
  if (!entry.tests.includes('{target}')) return [entry];
  return targets.map(({ name }) => ({
    ...entry,
    tests: entry.tests.replaceAll('{target}', name),
    when: entry.when.replaceAll('{target}', name),
  }));
}

function names({ files, tests }: Entry, { file, name }: Test): boolean {
  return new RegExp(files).test(file) && new RegExp(tests).test(name);
}

async function main(reports: readonly string[]): Promise<number> {
  const tests = reports.flatMap(testsOf);
  const entries = JSON.parse(readFileSync('test/skips.json', 'utf8')) as Entry[];
  const stale = entries.filter((entry) => {
    const each = forEachTarget(entry);
    return !tests.some((test) => each.some((one) => names(one, test)));
  });
  const allowed: Entry[] = [];
  for (const entry of entries.flatMap(forEachTarget)) if (await holds(entry.when)) allowed.push(entry);
  const reasons = new Map<string, number>();
  const unexpected: Test[] = [];
  for (const test of tests.filter(({ isSkipped }) => isSkipped)) {
    const entry = allowed.find((each) => names(each, test));
    if (!entry) unexpected.push(test);
    else reasons.set(entry.when, (reasons.get(entry.when) ?? 0) + 1);
  }
  for (const [when, count] of reasons) console.log(`skipped: ${count} tests: ${when}`);
  for (const { file, name } of unexpected)
    console.error(`${file}: '${name}': skipped, and test/skips.json does not allow it`);
  for (const { tests: pattern } of stale) console.error(`test/skips.json: '${pattern}': names no test`);
  console.log(`skips: ${tests.length} tests, ${unexpected.length} unexpected skips, ${stale.length} stale entries`);
  return unexpected.length + stale.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));

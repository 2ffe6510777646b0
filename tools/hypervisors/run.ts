/**
 * `npm run hypervisors -- [name…] [--only text] [--kicks number] [--limit minutes]`: runs the tests that are about KVM in virtual machines
 * that QEMU emulates completely, each with a KVM of its own. So this needs no /dev/kvm. docs/internals/hypervisors.md has the recipes
 * and results. Exit codes: 0 if all tests pass, 1 if not, 2 if something is missing or an option is invalid.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { arm64s } from './arm64.js';
import { MissingError } from './downloads.js';
import type { Hypervisor, Work } from './hypervisor.js';
import { writeInitramfs } from './initramfs.js';
import { runLimited, runMachine } from './qemu.js';
import { riscv64 } from './riscv64.js';
import { type Row, reported } from './rows.js';
import { s390x } from './s390x.js';
import { x86_64 } from './x86_64.js';

const hypervisors: readonly Hypervisor[] = [x86_64, ...arm64s, riscv64, s390x];

/** The command line is not valid. */
class UsageError extends Error {}

interface Options {
  readonly work: Work;
  readonly limitMs: number;
  readonly isVerbose: boolean;
}

interface Sums {
  passed: number;
  failed: number;
  skipped: number;
}

/** Returns whether all tests have passed. */
async function runOn(hypervisor: Hypervisor, options: Options): Promise<boolean> {
  const started = Date.now();
  const sums: Sums = { passed: 0, failed: 0, skipped: 0 };
  let status: number | undefined;
  console.log(`== ${hypervisor.title}`);
  const ending = await inTemporaryFolder({}, async (folder) => {
    const prepared = hypervisor.prepare(join(folder, 'compiled'), options.work);
    const onLine = (line: string): void => {
      const report = reported(line);
      if (report === undefined) {
        if (options.isVerbose) console.log(line);
      } else if ('status' in report) status = report.status;
      else {
        add(sums, report);
        print(report);
      }
    };
    if ('command' in prepared) {
      // QEMU has the status of the program that it runs.
      const ending = await runLimited(prepared.command, options.limitMs, onLine);
      if (ending === 'ended') status = 0;
      return ending;
    }
    const initramfs = join(folder, 'initramfs');
    writeInitramfs(initramfs, prepared.entries);
    return runMachine({ ...prepared.machine, initramfs }, options.limitMs, onLine);
  });
  const { passed, failed, skipped } = sums;
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  const isGood = ending === 'ended' && status === 0 && failed === 0 && passed > 0;
  const end = status === undefined ? `the machine ${ending} before the end of the tests` : `exit status ${status}`;
  const result = isGood ? 'passed' : `FAILED (${end})`;
  console.log(`${hypervisor.name}: ${result}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`);
  return isGood;
}

function add(sums: Sums, { passed, skipped, failures }: Row): void {
  sums.passed += passed;
  sums.skipped += skipped;
  sums.failed += failures.length;
}

function print({ name, passed, skipped, failures, milliseconds }: Row): void {
  const counts = `${passed} passed, ${failures.length} failed, ${skipped} skipped`;
  console.log(`${name.padEnd(50)} ${counts.padEnd(36)} ${(milliseconds / 1000).toFixed(1).padStart(7)} s`);
  for (const failure of failures) console.log(`  FAILED: ${failure}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      kicks: { type: 'string', default: '20000' },
      limit: { type: 'string', default: '60' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.limit);
  if (!(minutes > 0)) throw new UsageError(`--limit ${values.limit}: expected a positive number of minutes`);
  const kicks = Number(values.kicks);
  if (!(kicks > 0))
    throw new UsageError(`--kicks ${values.kicks}: expected a positive number of kicks for each mechanism`);
  const names = positionals.length > 0 ? positionals : hypervisors.map(({ name }) => name);
  const unknown = names.filter((name) => !hypervisors.some((each) => each.name === name));
  if (unknown.length > 0) {
    const known = hypervisors.map(({ name }) => name).join(', ');
    throw new UsageError(`${unknown.join(', ')}: unknown hypervisor; expected one of ${known}`);
  }
  const asked = hypervisors.filter(({ name }) => names.includes(name));
  const lacking = asked.flatMap((each) => each.lacking() ?? []);
  if (lacking.length > 0) throw new MissingError(lacking.join('; '));
  let failed = 0;
  for (const each of asked) {
    const options = { work: { patterns: values.only, kicks }, limitMs: minutes * 60_000, isVerbose: values.verbose };
    if (!(await runOn(each, options))) failed++;
  }
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = error instanceof MissingError || error instanceof UsageError ? 2 : 1;
}

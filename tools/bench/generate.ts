/** Benchmarks of the generator: kvm.h inside this process, and `kvm-uapi generate` as a process of its own. */

import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordedTargets } from '../../generator/cli/generate.js';
import { defaultHeader } from '../../generator/cli/header-options.js';
import { packageRoot } from '../../generator/headers/disk.js';
import { headerSet, whyMissing } from '../lib/header-sets.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { benchBindgen } from './bindgen.js';
import { duration, type Result } from './harness.js';
import { headerToText } from './header-to-text.js';

const committed = join(packageRoot(), 'generated');
const firstCall = fileURLToPath(new URL('first-call-program.js', import.meta.url));
const cli = fileURLToPath(new URL('../../bin/kvm-uapi.js', import.meta.url));
/** V8 compiles the code of the generator during about a hundred runs. */
const warmUps = 100;
const processes = 15;

export async function benchGenerate(): Promise<Result[]> {
  return [await inProcess(), ...(await allArchitectures()), ...(await asProcess())];
}

async function inProcess(): Promise<Result> {
  let characters = 0;
  const run = (): void => {
    characters = headerToText();
  };
  for (let round = 0; round < warmUps; round++) run();
  const measured = await duration(run, 25);
  return {
    subject: `<${defaultHeader}> from header to text, in process, warm`,
    measured,
    bound: 100,
    unit: 'ms',
    note: `${Math.round(characters / 1000)} thousand characters`,
  };
}

/** Generates for every architecture that has committed bindings. It uses fetched headers, because few systems have them all. */
async function allArchitectures(): Promise<Result[]> {
  const missing = whyMissing('newest');
  if (missing !== undefined) {
    console.error(`generate for all architectures: skipped, because the headers are not available: ${missing}\n`);
    return [];
  }
  const { root } = await headerSet('newest');
  return inTemporaryFolder({}, async (folder) => {
    // `generate` takes the architectures from the contents of the folder.
    cpSync(committed, folder, { recursive: true });
    const measured = await duration(() => generate(folder, '--from', root), processes);
    const note = `${recordedTargets(committed, defaultHeader).length} architectures, with the start of node; median of ${processes} runs`;
    return [{ subject: 'generate for all architectures, as one process', measured, bound: 1000, unit: 'ms', note }];
  });
}

/** Measures `generate` as a user calls it: alone, and compared with bindgen. */
async function asProcess(): Promise<Result[]> {
  return inTemporaryFolder({}, async (folder) => {
    let round = 0;
    // Each call has a folder of its own, because `generate` does not write a file that is current already.
    const run = (): void => generate(join(folder, String(round++)));
    const runWithoutCache = (): void => {
      const args = [cli, 'generate', '--out', join(folder, String(round++))];
      spawned(args, { NODE_DISABLE_COMPILE_CACHE: '1' });
    };
    const note = `with the start of node; median of ${processes} runs`;
    const row = (subject: string, measured: number): Result => ({ subject, measured, bound: 1000, unit: 'ms', note });
    return [
      row('generate, as a process', await duration(run, processes)),
      row('generate, as a process, without stored code', await duration(runWithoutCache, processes)),
      ...(await benchBindgen({
        inProcess: headerToText,
        firstCall: () => Number(spawned([firstCall], {})),
        command: run,
        commandWithoutCache: runWithoutCache,
      })),
    ];
  });
}

function generate(out: string, ...options: readonly string[]): void {
  spawned([cli, 'generate', '--out', out, ...options], {});
}

/** Runs a program of Node, and returns what it prints. */
function spawned(args: readonly string[], variables: NodeJS.ProcessEnv): string {
  const env = { ...process.env, ...variables };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit status ${status}: ${stderr}`);
  return stdout;
}

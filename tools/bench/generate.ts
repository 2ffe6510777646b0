/** The generator: kvm.h in process, and `kvm-uapi generate` as a user calls it. */

import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesFor, recordedTargets } from '../../generator/cli/generate.js';
import { defaultHeader, type HeaderOptions, openHeaders } from '../../generator/cli/header-options.js';
import { packageRoot } from '../../generator/headers/disk.js';
import { headerSet, whyMissing } from '../lib/header-sets.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { benchBindgen } from './bindgen.js';
import { duration, leastDuration, type Result } from './harness.js';

const options: HeaderOptions = { header: [defaultHeader], arch: 'x86_64', include: [] };
const committed = join(packageRoot(), 'generated');
const cli = fileURLToPath(new URL('../../bin/kvm-uapi.js', import.meta.url));
/** V8 goes on compiling what the generator is made of for some hundred runs. */
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
    subject: `<${defaultHeader}>, header to finished text, warm`,
    measured,
    bound: 100,
    unit: 'ms',
    note: `${Math.round(characters / 1000)} thousand characters`,
  };
}

/** Every architecture that there are bindings of; with fetched headers, as few systems have them all. */
async function allArchitectures(): Promise<Result[]> {
  const missing = whyMissing('newest');
  if (missing !== undefined) {
    console.log(`no headers of all architectures are available here, so that row is left out: ${missing}\n`);
    return [];
  }
  const { root } = await headerSet('newest');
  return inTemporaryFolder({}, async (folder) => {
    // Which architectures there are `generate` sees by what is in the folder.
    cpSync(committed, folder, { recursive: true });
    const measured = await leastDuration(() => generate(folder, '--from', root), processes);
    const note = `${recordedTargets(committed, defaultHeader).length} architectures, start of node included; the least of ${processes}`;
    return [{ subject: `generate for all architectures, as one process`, measured, bound: 1000, unit: 'ms', note }];
  });
}

/** From opening the headers to the text of every file of the output; nothing is kept from one call to the next. */
function headerToText(): number {
  const headers = openHeaders(options);
  const files = filesFor(headers.names.map((name) => headers.model(name)));
  return files.reduce((sum, { text }) => sum + text.length, 0);
}

/** `generate` as a user calls it: by itself, and against bindgen. */
async function asProcess(): Promise<Result[]> {
  return inTemporaryFolder({}, async (folder) => {
    let round = 0;
    // Every call has a folder of its own: where the files are there already, none would be written.
    const run = (): void => generate(join(folder, String(round++)));
    const measured = await leastDuration(run, processes);
    return [
      {
        subject: 'generate, as a process',
        measured,
        bound: 1000,
        unit: 'ms',
        note: `start of node included; the least of ${processes}`,
      },
      ...(await benchBindgen({ inProcess: headerToText, asProcess: run })),
    ];
  });
}

function generate(out: string, ...options: readonly string[]): void {
  const args = [cli, 'generate', '--out', out, ...options];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`generate ended with ${status}: ${stderr}`);
}

/** The same header through rust-bindgen, as Debian has it: a process against us warm, and against us as a process. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defaultHeader } from '../../generator/cli/header-options.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { inTurn, median, type Result, ratioOf } from './harness.js';

/** bindgen links libclang when it runs, and leaves the format of its output to rustfmt; ours is formatted. */
const packages = ['bindgen', 'libclang-dev', 'rustfmt'];
const rounds = 15;
/** Runs in process for one of bindgen's: together they take no longer, and each bears its share of the collections. */
const runs = 8;

/** What is held against bindgen: both give back after the text is there. */
export interface Generator {
  inProcess(): void;
  asProcess(): void;
}

export async function benchBindgen(ours: Generator): Promise<Result[]> {
  return inTemporaryFolder({}, async (folder) => {
    const bindgen = findBindgen(join(folder, 'bindings.rs'));
    if (!bindgen) {
      console.log(
        `bindgen is not compared: none that can read <${defaultHeader}>; apt-get install ${packages.join(' ')}\n`,
      );
      return [];
    }
    const warm = await inTurn(rounds, timed(ours.inProcess, runs), timed(bindgen.run));
    const whole = await inTurn(rounds, timed(ours.asProcess), timed(bindgen.run));
    const note = (seen: typeof warm): string =>
      `${[0, 1].map((side) => `${median(seen.map((round) => round[side] as number)).toFixed(0)} ms`).join(' to ')}; ${bindgen.version}`;
    const subject = `<${defaultHeader}> against bindgen`;
    return [
      { subject: `${subject}, in process`, measured: ratioOf(warm), bound: 1 / 10, unit: '', note: note(warm) },
      { subject: `${subject}, as a process`, measured: ratioOf(whole), bound: 1 / 1.5, unit: '', note: note(whole) },
    ];
  });
}

/** The mean duration of some calls, one after the other. */
function timed(call: () => void, times = 1): () => number {
  return () => {
    const start = performance.now();
    for (let done = 0; done < times; done++) call();
    return (performance.now() - start) / times;
  };
}

interface Bindgen {
  readonly version: string;
  run(): void;
}

/** A bindgen that works, installed where that is allowed. */
function findBindgen(out: string): Bindgen | undefined {
  const version = (): string => spawnSync('bindgen', ['--version'], { encoding: 'utf8' }).stdout ?? '';
  if (version() === '' && process.getuid?.() === 0) {
    console.log(`installing ${packages.join(', ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-q'], { env });
    spawnSync('apt-get', ['install', '-qy', '--no-install-recommends', ...packages], { env });
  }
  const found = version().trim();
  if (found === '') return undefined;
  // It was made for the libclang of its own release, and takes the newest that there is: with some it fails.
  for (const library of ['', ...librariesOfClang()]) {
    const env = library === '' ? process.env : { ...process.env, LIBCLANG_PATH: library };
    const call = (): number | null =>
      spawnSync('bindgen', [join('/usr/include', defaultHeader), '-o', out], { env }).status;
    if (call() !== 0) continue;
    return {
      version: found,
      run() {
        if (call() !== 0) throw new Error('bindgen failed');
      },
    };
  }
  return undefined;
}

function librariesOfClang(): string[] {
  const root = '/usr/lib';
  const folders = readdirSync(root).filter((name) => /^llvm-\d+$/.test(name));
  return folders.map((name) => join(root, name, 'lib')).filter((path) => existsSync(path));
}

/**
 * Compares the generator with Debian's rust-bindgen for the same header. A process of bindgen is compared with the generator
 * inside this process, and with a process of the generator.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defaultHeader } from '../../generator/cli/header-options.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { inTurn, median, type Result, ratioOf } from './harness.js';

/** bindgen loads libclang at run time, and it needs rustfmt to format its output. The output of the generator is formatted. */
const packages = ['bindgen', 'libclang-dev', 'rustfmt'];
const rounds = 15;
/**
 * The number of runs inside this process for one process of bindgen. All of them together do not take longer than bindgen, and
 * each of them includes its share of the garbage collections.
 */
const runs = 8;

/** What is compared with bindgen. Both functions return when the text is complete. */
export interface Generator {
  inProcess(): void;
  asProcess(): void;
}

export async function benchBindgen(ours: Generator): Promise<Result[]> {
  return inTemporaryFolder({}, async (folder) => {
    const bindgen = findBindgen(join(folder, 'bindings.rs'));
    if (!bindgen) {
      console.log(
        `bindgen: skipped, because no installed bindgen reads <${defaultHeader}>; Debian: apt-get install ${packages.join(' ')}\n`,
      );
      return [];
    }
    const warm = await inTurn(rounds, timed(ours.inProcess, runs), timed(bindgen.run));
    const whole = await inTurn(rounds, timed(ours.asProcess), timed(bindgen.run));
    const note = (seen: typeof warm): string =>
      `${[0, 1].map((side) => `${median(seen.map((round) => round[side] as number)).toFixed(0)} ms`).join(', bindgen ')}; ${bindgen.version}`;
    const subject = `<${defaultHeader}> / bindgen`;
    return [
      { subject: `${subject}, in process`, measured: ratioOf(warm), bound: 1 / 10, unit: '', note: note(warm) },
      { subject: `${subject}, as a process`, measured: ratioOf(whole), bound: 1 / 1.5, unit: '', note: note(whole) },
    ];
  });
}

/** Measures the mean duration of some calls in sequence. */
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

/** Returns a bindgen that works. It installs bindgen if it may do so. */
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
  // bindgen was built for one version of libclang, but it loads the newest one, and it fails with some versions.
  for (const library of ['', ...librariesOfClang()]) {
    const env = library === '' ? process.env : { ...process.env, LIBCLANG_PATH: library };
    const call = (): number | null =>
      spawnSync('bindgen', [join('/usr/include', defaultHeader), '-o', out], { env }).status;
    if (call() !== 0) continue;
    return {
      version: found,
      run() {
        if (call() !== 0) throw new Error(`bindgen: it read <${defaultHeader}> before, and failed now`);
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

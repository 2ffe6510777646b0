/**
 * Compares the generator with Debian's rust-bindgen for the same header. A process of bindgen, with and without rustfmt, is compared
 * with the generator inside this process, with its first call in a new process, and with its command.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { defaultHeader } from '../../generator/cli/header-options.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { inTurn, median, type Result, ratioOf } from './harness.js';

/** bindgen loads libclang at run time, and it starts rustfmt to format its output. */
const packages = ['bindgen', 'libclang-dev', 'rustfmt'];
const rounds = 15;
/**
 * The number of runs inside this process for one process of bindgen. All of them together do not take longer than bindgen, and
 * each of them includes its share of the garbage collections.
 */
const runs = 8;

/** What is compared with bindgen. The functions return when the text is complete. */
export interface Generator {
  /** In this process, after many calls. */
  inProcess(): void;
  /** Returns the milliseconds of the first call in a new process, without the start of Node. */
  firstCall(): number;
  /** The command in a new process. V8 has the compiled code of earlier processes, if this version of Node stores it. */
  command(): void;
  /** The command in a new process, without compiled code of earlier processes. */
  commandWithoutCache(): void;
}

/**
 * The limits against bindgen without rustfmt. The output of bindgen is then not formatted, and the output of the generator is.
 * The limit of the command is for versions of Node that store compiled code.
 */
const limits = { first: 0.4, longLived: 0.1, command: 'enableCompileCache' in module ? 0.7 : null } as const;

export async function benchBindgen(ours: Generator): Promise<Result[]> {
  return inTemporaryFolder({}, async (folder) => {
    const bindgen = findBindgen(join(folder, 'bindings.rs'));
    if (!bindgen) {
      console.error(
        `bindgen: skipped, because no installed bindgen reads <${defaultHeader}>; Debian: apt-get install ${packages.join(' ')}\n`,
      );
      return [];
    }
    const sides = [
      ['the first call in a fresh process', limits.first, ours.firstCall],
      ['a call in a long-lived process', limits.longLived, timed(ours.inProcess, runs)],
      ['the command', limits.command, timed(ours.command)],
      ['the command without stored code', null, timed(ours.commandWithoutCache)],
    ] as const;
    const results: Result[] = [];
    for (const formats of [false, true]) {
      for (const [name, limit, side] of sides) {
        const seen = await inTurn(
          rounds,
          side,
          timed(() => bindgen.run(formats)),
        );
        const [own, other] = [0, 1].map((at) => `${median(seen.map((round) => round[at] as number)).toFixed(0)} ms`);
        results.push({
          subject: `<${defaultHeader}>, ${name} / bindgen ${formats ? 'with' : 'without'} rustfmt`,
          measured: ratioOf(seen),
          bound: formats ? null : limit,
          unit: '',
          note: `${own}, bindgen ${other}; ${bindgen.version}`,
        });
      }
    }
    return results;
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
  /** Makes the bindings, and formats them with rustfmt if `formats` is true. */
  run(formats: boolean): void;
}

/** Returns a bindgen that works. It installs bindgen if it may do so. */
function findBindgen(out: string): Bindgen | undefined {
  const version = (): string => spawnSync('bindgen', ['--version'], { encoding: 'utf8' }).stdout ?? '';
  if (version() === '' && process.getuid?.() === 0) {
    console.error(`installing ${packages.join(', ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-q'], { env });
    spawnSync('apt-get', ['install', '-qy', '--no-install-recommends', ...packages], { env });
  }
  const found = version().trim();
  if (found === '') return undefined;
  const help = spawnSync('bindgen', ['--help'], { encoding: 'utf8' }).stdout ?? '';
  const unformatted = help.includes('--no-rustfmt-bindings') ? '--no-rustfmt-bindings' : '--formatter=none';
  // bindgen was built for one version of libclang, but it loads the newest one, and it fails with some versions.
  for (const library of ['', ...librariesOfClang()]) {
    const env = library === '' ? process.env : { ...process.env, LIBCLANG_PATH: library };
    const call = (formats: boolean): number | null => {
      const args = [...(formats ? [] : [unformatted]), join('/usr/include', defaultHeader), '-o', out];
      return spawnSync('bindgen', args, { env }).status;
    };
    if (call(false) !== 0) continue;
    return {
      version: found,
      run(formats) {
        if (call(formats) !== 0) throw new Error(`bindgen: it read <${defaultHeader}> before, and failed now`);
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

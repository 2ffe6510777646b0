/**
 * Benchmarks of the commands that are used after a header update: `diff`, `impact` and `generate --watch`. The headers are
 * those of two Debian releases, so that every machine compares the same files.
 */

import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { defaultHeader } from '../../generator/cli/header-options.js';
import { headerSet, whyMissing } from '../lib/header-sets.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { duration, median, type Result } from './harness.js';

const cli = fileURLToPath(new URL('../../bin/kvm-uapi.js', import.meta.url));
const sets = ['bookworm-amd64', 'newest'] as const;

export async function benchChanges(): Promise<Result[]> {
  const missing = sets.map(whyMissing).find((reason) => reason !== undefined);
  if (missing !== undefined) {
    console.error(`changes: skipped, because the headers are not available: ${missing}\n`);
    return [];
  }
  const [before, after] = [(await headerSet(sets[0])).root, (await headerSet(sets[1])).root];
  return [...(await diff(before, after)), ...(await impact(before, after)), await watch(before)];
}

/** Runs a command. `cache` is the folder of its cache. A command that finds breaking changes ends with 1. */
function command(folder: string, args: readonly string[], cache = join(folder, 'cache')): string {
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  const options = { cwd: folder, env, encoding: 'utf8', maxBuffer: 2 ** 30 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], options);
  if (status !== 0 && status !== 1) throw new Error(`kvm-uapi ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function diff(before: string, after: string): Promise<Result[]> {
  return inTemporaryFolder({}, async (folder) => {
    const one = ['diff', before, after, '--header', defaultHeader];
    const all = ['diff', before, after, '--all-headers', '--no-cache'];
    const lines = command(folder, one).trimEnd().split('\n');
    return [
      {
        subject: `diff of <${defaultHeader}>, as a process, without a cache`,
        measured: await duration(() => command(folder, [...one, '--no-cache']), 15),
        bound: 600,
        unit: 'ms',
        note: `${lines.at(-1)}; median of 15 runs`,
      },
      {
        subject: `diff of <${defaultHeader}>, as a process, again`,
        measured: await duration(() => command(folder, one), 15),
        bound: 400,
        unit: 'ms',
        note: 'the models of both sets are kept; median of 15 runs',
      },
      {
        subject: 'diff of all headers, as a process, without a cache',
        measured: await duration(() => command(folder, all), 3),
        bound: 15_000,
        unit: 'ms',
        note: 'median of 3 runs',
      },
    ];
  });
}

const files = 200;

/** A program. Each file uses what the new headers changed, and imports the file before it. */
function program(): Record<string, string> {
  const settings = { target: 'es2023', module: 'nodenext', strict: true, types: [], noEmit: true, skipLibCheck: true };
  const source = (index: number): string => `
import { KVM_CAP_NR_MEMSLOTS, KVM_GET_API_VERSION, KvmMemoryAlias, KvmRegs, KvmRun } from '../generated/x86_64/linux/kvm.js';
${index === 0 ? 'const last = 0;' : `import { value as last } from './file-${index - 1}.js';`}
export const value: number = last + KVM_CAP_NR_MEMSLOTS + KVM_GET_API_VERSION.request + KvmMemoryAlias.$layout.size;
export function reason(run: KvmRun, registers: KvmRegs): bigint {
  const { exit_reason, request_interrupt_window } = run;
  return registers.rax + BigInt(exit_reason + request_interrupt_window + KvmRun.$layout.size);
}
`;
  return {
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({ compilerOptions: settings, include: ['src'] }),
    ...Object.fromEntries(Array.from({ length: files }, (_, index) => [`src/file-${index}.ts`, source(index)])),
  };
}

async function impact(before: string, after: string): Promise<Result[]> {
  return inTemporaryFolder(program(), async (folder) => {
    command(folder, ['generate', '--from', before]);
    const args = ['impact', before, after];
    let runs = 0;
    const cold = await duration(() => command(folder, args, join(folder, `cache-${runs++}`)), 3);
    const note = command(folder, args).trimEnd().split('\n').at(-1) ?? '';
    const warm = await duration(() => {
      appendFileSync(join(folder, 'src', `file-${files - 1}.ts`), `// ${runs++}\n`);
      command(folder, args);
    }, 5);
    const subject = `impact on ${files} files`;
    return [
      { subject: `${subject}, without a cache`, measured: cold, bound: 10_000, unit: 'ms', note },
      { subject: `${subject}, one of them changed`, measured: warm, bound: 2000, unit: 'ms', note: 'median of 5 runs' },
    ];
  });
}

/** How often the output is read. */
const pollMs = 5;
const watchdogMs = 60_000;

/** Measures the time from the write of a header to the write of its bindings. */
async function watch(set: string): Promise<Result> {
  const text = (value: number): string => `#include <linux/kvm.h>\n#define OWN_VALUE ${value}\n`;
  return inTemporaryFolder({ 'own.h': text(0) }, async (folder) => {
    const output = join(folder, 'generated/x86_64/own.ts');
    const args = [cli, 'generate', '--watch', '--from', set, '--header', './own.h'];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        printed += part;
      });
      const end = performance.now() + watchdogMs;
      const until = async (isThere: () => boolean): Promise<void> => {
        while (!isThere()) {
          if (performance.now() > end || child.exitCode !== null) throw new Error(`watch: no output: ${printed}`);
          await setTimeout(pollMs);
        }
      };
      await until(() => /watching \d+/.test(printed));
      const times: number[] = [];
      for (let value = 1; value <= 7; value++) {
        printed = '';
        const start = performance.now();
        writeFileSync(join(folder, 'own.h'), text(value));
        await until(() => readFileSync(output, 'utf8').includes(`OWN_VALUE = ${value}`));
        times.push(performance.now() - start);
        await until(() => /watching \d+/.test(printed));
      }
      return {
        subject: 'generate --watch, from a changed header to its bindings',
        measured: median(times),
        bound: 1000,
        unit: 'ms',
        note: `median of ${times.length} changes`,
      };
    } finally {
      child.kill('SIGKILL');
    }
  });
}

/** Measures all installed headers in one process, and how the time grows with the size of a header. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { analyzeHeader } from '../../generator/analyze/analyze.js';
import { filesInMemory } from '../../generator/headers/files.js';
import { Resolver } from '../../generator/headers/resolver.js';
import { targetCalled } from '../../generator/targets/targets.js';
import { installedHeaders } from '../lib/installed-headers.js';
import type { CorpusRun, Step } from './corpus-program.js';
import { duration, type Result } from './harness.js';

const program = fileURLToPath(new URL('corpus-program.js', import.meta.url));
const x86_64 = targetCalled('x86_64');

export async function benchCorpus(): Promise<Result[]> {
  return [...wholeCorpus(), await growth()];
}

function wholeCorpus(): Result[] {
  const names = installedHeaders(x86_64);
  if (names.length === 0) {
    console.log('corpus: skipped, because no kernel headers are installed; Debian: apt-get install linux-libc-dev\n');
    return [];
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    input: names.join('\n'),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`corpus-program: exit status ${status}: ${stderr}`);
  const { steps, refused, kibibytes } = JSON.parse(stdout) as CorpusRun;
  const last = steps.at(-1) as Step;
  const note = `${names.length} headers, ${refused.length} refused; ${(last.written / 1e6).toFixed(0)} million characters`;
  const curve = [1, 2, 3, 4].map((quarter) => {
    const { milliseconds, written } = steps[Math.ceil((steps.length * quarter) / 4) - 1] as Step;
    return `${(written / 1e6).toFixed(1)} in ${milliseconds.toFixed(0)} ms`;
  });
  const subject = 'the whole x86_64 corpus, one process';
  return [
    { subject, measured: last.milliseconds, bound: 10_000, unit: 'ms', note: `${note}: ${curve.join(', ')}` },
    { subject: `${subject}: memory`, measured: kibibytes / 1024, bound: 600, unit: 'MiB', note: 'highest' },
  ];
}

/** Measures a header that is two, four and eight times as long. The time may not grow faster than the length. */
async function growth(): Promise<Result> {
  const factors = [1, 2, 4, 8];
  const times: number[] = [];
  // V8 compiles during the first runs. These runs are not measured, because they would make the shortest header look slow.
  const shortest = reading(500);
  for (let round = 0; round < 30; round++) shortest();
  for (const factor of factors) times.push(await duration(reading(500 * factor), 7));
  const [first, last] = [times[0] as number, times.at(-1) as number];
  const note = factors.map((factor, at) => `×${factor}: ${(times[at] as number).toFixed(0)} ms`).join(', ');
  const subject = 'a header eight times as long, time per declaration';
  return { subject, measured: last / (8 * first), bound: 1.25, unit: '', note };
}

function reading(count: number): () => void {
  const provider = filesInMemory({ '/include/long.h': longHeader(count) });
  return () => {
    const identity = (files: readonly { readonly name: string }[]) => ({
      kernel: null,
      files: files.map(({ name }) => ({ name, sha256: '', origin: { kind: 'tree' as const } })),
    });
    const { types } = analyzeHeader('long.h', x86_64, new Resolver(provider, ['/include']), identity);
    if (types.length !== count) throw new Error(`the header has ${count} types; the model has ${types.length}`);
  };
}

/** A header with `count` groups of declarations: records that contain others, enums, and macros that use others. */
function longHeader(count: number): string {
  const parts = Array.from({ length: count }, (_, n) => {
    const before = Math.max(0, n - 1);
    return `
enum kind_${n} { KIND_${n}_A, KIND_${n}_B = 1 << ${n % 31}, KIND_${n}_C };
struct record_${n} {
  unsigned int a:3, b:29;
  union { unsigned long long wide; struct { unsigned char bytes[${1 + (n % 16)}]; } parts; };
  ${n === 0 ? 'int' : `struct record_${before} *`} link;
  enum kind_${n} kind;
};
#define SIZE_${n} sizeof(struct record_${n})
#define VALUE_${n} (${n === 0 ? '1' : `BASE_${before}`} | ${n})
#define BASE_${n} 0x${n.toString(16)}UL
`;
  });
  return parts.join('');
}

/** Measures all installed headers in one process. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { targetCalled } from '../../generator/targets/targets.js';
import { installedHeaders } from '../lib/installed-headers.js';
import type { CorpusRun, Step } from './corpus-program.js';
import type { Result } from './harness.js';

const program = fileURLToPath(new URL('corpus-program.js', import.meta.url));
const x86_64 = targetCalled('x86_64');

export function benchCorpus(): Result[] {
  const names = installedHeaders(x86_64);
  if (names.length === 0) {
    console.error('corpus: skipped, because no kernel headers are installed; Debian: apt-get install linux-libc-dev\n');
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

/** A process that reads mutants, one after the other as it is handed them, down to the modules that are emitted. */

import { analyzeHeader } from '../../generator/analyze/analyze.js';
import { filesFor } from '../../generator/cli/generate.js';
import { SourceError } from '../../generator/errors.js';
import { filesOnDisk, systemRoots } from '../../generator/headers/disk.js';
import type { FileProvider } from '../../generator/headers/files.js';
import { Resolver } from '../../generator/headers/resolver.js';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { type Mutant, mutated } from './mutations.js';
import type { Answer, Outcome } from './reading.js';

const roots = systemRoots(x86_64);
const original = new Resolver(filesOnDisk, roots);

function read(mutant: Mutant): Outcome {
  const file = original.system(mutant.header);
  if (!file) return { is: 'failure', message: `there is no <${mutant.header}>` };
  const bytes = mutated(file.bytes, mutant);
  const provider: FileProvider = { read: (path) => (path === file.path ? bytes : filesOnDisk.read(path)) };
  try {
    const model = analyzeHeader(mutant.header, x86_64, new Resolver(provider, roots), (files) => ({
      kernel: null,
      files: files.map(({ name }) => ({ name, sha256: '', origin: { kind: 'tree' } })),
    }));
    filesFor([model]);
    return { is: 'model' };
  } catch (error) {
    if (!(error instanceof SourceError)) return { is: 'failure', message: stackOf(error) };
    const wrong = wrongPlace(error, provider);
    return wrong === null
      ? { is: 'error', message: error.message }
      : { is: 'failure', message: `${wrong}: ${error.message}` };
  }
}

/** What is wrong with the place of an error: it must be in a file that has been read. */
function wrongPlace({ file, line, column, problem, message }: SourceError, provider: FileProvider): string | null {
  if (message !== `${file}:${line}:${column}: ${problem}` || problem === '') return 'not of the form of an error';
  const bytes = provider.read(file);
  if (!bytes) return 'in no file';
  // As an editor counts: a line feed ends a line, and characters outside of the basic plane are two.
  const text = new TextDecoder().decode(bytes).split('\n')[line - 1];
  if (text === undefined) return 'after the last line';
  return column >= 1 && column <= text.length + 1 ? null : 'after the end of its line';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

process.on('message', (mutant: Mutant) => {
  const outcome = read(mutant);
  const answer: Answer = { outcome, memory: Math.ceil(process.resourceUsage().maxRSS / 1024) };
  process.send?.(answer);
});

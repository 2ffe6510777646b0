/** A process that reads changed headers one after the other, up to the emitted modules. */

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
  if (!file) return { is: 'failure', message: `<${mutant.header}> not found` };
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

/** Returns what is wrong with the location of an error. The location must be in a file that was read. */
function wrongPlace({ file, line, column, problem, message }: SourceError, provider: FileProvider): string | null {
  if (message !== `${file}:${line}:${column}: ${problem}` || problem === '')
    return 'the message does not have the form of a SourceError';
  const bytes = provider.read(file);
  if (!bytes) return 'the location is not in a file';
  // Counts as an editor does: a line feed ends a line, and a character outside of the basic plane counts as two.
  const text = new TextDecoder().decode(bytes).split('\n')[line - 1];
  if (text === undefined) return 'the location is after the last line';
  return column >= 1 && column <= text.length + 1 ? null : 'the location is after the end of its line';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

process.on('message', (mutant: Mutant) => {
  const outcome = read(mutant);
  const answer: Answer = { outcome, memory: Math.ceil(process.resourceUsage().maxRSS / 1024) };
  process.send?.(answer);
});

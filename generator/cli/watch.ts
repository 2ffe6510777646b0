/**
 * `kvm-uapi generate --watch`: generates again when a file changes. The files are compared by their status in short
 * intervals. Unlike notifications of the kernel, this also works if an editor replaces a file, if a folder disappears
 * for a while, and on network file systems.
 */

import { statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { GeneratorError } from '../errors.js';
import type { FileProvider } from '../headers/files.js';

/** How often the files are compared. A change is seen within two intervals, because it must be the same in both. */
const intervalMs = 100;

export interface Watched {
  /** Generates, and reads all files through `files`. Returns what to print. */
  run(files: FileProvider): string | Promise<string>;
  /** The provider that reads the headers. */
  readonly files: FileProvider;
  /** Paths that are watched although `run` does not read them through `files`: the configuration. */
  readonly paths: readonly string[];
  /** Gets the result of each run. */
  report(round: Round): void;
  readonly signal: AbortSignal;
}

/** The result of a run. */
interface Round {
  /** What `run` returned, or the message of its error. */
  readonly text: string;
  readonly isError: boolean;
  /** The paths that changed before the run. There are none before the first run. */
  readonly changed: readonly string[];
  /** The number of the files that are watched from now on. Files that do not exist are not counted. */
  readonly watched: number;
}

/**
 * Generates at once and after each change, until the signal aborts. A header with an error is reported, and the watch
 * goes on. Files that were looked for and do not exist are watched too.
 */
export async function watch({ run, files, paths, report, signal }: Watched): Promise<void> {
  let known = new Set(paths);
  let changed: readonly string[] = [];
  while (!signal.aborted) {
    const looked = new Set(paths);
    const recording: FileProvider = {
      read(path) {
        looked.add(path);
        return files.read(path);
      },
    };
    const startedAt = Date.now();
    const { text, isError } = await result(() => run(recording));
    // A run that fails may stop before it has looked for all files.
    known = isError ? new Set([...known, ...looked]) : looked;
    const watched = [...known].filter((path) => statusOf(path)?.isFile()).length;
    report({ text, isError, changed, watched });
    changed = await nextChange(known, startedAt, signal);
  }
}

async function result(run: () => string | Promise<string>): Promise<Pick<Round, 'text' | 'isError'>> {
  try {
    return { text: await run(), isError: false };
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    return { text: error.message, isError: true };
  }
}

/** Waits until files differ from their state at the start of a run, and do not differ further. */
async function nextChange(paths: ReadonlySet<string>, startedAt: number, signal: AbortSignal): Promise<string[]> {
  const before = new Map([...paths].map((path) => [path, stateOf(path)]));
  // A file that was written during the run may have been read before.
  const during = [...paths].filter((path) => wasWritten(path, startedAt));
  let last = new Map(before);
  for (;;) {
    try {
      await setTimeout(intervalMs, undefined, { signal });
    } catch {
      return [];
    }
    const now = new Map([...paths].map((path) => [path, stateOf(path)]));
    const isSettled = [...paths].every((path) => now.get(path) === last.get(path));
    const changed = [...paths].filter((path) => now.get(path) !== before.get(path));
    if (isSettled && changed.length + during.length > 0) return [...new Set([...during, ...changed])];
    last = now;
  }
}

/** The state of a file: its identity, size and time of the last change. */
function stateOf(path: string): string {
  const status = statusOf(path);
  return status === undefined ? 'absent' : `${status.ino} ${status.size} ${status.mtimeMs}`;
}

function wasWritten(path: string, since: number): boolean {
  const time = statusOf(path)?.mtimeMs ?? 0;
  return time >= since && time <= Date.now();
}

function statusOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // The path is too long, or a folder of it may not be read.
    return undefined;
  }
}

/** Models and folders of bindings of a commit of git, spelled as git does: `HEAD:generated`. */

import { spawnSync } from 'node:child_process';
import { UsageError } from '../errors.js';

/** The files below a path of a commit. */
export interface CommittedFiles {
  /** Relative to the path. The path itself is the empty string. */
  readonly paths: readonly string[];
  read(path: string): string;
}

/** Whether an argument names a path of a commit. */
export function isRevision(spelled: string): boolean {
  return /^[^:/][^:]*:[^:]+$/.test(spelled);
}

/** Lists the files of a path of a commit. @throws UsageError if the commit or the path does not exist. */
export function committedFiles(spelled: string): CommittedFiles {
  const at = spelled.indexOf(':');
  const [revision, path] = [
    spelled.slice(0, at),
    spelled
      .slice(at + 1)
      .replace(/^\.\//, '')
      .replace(/\/$/, ''),
  ];
  const listed = git(spelled, ['ls-tree', '-r', '-z', '--name-only', revision, '--', path]).split('\0').filter(Boolean);
  if (listed.length === 0) throw new UsageError(`${spelled}: not found; ${revision} has no file below ${path}`);
  return {
    paths: listed.map((each) => (each === path ? '' : each.slice(path.length + 1))),
    read: (each) => git(spelled, ['show', `${revision}:./${each === '' ? path : `${path}/${each}`}`]),
  };
}

/** Whether the current commit has files below a folder of the current repository. */
export function isCommitted(folder: string): boolean {
  const { status, stdout } = spawnSync('git', ['ls-tree', '--name-only', 'HEAD', '--', folder], { encoding: 'utf8' });
  return status === 0 && stdout !== '';
}

function git(spelled: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (error) throw new UsageError(`${spelled}: git cannot be run (${error.message}); give a folder or a file`);
  if (status === 0) return stdout;
  const reason = stderr
    .trim()
    .split('\n')[0]
    ?.replace(/^fatal: /, '');
  throw new UsageError(`${spelled}: git does not find it (${reason}); check the commit and the path`);
}

/** The files of the project, as git lists them: committed ones and new ones, without what is ignored. */

import { spawnSync } from 'node:child_process';

/**
 * The paths that fit the patterns. A run that sees too few files has looked in the wrong place.
 *
 * @throws Error when there are fewer than `fewest`.
 */
export function projectFiles(
  patterns: readonly string[],
  isWanted: (path: string) => boolean,
  fewest: number,
): readonly string[] {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    encoding: 'utf8',
  });
  const found = stdout.split('\n').filter((path) => path !== '' && isWanted(path));
  if (found.length < fewest) throw new Error(`only ${found.length} files were found; expected at least ${fewest}`);
  return found;
}

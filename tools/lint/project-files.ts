/** The files of the project, as git lists them: committed and new files, without ignored files. */

import { spawnSync } from 'node:child_process';

/**
 * Returns the paths that match the patterns. If too few files match, the search was in the wrong place.
 *
 * @throws Error if fewer than `fewest` files match.
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

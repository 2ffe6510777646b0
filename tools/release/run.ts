/**
 * `npm run release -- VERSION`: gives the changes under [Unreleased] of CHANGELOG.md the version and today's date, writes the version
 * to package.json and package-lock.json, commits both and makes the tag. It pushes nothing: pushing the tag publishes the package.
 * `-- --verify VERSION` only checks that the files have the version. Exit codes: 0 for success, 1 if the version cannot be
 * released, 2 for wrong use.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../generator/headers/disk.js';
import { run } from '../lib/programs.js';
import { ReleaseError, releasedChangelog, versionProblems } from './changelog.js';

const root = packageRoot();
const changelog = join(root, 'CHANGELOG.md');

function verify(version: string): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const problems = versionProblems(readFileSync(changelog, 'utf8'), manifest.version, version);
  if (problems.length > 0) throw new ReleaseError(problems.join('; '));
}

function release(version: string): void {
  const options = { cwd: root };
  if (run('git', ['status', '--porcelain'], options) !== '') {
    throw new ReleaseError('the working tree has changes; commit them first');
  }
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(changelog, releasedChangelog(readFileSync(changelog, 'utf8'), version, date));
  run('npm', ['version', version, '--no-git-tag-version', '--allow-same-version'], options);
  run('git', ['commit', '--all', '--message', `Release ${version}`], options);
  run('git', ['tag', '--annotate', `v${version}`, '--message', `kvm-uapi ${version}`], options);
  console.log(`v${version} is tagged; publish it with 'git push --follow-tags'`);
}

try {
  const { values, positionals } = parseArgs({ options: { verify: { type: 'string' } }, allowPositionals: true });
  const [version] = positionals;
  if (values.verify !== undefined) verify(values.verify);
  else if (version !== undefined) release(version);
  else throw new TypeError("expected a version, such as 'npm run release -- 1.2.3'");
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = error instanceof ReleaseError ? 1 : 2;
}

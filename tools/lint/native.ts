/** `npm run lint:native`: clang-format makes no change to the project's C and C++ code. The style is in .clang-format. */

import { spawnSync } from 'node:child_process';
import { projectFiles } from './project-files.js';

const fewestFiles = 15;

/** The headers of `headers/` are the kernel's, and shapes.h is written as they are. */
function isChecked(path: string): boolean {
  return !path.startsWith('headers/') && path !== 'tools/lib/shapes.h';
}

function main(): number {
  const { stdout: version, error } = spawnSync('clang-format', ['--version'], { encoding: 'utf8' });
  if (error) {
    console.log('native: not checked, because clang-format is not installed; run: apt-get install clang-format');
    return 0;
  }
  const files = projectFiles(['*.cc', '*.c', '*.h'], isChecked, fewestFiles);
  const { status } = spawnSync('clang-format', ['--dry-run', '-Werror', ...files], { stdio: 'inherit' });
  console.log(`native: ${files.length} files, ${status === 0 ? 'all' : 'not all'} as ${version.trim()} formats them`);
  if (status !== 0) console.error('run: npm run format:native');
  return status === 0 ? 0 : 1;
}

process.exitCode = main();

/** Runs the built command line, and makes folders for it. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Run, runCommandLine } from './command-line.js';

export type { Run };

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));
export const bin: string = join(projectRoot, 'dist', 'bin', 'kvm-uapi.js');

/**
 * Runs the command line. All runs of a test file are in one process. What a test says of a process, such as its signals and
 * its pipes, needs `kvmUapiProcess`.
 */
export function kvmUapi(args: readonly string[], env: NodeJS.ProcessEnv = plainEnv(), cwd: string = projectRoot): Run {
  return runCommandLine({ args, env, cwd });
}

/** Runs the command line in a process of its own, as a user does. */
export function kvmUapiProcess(
  args: readonly string[],
  env: NodeJS.ProcessEnv = plainEnv(),
  cwd: string = projectRoot,
): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

/** The environment without variables that change the output. Vitest sets FORCE_COLOR for its workers. */
export function plainEnv(): NodeJS.ProcessEnv {
  const { FORCE_COLOR, COLUMNS, ...env } = process.env;
  return env;
}

/** Makes a folder that is removed at the end of the test run. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kvm-uapi-test-'));
}

/** Writes files below a new temporary folder. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** The contents of all files below a folder, by relative path. */
export function contentsOf(folder: string): Record<string, string> {
  const contents: Record<string, string> = {};
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (statSync(join(folder, path)).isFile()) contents[path] = readFileSync(join(folder, path), 'latin1');
  }
  return contents;
}

/** The paths of the committed modules below `generated/`, without the file extension. */
export function committedModules(): string[] {
  const paths = readdirSync(join(projectRoot, 'generated'), { recursive: true, encoding: 'utf8' });
  return paths.filter((path) => path.endsWith('.ts')).map((path) => path.slice(0, -'.ts'.length));
}

/**
 * `node dist/tools/other-nodes/run.js NODE`: another version of Node runs the command line and the emitted modules. The
 * command line must print and write the same as under the running Node.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import type { Exercised } from '../lib/typescript-workspace.js';

const root = packageRoot();
const fewestClasses = 1000;

const cli = join(root, 'dist/bin/kvm-uapi.js');

/** Runs a program under a Node. @throws Error when it ends with another status than 0. */
function output(node: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(node, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0)
    throw new Error(`${node} ${args.join(' ')}: ${error?.message ?? `status ${status}`}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** What the command line prints for each command, and the files that it writes. */
function commandLine(node: string): ReadonlyMap<string, string> {
  return inTemporaryFolder({}, (folder) => {
    const results = new Map<string, string>();
    const commands = ['--help', 'layout kvm_run', 'generate --out out', 'generate --out out --check'];
    for (const command of commands) results.set(command, output(node, [cli, ...command.split(' ')], folder));
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (statSync(join(folder, path)).isFile()) results.set(path, readFileSync(join(folder, path), 'utf8'));
    }
    return results;
  });
}

function main([node]: readonly string[]): number {
  if (node === undefined) throw new Error('the path of a Node is missing');
  const version = output(node, ['--version'], root).trim();
  const expected = commandLine(process.execPath);
  const found = commandLine(node);
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  const different = names.filter((name) => expected.get(name) !== found.get(name));
  for (const name of different) console.error(`${name}: not the same under ${version} and ${process.version}`);
  const exercise = [join(root, 'dist/tools/fuzz/exercise.js'), join(root, 'dist/generated')];
  const { modules, classes } = JSON.parse(output(node, exercise, root)) as Exercised;
  if (classes < fewestClasses) console.error(`only ${classes} classes were found; expected at least ${fewestClasses}`);
  console.log(
    `${version}: ${names.length} results of the command line, ${different.length} different; ${modules} modules, ${classes} classes`,
  );
  return different.length > 0 || classes < fewestClasses ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));

/** Builds the native runtime from its sources in the package. */

import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BuildError, OutputError, UsageError } from '../errors.js';
import { packageRoot } from '../headers/disk.js';
import { type Finished, runProgram } from '../verify/program.js';
import { isInPath } from './programs.js';

/**
 * Builds the native runtime, and loads it in a process of its own. Returns a line about the result.
 *
 * @throws UsageError on a system that is not Linux, OutputError if the package cannot be written, BuildError if a program is
 * missing, if the sources do not compile, or if Node cannot load the result.
 */
export async function build(): Promise<string> {
  if (process.platform !== 'linux')
    throw new UsageError(
      `the native runtime needs Linux, because KVM is a part of Linux; this system is ${process.platform}`,
    );
  const root = packageRoot();
  const out = join(root, 'build');
  requireWritable(existsSync(out) ? out : root);
  const { CXX } = process.env;
  const cxx = CXX || 'c++';
  for (const program of ['make', cxx.split(' ')[0] ?? cxx]) requireProgram(program);
  const made = await runProgram('make', ['-s', '-C', join(root, 'runtime', 'native'), ...variables(out, cxx)]);
  if (made.status !== 0) throw new BuildError(`the native runtime cannot be built:\n${textOf(made)}`);
  const addon = join(out, 'kvm_uapi.node');
  const loaded = await runProgram(process.execPath, ['-e', 'require(process.argv[1])', addon]);
  if (loaded.status !== 0) throw new BuildError(`${addon}: Node cannot load what was built:\n${textOf(loaded)}`);
  return `${addon}: built, and Node loads it`;
}

function requireWritable(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OutputError(
      `${folder}: cannot be written (${code}); run 'kvm-uapi build' as the user who installed the package`,
    );
  }
}

function requireProgram(program: string): void {
  if (isInPath(program)) return;
  throw new BuildError(
    `${program}: not found in PATH; install a C++17 compiler and make (Debian: apt-get install g++ make; Alpine: apk add g++ make)`,
  );
}

/** The variables of the Makefile. A package manager may install the headers of Node-API beside this package. */
function variables(out: string, cxx: string): string[] {
  const { resolve } = createRequire(import.meta.url);
  const folderOf = (name: string): string => dirname(resolve(`${name}/package.json`));
  return [
    `OUT=${out}`,
    `CXX=${cxx}`,
    `NODE_ADDON_API=${folderOf('node-addon-api')}`,
    `NODE_API_HEADERS=${folderOf('node-api-headers')}`,
  ];
}

function textOf({ status, stdout, stderr }: Finished): string {
  return `${stderr}${stdout}`.trim() || `status ${status}`;
}

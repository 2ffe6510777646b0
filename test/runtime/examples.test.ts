/** The programs of `examples/` that use the runtime, in a project that has the package. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/cli.js';
import { hasKvm, needsKvm, projectRoot, watchdogMs } from '../helpers/vcpus.js';

/** The output of a command, if the command ends with status 0. Otherwise also the errors. */
function output(folder: string, command: string, args: readonly string[]): string {
  // A test runner in a test runner finds the variables of the outer one.
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, VITEST: ___, VITEST_MODE: ____, ...env } = process.env;
  const options = { cwd: folder, env: { ...env, NO_COLOR: '1' }, encoding: 'utf8', timeout: watchdogMs } as const;
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, options);
  return status === 0 ? stdout : `${error ?? signal ?? status}\n${stdout}${stderr}`;
}

const node = (folder: string, ...args: string[]): string => output(folder, process.execPath, args);

/** Makes a project that has the package and Vitest. */
function project(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "dependencies": { "kvm-uapi": "*" } }');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(projectRoot, join(folder, 'node_modules', 'kvm-uapi'));
  symlinkSync(join(projectRoot, 'node_modules', 'vitest'), join(folder, 'node_modules', 'vitest'));
  return folder;
}

const hasDeno = spawnSync('deno', ['--version']).status === 0;

describe.skipIf(!hasKvm)(`the programs of examples/ ${needsKvm}`, () => {
  let folder: string;
  const copyBuilt = (name: string, as: string = name): void =>
    copyFileSync(join(projectRoot, 'dist', 'examples', `${name}.js`), join(folder, `${as}.js`));

  beforeAll(() => {
    folder = project();
    for (const name of ['thread-program', 'abort-signal', 'await-using', 'long-mode', 'node-test']) copyBuilt(name);
    copyBuilt('vitest', 'guest.test');
  });

  it('one AbortSignal stops all threads of the example', () => {
    expect(node(folder, 'abort-signal.js')).toBe('vCPU 0: TimeoutError\nvCPU 1: TimeoutError\n');
  });

  it('the thread of the example ends at the end of its block', () => {
    expect(node(folder, 'await-using.js')).toBe('the guest runs\nthe guest stopped at 0xfff0\n');
  });

  it('the guest of the example runs in long mode', () => {
    expect(node(folder, 'long-mode.js')).toBe('the sum is 42\n');
  });

  it('the tests of the example pass with node --test', () => {
    const printed = node(folder, '--test', '--test-reporter=tap', 'node-test.js');
    expect(printed).toMatch(/^# tests 2$/m);
    expect(printed).toMatch(/^# pass 2$/m);
  });

  it('the tests of the example pass with Vitest', () => {
    const vitest = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
    const printed = node(folder, vitest, 'run', '--root', folder, '--reporter=json');
    expect(printed).toMatch(/^\{/);
    const { numPassedTests, numTotalTests } = JSON.parse(printed) as Record<string, number>;
    expect([numPassedTests, numTotalTests]).toEqual([2, 2]);
  });

  it.skipIf(!hasDeno)('the example runs under Deno', () => {
    for (const name of ['deno.ts', 'thread-program.ts']) {
      writeFileSync(join(folder, name), readFileSync(join(projectRoot, 'examples', name)));
    }
    const printed = output(folder, 'deno', ['run', '--node-modules-dir=manual', '--allow-all', 'deno.ts']);
    expect(printed).toBe('the guest halted\nthe guest is at 0xfff1\n');
  });
});

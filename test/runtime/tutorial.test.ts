/** docs/tutorial.md: each program of the tutorial runs, and prints what the page shows. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/cli.js';
import { hasKvm, needsKvm, projectRoot, watchdogMs } from '../helpers/vcpus.js';

const page = readFileSync(join(projectRoot, 'docs', 'tutorial.md'), 'utf8');

/** The programs of the page, by the name in their first line. */
const programs = new Map(
  [...page.matchAll(/^```ts\n\/\/ ([\w.]+)\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => [name, text]),
);

/** The commands of the page that run a program, with their output. */
const runs = [...page.matchAll(/^```console\n\$ node ([\w.]+)\n([\s\S]*?)^```$/gm)].map(
  ([, name = '', output = '']) => ({
    name,
    output,
  }),
);

it('the tutorial has seven steps, and shows the output of each program that it runs', () => {
  const steps = [...page.matchAll(/^## (\d)\. /gm)].map(([, step]) => step);
  expect(steps).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  expect(runs).toHaveLength(7);
  expect([...programs.keys()]).toEqual([...runs.map(({ name }) => name), 'program.ts'].toSorted(byPlace));
});

/** Returns a program as Node 20 runs it. The page says that step 6 has the only types. */
const withoutTypes = (text: string): string =>
  text
    .replace(/^import type .*\n/gm, '')
    .replace(/, type \w+/g, '')
    .replace(/: StartVcpuProgram<\w+>/, '')
    .replace("'program.ts'", "'program.js'");

const byPlace = (a: string, b: string): number => page.indexOf(`\n// ${a}\n`) - page.indexOf(`\n// ${b}\n`);

describe.skipIf(!hasKvm)(`the programs of the tutorial ${needsKvm}`, () => {
  let folder: string;

  beforeAll(() => {
    folder = temporaryFolder();
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(projectRoot, join(folder, 'node_modules', 'kvm-uapi'));
    for (const [name, text] of programs) writeFileSync(join(folder, name.replace('.ts', '.js')), withoutTypes(text));
  });

  it.each(runs)('$name prints what the page shows', ({ name, output }) => {
    const options = {
      cwd: folder,
      encoding: 'utf8',
      timeout: watchdogMs,
      env: { ...process.env, NO_COLOR: '1' },
    } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [name.replace('.ts', '.js')], options);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: output, stderr: '' });
  });
});

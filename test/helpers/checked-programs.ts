/** The programs of `test/types`, compiled as a user's project with a version of TypeScript. */

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { complaints, strictest, type typeScripts } from '../../tools/lib/typescript-workspace.js';
import { projectRoot, temporaryFolder } from './cli.js';

const textOf = (name: string): string => readFileSync(new URL(`../types/${name}`, import.meta.url), 'utf8');
/** The programs with parts that must not compile. */
const refused = { 'refused.ts': textOf('refused.ts'), 'architectures.ts': textOf('architectures.ts') };
const others = ['every-name.ts', 'every-name-of-arm64.ts', 'every-name-of-riscv64.ts'];
const expectation = /^ *\/\/ @ts-expect-error: .*\n/gm;

/** Makes a project that uses the built package, with these files. */
function project(files: Readonly<Record<string, string>>, exactOptionalPropertyTypes: boolean): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(projectRoot, join(folder, 'node_modules', 'kvm-uapi'));
  symlinkSync(join(projectRoot, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const lib = ['es2023', 'esnext.disposable'];
  const compilerOptions = { ...strictest, lib, types: ['node'], exactOptionalPropertyTypes };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  return folder;
}

/** Defines the tests of a version: the programs compile, and their parts that must not compile do not. */
export function checkPrograms(version: (typeof typeScripts)[number]): void {
  it.each([true, false])(
    'the programs compile, and each part that must not compile does not, with exactOptionalPropertyTypes %s',
    async (exact) => {
      const files = { ...refused, ...Object.fromEntries(others.map((name) => [name, textOf(name)])) };
      expect(await complaints(project(files, exact), version)).toEqual([]);
    },
  );

  it.each([
    ['refused.ts', 80],
    ['architectures.ts', 20],
  ] as const)('each part of %s that must not compile has an error of its own', async (name, fewest) => {
    const { [name]: text } = refused;
    const found = await complaints(project({ [name]: text.replace(expectation, '') }, true), version);
    const lines = new Set(found.flatMap((line) => /\.ts\((\d+),\d+\): error /.exec(line)?.[1] ?? []));
    const expected = text.match(expectation)?.length ?? 0;
    expect(expected).toBeGreaterThan(fewest);
    expect(lines.size).toBe(expected);
  });
}

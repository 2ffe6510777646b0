/** docs/drivers.md: the commands of the page run on its header, and its programs compile with the bindings that they write. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasCompiler, needsCompiler } from '../../tools/lib/gcc.js';
import { folderOf, kvmUapi, plainEnv, projectRoot, type Run } from '../helpers/cli.js';

const page = readFileSync(join(projectRoot, 'docs', 'drivers.md'), 'utf8');

/** Returns the block of the page in this language that contains the text. */
function blockWith(language: string, text: string): string {
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'));
  const found = [...blocks].map(([, block = '']) => block).find((block) => block.includes(text));
  if (found === undefined) throw new Error(`docs/drivers.md has no block of ${language} with '${text}'`);
  return found;
}

/** The commands of the page, in their order, and the output of the last one. */
const [, commands, shown] = /^((?:\$ .*\n)+)([\s\S]*)$/.exec(blockWith('console', 'layout --header')) ?? [];
const [generate, verify, layout] = (commands ?? '').split('\n').map((line) => line.replace('$ npx kvm-uapi ', ''));

describe('docs/drivers.md', () => {
  let folder: string;
  const run = (command: string | undefined): Run => kvmUapi((command ?? '').split(' '), plainEnv(), folder);

  /** Returns what the type checker prints about programs in the folder. */
  const problemsOf = (...names: string[]): string => {
    const options = '--noEmit --strict --module nodenext --target es2023 --pretty false --types node'.split(' ');
    const roots = ['--typeRoots', join(projectRoot, 'node_modules', '@types')];
    const compiler = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    return spawnSync(process.execPath, [compiler, ...options, ...roots, ...names], { cwd: folder, encoding: 'utf8' })
      .stdout;
  };

  beforeAll(() => {
    folder = folderOf({ 'mydev.h': blockWith('c', 'MYDEV_GET_INFO'), 'package.json': '{ "type": "module" }' });
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(projectRoot, join(folder, 'node_modules', 'kvm-uapi'));
  });

  it('the page shows what generate and layout do with its header', () => {
    expect(run(generate)).toMatchObject({ status: 0, stderr: '' });
    expect(run(layout)).toEqual({ status: 0, stderr: '', stdout: shown });
  });

  it.skipIf(!hasCompiler)(`verify agrees with the C compiler${hasCompiler ? '' : ` ${needsCompiler}`}`, () => {
    expect(run(verify)).toMatchObject({ status: 0, stderr: '' });
  });

  it('the programs of the page compile', () => {
    writeFileSync(join(folder, 'info.ts'), blockWith('ts', '// info.ts'));
    writeFileSync(join(folder, 'kvm-uapi.config.ts'), blockWith('ts', '// kvm-uapi.config.ts'));
    expect(problemsOf('info.ts', 'kvm-uapi.config.ts')).toBe('');
    writeFileSync(join(folder, 'wrong.ts'), blockWith('ts', '// info.ts').replace('.name.text', '.name.nothing'));
    expect(problemsOf('wrong.ts')).toContain("wrong.ts(9,23): error TS2339: Property 'nothing' does not exist");
  });

  it('the bindings of the configuration print the flags by name', () => {
    expect(run('generate')).toMatchObject({ status: 0, stderr: '' });
    const module = readFileSync(join(folder, 'bindings', 'x86_64', 'mydev.ts'), 'utf8');
    expect(module).toMatch(/flags: \{[^}]*flags: 'MYDEV_F_'/);
  });
});

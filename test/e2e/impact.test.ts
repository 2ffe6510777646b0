/** `kvm-uapi impact` as a command: its text, its JSON, its edits and its exit codes. */

import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diffModels, mergeChanges } from '../../generator/diff/diff.js';
import { folderOf, kvmUapi, plainEnv, projectRoot, type Run, temporaryFolder } from '../helpers/cli.js';
import { after, before, writeBindings } from '../helpers/impact-project.js';

const excerpt = join(projectRoot, 'headers', 'immediate-exit');
const sets = [join(excerpt, 'linux-4.10'), join(excerpt, 'linux-4.11')];
const environment = { ...plainEnv(), XDG_CACHE_HOME: temporaryFolder() };

const settings = JSON.stringify({
  compilerOptions: { target: 'es2023', module: 'nodenext', strict: true, types: [], noEmit: true, skipLibCheck: true },
  include: ['src'],
});

function projectOf(source: string): string {
  return folderOf({ 'package.json': '{ "type": "module" }', 'tsconfig.json': settings, 'src/main.ts': source });
}

function impact(folder: string, ...args: readonly string[]): Run {
  return kvmUapi(['impact', ...args], environment, folder);
}

it('impact shows the uses of padding that became a member, which breaks nothing', () => {
  const folder = projectOf(
    `import { KvmRun } from '../generated/x86_64/linux/kvm.js';

export function ask(run: KvmRun): void {
  run.padding1.set(0, 1);
}
export const reserved = KvmRun.$layout.members.padding1.size;
`,
  );
  kvmUapi(['generate', '--include', sets[0] ?? ''], environment, folder);
  const { status, stdout, stderr } = impact(folder, ...sets);
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^padding {2}struct kvm_run\.immediate_exit: /);
  expect(lines.slice(1)).toEqual([
    '  src/main.ts:4:7  run.padding1.set(0, 1);',
    '  src/main.ts:6:48  export const reserved = KvmRun.$layout.members.padding1.size;',
    '',
    '1 file checked: 2 uses of 0 breaking changes and 1 other change; TypeScript reports 0 errors with the new bindings',
  ]);
  expect(status).toBe(0);
});

it('the README shows the output of impact for a program that writes to the padding', () => {
  const folder = projectOf(
    `import type { KvmRun } from '../generated/x86_64/linux/kvm.js';

export function ask(run: KvmRun): void {
  run.padding1.set(0, 1);
}
`,
  );
  for (const name of ['linux-4.10', 'linux-4.11']) cpSync(join(excerpt, name), join(folder, name), { recursive: true });
  kvmUapi(['generate', '--include', 'linux-4.10'], environment, folder);
  const { stdout } = impact(folder, 'linux-4.10', 'linux-4.11');
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
  expect(readme).toContain(`\`\`\`console\n$ npx kvm-uapi impact linux-4.10 linux-4.11\n${stdout}\`\`\`\n`);
});

it('impact of a removed and a renamed constant has the exit code 1, prints JSON, and fixes what has a new name', () => {
  const folder = projectOf(
    "import { DEV_GONE, DEV_LIMIT_OF_BUFFERS } from '../bindings/x86_64/device.js';\nexport const all = [DEV_GONE, DEV_LIMIT_OF_BUFFERS];\n",
  );
  writeBindings(folder, before);
  const fixtures = join(projectRoot, 'test', 'fixtures', 'impact');
  const sides = [join(fixtures, 'before'), join(fixtures, 'after'), '--header', 'device.h'];
  const { status, stdout } = impact(folder, ...sides, '--json');
  expect(status).toBe(1);
  const found = JSON.parse(stdout) as {
    readonly changes: readonly { readonly name: string }[];
    readonly uses: readonly { readonly line: number; readonly column: number; readonly changes: readonly number[] }[];
  };
  expect(found).toMatchObject({ schema: 'kvm-uapi/impact/1', breaking: true, files: 1, folders: ['bindings'] });
  const uses = found.uses.map(({ line, column, changes }) => [
    line,
    column,
    ...changes.map((each) => found.changes[each]?.name),
  ]);
  expect(uses).toEqual([
    [1, 10, 'DEV_GONE'],
    [1, 20, 'DEV_LIMIT_OF_BUFFERS'],
    [2, 21, 'DEV_GONE'],
    [2, 31, 'DEV_LIMIT_OF_BUFFERS'],
  ]);

  const fixed = impact(folder, ...sides, '--fix');
  expect(fixed.status).toBe(1);
  expect(fixed.stdout).toContain('2 places have the new name now');
  expect(fixed.stdout).not.toContain('--fix');
  expect(readFileSync(join(folder, 'src', 'main.ts'), 'utf8')).toBe(
    "import { DEV_GONE, DEV_LIMIT_OF_ALL_BUFFERS } from '../bindings/x86_64/device.js';\nexport const all = [DEV_GONE, DEV_LIMIT_OF_ALL_BUFFERS];\n",
  );
});

it('projectImpact of kvm-uapi/impact returns what the command prints', async () => {
  const folder = projectOf(
    "import { DEV_GONE } from '../bindings/x86_64/device.js';\nexport const all = [DEV_GONE];\n",
  );
  writeBindings(folder, before);
  const { projectImpact } = await import('kvm-uapi/impact');
  const { header, target } = before;
  const changes = mergeChanges([{ header, target, changes: diffModels(before, after) }]);
  const found = await projectImpact({ project: folder, before: [before], after: [after], changes, cache: false });
  expect(found.uses.map(({ line, column, text }) => [line, column, text])).toEqual([
    [1, 10, 'DEV_GONE'],
    [2, 21, 'DEV_GONE'],
  ]);
  expect(found.errors).toHaveLength(1);
});

it('impact refuses a folder without a tsconfig.json, and names the remedy', () => {
  const folder = projectOf('');
  rmSync(join(folder, 'tsconfig.json'));
  const { status, stderr } = impact(folder, ...sets);
  expect(status).toBe(2);
  expect(stderr).toBe('error: .: contains no tsconfig.json; use --project to name the tsconfig.json of your program\n');
});

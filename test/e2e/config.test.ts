/** `generate` with a configuration, and comments on request. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkProject, generateProject, loadConfig } from '../../generator/index.js';
import { contentsOf, folderOf, kvmUapi, plainEnv, type Run } from '../helpers/cli.js';

const header = `
/* about s */
struct s { int a; /* about a */ };
struct t { unsigned long long wide; };
#define X_ONE 1
#define X_WIDE 0x100000000ULL
`;

function project(config: string, files: Readonly<Record<string, string>> = {}): string {
  return folderOf({ 'kvm-uapi.config.ts': config, 'include/x/a.h': header, ...files });
}

const config = (rest = ''): string =>
  `import { defineConfig } from 'kvm-uapi/generator';\nexport default defineConfig({ headers: ['x/a.h'], include: ['include'], ${rest} });\n`;

const run = (folder: string, ...args: string[]): Run => kvmUapi(args, plainEnv(), folder);
const moduleIn = (folder: string): string => contentsOf(folder)['generated/x86_64/x/a.ts'] as string;

describe('generate with a configuration', () => {
  it('generate uses the configuration of the folder, and checks its output', () => {
    const folder = project(config("types: ['s'], constants: [/^X_O/]"));
    const { status, stdout, stderr } = run(folder, 'generate');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/selected +s, \/\^X_O\//);
    expect(moduleIn(folder)).toMatch(/^export class S /m);
    expect(moduleIn(folder)).toMatch(/^export const X_ONE = 1;$/m);
    expect(moduleIn(folder)).not.toMatch(/class T |X_WIDE/);
    expect(contentsOf(folder)['generated/x86_64/x/a.model.json']).toContain(
      '"selection": {"types":["s"],"constants":["/^X_O/"]}',
    );
    expect(run(folder, 'generate', '--check', '--strict').status).toBe(0);
  });

  it('generate uses a named configuration from any folder', () => {
    const folder = project(config("out: 'there', targets: ['x86_64', 's390x']"));
    const { status } = kvmUapi(['generate', '--config', join(folder, 'kvm-uapi.config.ts')]);
    expect(status).toBe(0);
    const paths = Object.keys(contentsOf(folder));
    for (const path of ['there/x86_64/x/a.ts', 'there/s390x/x/a.ts', 'there/support/big-endian.ts'])
      expect(paths).toContain(path);
  });

  it('generate ignores the configuration if an option says what to generate, and refuses both', () => {
    const folder = project(config());
    expect(run(folder, 'generate', '--header', 'x/a.h', '--include', 'include', '--out', 'own').status).toBe(0);
    expect(Object.keys(contentsOf(folder))).toContain('own/x86_64/x/a.ts');
    const both = run(folder, 'generate', '--config', 'kvm-uapi.config.ts', '--out', 'own');
    expect(both.status).toBe(2);
    expect(both.stderr).toMatch(/--config cannot be combined with --out; remove one of them/);
  });

  it('generate explains an error in the configuration, and writes nothing', () => {
    const folder = project(config("types: ['nothing']"));
    const { status, stderr } = run(folder, 'generate');
    expect(status).toBe(2);
    expect(stderr).toMatch(/kvm-uapi\.config\.ts: types\[0\]: 'nothing' matches none of the types of <x\/a\.h>/);
    expect(Object.keys(contentsOf(folder)).some((path) => path.startsWith('generated'))).toBe(false);
    writeFileSync(join(folder, 'kvm-uapi.config.ts'), 'export default { headers: [1] };\n');
    expect(run(folder, 'generate').stderr).toMatch(/kvm-uapi\.config\.ts: headers\[0\]: is 1; must be a header/);
  });

  it('the check finds output of a different selection and of a different style', () => {
    const folder = project(config("types: ['t']"));
    expect(run(folder, 'generate').status).toBe(0);
    writeFileSync(join(folder, 'kvm-uapi.config.ts'), config("types: ['s']"));
    const other = run(folder, 'generate', '--check');
    expect(other.status).toBe(1);
    expect(other.stdout).toMatch(/has a different selection; run 'generate'/);
    writeFileSync(join(folder, 'kvm-uapi.config.ts'), config("types: ['t'], u64: 'number'"));
    const style = run(folder, 'generate', '--check');
    expect(style.status).toBe(1);
    expect(style.stdout).toMatch(/a\.ts:\d+: differs from the output of the committed model/);
  });

  it('a program can use a configuration', async () => {
    const folder = project(config("types: ['s']"));
    const loaded = await loadConfig(join(folder, 'kvm-uapi.config.ts'));
    const summary = generateProject(loaded);
    const written = Object.keys(contentsOf(folder)).filter((path) => path.startsWith('generated')).length;
    expect(written).toBeGreaterThan(2);
    expect(summary).toContain(`${written} files, ${written} changed`);
    expect(checkProject(loaded).state).toBe('current');
    writeFileSync(join(folder, 'generated/x86_64/x/a.ts'), '');
    expect(checkProject(loaded).state).toBe('stale');
    const wrong = { ...loaded, selection: { types: ['nothing'] } };
    expect(() => generateProject(wrong)).toThrow(expect.objectContaining({ file: loaded.file, key: 'types[0]' }));
  });
});

describe('u64: number', () => {
  it('the number has the C name, and the bigint has the other name', () => {
    const folder = project(config("types: ['t'], constants: ['X_WIDE'], u64: 'number'"));
    expect(run(folder, 'generate').status).toBe(0);
    const text = moduleIn(folder);
    expect(text).toMatch(/get wide\(\): number/);
    expect(text).toMatch(/get \$wide\(\): bigint/);
    expect(text).toMatch(/^export const X_WIDE = 4294967296;$/m);
    expect(run(folder, 'generate', '--check', '--strict').status).toBe(0);
  });
});

describe('generate --comments', () => {
  it('the option adds comments to modules but not to models, and the default adds none', () => {
    const folder = project(config());
    expect(run(folder, 'generate', '--comments').status).toBe(0);
    expect(moduleIn(folder)).toMatch(/^ \* about s$/m);
    expect(moduleIn(folder)).toMatch(/^ {3}\* about a$/m);
    expect(contentsOf(folder)['generated/x86_64/x/a.model.json']).not.toContain('about');
    expect(run(folder, 'generate', '--check', '--strict', '--comments').status).toBe(0);
    expect(run(folder, 'generate', '--check').status).toBe(1);
    expect(run(folder, 'generate').status).toBe(0);
    expect(Object.values(contentsOf(join(folder, 'generated'))).join()).not.toContain('about');
  });

  it('the configuration has a key for comments', () => {
    const folder = project(config('comments: true'));
    expect(run(folder, 'generate').status).toBe(0);
    expect(moduleIn(folder)).toMatch(/^ \* about s$/m);
    expect(run(folder, 'generate', '--check', '--strict').status).toBe(0);
    const text = moduleIn(folder);
    writeFileSync(join(folder, 'generated/x86_64/x/a.ts'), text.replace('about s', 'about t'));
    expect(run(folder, 'generate', '--check').status).toBe(1);
  });

  it("the check cannot compare the output if the project's own headers are missing", () => {
    const folder = project(config('comments: true'));
    expect(run(folder, 'generate').status).toBe(0);
    rmSync(join(folder, 'include/x/a.h'));
    const { status, stdout } = run(folder, 'generate', '--check');
    expect(status).toBe(1);
    expect(stdout).toMatch(/cannot be compared with the headers: <x\/a\.h> not found/);
  });
});

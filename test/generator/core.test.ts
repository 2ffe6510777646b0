/** The generator as a library: the whole library, and the core without Node. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as core from '../../generator/core.js';
import * as library from '../../generator/index.js';
import { folderOf, projectRoot } from '../helpers/cli.js';

describe('kvm-uapi/generator/core', () => {
  const files = core.filesInMemory({
    '/include/x/a.h': '#include <x/b.h>\n/* about s */\nstruct s { struct b b; long c; };\n',
    '/include/x/b.h': 'struct b { int a; };\n#define X_ONE 1\n',
  });

  it('the core makes models, layouts and files from headers in memory', () => {
    const headers = core.headersFrom({ files, roots: ['/include'] });
    const model = headers.model('x/a.h');
    expect(model.coveredHeaders).toEqual(['x/a.h', 'x/b.h']);
    expect(model.types.map(({ tag, size }) => [tag, size])).toEqual([
      ['b', 4],
      ['s', 16],
    ]);
    expect(core.layoutView(model, ['s'])).toMatch(/^struct s \{$/m);
    const [selected] = core.select([model], { types: ['b'] });
    const out = core.emitFiles([selected as core.Model], { support: (module) => `// ${module}\n`, u64: 'number' });
    expect(out.map(({ path }) => path)).toEqual([
      ...core.supportModules.map((module) => `support/${module}.ts`),
      'x86_64/x/a.ts',
      'x86_64/x/b.ts',
      'x86_64/x/a.model.json',
    ]);
    expect(out[0]?.text).toBe('// allocate\n');
    expect(core.openModel(out.at(-1)?.text ?? '', 'x')).toEqual(selected);
  });

  it('the core accepts a target, and adds comments on request', () => {
    const model = core.headersFrom({ files, roots: ['/include'], target: 'i386', comments: true }).model('x/a.h');
    expect(model.types.map(({ size, comment }) => [size, comment])).toEqual([
      [4, undefined],
      [8, 'about s'],
    ]);
    expect(core.targetNames).toContain('s390x');
  });

  it('the core throws typed errors', () => {
    const headers = core.headersFrom({ files: core.filesInMemory({ '/bad.h': 'struct s {\n int\n};' }), roots: [''] });
    expect(() => headers.model('nothing.h')).toThrow(core.MissingHeaderError);
    expect(() => headers.model('bad.h')).toThrow(core.SourceError);
    expect(() => headers.model('bad.h')).toThrow(expect.objectContaining({ file: '/bad.h', line: 3, column: 1 }));
    expect(() => core.headersFrom({ files, roots: [], target: 'vax' })).toThrow(core.UsageError);
  });

  it('the core runs without modules and globals of Node', () => {
    const folder = folderOf({
      'hooks.mjs': `export async function resolve(name, context, next) {
  const found = await next(name, context);
  if (found.url.startsWith('node:') || !found.url.startsWith('file:')) throw new Error(name + ' is of Node');
  return found;
}
`,
      'main.mjs': `for (const name of ['process', 'Buffer', 'require', 'global']) delete globalThis[name];
const core = await import(${JSON.stringify(join(projectRoot, 'dist/generator/core.js'))});
const files = core.filesInMemory({ '/x.h': 'struct s { int a; };' });
const model = core.headersFrom({ files, roots: [''] }).model('x.h');
console.log(core.emitFiles([model], { support: '../support' }).map(({ path }) => path).join(' '));
`,
    });
    const register = `data:text/javascript,import { register } from 'node:module'; register(${JSON.stringify(`file://${join(folder, 'hooks.mjs')}`)});`;
    const run = spawnSync(process.execPath, ['--import', register, join(folder, 'main.mjs')], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe('x86_64/x.ts x86_64/x.model.json\n');
  });
});

describe('kvm-uapi/generator', () => {
  it('the library exports everything that the core exports', () => {
    expect(Object.keys(library)).toEqual(expect.arrayContaining(Object.keys(core)));
  });

  it("the library reads this machine's headers and the texts of the support library", () => {
    const model = library.installedHeaders().model('linux/loop.h');
    expect(model.types.map(({ tag }) => tag)).toContain('loop_info64');
    const [module] = library.emitFiles([model], { support: library.supportText });
    expect(module).toEqual({
      path: 'support/allocate.ts',
      text: readFileSync(join(projectRoot, 'support/allocate.ts'), 'utf8'),
    });
  });

  it('the library reads a folder of headers', () => {
    const include = folderOf({ 'x.h': 'struct s { int a; };\n' });
    expect(library.installedHeaders({ include: [include], target: 's390x' }).model('x.h').byteOrder).toBe('big');
  });
});

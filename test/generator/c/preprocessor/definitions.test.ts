/** Macros that the user defines: in the model, in a configuration, in a call, and for the compiler that checks. */

import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../../../generator/config/config.js';
import { emitModules } from '../../../../generator/emit/modules.js';
import { filesInMemory, headersFrom, type Model } from '../../../../generator/index.js';
import { summaryOf } from '../../../../generator/report/summary.js';
import { includeLines } from '../../../../generator/verify/c-assertions.js';
import { hasCompiler, needsCompiler } from '../../../../tools/lib/gcc.js';
import { run } from '../../../../tools/lib/programs.js';
import { inTemporaryFolder } from '../../../../tools/lib/temporary-folder.js';

const text = `#ifndef FUSE_USE_VERSION
#error FUSE_USE_VERSION not defined
#endif
struct state { char name[FUSE_USE_VERSION - 30]; };
#define VERSION (FUSE_USE_VERSION + 0)
`;

function modelWith(define: Readonly<Record<string, string | number>>, content: string = text): Model {
  const files = filesInMemory({ '/include/x.h': content });
  return headersFrom({ files, roots: ['/include'], define }).model('x.h');
}

describe('the definitions of the user', () => {
  it('a header reads them, and the model, the module and the summary record them', () => {
    const model = modelWith({ FUSE_USE_VERSION: 35, EMPTY: '' });
    expect(model.define).toEqual({ FUSE_USE_VERSION: '35', EMPTY: '' });
    expect(model.types.map(({ size }) => size)).toEqual([5]);
    expect(model.constants.map(({ name, value }) => [name, value])).toEqual([['VERSION', 35]]);
    expect(summaryOf(model)).toContain('\n  with      FUSE_USE_VERSION=35, EMPTY=\n');
    const [module] = emitModules(model);
    expect(module?.text).toContain('\n// Read with these macros: FUSE_USE_VERSION=35 EMPTY=\n');
  });

  it('a model without definitions has no entry for them', () => {
    expect('define' in modelWith({}, 'struct s { int a; };')).toBe(false);
  });

  it('a header that lacks a definition is an error at its place', () => {
    expect(() => modelWith({})).toThrow(
      '/include/x.h:2:2: #error FUSE_USE_VERSION not defined; define it with --define FUSE_USE_VERSION=VALUE',
    );
  });

  it('a definition replaces a predefined macro', () => {
    expect(modelWith({ __GNUC__: 4 }, '#define IS (__GNUC__ + 0)\n').constants[0]?.value).toBe(4);
  });

  it.each<[name: string, value: string | number, problem: string]>([
    ['1A', '1', "define: '1A' is not the name of a macro; expected an identifier"],
    ['F(x)', '1', "define: 'F(x)' is not the name of a macro; expected an identifier"],
    ['', '1', "define: '' is not the name of a macro; expected an identifier"],
    ['defined', '1', "define: 'defined' cannot be defined; its replacement depends on its place"],
    ['__LINE__', '1', "define: '__LINE__' cannot be defined; its replacement depends on its place"],
    ['A', '1\n2', "define: the value of 'A' has more than one line; write it on one line"],
    ['A', '## 1', "define: the value of 'A' is not valid: '##' cannot be at the start or the end of a macro"],
    ['A', '1 /* ', "define: the value of 'A' is not valid: unterminated comment; add the missing */"],
    ['A', 1.5, "define: the value of 'A' is 1.5; expected a text or an integer"],
  ])('a definition of %s as %j is an error', (name, value, problem) => {
    expect(() => modelWith({ [name]: value })).toThrow(problem);
    expect(() => modelWith({ [name]: value })).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });

  it('a configuration has definitions, and an error names the file and the macro', () => {
    const config = { headers: ['x.h'], define: { A: 1, B: 'x y', C: '' } };
    expect(checkConfig(config, '/p/k.json').define).toEqual({ A: '1', B: 'x y', C: '' });
    expect(checkConfig({ headers: ['x.h'] }, '/p/k.json').define).toEqual({});
    expect(() => checkConfig({ headers: ['x.h'], define: { A: true } }, '/p/k.json')).toThrow(
      "/p/k.json: define.A: the value of 'A' is true; expected a text or an integer",
    );
    expect(() => checkConfig({ headers: ['x.h'], define: ['A'] }, '/p/k.json')).toThrow(
      '/p/k.json: define: is ["A"]; must be an object that maps names of macros to texts or integers',
    );
  });

  it.skipIf(!hasCompiler)(`a compiler that checks the model has the definitions ${needsCompiler}`, () => {
    const model = modelWith({ FUSE_USE_VERSION: 35, __GNUC__: 4 }, `${text}#define GNU __GNUC__\n`);
    const lines = [...includeLines(model), '_Static_assert(sizeof(struct state) == 5 && GNU == 4, "");'];
    inTemporaryFolder({ 'x.h': `${text}#define GNU __GNUC__\n` }, (folder) =>
      run('cc', ['-Werror', '-fsyntax-only', '-I', folder, '-x', 'c', '-'], { cwd: folder, input: lines.join('\n') }),
    );
  });
});

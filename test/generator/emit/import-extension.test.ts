/** The file extension in the imports of the output, for Node's own type stripping. */

import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emitFiles } from '../../../generator/core.js';
import { type EmittedFile, emitModules } from '../../../generator/emit/modules.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { projectRoot } from '../../helpers/cli.js';
import { inerasableSyntax, syntaxOf } from '../../helpers/typescript-checker.js';

const headers = {
  'x/uses.h':
    '#include <x/part.h>\ntypedef unsigned int __be32;\nstruct uses { struct part p; __be32 b; };\n#define TWICE(a) ((a) * 2)\n',
  'x/part.h': 'struct part { int a; };\n',
};
const model = modelOf(headers);
const supportText = (module: string): string => readFileSync(join(projectRoot, 'support', `${module}.ts`), 'utf8');

function importsOf({ path, text }: EmittedFile): { readonly from: string; readonly to: string }[] {
  return [...text.matchAll(/^(?:import|export|}).* from '([^']+)';$/gm)].map(([, specifier = '']) => ({
    from: specifier,
    to: posix.join(posix.dirname(path), specifier),
  }));
}

describe('importExtension', () => {
  it("with '.ts', every import of the output names a file of the output, and nothing but types must be erased", () => {
    const files = emitFiles([model], { support: supportText, importExtension: '.ts' });
    const paths = files.map(({ path }) => path);
    const modules = files.filter(({ path }) => path.endsWith('.ts'));
    const imports = modules.flatMap(importsOf);
    expect(imports.length).toBeGreaterThan(20);
    for (const { to } of imports) expect(paths).toContain(to);
    expect(modules.flatMap((file) => inerasableSyntax(syntaxOf(file)))).toEqual([]);
  });

  it("the default is '.js', and the text of the output has no other difference", () => {
    const [js, ts] = (['.js', '.ts'] as const).map((importExtension) =>
      emitFiles([model], { support: supportText, importExtension }),
    );
    expect(js).toEqual(emitFiles([model], { support: supportText }));
    const back = ts?.map(({ path, text }) => ({
      path,
      text: text.replace(/^((?:import|export|}).* from '\.[^']*)\.ts';$/gm, "$1.js';"),
    }));
    expect(back).toEqual(js);
  });

  it('a package keeps its extension, because Node strips no types in packages, and a folder does not', () => {
    const [uses] = emitModules(model, { support: 'kvm-uapi/support', importExtension: '.ts' });
    expect(importsOf(uses as EmittedFile).map(({ from }) => from)).toEqual([
      'kvm-uapi/support/little-endian.js',
      'kvm-uapi/support/integers.js',
      './part.ts',
      './part.ts',
    ]);
    const [relative] = emitModules(model, { support: '../support', importExtension: '.ts' });
    expect(importsOf(relative as EmittedFile)[0]?.from).toBe('../../../support/little-endian.ts');
  });
});

/** The model that gives a module which several headers of a run include. */

import { describe, expect, it } from 'vitest';
import { emitFiles } from '../../../generator/core.js';
import { GeneratorError } from '../../../generator/errors.js';
import type { Model } from '../../../generator/model/model.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

const headers = {
  'x/part.h': '#ifndef P\n#define P\n#define LENGTH 4\nstruct part { int a; };\n#endif\n',
  'x/uses.h': '#include <x/part.h>\nstruct uses { struct part p; };\n',
  'x/changes.h': '#include <x/part.h>\n#undef LENGTH\nstruct changes { struct part p; };\n',
};
const model = (name: string): Model => modelOf(headers, `x/${name}.h`);
const files = (...names: string[]): Map<string, string> =>
  new Map(emitFiles(names.map(model), { support: () => '' }).map(({ path, text }) => [path, text]));
const part = 'x86_64/x/part.ts';

describe('a module that several headers include', () => {
  it.each([[['part', 'uses', 'changes']], [['changes', 'part', 'uses']], [['uses', 'changes', 'part']]])(
    'the module comes from its own model if its header is requested: %o',
    (names) => {
      expect(files(...names).get(part)).toBe(files('part').get(part));
      expect(files(...names).get(part)).toMatch(/^export const LENGTH = 4;$/m);
      expect([...files(...names).keys()]).toEqual(expect.arrayContaining(names.map((name) => `x86_64/x/${name}.ts`)));
    },
  );

  it('different modules are refused, and the error names the header to request', () => {
    expect(files('changes').get(part)).not.toMatch(/LENGTH/);
    const message =
      '<x/changes.h> gives a different x86_64/x/part.ts than an earlier header; add --header x/part.h, so that the module comes from <x/part.h> alone';
    expect(() => files('uses', 'changes')).toThrow(new GeneratorError(message));
  });
});

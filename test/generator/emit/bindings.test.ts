/** Which model decides a module that several headers of a run bring. */

import { describe, expect, it } from 'vitest';
import { emitFiles } from '../../../generator/emit/bindings.js';
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

describe('a module that several headers bring', () => {
  it.each([[['part', 'uses', 'changes']], [['changes', 'part', 'uses']], [['uses', 'changes', 'part']]])(
    'is that of its own model where that is asked for: %o',
    (names) => {
      expect(files(...names).get(part)).toBe(files('part').get(part));
      expect(files(...names).get(part)).toMatch(/^export const LENGTH = 4;$/m);
      expect([...files(...names).keys()]).toEqual(expect.arrayContaining(names.map((name) => `x86_64/x/${name}.ts`)));
    },
  );

  it('is refused elsewhere, with the header to ask for', () => {
    expect(files('changes').get(part)).not.toMatch(/LENGTH/);
    const message =
      '<x/changes.h> makes another x86_64/x/part.ts than the headers before it; ask for <x/part.h> too, with --header x/part.h: then it is as that alone says';
    expect(() => files('uses', 'changes')).toThrow(new GeneratorError(message));
  });
});

import { describe, expect, it } from 'vitest';
import { GeneratorError } from '../../../generator/errors.js';
import { errorLinesOf, hasCompiler, needsCompiler } from '../../../tools/lib/gcc.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

const before =
  'typedef int wide __attribute__((aligned(8))); typedef int triple[3]; typedef int call(void); struct later;\n';

const refused = [
  'struct s { wide (*m)[4]; };',
  'struct s { wide *(*m)(wide (*)[1]); wide (*n[2])[3]; };',
  'extern wide (*o)[4];',
  'typedef wide (**t)[4];',
  'struct s { triple (*m)(int); };',
  'struct s { triple (*(*m)(int))(void); };',
  'typedef triple t(void);',
  'struct s { call (*m)(int); };',
  'extern triple f(void);',
  'struct s { struct later (*m)[2]; };',
];

const taken = [
  'struct s { wide **m; wide *(*n)[4]; };',
  'struct s { triple *(*m)(int); triple (*n)[2]; };',
  'struct s { call *(*m)(int); call *n[3]; };',
  'struct s { struct later *(*m)[2]; struct later (*n)(void); };',
  'extern triple *f(void); typedef wide *t[4];',
];

function isRead(text: string): boolean {
  try {
    modelOf({ 'x.h': before + text });
    return true;
  } catch (error) {
    if (error instanceof GeneratorError) return false;
    throw error;
  }
}

describe.skipIf(!hasCompiler)(`types that only a pointer or a function leads to ${needsCompiler}`, () => {
  it.each([...refused, ...taken])('the generator takes what GCC takes: %s', (text) => {
    const [lines = []] = errorLinesOf([before + text]);
    expect(lines.length === 0).toBe(taken.includes(text));
    expect(isRead(text)).toBe(lines.length === 0);
  });
});

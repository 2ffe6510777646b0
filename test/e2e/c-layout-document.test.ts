/** The examples of docs/c-layout.md equal the results of the compiler and of the model. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusedLines } from '../../tools/lib/compilers.js';
import { modelOf } from '../../tools/lib/headers-in-memory.js';
import { cc } from '../../tools/lib/oracle-compiler.js';
import { describeWithCompiler } from '../helpers/compiler-suite.js';

const document = readFileSync(new URL('../../docs/c-layout.md', import.meta.url), 'utf8');
const source = [...document.matchAll(/^```c\n(.*?)^```$/gms)].map(([, text]) => text).join('');
const row = /^(struct|enum)(?: __attribute__\S+)? (\w+) .*\/\/ (\d+) bytes?, aligned to (\d+)$/gm;
const examples = [...source.matchAll(row)].map(([, keyword = '', name = '', size, align]) => ({
  keyword,
  name,
  size: Number(size),
  align: Number(align),
}));

describe('the examples of docs/c-layout.md', () => {
  it('this test reads all examples', () => {
    expect(examples.length).toBe(source.split('//').length - 1);
    expect(examples.length).toBeGreaterThan(15);
  });

  it.each(examples)('the model has the layout of $keyword $name', ({ keyword, name, size, align }) => {
    const { types, enums } = modelOf({ 'x.h': source });
    if (keyword === 'enum') expect(enums.find(({ tag }) => tag === name)?.size).toBe(size);
    else expect(types.find(({ tag }) => tag === name)).toMatchObject({ size, align });
  });
});

describeWithCompiler('the compiler agrees with the examples of docs/c-layout.md', [], () => {
  it('the compiler has the layout of all examples', async () => {
    const lines = source.trimEnd().split('\n');
    const checks = examples.map(({ keyword, name, size, align }) => {
      const type = `${keyword} ${name}`;
      const line = lines.push(`_Static_assert(sizeof(${type}) == ${size} && __alignof__(${type}) == ${align}, "");`);
      return { line, item: type, expected: `${size}, ${align}` };
    });
    const wrong = [...(await refusedLines(cc, 'layout.md', { text: `${lines.join('\n')}\n`, checks }))];
    expect(wrong).toEqual([]);
  });
});

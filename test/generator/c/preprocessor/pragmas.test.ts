/** Pragmas and directives that change values: they are applied, or are errors at their place. */

import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../../generator/errors.js';
import { s390x } from '../../../../generator/targets/s390x.js';
import {
  diagnosticsOf,
  hasCompiler,
  needsCompiler,
  preprocessedByCompiler,
  tokensOf,
} from '../../../../tools/lib/gcc.js';
import { modelOf, preprocessedOf, spellingsOf } from '../../../../tools/lib/headers-in-memory.js';

const refused: readonly (readonly [text: string, place: string, problem: string])[] = [
  [
    '#pragma scalar_storage_order big-endian\nstruct s { int x; };\n',
    '1:9',
    '#pragma scalar_storage_order big-endian is not supported; only the byte order of x86_64 is',
  ],
  ['int a;\n#pragma GCC error "no"\n', '2:13', '#pragma GCC error "no"'],
  ['_Pragma("GCC error \\"no\\"")\n', '1:1', '#pragma GCC error "no"'],
  ['#pragma GCC poison X Y\nint Z;\nint Y;\n', '3:5', "uses 'Y', which a #pragma GCC poison forbids"],
  ['#define X 1\n#pragma GCC poison X\n#ifdef X\n#endif\n', '3:8', "uses 'X', which a #pragma GCC poison forbids"],
  [
    '#pragma GCC target("avx2")\n',
    '1:13',
    '#pragma GCC target is not supported; it changes the predefined macros of the compiler',
  ],
  [
    '#pragma STDC FLOAT_CONST_DECIMAL64 ON\n',
    '1:9',
    '#pragma STDC FLOAT_CONST_DECIMAL64 is not supported; it makes floating constants decimal',
  ],
  ['#line x\n', '1:7', 'expected the number of a line, in decimal digits'],
];

const accepted = [
  '#pragma scalar_storage_order little-endian\nint a;',
  '#pragma scalar_storage_order default\nint a;',
  '#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored "-Wall"\nint a;',
  '#pragma GCC system_header\n#pragma STDC FP_CONTRACT ON\nint a;',
  '#pragma GCC poison X\n#pragma GCC poison X\n#if 0\nX\n#endif\nint a;',
  '#define M X\n#pragma GCC poison X\nint M;',
  '#warning w\n#ident "i"\n#sccs "s"\n#\nint a;',
];

describe('a pragma that changes a layout or a value', () => {
  it.each(refused)('the pragma is an error at its place: %j', (text, place, problem) => {
    const read = (): unknown => modelOf({ 'x.h': text });
    expect(read).toThrow(SourceError);
    expect(read).toThrow(`/include/x.h:${place}: ${problem}`);
  });

  it.each(accepted)('the pragma changes nothing: %j', (text) => {
    expect(() => modelOf({ 'x.h': text })).not.toThrow();
    if (hasCompiler) expect(diagnosticsOf(text).filter(({ kind }) => kind === 'error')).toEqual([]);
  });

  it('the byte order of the target is not an error on that target', () => {
    const text = '#pragma scalar_storage_order big-endian\nstruct s { int x; };\n';
    expect(modelOf({ 'x.h': text }, 'x.h', undefined, s390x).types.map(({ size }) => size)).toEqual([4]);
  });
});

const lines = [
  '#line 50\n__LINE__\n__LINE__',
  '# 7 "foo.h"\n__LINE__\n\n__LINE__',
  '#define N 010\n#line N "x"\n__LINE__ __LINE__',
  'a\n#line \\\n  9\n__LINE__\n#line 3\n__LINE__',
];

describe.skipIf(!hasCompiler)(`the numbers of lines ${needsCompiler}`, () => {
  it.each(lines)('GCC gives the same numbers of lines: %j', (text) => {
    const want = tokensOf(preprocessedByCompiler([text])[0] as string);
    expect(spellingsOf(preprocessedOf({ 'x.h': text }), tokensOf)).toEqual(want);
  });
});

/** The bytes of a header that C does not define: other encodings, ends of lines, and null characters. */

import { describe, expect, it } from 'vitest';
import { analyzeHeader } from '../../../generator/analyze/analyze.js';
import { headerComments } from '../../../generator/analyze/comments.js';
import { SourceError } from '../../../generator/errors.js';
import { decodeSource, encodeSource } from '../../../generator/headers/source-text.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { diagnosticsOf, hasCompiler, needsCompiler, printedByCompiled } from '../../../tools/lib/gcc.js';
import { modelOf, resolverOf } from '../../../tools/lib/headers-in-memory.js';
import { run } from '../../../tools/lib/programs.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';

/** Returns the bytes of a text in which each character stands for one byte. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Each text declares `struct s`. Each character of a text is one byte. */
const accepted: readonly (readonly [what: string, text: string])[] = [
  ['Latin-1 in a comment', '/* Auteur : Ren\xe9 */\nstruct s { int x; }; // \xff\xfe\n'],
  ['Latin-1 in a string of a macro', '#define NAME "Ren\xe9"\nstruct s { char x[sizeof(NAME)]; };\n'],
  ['a byte of another encoding in a skipped group', '#if 0\n\xe9\xe9 \x80\n#endif\nstruct s { int x; };\n'],
  ['a byte of another encoding in an unused macro', '#define ODD \xe9\nstruct s { int x; };\n'],
  ['a character of three bytes that ends early, in a comment', '/* \xe6\x97 */ struct s { short x; };\n'],
  ['a byte order mark', '\xef\xbb\xbfstruct s { int x; };\n'],
  ['lines that end in a carriage return', '/* a\r * b */\r#define FOUR 4\rstruct s { char x[FOUR]; };\r'],
  [
    'ends of lines of every kind',
    '#define A 1\r#define B 2\n#define C 3\r\n\r#define D 4\nstruct s { char x[A+B+C+D]; };',
  ],
  ['a continued line of each kind', '#define A 1 \\\r + 2 \\\n + 3 \\\r\n + 4\nstruct s { char x[A]; };\n'],
  [
    'blanks after the backslash of a continued line',
    '#define A 1 \\ \t\n + 2 \\\f\v \r\n + 3\nstruct s { char x[A]; };\n',
  ],
  ['a continued comment with blanks after its backslash', '// a \\ \n int error\nstruct s { int x; };\n'],
  ['null characters between tokens', 'struct\0s { int\0\0x; };\n'],
  ['form feeds and vertical tabs', '\fstruct s\v{ int x; };\f\n#\fdefine\vX\f1\n'],
  ['no newline at the end', 'struct s { int x; };\n#define X 1'],
  ['a backslash at the end', 'struct s { int x; };\n\\\n'],
  ['names in UTF-8', 'struct s { int caf\xc3\xa9; char \xe6\x97\xa5; };\n'],
  ['universal character names', '#define caf\\u00e9 7\nstruct s { char x[caf\xc3\xa9]; };\n'],
  ['digraphs', '%:define X(a) %:a\nstruct s <% char x<:sizeof(X(<:))-1:>; %>;\n'],
  ['no trigraphs', 'struct s { char x[sizeof("??=??/n")]; };\n'],
  ['dollars in names', '#define $ 3\nstruct s { char a$b[$]; int $c; };\n'],
  ['a raw string', 'struct s { char x[sizeof(R"-(a\\\nb"\\n)-")]; };\n'],
  ['a header name with a comment in it', '#if __has_include(<no//such.h>)\n#error\n#endif\nstruct s { int x; };\n'],
];

const refused: readonly (readonly [what: string, text: string, place: string])[] = [
  ['a byte of another encoding in a declaration', 'int a;\nint \xe9;\n', '2:5'],
  ['a character that is not part of a name', 'int a\xc2\xa0b;\n', '1:6'],
  ['a stray backslash', 'int \\ a;\n', '1:5'],
  ['an open string', 'int a;\nchar *b = "c;\n', '2:11'],
];

describe('the bytes of a header', () => {
  it('every byte has its own text, and the text gives the bytes', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => (byte === 13 ? 10 : byte));
    const mixed = [...all, ...new TextEncoder().encode('é日😀\ud7ff'), 0xf0, 0x9f, 0x98, 0xed, 0xa0, 0x80, 0xc0, 0x80];
    expect([...encodeSource(decodeSource(Uint8Array.from(mixed)))]).toEqual(mixed);
  });

  it('a string has the bytes of the header', () => {
    const { constants } = modelOf({ 'x.h': bytesOf('#define A "Ren\xe9"\n#define B "Ren\xc3\xa9"\n') });
    expect(constants.map(({ type, value }) => [type, value])).toEqual([
      ['char[5]', 'René'],
      ['char[6]', 'René'],
    ]);
  });

  it('a comment in Latin-1 is readable', () => {
    const resolver = resolverOf({ 'x.h': bytesOf('/* Ren\xe9 */\nstruct s { int x; };\n') });
    const identify = (): { kernel: null; files: [] } => ({ kernel: null, files: [] });
    const { types } = analyzeHeader('x.h', x86_64, resolver, identify, { comments: headerComments });
    expect(types.map(({ comment }) => comment)).toEqual(['René']);
  });

  it.each(refused)('the error about %s has the place of GCC', (_, text, place) => {
    const read = (): unknown => modelOf({ 'x.h': bytesOf(text) });
    expect(read).toThrow(SourceError);
    expect(read).toThrow(`/include/x.h:${place}: `);
    if (!hasCompiler) return;
    const [first] = diagnosticsOf(text.replaceAll('\xc2\xa0', '\u00a0').replaceAll('\xe9', '\u00d7')).filter(
      ({ kind }) => kind === 'error',
    );
    expect(`${first?.line}:${first?.column}`).toBe(place);
  });
});

describe.skipIf(!hasCompiler)(`the same bytes in GCC ${needsCompiler}`, () => {
  it.each(accepted)('GCC gives the same struct: %s', (_, text) => {
    const { types } = modelOf({ 'x.h': bytesOf(text) });
    const [{ size, members } = { size: -1, members: [] }] = types;
    const offsets = members.map(
      ({ name, offset }) => `_Static_assert(__builtin_offsetof(struct s, ${name}) == ${offset}, "");`,
    );
    const source = ['#include "x.h"', `_Static_assert(sizeof(struct s) == ${size}, "");`, ...offsets].join('\n');
    const flags = ['-std=gnu17', '-w', '-fsyntax-only', '-x', 'c', '-'];
    inTemporaryFolder({ 'x.h': bytesOf(text) }, (folder) => run('cc', [...flags], { cwd: folder, input: source }));
  });

  it('GCC gives the same lines', () => {
    const text =
      'int a; /* \r */ int b = __LINE__;\r\nint c = __LINE__; \\ \r\nint d = __LINE__;\n\rint e = __LINE__;\r';
    const printed = printedByCompiled(
      `#include <stdio.h>\n#line 1\n${text}\nint main(void) { printf("%d %d %d %d", b, c, d, e); }\n`,
    );
    const lined = text.replace(/int (\w) = __LINE__;/g, 'struct $1 { char x[__LINE__]; };');
    expect(
      modelOf({ 'x.h': lined })
        .types.map(({ size }) => size)
        .join(' '),
    ).toBe(printed);
  });
});

import { describe, expect, it } from 'vitest';
import type { Macro } from '../../../../generator/c/preprocessor/macros.js';
import { SourceError } from '../../../../generator/errors.js';
import { hasCompiler, includedByCompiler, needsCompiler, tokensOf } from '../../../../tools/lib/gcc.js';
import { preprocessedOf, spellingsOf } from '../../../../tools/lib/headers-in-memory.js';

interface Tree {
  readonly what: string;
  /** Files by path from the parent of the include folders. The first file is the requested header. */
  readonly files: Readonly<Record<string, string>>;
  readonly roots?: readonly string[];
}

const includes: readonly Tree[] = [
  { what: 'a header by <>', files: { 'a/main.h': '#include <sub/x.h>\nmain', 'a/sub/x.h': 'x' } },
  {
    what: 'a header by "" beside the one that includes it',
    files: {
      'a/main.h': '#include <sub/one.h>\nmain',
      'a/sub/one.h': '#include "two.h"\none',
      'a/sub/two.h': 'beside',
      'a/two.h': 'at the root',
    },
  },
  {
    what: 'a header by "" that is not beside',
    files: {
      'a/main.h': '#include <sub/one.h>\nmain',
      'a/sub/one.h': '#include "two.h"\none',
      'a/two.h': 'at the root',
    },
  },
  {
    what: 'a header by "" out of a folder above',
    files: {
      'a/main.h': '#include <x/y/one.h>',
      'a/x/y/one.h': '#include "../two.h"\n#include "../../main2.h"\n#include "./three.h"',
      'a/x/two.h': 'two',
      'a/main2.h': 'main2',
      'a/x/y/three.h': 'three',
    },
  },
  {
    what: 'a header by "" beside the nested header, not beside the outer one',
    files: {
      'a/main.h': '#include "x/one.h"',
      'a/x/one.h': '#include "../y/two.h"',
      'a/y/two.h': '#include "three.h"',
      'a/x/three.h': 'wrong',
      'a/y/three.h': 'right',
      'a/three.h': 'wrong too',
    },
  },
  {
    what: 'the first root that has a header',
    files: {
      'a/main.h': '#include <only-b.h>\n#include <both.h>',
      'a/both.h': 'of a',
      'b/both.h': 'of b',
      'b/only-b.h': '#include "both.h"\n#include <both.h>',
    },
  },
  {
    what: '#include_next',
    files: {
      'a/main.h': '#include <limits.h>\nmain',
      'a/limits.h': 'a\n#include_next <limits.h>',
      'b/limits.h': 'b\n#include_next <limits.h>',
      'c/limits.h': 'c',
    },
    roots: ['a', 'b', 'c'],
  },
  {
    what: '#include_next of a header of another name',
    files: {
      'a/main.h': '#include <one.h>',
      'a/one.h': 'a\n#include_next <two.h>',
      'a/two.h': 'two of a',
      'b/two.h': 'two of b',
    },
  },
  {
    what: '#include_next by ""',
    files: { 'a/main.h': '#include <one.h>', 'a/one.h': 'a\n#include_next "one.h"', 'b/one.h': 'one of b' },
  },
  {
    what: '#include_next after an #include of the next folder',
    files: {
      'a/main.h': '#include <one.h>',
      'b/one.h': 'b\n#include_next <one.h>\n#include <main2.h>',
      'c/one.h': 'c',
      'a/main2.h': 'main2',
    },
    roots: ['a', 'b', 'c'],
  },
  {
    what: '__has_include',
    files: {
      'a/main.h':
        '#if __has_include(<x.h>)\nx\n#endif\n#if __has_include(<y.h>)\ny\n#endif\n#if __has_include("x.h") && !__has_include("y.h")\nquoted\n#endif\n#include <sub/z.h>',
      'a/x.h': '',
      'a/sub/z.h': '#if __has_include("w.h") && !__has_include(<w.h>)\nbeside\n#endif',
      'a/sub/w.h': '',
    },
  },
  {
    what: '__has_include after defined, with a macro and among other conditions',
    files: {
      'a/main.h':
        '#define H <x.h>\n#define Q "x.h"\n#ifdef __has_include\n#if __has_include(H) + __has_include(Q) == 2\nboth\n#endif\n#endif\n' +
        '#if defined(__has_include) && __has_include(<nothing.h>)\n#else\nnot\n#endif\n#if 0\n#elif __has_include(<sub/x.h>)\nelif\n#endif',
      'a/x.h': '',
      'a/sub/x.h': '',
    },
  },
  {
    what: '__has_include of words that are macros',
    files: {
      'a/main.h': '#define linux 1\n#define h x\n#if __has_include(<linux/x.h>)\nfound\n#endif\n#include <linux/x.h>',
      'a/linux/x.h': 'x',
    },
  },
  {
    what: '__has_include_next',
    files: {
      'a/main.h': '#include <one.h>',
      'a/one.h':
        '#if __has_include_next(<one.h>)\nnext\n#include_next <one.h>\n#endif\n#if __has_include_next(<two.h>)\nwrong\n#endif',
      'a/two.h': '',
      'b/one.h': 'b\n#if __has_include_next(<one.h>)\nwrong\n#endif',
      'c/three.h': '',
    },
    roots: ['a', 'b', 'c'],
  },
  {
    what: 'computed includes',
    files: {
      'a/main.h':
        '#define ANGLE <sub/x.h>\n#include ANGLE\n#define QUOTE "sub/y.h"\n#include QUOTE\n#define str(x) #x\n#define xstr(x) str(x)\n' +
        '#define NAME sub/z.h\n#include xstr(NAME)\n#define IN(dir) <dir/x.h>\n#include IN(sub)',
      'a/sub/x.h': 'x',
      'a/sub/y.h': 'y',
      'a/sub/z.h': 'z',
    },
  },
  {
    what: '#pragma once',
    files: {
      'a/main.h': '#include "x.h"\n#include <x.h>\n#include "sub/../x.h"\n#include "./x.h"\n#include <sub/y.h>\nmain',
      'a/x.h': '#pragma once\nx',
      'a/sub/y.h': '#include "../x.h"\n#include <x.h>\ny',
    },
  },
  {
    what: '#pragma once by <> and a detour',
    files: {
      'a/main.h': '#include <x.h>\n#include <sub/../x.h>\n#include <./x.h>\nmain',
      'a/x.h': '#pragma once\nx',
      'a/sub/y.h': '',
    },
  },
  {
    what: '#pragma once by _Pragma',
    files: { 'a/main.h': '#include "x.h"\n#include "x.h"\nmain', 'a/x.h': '_Pragma("once")\nx' },
  },
  {
    what: 'guards, and headers without one',
    files: {
      'a/main.h': '#include <g.h>\n#include <g.h>\n#include <n.h>\n#include <n.h>',
      'a/g.h': '#ifndef G\n#define G\ng\n#endif',
      'a/n.h': 'n',
    },
  },
  {
    what: 'a header that is a list',
    files: {
      'a/main.h':
        '#define ITEM(n) first_##n,\n#include "list.h"\n#define ITEM(n) second_##n = __COUNTER__,\n#include "list.h"',
      'a/list.h': 'ITEM(a)\nITEM(b)\n#undef ITEM',
    },
  },
  {
    what: 'headers that include each other',
    files: {
      'a/main.h': '#ifndef MAIN\n#define MAIN\nmain before\n#include <other.h>\nmain after\n#endif',
      'a/other.h': '#ifndef OTHER\n#define OTHER\nother before\n#include <main.h>\nother after\n#endif',
    },
  },
  {
    what: 'macros across headers',
    files: {
      'a/main.h': '#define before 1\n#include <x.h>\nbefore inside call(2)',
      'a/x.h': 'before\n#undef before\n#define inside 3\n#define call(x) <x> inside',
    },
  },
  {
    what: 'a macro that needs more than the end of the header',
    files: { 'a/main.h': '#include <x.h>\n(1)\nend', 'a/x.h': '#define f(x) <x>\nf' },
  },
  {
    what: '__INCLUDE_LEVEL__ and __LINE__',
    files: {
      'a/main.h': '__INCLUDE_LEVEL__ __LINE__\n#include <x.h>\n__INCLUDE_LEVEL__ __LINE__',
      'a/x.h': '\n\n__INCLUDE_LEVEL__ __LINE__',
    },
  },
  {
    what: 'no newline at the end',
    files: { 'a/main.h': '#include <x.h>\nmain', 'a/x.h': '#ifdef U\n#endif\n#define X x\nX' },
  },
  {
    what: 'a directive at the end of a header without newline',
    files: { 'a/main.h': '#include <x.h>\nX', 'a/x.h': '#define X 1' },
  },
  {
    what: 'more after the name',
    files: { 'a/main.h': '#include <x.h> // comment\n#include "x.h" /* another */\n#include <x.h> junk', 'a/x.h': 'x' },
  },
  {
    what: 'a name with spaces and signs',
    files: { 'a/main.h': '#include <x y-1+2.h>\n#include "x y-1+2.h"', 'a/x y-1+2.h': 'x' },
  },
  {
    what: 'a header with an include guard, twice',
    files: {
      'a/main.h': '#include <x.h>\n#include <x.h>\n#undef X\n#include <x.h>\n#define X\n#include "x.h"\nmain',
      'a/x.h': '/* x */\n#ifndef X // x\n#define X\n#if 1\nx\n#else\ny\n#endif\n#endif /* X */\n// x',
    },
  },
  {
    what: 'headers that only look as if they had an include guard',
    files: {
      'a/main.h': ['else', 'elif', 'after', 'before', 'inner', 'ifdef', 'two', 'open']
        .map((name) => `#include <${name}.h>\n#include <${name}.h>\n`)
        .join(''),
      'a/else.h': '#ifndef A\n#define A\nfirst\n#else\nagain\n#endif',
      'a/elif.h': '#ifndef B\n#define B\nfirst\n#elif 1\nagain\n#endif',
      'a/after.h': '#ifndef C\n#define C\nfirst\n#endif\nagain',
      'a/before.h': 'again\n#ifndef D\n#define D\nfirst\n#endif',
      'a/inner.h': '#ifndef E\n#ifndef F\nfirst\n#endif\n#define E\n#endif\nagain',
      'a/ifdef.h': '#define G\n#ifdef G\nagain\n#endif',
      'a/two.h': '#ifndef H\n#define H\nfirst\n#endif\n#ifdef H\nagain\n#endif',
      'a/open.h': '#ifndef I\n#define I\n#\nfirst\n#endif\n#define J again\nJ',
    },
  },
  { what: '#import', files: { 'a/main.h': '#import <x.h>\n#import <x.h>\n#import "x.h"\nmain', 'a/x.h': 'x' } },
];

function ours({ files, roots = ['a', 'b'] }: Tree): string[] {
  return spellingsOf(preprocessedOf(files, 'main.h', roots), tokensOf);
}

describe.skipIf(!hasCompiler)(`#include ${needsCompiler}`, () => {
  it.each(includes.map((tree) => [tree.what, tree] as const))('GCC finds the same files: %s', (_, tree) => {
    const want = tokensOf(includedByCompiler(tree.files, tree.roots ?? ['a', 'b'], 'main.h'));
    expect(want.length).toBeGreaterThan(0);
    expect(ours(tree)).toEqual(want);
  });
});

describe('preprocessing', () => {
  it('the result lists the headers in the order of their first reading', () => {
    const headers = {
      'main.h': '#include <b.h>\n#include <a.h>\n#include <b.h>\n#if __has_include(<c.h>)\n#endif\n',
      'a.h': '#include "sub/d.h"',
      'b.h': '',
      'c.h': '',
      'sub/d.h': '',
    };
    expect(preprocessedOf(headers).files.map(({ name }) => name)).toEqual(['main.h', 'b.h', 'a.h', 'sub/d.h']);
  });

  it('a header whose include guard is defined is not read again', () => {
    const headers = {
      'main.h': '#include <x.h>\n#include <x.h>\n',
      'x.h': '#ifndef X\n#define X\n#if 0\n#define Y\n#endif\n#define Z\n#endif\n',
    };
    const { skipped } = preprocessedOf(headers, 'main.h');
    expect(skipped.map(({ name, group }) => [name, group()])).toEqual([['Y', '#if 0']]);
  });

  it('a header is read if its include guard is defined before', () => {
    const headers = { 'main.h': '#define X\n#include <x.h>\n', 'x.h': '#ifndef X\n#define Z\n#endif\n' };
    const { skipped } = preprocessedOf(headers, 'main.h');
    expect(skipped.map(({ name, group }) => [name, group()])).toEqual([['Z', '#ifndef X']]);
  });

  it('a header has the name of its include, not its path', () => {
    const headers = {
      'main.h': '#include "sub/x.h"\n__FILE__',
      'sub/x.h': '__FILE__ __BASE_FILE__\n#include "y.h"',
      'sub/y.h': '__FILE__',
    };
    const texts = spellingsOf(preprocessedOf(headers), tokensOf);
    expect(texts).toEqual(['"sub/x.h"', '"<command line>"', '"sub/y.h"', '"main.h"']);
  });

  it('the result does not depend on the date', () => {
    const texts = spellingsOf(preprocessedOf({ 'x.h': '__DATE__ __TIME__ __TIMESTAMP__' }), tokensOf);
    expect(texts).toEqual(['"??? ?? ????"', '"??:??:??"', '"??? ??? ?? ??:??:?? ????"']);
  });

  it('the result has the macros at the end of the text, in the order of definition', () => {
    const { macros } = preprocessedOf({
      'x.h': '#define A 1\n#define B(x, y...) x\n#undef A\n#define C\n#define A 2\n',
    });
    const own = [...macros.values()].filter(({ at }) => at.file.name === 'x.h');
    expect(
      own.map(({ name, parameters, variadic, body }) => [name, parameters, variadic, body.map((t) => t.text)]),
    ).toEqual([
      ['B', ['x'], 'y', ['x']],
      ['C', null, null, []],
      ['A', null, null, ['2']],
    ]);
  });

  it('the expansion uses the macros at the end, except the named macros', () => {
    const { macros, expand, expandMacro } = preprocessedOf({
      'x.h': '#define A B + C(1)\n#define B 2\n#define C(x) (x)\n',
    });
    const macro = macros.get('A') as Macro;
    const expanded = (except: readonly string[]): string[] =>
      expandMacro(macro, new WeakMap(), except).map(({ text }) => text);
    expect(expand(macro.body).map(({ text }) => text)).toEqual(['2', '+', '(', '1', ')']);
    expect(expanded([])).toEqual(['2', '+', '(', '1', ')']);
    expect(expanded(['C'])).toEqual(['2', '+', 'C', '(', '1', ')']);
    expect(expanded(['B', 'C', 'unknown'])).toEqual(['B', '+', 'C', '(', '1', ')']);
  });

  it('the preprocessor reads no file if the requested header is missing', () => {
    expect(() => preprocessedOf({ 'x.h': '' }, 'y.h')).toThrow(SourceError);
  });
});

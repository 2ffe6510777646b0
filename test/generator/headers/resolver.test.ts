import { describe, expect, it } from 'vitest';
import { filesInMemory } from '../../../generator/headers/files.js';
import { Resolver } from '../../../generator/headers/resolver.js';
import { type Headers, preprocessedOf, resolverOf } from '../../../tools/lib/headers-in-memory.js';

/** Returns the path and the name of the file that is found. */
function found(resolver: Resolver, name: string, from?: string): string | undefined {
  const includer = from === undefined ? undefined : resolver.system(from);
  const file = includer ? resolver.quoted(name, includer) : resolver.system(name);
  return file && `${file.path} as ${file.name}, of root ${file.root}`;
}

const headers: Headers = {
  'a/x.h': '',
  'a/sub/y.h': '',
  'b/x.h': '',
  'b/z.h': '',
  'b/sub/x.h': '',
  'z.h': '',
};

describe('the resolver', () => {
  const resolver = resolverOf(headers, ['a', 'b']);

  it.each([
    ['x.h', undefined, 'a/x.h as x.h, of root 0'],
    ['z.h', undefined, 'b/z.h as z.h, of root 1'],
    ['sub/x.h', undefined, 'b/sub/x.h as sub/x.h, of root 1'],
    ['sub/../x.h', undefined, 'a/x.h as x.h, of root 0'],
    ['./sub//y.h', undefined, 'a/sub/y.h as sub/y.h, of root 0'],
    ['../z.h', undefined, 'z.h as z.h, of root 0'],
    ['w.h', undefined, undefined],
    ['sub', undefined, undefined],
    ['x.h', 'z.h', 'b/x.h as x.h, of root 1'],
    ['x.h', 'sub/x.h', 'b/sub/x.h as sub/x.h, of root 1'],
    ['y.h', 'sub/y.h', 'a/sub/y.h as sub/y.h, of root 0'],
    ['../x.h', 'sub/x.h', 'b/x.h as x.h, of root 1'],
    ['z.h', 'sub/x.h', 'b/z.h as z.h, of root 1'],
    ['sub/y.h', 'sub/x.h', 'a/sub/y.h as sub/y.h, of root 0'],
    ['w.h', 'x.h', undefined],
  ])('the resolver finds %s from %s', (name, from, want) => {
    expect(found(resolver, name, from)).toBe(want);
  });

  it('the resolver can search only the roots after a given root', () => {
    expect(resolver.system('x.h', 0)?.path).toBe('b/x.h');
    expect(resolver.system('x.h', 1)).toBeUndefined();
  });

  it.each([
    ['a', 'a/x.h'],
    ['a/', 'a/x.h'],
    ['./a', 'a/x.h'],
    ['.//a//', 'a/x.h'],
    ['b/../a', 'a/x.h'],
    ['/include', '/include/x.h'],
    ['/include/', '/include/x.h'],
    ['/', '/x.h'],
    ['.', 'x.h'],
    ['./', 'x.h'],
    ['..', '../x.h'],
    ['../a/', '../a/x.h'],
  ])('a file has one path, even if the root is spelled %j', (root, path) => {
    const text = '#pragma once\n#include "y.h"\nstruct s { int a; };\n';
    const files = { [path]: text, [path.replace('x.h', 'y.h')]: '#include "x.h"\n#include <x.h>\n' };
    const { files: read } = preprocessedOf(files, 'x.h', [root]);
    expect(read.map((file) => file.path)).toEqual([path, path.replace('x.h', 'y.h')]);
  });

  it('the resolver reads each file once, and looks for each missing file once', () => {
    const asked: string[] = [];
    const provider = filesInMemory({ 'b/x.h': '' });
    const counting = new Resolver(
      {
        read: (path) => {
          asked.push(path);
          return provider.read(path);
        },
      },
      ['a', 'b'],
    );
    expect(counting.system('x.h')).toBe(counting.system('x.h'));
    expect(asked).toEqual(['a/x.h', 'b/x.h']);
  });
});

/** The comparison of one header between releases, with the compiler of x86-64. */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { analyzeHeader } from '../../../generator/analyze/analyze.js';
import { GeneratorError } from '../../../generator/errors.js';
import { filesOnDisk, nodeSha256 } from '../../../generator/headers/disk.js';
import { Resolver } from '../../../generator/headers/resolver.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { compilerOf } from '../../../tools/lib/compilers.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';
import { type HeaderVerdict, judgeHeader, type Release } from '../../../tools/oracle/header-sides.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

/** Judges `own.h` in releases with these texts. A release without a text does not have the header. */
function judged(
  texts: Readonly<Record<string, string | undefined>>,
  changed: (release: Release) => Release = (release) => release,
): Promise<HeaderVerdict> {
  const files = Object.entries(texts).flatMap(([name, text]) =>
    text === undefined ? [] : [[`${name}/own.h`, text] as const],
  );
  return inTemporaryFolder(Object.fromEntries(files), (folder) => {
    const releases = Object.entries(texts).map(([name, text]): Release => {
      const root = join(folder, name);
      const resolver = new Resolver(filesOnDisk, [root]);
      const model = (header: string): ReturnType<typeof analyzeHeader> =>
        analyzeHeader(header, x86_64, resolver, (read) => ({
          kernel: null,
          files: read.map((file) => ({ name: file.name, sha256: nodeSha256(file.bytes), origin: { kind: 'tree' } })),
        }));
      const headers = text === undefined ? [] : ['own.h'];
      return changed({ name, corpus: { target: x86_64, headers, compiler: compilerOf(x86_64, [root]), model } });
    });
    return judgeHeader('own.h', releases);
  });
}

const [old, now] = ['struct s { char a; int b; };\n#define M 1\n', 'struct s { long a; int b; };\n#define M 2\n'];

describeWithCompiler('a header in several releases', ['readelf'], () => {
  it('the compiler confirms the changes of each pair of releases', async () => {
    const { pairs, unread } = await judged({ first: old, second: now, third: now });
    const counts = pairs.map(({ before, after, verdict }) => [before, after, verdict?.confirmed, verdict?.different]);
    expect(counts).toEqual([
      ['first', 'second', 4, 4],
      ['first', 'third', 4, 4],
      ['second', 'third', 0, 0],
    ]);
    expect(pairs.flatMap(({ verdict }) => verdict?.findings)).toEqual([]);
    expect(unread).toEqual([]);
  });

  it('the members of a record that got a name follow the change of the member that has the record', async () => {
    const named = 'struct inner { int a; };\nstruct s { struct inner list[2]; };\n';
    const { pairs } = await judged({ first: 'struct s { struct { int a; } list[2]; };\n', second: named });
    expect(pairs[0]?.verdict).toMatchObject({ confirmed: 2, findings: [] });
  });

  it('an enumerator and a function-like macro can have one name', async () => {
    const text = 'enum e { RED = 5 };\n#define RED(x) ((x) == RED)\n';
    const { pairs } = await judged({ first: '#define OTHER 1\n', second: text });
    expect(pairs[0]?.verdict?.findings).toEqual([]);
  });

  it('a pair of releases that both lack the header has no verdict, and a new header has one', async () => {
    const { pairs } = await judged({ first: undefined, second: undefined, third: now });
    const counts = pairs.map(({ before, after, verdict }) => [before, after, verdict?.confirmed, verdict?.findings]);
    expect(counts).toEqual([
      ['first', 'third', 2, []],
      ['second', 'third', 2, []],
    ]);
  });

  it('a release that neither the generator nor the compiler can read is unread, with the reason', async () => {
    const { pairs, unread } = await judged({ first: '#error not alone\n', second: now });
    expect(pairs).toEqual([{ before: 'first', after: 'second' }]);
    expect(unread).toEqual([{ release: 'first', reason: expect.stringMatching(/own\.h:1:2: .*not alone/) }]);
  });

  it('a release that only the compiler can read is a finding', async () => {
    const refusing = (release: Release): Release => {
      const model = (): never => {
        throw new GeneratorError('it is too new');
      };
      return release.name === 'second' ? { ...release, corpus: { ...release.corpus, model } } : release;
    };
    const { pairs } = await judged({ first: old, second: now }, refusing);
    expect(pairs[0]?.verdict?.findings).toEqual([
      'second: the compiler reads it, and the generator does not: it is too new',
    ]);
  });

  it('a release that only the generator can read is a finding', async () => {
    const broken = (release: Release): Release => {
      const compiler = { ...release.corpus.compiler, include: [] };
      return release.name === 'second' ? { ...release, corpus: { ...release.corpus, compiler } } : release;
    };
    const { pairs } = await judged({ first: old, second: now }, broken);
    expect(pairs[0]?.verdict?.findings).toEqual([
      expect.stringMatching(/^second: the compiler cannot read it: .*own\.h/),
    ]);
  });
});

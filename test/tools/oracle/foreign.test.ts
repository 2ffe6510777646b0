import { describe, expect, it } from 'vitest';
import type { Model } from '../../../generator/model/model.js';
import { cc } from '../../../tools/lib/oracle-compiler.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';
import { compiledDeclarations } from '../../../tools/oracle/declarations.js';
import { type ForeignVerdict, isGood, judgeForeign } from '../../../tools/oracle/foreign-header.js';
import { headerFinder } from '../../../tools/oracle/listing.js';
import { functionsWithValues } from '../../../tools/oracle/macros.js';
import { modelOfText } from '../../helpers/committed-models.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

const header = 'library.h';
const text = `typedef int handle;
typedef struct { int a; } unnamed;
struct plain { handle member; };
extern int counter;
static const int limit = 5;
static const char *const names[] = { "a" };
int library_open(const char *path, ...);
void (*library_signal(int number, void (*handler)(int)))(int);
static inline int library_twice(int value) { return 2 * value; }
#define LIBRARY_MASK(bit) (1 << (bit))
#define LIBRARY_CALL(value) library_twice(value)
`;

async function inLibrary<T>(use: (include: readonly string[]) => Promise<T>): Promise<T> {
  return inTemporaryFolder({ [header]: text }, (folder) => use([folder]));
}

const subject = { header, coveredHeaders: [header] };

describe('headers of a path of the compiler', () => {
  it('a path in an include folder is a covered header only if the rest of the path is its whole name', () => {
    const find = headerFinder({ header: 'time.h', coveredHeaders: ['time.h', 'x/y.h'] }, { include: ['/a/../b'] });
    expect(['/b/time.h', '/b/sys/time.h', '/b/q/../x/y.h', '/usr/include/x/y.h'].map(find)).toEqual([
      'time.h',
      undefined,
      'x/y.h',
      'x/y.h',
    ]);
  });
});

describeWithCompiler('headers of libraries', ['readelf'], () => {
  it('the compiler lists every function, variable and typedef of a header, with its location', async () => {
    const found = await inLibrary((include) => compiledDeclarations({ ...cc, include }, subject));
    expect(found.map(({ kind, name, at, hasValue }) => [kind, name, at, hasValue])).toEqual([
      ['typedef', 'handle', 'library.h:1', false],
      ['typedef', 'unnamed', 'library.h:2', false],
      ['variable', 'counter', 'library.h:4', false],
      ['variable', 'limit', 'library.h:5', true],
      ['variable', 'names', 'library.h:6', false],
      ['function', 'library_open', 'library.h:7', false],
      ['function', 'library_signal', 'library.h:8', false],
      ['function', 'library_twice', 'library.h:9', false],
    ]);
  });

  it('a function-like macro has a value if the compiler computes it from small integers', async () => {
    const macros = [
      { name: 'LIBRARY_MASK', parameters: ['bit'] },
      { name: 'LIBRARY_CALL', parameters: ['value'] },
    ];
    const found = await inLibrary((include) => functionsWithValues({ ...cc, include }, subject, macros));
    expect([...found]).toEqual(['LIBRARY_MASK']);
  });

  it('a type without a name that the model omits is a cause, with its location', async () => {
    const unnamed = 'typedef struct { int a; } *only_pointer;\n';
    const verdict = await inTemporaryFolder({ [header]: unnamed }, (folder) =>
      judgeForeign(modelOfText(header, unnamed), { ...cc, include: [folder] }, { names: [] }),
    );
    expect(verdict.silent).toEqual([]);
    expect(verdict.causes.flatMap(({ names }) => names)).toEqual(['struct (library.h:1)']);
  });

  it('a declaration that the model lacks is silent, and a wrong fact is a difference', async () => {
    const model = modelOfText(header, text);
    const judgeIt = (
      wrong: Model,
      names: readonly string[] = [],
      ioctls: readonly string[] = [],
    ): Promise<ForeignVerdict> => inLibrary((include) => judgeForeign(wrong, { ...cc, include }, { names, ioctls }));
    const { differences, silent, declarations } = await judgeIt(model);
    expect(differences).toEqual([]);
    expect(declarations).toBe(14);
    const without = await judgeIt({ ...model, types: model.types.filter(({ tag }) => tag !== 'plain') });
    expect(without.silent.length).toBeGreaterThan(silent.length);
    const named = await judgeIt(model, ['struct plain', 'struct other']);
    expect(named.silent).toContain('struct other: the model of <library.h> must have it');
    expect(named.silent.length).toBe(silent.length + 1);
    const requested = await judgeIt(model, [], ['LIBRARY_MASK']);
    expect(requested.silent).toContain('LIBRARY_MASK: must be an ioctl in <library.h>');
    const types = model.types.map((type) => ({ ...type, size: type.size + 1 }));
    const wrong = await judgeIt({ ...model, types });
    expect(wrong.differences.length).toBeGreaterThan(0);
    expect(isGood(wrong)).toBe(false);
  });
});

describe('the limit of the causes', () => {
  const verdict: ForeignVerdict = {
    coveredHeaders: [header],
    declarations: 200,
    comparisons: 1,
    differences: [],
    silent: [],
    withoutFacts: new Map(),
    causes: [],
  };

  it('one percent of the declarations may be omissions with a fact, and no more', () => {
    expect(isGood({ ...verdict, causes: [{ text: '', names: ['a', 'b'] }] })).toBe(true);
    expect(isGood({ ...verdict, causes: [{ text: '', names: ['a', 'b', 'c'] }] })).toBe(false);
  });

  it('a silent declaration is a failure', () => {
    expect(isGood({ ...verdict, silent: ['a'] })).toBe(false);
  });
});

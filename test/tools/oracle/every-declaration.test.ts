/** Every declaration of a covered header is in the model or in its omissions. The compiler lists the declarations. */

import { expect, it } from 'vitest';
import { installedHeaders } from '../../../generator/index.js';
import type { Model } from '../../../generator/model/model.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { cc } from '../../../tools/lib/oracle-compiler.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';
import { compiledDeclarations } from '../../../tools/oracle/declarations.js';
import { preprocessed } from '../../../tools/oracle/macros.js';
import { compiledTypes, modelledTypes } from '../../../tools/oracle/types.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

const text = `
#define PLAIN 1
#define EMPTY
#define TEXT "text"
#define FLOATING 1.5
#define CALL(x) f(x)
#define MASK(x) (1 << (x))
typedef int number, *pointer, list[3];
typedef int callback(int);
typedef struct tagged tagged_alias;
typedef struct { int a; } only_typedef, second_name;
typedef enum { E_A, E_B = 5 } only_enum;
enum tagged_enum { T_A };
enum { LOOSE };
struct tagged { int a; struct { int b; } inner; union { int c; }; struct inside { int d; } e; int f : 3; };
union both { int i; char c; };
struct later;
extern int variable, other[];
extern const int without_value;
static const int limit = 5;
static const char name[] = "n";
static const char *const pointed = "p";
static const double real = 1.5;
static const int table[] = { 1, 2 };
static int changing = 3;
int f(const char *path, ...);
void (*returns_pointer(int x))(int);
static inline int inlined(int x) { return x; }
extern __inline__ __attribute__((__gnu_inline__)) int gnu(void) { return 1; }
callback by_typedef;
_Static_assert(sizeof(int) == 4, "an int");
`;

/** The names in a model and its omissions, by the kind of the declaration. */
function namesIn(model: Model): Record<Kind, ReadonlySet<string>> {
  const { types, enums, constants, functions, omissions } = model;
  const omitted = (...kinds: readonly string[]): string[] =>
    omissions.flatMap(({ kind, name }) => (kinds.includes(kind) ? [name] : []));
  const isVariable = constants.filter((each) => each.isVariable).map(({ name }) => name);
  const typeNames = [...types, ...enums].flatMap(({ cName }) => cName ?? []);
  return {
    macro: new Set([...constants, ...functions].map(({ name }) => name).concat(omitted('macro', 'ioctl'))),
    item: new Set([...modelledTypes(model).keys(), ...omitted('type')]),
    typedef: new Set([...typeNames, ...omitted('typedef')]),
    variable: new Set([...isVariable, ...omitted('variable')]),
    function: new Set(omitted('function')),
  };
}

/** An item is a type, a member or an enumerator. */
type Kind = 'macro' | 'item' | 'typedef' | 'variable' | 'function';

/** Returns the number of declarations that the compiler lists, and those that the model does not know. */
async function unknownDeclarations(model: Model, include: readonly string[]): Promise<[number, string[]]> {
  const compiler = { ...cc, include };
  const known = namesIn(model);
  const { macros } = await preprocessed(compiler, model);
  const { items } = await compiledTypes(compiler, model);
  const declared = await compiledDeclarations(compiler, model);
  const listed: readonly (readonly [Kind, string])[] = [
    ...[...macros.keys()].map((name) => ['macro', name] as const),
    ...declared.map(({ kind, name }) => [kind, name] as const),
    ...[...items.keys()].map((name) => ['item', name] as const),
  ];
  const unknown = listed.filter(([kind, name]) => !known[kind].has(name) && !known[kind].has(name.split('.')[0] ?? ''));
  return [listed.length, unknown.map(([kind, name]) => `${kind} ${name}`)];
}

describeWithCompiler('every declaration of a header', ['readelf'], () => {
  it('the model or its omissions have a declaration of every kind', async () => {
    const model = modelOf({ 'every.h': text });
    const [count, unknown] = await inTemporaryFolder({ 'every.h': text }, (folder) =>
      unknownDeclarations(model, [folder]),
    );
    expect(unknown).toEqual([]);
    expect(count).toBeGreaterThan(40);
    const without = { ...model, omissions: [], constants: model.constants.slice(1) };
    const [, lacking] = await inTemporaryFolder({ 'every.h': text }, (folder) =>
      unknownDeclarations(without, [folder]),
    );
    expect(lacking.length).toBeGreaterThanOrEqual(20);
  });

  it.each(['linux/fs.h', 'linux/if.h', 'linux/types.h', 'linux/vfio.h', 'linux/android/binder.h', 'linux/soundcard.h'])(
    'the model or its omissions have every declaration of an installed header: %s',
    async (header) => {
      const [count, unknown] = await unknownDeclarations(installedHeaders().model(header), []);
      expect(unknown).toEqual([]);
      expect(count).toBeGreaterThan(10);
    },
  );
});

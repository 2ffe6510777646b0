/** Constants that are `const` variables. */

import { describe, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import { arm64 } from '../../../generator/targets/arm64.js';
import { i386 } from '../../../generator/targets/i386.js';
import { s390x } from '../../../generator/targets/s390x.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { isInstalled } from '../../../tools/lib/compilers.js';
import { hasCompiler, needsCompiler, printedByCompiled } from '../../../tools/lib/gcc.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { importBindings } from '../../../tools/lib/imported-bindings.js';
import { judged } from '../../../tools/lib/verified-layouts.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

const header = `
typedef unsigned int u32;
typedef const u32 fixed;
enum color { RED = 3, GREEN };
static const unsigned int MAX_SLOTS = 32;
static const unsigned long long WIDE_FLAG = 1ULL << 40;
int const AFTER = -5;
static const u32 OF_TYPEDEF = ~0;
static fixed CONST_IN_TYPEDEF = 7;
static const enum color COLOR = GREEN;
static const _Bool TRUTH = 12;
static const char LETTER = 'x', SECOND = 300;
static const short NARROWED = 0x12345;
static const long LONG = sizeof(int) * 3;
static const int BRACES = { 4 }, FROM_OTHER = 8, LATER = FROM_OTHER + 1;
__attribute__((unused)) static const int FROM_FLOAT = (int)2.9;
`;

const strings = `
static const char DRIVER[] = "kdev";
static const char PADDED[10] = "ab" "c";
static const char *const NAME = "poin\\"ter";
`;

/** Each variable, and the reason why it is not a constant. */
const others: readonly (readonly [text: string, name: string, reason: RegExp])[] = [
  ['extern const int E;', 'E', /value only a running program has/],
  ['static int PLAIN = 3;', 'PLAIN', /value only a running program has/],
  ['static const volatile int V = 3;', 'V', /value only a running program has/],
  ['static const int TABLE[] = { 1, 2 };', 'TABLE', /a variable: .*neither an integer nor a string/],
  ['static const double D = 1.5;', 'D', /a variable: .*neither an integer nor a string/],
  ['struct s { int a; }; static const struct s S = { 1 };', 'S', /a variable: /],
  ['static const int U = (int){ 1 };', 'U', /a variable: not an integer constant expression/],
  ['static const int HIDDEN = 3;\n#define HIDDEN 4', 'HIDDEN', /a macro with its name hides/],
];

const names = (text: string): string[] => modelOf({ 'x.h': text }).constants.map(({ name }) => name);

describe('a const variable', () => {
  it('the variable is a constant if its value is an integer or a string', () => {
    const { constants, omissions } = modelOf({ 'x.h': header + strings });
    expect(omissions.map(({ kind }) => kind)).toEqual(['typedef', 'typedef']);
    expect(constants.every(({ isVariable }) => isVariable === true)).toBe(true);
    expect(constants.map(({ name, value, type }) => [name, value, type])).toEqual([
      ['MAX_SLOTS', 32, 'unsigned int'],
      ['WIDE_FLAG', '1099511627776', 'unsigned long long'],
      ['AFTER', -5, 'int'],
      ['OF_TYPEDEF', 4294967295, 'unsigned int'],
      ['CONST_IN_TYPEDEF', 7, 'unsigned int'],
      ['COLOR', 4, 'unsigned int'],
      ['TRUTH', 1, '_Bool'],
      ['LETTER', 120, 'char'],
      ['SECOND', 44, 'char'],
      ['NARROWED', 9029, 'short'],
      ['LONG', '12', 'long'],
      ['BRACES', 4, 'int'],
      ['FROM_OTHER', 8, 'int'],
      ['LATER', 9, 'int'],
      ['FROM_FLOAT', 2, 'int'],
      ['DRIVER', 'kdev', 'char[5]'],
      ['PADDED', 'abc', 'char[10]'],
      ['NAME', 'poin"ter', 'char[9]'],
    ]);
    expect(constants[0]?.location).toEqual({ header: 'x.h', line: 5 });
  });

  it.each(others)('the variable is an omission if it has no such value: %s', (text, name, reason) => {
    const { omissions, constants } = modelOf({ 'x.h': text });
    const [found] = omissions.filter((each) => each.kind === 'variable' && each.name === name);
    expect(found?.reason).toMatch(reason);
    expect(constants.filter(({ isVariable }) => isVariable)).toEqual([]);
  });

  it('a variable of a header that is not covered is not a constant of the model', () => {
    const both = { 'x.h': '#include <y.h>\nstatic const int X = 1;', 'y.h': 'static const int Y = 2;' };
    expect(modelOf(both).constants.map(({ name }) => name)).toEqual(['X']);
    expect(names('static const int X = 1;\n#define Y 2')).toEqual(['Y', 'X']);
  });

  it('the module exports the value', async () => {
    const model = modelOf({ 'x.h': header + strings });
    const files = filesFor([model]);
    expect(diagnosticsOf(files)).toEqual([]);
    const { exports } = await importBindings({ model, files });
    expect(exports).toMatchObject({ MAX_SLOTS: 32, WIDE_FLAG: 1n << 40n, DRIVER: 'kdev', NAME: 'poin"ter', TRUTH: 1 });
  });
});

describe.skipIf(!hasCompiler)(`const variables ${needsCompiler}`, () => {
  it.each([x86_64, i386, s390x, arm64].filter(isInstalled))(
    'values and types equal those of GCC for $name',
    async (target) => {
      const { model, failures } = await judged({ 'x.h': header }, target);
      expect(model.constants.length).toBe(15);
      expect([...failures]).toEqual([]);
      const wrong = header.replace('MAX_SLOTS = 32', 'MAX_SLOTS = 33');
      expect(model.constants[0]?.value).not.toBe(modelOf({ 'x.h': wrong }).constants[0]?.value);
    },
  );

  it('the texts equal those of GCC', () => {
    const { constants } = modelOf({ 'x.h': strings });
    const prints = constants.map(({ name }) => `puts(${name});`).join(' ');
    const printed = printedByCompiled(`#include <stdio.h>\n${strings}\nint main(void) { ${prints} return 0; }\n`);
    expect(constants.map(({ value }) => value)).toEqual(printed.trimEnd().split('\n'));
  });
});

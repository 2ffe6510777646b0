/** Compares the generator's own headers with the headers of each target's compiler. */

import { describe, expect, it } from 'vitest';
import { preprocess as preprocessHere } from '../../../generator/c/preprocessor/preprocessor.js';
import { MissingHeaderError } from '../../../generator/errors.js';
import { freestandingHeaders } from '../../../generator/headers/freestanding/headers.js';
import type { Target } from '../../../generator/targets/target.js';
import { targets } from '../../../generator/targets/targets.js';
import { compilerOf, hasGcc, preprocess } from '../../../tools/lib/compilers.js';
import { modelOf, resolverOf } from '../../../tools/lib/headers-in-memory.js';
import { run } from '../../../tools/lib/programs.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';

const names = [...freestandingHeaders.keys()];

/** Returns the macros in the output of `-dM`. A macro with parameters has no text. */
function macrosIn(text: string): Map<string, string> {
  const rows = Array.from(text.matchAll(/^#define (\w+)(\(.*?\))?(?: (.*))?$/gm));
  return new Map(rows.map(([, name = '', parameters, body = '']) => [name, parameters ? '()' : compact(body)]));
}

function compact(body: string): string {
  return body.replace(/\s+/g, '');
}

async function ofCompiler(target: Target, name: string): Promise<Record<string, string>> {
  const { cc, flags } = compilerOf(target);
  const own = run(cc, [...flags, '-print-file-name=include']).trim();
  // The compiler's limits.h needs a limits.h of a C library. An empty one defines nothing.
  return inTemporaryFolder({ 'limits.h': '' }, async (library) => {
    const folders = ['-ffreestanding', '-nostdinc', '-isystem', own, '-isystem', library];
    const [before, after] = await Promise.all(
      ['', `#include <${name}>\n`].map(async (text) =>
        macrosIn(await preprocess({ cc, flags, include: [] }, text, '-dM', ...folders)),
      ),
    );
    return Object.fromEntries([...(after ?? [])].filter(([macro, body]) => before?.get(macro) !== body));
  });
}

function ofGenerator(target: Target, name: string): Record<string, string> {
  const { macros } = preprocessHere('x.h', resolverOf({ 'x.h': `#include <${name}>\n` }), target);
  const own = [...macros.values()].filter(({ at }) => at.file.name === name);
  return Object.fromEntries(
    own.map((macro) => [macro.name, macro.parameters ? '()' : macro.body.map(({ text }) => text).join('')]),
  );
}

/** Declares one member for each type of a header, so that a compiler can compare sizes and alignments. */
const types: Readonly<Record<string, readonly string[]>> = {
  'stddef.h': ['size_t', 'ptrdiff_t', 'wchar_t', 'max_align_t'],
  'stdbool.h': ['bool'],
  'stdint.h': [
    ...[8, 16, 32, 64].flatMap((width) =>
      ['int', 'int_least', 'int_fast'].flatMap((kind) => [`${kind}${width}_t`, `u${kind}${width}_t`]),
    ),
    ...['intptr_t', 'uintptr_t', 'intmax_t', 'uintmax_t'],
  ],
  'stdatomic.h': [
    ...['bool', 'char', 'schar', 'uchar', 'short', 'ushort', 'int', 'uint', 'long', 'ulong'],
    ...['char16_t', 'char32_t', 'wchar_t', 'flag', 'intptr_t', 'size_t', 'ptrdiff_t'],
    ...['int_least8_t', 'uint_fast16_t', 'int_fast32_t'],
  ].map((name) => `atomic_${name}`),
};

for (const target of targets) {
  const { name } = target;
  const { cc, flags } = compilerOf(target);
  describe.skipIf(!hasGcc(target))(`the generator's own headers for ${name} (needs ${cc})`, () => {
    it.each(names)('%s has the macros of the compiler, with their values', async (header) => {
      const expected = await ofCompiler(target, header);
      expect(Object.keys(expected).length).toBeGreaterThan(1);
      expect(ofGenerator(target, header)).toEqual(expected);
    });

    it.each(Object.keys(types))('the types of %s have the layout of the compiler', (header) => {
      const members = types[header]?.map((type, index) => `char c${index}; ${type} m${index};`).join('\n');
      const text = `#include <${header}>\nstruct s {\n${members}\n};\n`;
      const record = modelOf({ 'x.h': text }, 'x.h', undefined, target).types.find(({ tag }) => tag === 's');
      const offsets = record?.members.map(
        ({ name: member, offset }) => `__builtin_offsetof(struct s, ${member}) == ${offset}`,
      );
      const checks = [...(offsets ?? []), `sizeof(struct s) == ${record?.size}`].map(
        (check) => `_Static_assert(${check}, "");`,
      );
      run(cc, [...flags, '-ffreestanding', '-fsyntax-only', '-x', 'c', '-'], { input: text + checks.join('\n') });
      expect(offsets?.length).toBe(2 * (types[header]?.length ?? 0));
    });
  });
}

describe("the generator's own headers", () => {
  it('stddef.h defines only the names that a C library asks for', () => {
    const text = '#define __need_size_t\n#define __need_NULL\n#include <stddef.h>\n';
    const { macros, tokens } = preprocessHere('x.h', resolverOf({ 'x.h': text }), targets[0] as Target);
    expect(tokens.map((token) => token.text)).toEqual(['typedef', 'unsigned', 'int', 'size_t', ';', '']);
    expect(['NULL', 'offsetof', '_STDDEF_H', '__need_size_t'].map((macro) => macros.has(macro))).toEqual([
      ...[true, false, false, false],
    ]);
    const all = preprocessHere('x.h', resolverOf({ 'x.h': `${text}#include <stddef.h>\n` }), targets[0] as Target);
    expect(all.tokens.filter((token) => token.text === 'size_t')).toHaveLength(1);
    expect(all.tokens.some((token) => token.text === 'wchar_t')).toBe(true);
  });

  it.each(['immintrin.h', 'arm_neon.h', 'cpuid.h'])(
    'the error about %s names the package of the compiler',
    (header) => {
      const read = (): unknown => modelOf({ 'x.h': `#include <${header}>\n` });
      expect(read).toThrow(MissingHeaderError);
      expect(read).toThrow(
        `/include/x.h:1:10: <${header}> belongs to the compiler GCC and is not among the headers of the generator; install gcc and name the folder that has it with --include`,
      );
    },
  );
});

/** Headers that grow in several ways, for the measurements of growth and for the test that counts the work. */

import { analyzeHeader } from '../../generator/analyze/analyze.js';
import { filesFor } from '../../generator/cli/generate.js';
import { filesInMemory } from '../../generator/headers/files.js';
import { Resolver } from '../../generator/headers/resolver.js';
import { targetCalled } from '../../generator/targets/targets.js';

const x86_64 = targetCalled('x86_64');
const main = 'main.h';

/** Headers that grow in one way. */
export interface Growth {
  readonly subject: string;
  /** What the size counts. */
  readonly unit: string;
  /** The size of the shortest headers. The other headers are two, four and eight times as long. */
  readonly base: number;
  /** Returns the text of each header by its name. */
  headers(size: number): Readonly<Record<string, string>>;
}

export const growths: readonly Growth[] = [
  {
    subject: 'declarations of one header',
    unit: 'groups of declarations',
    base: 250,
    headers: (size) => ({ [main]: longHeader(size) }),
  },
  { subject: 'included headers', unit: 'headers', base: 100, headers: manyHeaders },
  { subject: 'headers that each include the one before', unit: 'headers', base: 100, headers: headerChain },
  { subject: 'macros that use the macro before them', unit: 'macros', base: 100, headers: macroChain },
  { subject: 'names of names', unit: 'macros', base: 500, headers: nameChain },
];

/** Returns a function that analyzes the headers and emits their modules. */
export function generating(headers: Readonly<Record<string, string>>): () => void {
  const files = Object.fromEntries(Object.entries(headers).map(([name, text]) => [`/include/${name}`, text]));
  const provider = filesInMemory(files);
  const identity = (read: readonly { readonly name: string }[]) => ({
    kernel: null,
    files: read.map(({ name }) => ({ name, sha256: '', origin: { kind: 'tree' as const } })),
  });
  return () => {
    const model = analyzeHeader(main, x86_64, new Resolver(provider, ['/include']), identity);
    const emitted = filesFor([model], { support: '../support' });
    if (emitted.length < Object.keys(headers).length) throw new Error(`only ${emitted.length} files were emitted`);
  };
}

/** One header that includes `count` others. */
function manyHeaders(count: number): Record<string, string> {
  return includedHeaders(count, () => '');
}

/** One header that includes `count` others, each with a struct that uses the struct of the header before it. */
function headerChain(count: number): Record<string, string> {
  return includedHeaders(count, (n) => `#include "part_${n - 1}.h"\n`);
}

function includedHeaders(count: number, includes: (n: number) => string): Record<string, string> {
  const names = Array.from({ length: count }, (_, n) => `part_${n}.h`);
  const parts = names.map((name, n) => {
    const before = n === 0 ? '' : includes(n);
    const member = before === '' ? 'int' : `struct part_${n - 1} *`;
    return [name, `#pragma once\n${before}struct part_${n} { ${member} link; int value; };\n#define PART_${n} ${n}\n`];
  });
  return { [main]: names.map((name) => `#include "${name}"\n`).join(''), ...Object.fromEntries(parts) };
}

/** Macros in groups of a hundred. Each macro of a group uses the macro before it. */
function macroChain(count: number): Record<string, string> {
  const lines = Array.from({ length: count }, (_, n) =>
    n % 100 === 0 ? `#define LINK_${n} ${n}\n` : `#define LINK_${n} (LINK_${n - 1} + 1)\n`,
  );
  return { [main]: lines.join('') };
}

/** One chain of macros: each is a name for the macro before it. */
function nameChain(count: number): Record<string, string> {
  const lines = Array.from({ length: count }, (_, n) => `#define NAME_${n} ${n === 0 ? '0' : `NAME_${n - 1}`}\n`);
  return { [main]: lines.join('') };
}

/** A header with `count` groups of declarations: records that contain others, enums, and macros that use others. */
function longHeader(count: number): string {
  const parts = Array.from({ length: count }, (_, n) => {
    const before = Math.max(0, n - 1);
    return `
enum kind_${n} { KIND_${n}_A, KIND_${n}_B = 1 << ${n % 31}, KIND_${n}_C };
struct record_${n} {
  unsigned int a:3, b:29;
  union { unsigned long long wide; struct { unsigned char bytes[${1 + (n % 16)}]; } parts; };
  ${n === 0 ? 'int' : `struct record_${before} *`} link;
  enum kind_${n} kind;
};
#define SIZE_${n} sizeof(struct record_${n})
#define VALUE_${n} (${n === 0 ? '1' : `BASE_${before}`} | ${n})
#define BASE_${n} 0x${n.toString(16)}UL
`;
  });
  return parts.join('');
}

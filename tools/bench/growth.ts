/** Measures how the time from headers to text grows with the size of the headers. It must not grow faster than the size. */

import { analyzeHeader } from '../../generator/analyze/analyze.js';
import { filesFor } from '../../generator/cli/generate.js';
import { filesInMemory } from '../../generator/headers/files.js';
import { Resolver } from '../../generator/headers/resolver.js';
import { targetCalled } from '../../generator/targets/targets.js';
import { duration, type Result } from './harness.js';
import type { Curve } from './plot.js';

const x86_64 = targetCalled('x86_64');
const factors = [1, 2, 4, 8] as const;
const main = 'main.h';

/** Headers that grow in one way. */
interface Growth {
  readonly subject: string;
  /** What the size counts. */
  readonly unit: string;
  /** The size of the shortest headers. The other headers are two, four and eight times as long. */
  readonly base: number;
  /** Returns the text of each header by its name. */
  headers(size: number): Readonly<Record<string, string>>;
}

const growths: readonly Growth[] = [
  {
    subject: 'declarations of one header',
    unit: 'groups of declarations',
    base: 250,
    headers: (size) => ({ [main]: longHeader(size) }),
  },
  { subject: 'included headers', unit: 'headers', base: 100, headers: manyHeaders },
  { subject: 'macros that use the macro before them', unit: 'macros', base: 100, headers: macroChain },
];

export interface GrowthResults {
  readonly results: readonly Result[];
  readonly curves: readonly Curve[];
}

export async function benchGrowth(): Promise<GrowthResults> {
  const results: Result[] = [];
  const curves: Curve[] = [];
  for (const { subject, unit, base, headers } of growths) {
    const points: { size: number; milliseconds: number }[] = [];
    // V8 compiles during the first runs. These runs are not measured, because they would make the shortest header look slow.
    const shortest = generating(headers(base));
    for (let round = 0; round < 30; round++) shortest();
    for (const factor of factors) {
      const size = base * factor;
      points.push({ size, milliseconds: await duration(generating(headers(size)), 7) });
    }
    const [first, last] = [points[0], points.at(-1)].map((point) => point?.milliseconds as number) as [number, number];
    const note = points.map(({ size, milliseconds }) => `${size}: ${milliseconds.toFixed(0)} ms`).join(', ');
    const measured = last / (8 * first);
    results.push({ subject: `eight times as many ${subject}, time of each`, measured, bound: 1.25, unit: '', note });
    curves.push({ title: subject, unit, points });
  }
  return { results, curves };
}

/** Returns a function that analyzes the headers and emits their modules. */
function generating(headers: Readonly<Record<string, string>>): () => void {
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

/** One header that includes `count` others, each with a struct that uses the struct of the header before it. */
function manyHeaders(count: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, n) => `part_${n}.h`);
  const parts = names.map((name, n) => {
    const before = n === 0 ? '' : `#include "part_${n - 1}.h"\n`;
    const member = n === 0 ? 'int' : `struct part_${n - 1} *`;
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

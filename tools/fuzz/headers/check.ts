/** Mutates random headers and compares the changes that the generator finds with those that the mutations made. */

import { analyzeHeader } from '../../../generator/analyze/analyze.js';
import { diffModels } from '../../../generator/core.js';
import type { Change } from '../../../generator/diff/changes.js';
import { filesInMemory } from '../../../generator/headers/files.js';
import { Resolver } from '../../../generator/headers/resolver.js';
import type { Model } from '../../../generator/model/model.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { Random } from '../declarations/random.js';
import { type DeclaredHeader, textsOf } from './declared.js';
import { expectedChanges, spelled } from './expected.js';
import { mutate } from './mutations.js';
import { Maker } from './random-header.js';

/** A header and its mutant, and the changes of both sides. */
export interface Mutant {
  readonly mutations: readonly string[];
  readonly before: string;
  readonly after: string;
  readonly expected: readonly string[];
  readonly found: readonly string[];
}

/** Returns the mutant with a seed. */
export function mutantOf(seed: number): Mutant {
  const make = new Maker(new Random(seed));
  const before = make.header();
  const after = structuredClone(before);
  const mutations = mutate(after, make);
  return {
    mutations,
    before: Object.values(textsOf(before)).join('\n'),
    after: Object.values(textsOf(after)).join('\n'),
    expected: expectedChanges(before, after),
    found: diffModels(modelOf(before), modelOf(after)).map(spelledChange).sort(),
  };
}

/** Returns the expected changes that were not found, and the found changes that were not expected, as text. */
export function differencesOf({ expected, found }: Pick<Mutant, 'expected' | 'found'>): string[] {
  return [
    ...without(expected, found).map((change) => `not found: ${change}`),
    ...without(found, expected).map((change) => `not expected: ${change}`),
  ];
}

function without(changes: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return changes.filter((change) => {
    const at = rest.indexOf(change);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}

function spelledChange(change: Change): string {
  const renamed = change.renamed ? ` → ${change.renamed.name}` : '';
  const what = `${change.breaking ? '!' : ''}${change.class} ${change.name}${renamed}`;
  return spelled(what, factsOf(change));
}

function factsOf(change: Change): { before?: string | number; after?: string | number } {
  const both = <T>({ before, after }: { before: T | null; after: T | null }, text: (facts: T) => string | number) => ({
    ...(before === null ? {} : { before: text(before) }),
    ...(after === null ? {} : { after: text(after) }),
  });
  switch (change.kind) {
    case 'struct':
    case 'union':
    case 'enum':
      return both(change, ({ size }) => size);
    case 'member':
      return both(change, ({ offset, size }) => `${offset}+${size}`);
    case 'constant':
    case 'enumerator':
      return both(change, ({ value }) => value);
    case 'ioctl':
      return both(change, ({ request }) => request);
    default:
      return both<unknown>(change, (facts) => `a ${(facts as { readonly kind?: string }).kind ?? change.kind}`);
  }
}

/** What the headers include. Requests have the numbers of the kernel's common macros. */
const types = `
typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
#define _IOC(direction, type, nr, size) (((direction) << 30) | ((type) << 8) | (nr) | ((size) << 16))
#define _IOW(type, nr, argument) _IOC(1U, type, nr, sizeof(argument))
#define _IOR(type, nr, argument) _IOC(2U, type, nr, sizeof(argument))
#define _IOWR(type, nr, argument) _IOC(3U, type, nr, sizeof(argument))
#define _IOC_WRITE 1U
#define _IOC_READ 2U
#define _IOC_NR(n) ((n) & 0xff)
#define _IOC_TYPE(n) (((n) >> 8) & 0xff)
#define _IOC_SIZE(n) (((n) >> 16) & 0x3fff)
#define _IOC_DIR(n) ((n) >> 30)
`;

function modelOf(header: DeclaredHeader): Model {
  const texts = { ...textsOf(header), 'linux/types.h': types };
  const files = Object.fromEntries(Object.entries(texts).map(([name, text]) => [`/include/${name}`, text]));
  return analyzeHeader('linux/own.h', x86_64, new Resolver(filesInMemory(files), ['/include']), (read) => ({
    kernel: null,
    files: read.map(({ name }) => ({ name, sha256: '', origin: { kind: 'tree' } })),
  }));
}

/** Runs the generator's stages for headers in memory. */

import { analyzeHeader } from '../../generator/analyze/analyze.js';
import { type Preprocessed, preprocess } from '../../generator/c/preprocessor/preprocessor.js';
import { filesInMemory } from '../../generator/headers/files.js';
import type { Identify } from '../../generator/headers/identity.js';
import { Resolver } from '../../generator/headers/resolver.js';
import type { Model } from '../../generator/model/model.js';
import type { Target } from '../../generator/targets/target.js';
import { x86_64 } from '../../generator/targets/x86_64.js';

/** Headers by their path in the only include folder. If include folders are given, by their whole path. */
export type Headers = Readonly<Record<string, string | Uint8Array>>;

/** The include folder of headers without a given folder. */
const includeFolder = '/include';

export function resolverOf(headers: Headers, roots?: readonly string[]): Resolver {
  if (roots) return new Resolver(filesInMemory(headers), roots);
  const placed = Object.entries(headers).map(([name, content]) => [`${includeFolder}/${name}`, content] as const);
  return new Resolver(filesInMemory(Object.fromEntries(placed)), [includeFolder]);
}

/** The headers belong to no package and have no hashes. */
const identify: Identify = (files) => ({
  kernel: null,
  files: files.map(({ name }) => ({ name, sha256: '', origin: { kind: 'tree' } })),
});

function firstOf(headers: Headers): string {
  return Object.keys(headers)[0] as string;
}

/** Returns the model of a header. The default header is the first one. The default target is x86-64. */
export function modelOf(
  headers: Headers,
  header: string = firstOf(headers),
  roots?: readonly string[],
  target: Target = x86_64,
): Model {
  return analyzeHeader(header, target, resolverOf(headers, roots), identify);
}

/** Returns a preprocessed header. The default target is x86-64. */
export function preprocessedOf(
  headers: Headers,
  header: string = firstOf(headers),
  roots?: readonly string[],
  target: Target = x86_64,
): Preprocessed {
  return preprocess(header, resolverOf(headers, roots), target);
}

/** Returns the spellings of the tokens. A pragma has one token for each word, as in a preprocessor's output. */
export function spellingsOf({ tokens }: Preprocessed, split: (text: string) => string[]): string[] {
  return tokens.flatMap(({ kind, text }) => {
    if (kind === 'end') return [];
    return kind === 'pragma' ? ['#', 'pragma', ...split(text)] : [text];
  });
}

/** Headers in memory, through the generator's stages as far as a test wants. */

import { analyzeHeader } from '../../generator/analyze/analyze.js';
import { type Preprocessed, preprocess } from '../../generator/c/preprocessor/preprocessor.js';
import { filesInMemory } from '../../generator/headers/files.js';
import type { Identify } from '../../generator/headers/identity.js';
import { Resolver } from '../../generator/headers/resolver.js';
import type { Model } from '../../generator/model/model.js';
import type { Target } from '../../generator/targets/target.js';
import { x86_64 } from '../../generator/targets/x86_64.js';

/** Headers by their path under the only include folder, or by their whole path where folders are named. */
export type Headers = Readonly<Record<string, string | Uint8Array>>;

/** The include folder of headers that name none. */
const includeFolder = '/include';

export function resolverOf(headers: Headers, roots?: readonly string[]): Resolver {
  if (roots) return new Resolver(filesInMemory(headers), roots);
  const placed = Object.entries(headers).map(([name, content]) => [`${includeFolder}/${name}`, content] as const);
  return new Resolver(filesInMemory(Object.fromEntries(placed)), [includeFolder]);
}

/** Of no package, without hashes. */
const identify: Identify = (files) => ({
  kernel: null,
  files: files.map(({ name }) => ({ name, sha256: '', origin: { kind: 'tree' } })),
});

function firstOf(headers: Headers): string {
  return Object.keys(headers)[0] as string;
}

/** The model of a header, the first one unless it is named, for x86-64 unless a target is named. */
export function modelOf(
  headers: Headers,
  header: string = firstOf(headers),
  roots?: readonly string[],
  target: Target = x86_64,
): Model {
  return analyzeHeader(header, target, resolverOf(headers, roots), identify);
}

/** A header after preprocessing for x86-64. */
export function preprocessedOf(
  headers: Headers,
  header: string = firstOf(headers),
  roots?: readonly string[],
): Preprocessed {
  return preprocess(header, resolverOf(headers, roots), x86_64);
}

/** The spellings of its tokens; a pragma is a token per word, as a preprocessor prints it. */
export function spellingsOf({ tokens }: Preprocessed, split: (text: string) => string[]): string[] {
  return tokens.flatMap(({ kind, text }) => {
    if (kind === 'end') return [];
    return kind === 'pragma' ? ['#', 'pragma', ...split(text)] : [text];
  });
}

/**
 * `npm run lint:words`: checks that no text of the project uses a word or a phrase that the glossary replaces. The list
 * contains words that were found and replaced before. The glossary and the changelog contain the old words, so they are
 * not checked.
 */

import { readFileSync } from 'node:fs';
import { projectFiles } from './project-files.js';

interface Rule {
  readonly pattern: RegExp;
  readonly instead: string;
  /** The word has another meaning in a line that matches this. */
  readonly except?: RegExp;
}

const rules: readonly Rule[] = [
  { pattern: /\bledgers?\b/i, instead: 'omissions' },
  { pattern: /\bpreludes?\b/i, instead: 'required includes' },
  { pattern: /\bheart(beat|s)?\b/i, instead: 'ticker, or the plain thing that is meant' },
  { pattern: /'hold'|\bby hold\b/, instead: 'pause' },
  { pattern: /\bis no key\b|\bknown are\b/, instead: 'unknown key; expected one of …' },
  { pattern: /\bis not there, or is no\b/, instead: 'not found' },
  { pattern: /\bleave (it|the \w+) away\b/, instead: 'leave out, or: cannot be combined with …' },
  { pattern: /\b(is|are|be|was|were) had\b/, instead: 'the active voice' },
  { pattern: /\botherwise than\b/i, instead: 'differs from …' },
  { pattern: /\b(is|are) told (by|to|from)\b/i, instead: 'the plain verb' },
  { pattern: /\b(no other than|means? harm|do(es)? without)\b/i, instead: 'the plain verb' },
  { pattern: /\bspeaks? of\b/i, instead: 'mentions, names or describes' },
  {
    pattern: /\bbehind\b/i,
    instead: 'after, beyond or under',
    // These lines use the word correctly: for a rest, and for a basis.
    except:
      /\b(left?|leaves?|drivers?|hardware|bytes|memory|mechanisms|models?|type|integer|expression|nothing|kernel has)\b.* behind\b/,
  },
];

const fewestFiles = 300;

const exempt = new Set(['docs/glossary.md', 'CHANGELOG.md', 'tools/lint/words.ts']);

const kinds = ['*.ts', '*.mjs', '*.md', '*.cc', '*.c', '*.h', '*.yml', '*.json', 'Makefile', '.ci/run'];

function isRead(path: string): boolean {
  return !path.endsWith('package-lock.json') && !path.startsWith('generated/') && !exempt.has(path);
}

function problemsIn(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line, index) =>
    rules.flatMap(({ pattern, instead, except }) => {
      const found = pattern.exec(line);
      if (found === null || except?.test(line)) return [];
      return [`${path}:${index + 1}:${found.index + 1}: '${found[0]}'; write ${instead}`];
    }),
  );
}

function main(): number {
  const files = projectFiles(kinds, isRead, fewestFiles);
  const problems = files.flatMap(problemsIn);
  for (const problem of problems) console.error(problem);
  console.log(`words: ${files.length} files, ${problems.length} words that the glossary replaces`);
  return problems.length > 0 ? 1 : 0;
}

process.exitCode = main();

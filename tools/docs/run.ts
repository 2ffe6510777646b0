/**
 * `npm run docs`: writes the documents of docs/internals/ that are derived from the tags of the tests, and docs/errors.md, which
 * is derived from the rules of the runtime. With `-- --check` it only compares them. Exit codes: 0 for success, 1 if `--check` finds a stale document, 2 for an invalid tag or an invalid option.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../generator/headers/disk.js';
import { type DerivedDocument, derivedDocuments } from './documents.js';

/** Writes or compares a document, and returns whether it was current before. */
function update({ path, text, withoutTest }: DerivedDocument, isCheck: boolean): boolean {
  const target = join(packageRoot(), path);
  const isCurrent = existsSync(target) && readFileSync(target, 'utf8') === text;
  if (!isCurrent && !isCheck) writeFileSync(target, text);
  const state = isCurrent ? 'current' : isCheck ? "stale; run 'npm run docs'" : 'written';
  console.log(`${path}: ${state}`);
  if (withoutTest.length > 0) console.log(`  without a test: ${withoutTest.join(', ')}`);
  return isCurrent;
}

try {
  const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values;
  const areCurrent = derivedDocuments().map((document) => update(document, check));
  process.exitCode = check && areCurrent.includes(false) ? 1 : 0;
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 2;
}

/**
 * `npm run since`: writes `headers/since.json`, the first kernel version of each item of some headers. Without arguments,
 * the facts come from Debian's sets. With arguments, the facts of these sets are added to the recorded facts. An argument is the
 * name of an imported set, or its folder. With `--check`, nothing is written, and the exit code is 1 if the file differs.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeSha256, readIfThere } from '../../generator/headers/disk.js';
import { sinceFacts, sinceFile } from '../../generator/headers/sets/since.js';
import { userCache } from '../../generator/headers/sets/store.js';
import { headerSets } from '../lib/header-sets.js';
import { textOf, withSets } from './first-versions.js';
import { datedHeaders, readSet } from './read-set.js';
import { sinceSetNames } from './sets.js';

async function main(args: readonly string[]): Promise<number> {
  const given = args.filter((arg) => arg !== '--check');
  const roots = given.length > 0 ? given.map(rootOf) : await debianRoots();
  const read = roots.map(readSet);
  const recorded = given.length > 0 ? sinceFacts() : undefined;
  const facts = withSets(recorded, read, datedHeaders);
  const text = textOf(facts, (each) => nodeSha256(new TextEncoder().encode(each)));
  const isCurrent = readIfThere(sinceFile()) === text;
  const names = facts.groups.reduce((sum, group) => sum + group.names.length, 0);
  console.log(`${sinceFile()}: ${names} names, ${text.length} bytes, ${isCurrent ? 'unchanged' : 'changed'}`);
  if (args.includes('--check')) return isCurrent ? 0 : 1;
  writeFileSync(sinceFile(), text);
  return 0;
}

function rootOf(set: string): string {
  return set.includes('/') ? set : join(userCache(), set);
}

async function debianRoots(): Promise<string[]> {
  const sets = await headerSets(sinceSetNames);
  const missing = sinceSetNames.filter((name) => !sets.has(name));
  if (missing.length > 0) throw new Error(`the mirror has no package for ${missing.join(', ')}`);
  return [...sets.values()].map(({ root }) => root);
}

process.exitCode = await main(process.argv.slice(2));

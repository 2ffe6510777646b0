/** Loads the facts about the first kernel version of each item: `headers/since.json`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SinceFacts } from '../../model/since.js';
import { packageRoot } from '../disk.js';

let facts: SinceFacts | undefined;

/** Returns the facts of this package. */
export function sinceFacts(): SinceFacts {
  facts ??= JSON.parse(readFileSync(sinceFile(), 'utf8')) as SinceFacts;
  return facts;
}

export function sinceFile(): string {
  return join(packageRoot(), 'headers', 'since.json');
}

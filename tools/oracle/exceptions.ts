/** The committed list of what does not hold in the corpus, each with its cause. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import type { Finding } from './judge.js';

/** A header, or some of its items, of which the model does not say what the compiler says. */
export interface Exception {
  /** That the items stand in. */
  readonly header: string;
  /** Without it, that the header as a whole cannot be read; not what is wrong with items of it. */
  readonly items?: readonly string[];
  /** Without it, all. */
  readonly architectures?: readonly string[];
  /** Without it, all. */
  readonly releases?: readonly string[];
  readonly cause: string;
}

/** One architecture with the headers of one release. */
export interface Place {
  readonly architecture: string;
  readonly release: string;
}

export const exceptions: readonly Exception[] = JSON.parse(
  readFileSync(join(packageRoot(), 'tools', 'oracle', 'corpus-exceptions.json'), 'utf8'),
);

/** The findings of a place, by whether the list has them. */
export interface Sorted {
  readonly excepted: readonly (Finding & { readonly cause: string })[];
  readonly unexpected: readonly Finding[];
  /** Rows of the list that apply to the place, and are of no use there. */
  readonly stale: readonly string[];
}

export function sortFindings(findings: readonly Finding[], place: Place, list: readonly Exception[]): Sorted {
  const needed = new Set<string>();
  const excepted: (Finding & { readonly cause: string })[] = [];
  const unexpected: Finding[] = [];
  const here = list.filter((row) => applies(row, place));
  for (const finding of findings) {
    const row = here.find((each) => each.header === finding.header && itemsOf(each).includes(finding.item));
    if (!row) unexpected.push(finding);
    else {
      excepted.push({ ...finding, cause: row.cause });
      needed.add(nameOf(row, finding.item));
    }
  }
  const rows = here.flatMap((row) => itemsOf(row).map((item) => nameOf(row, item)));
  return { excepted, unexpected, stale: rows.filter((name) => !needed.has(name)) };
}

function itemsOf({ items = [''] }: Exception): readonly string[] {
  return items;
}

function applies({ architectures, releases }: Exception, { architecture, release }: Place): boolean {
  return (architectures?.includes(architecture) ?? true) && (releases?.includes(release) ?? true);
}

function nameOf({ header }: Exception, item: string): string {
  return `<${header}> ${item}`.trimEnd();
}

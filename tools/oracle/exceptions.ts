/** The committed list of known failures of the corpus, with their causes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import type { Finding } from './judge.js';

/** A header or some of its items for which the model and the compiler differ. */
export interface Exception {
  /** The header of the items. */
  readonly header: string;
  /** The items. If absent, the whole header cannot be read. Such a row does not cover problems of single items. */
  readonly items?: readonly string[];
  /** The architectures of the row. If absent, the row applies to all. */
  readonly architectures?: readonly string[];
  /** The releases of the row. If absent, the row applies to all. */
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

/** The findings of a place, divided by whether the list contains them. */
export interface Sorted {
  readonly excepted: readonly (Finding & { readonly cause: string })[];
  readonly unexpected: readonly Finding[];
  /** The rows of the list that apply to the place but match no finding. */
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

/** Finds what changes of headers do to a project that uses the bindings. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import type { Model } from '../model/model.js';
import { version } from '../version.js';
import { modulePathsOf } from './bindings.js';
import { PartCache } from './cache.js';
import { ChangedNames } from './changed-names.js';
import type { Impact } from './findings.js';
import { nameChangesOf } from './name-changes.js';
import { analyzePart, type Subject } from './part.js';
import { type ProjectPart, readProject } from './project.js';
import type { Compiler } from './typescript.js';

export interface ImpactOptions extends Pick<Subject, 'before' | 'after' | 'changes'> {
  /** The path of the project's tsconfig.json. */
  readonly project: string;
  /** The folder of the cache. Without a folder, nothing is kept for a later run. */
  readonly cache?: string | undefined;
}

/**
 * Finds the uses of changed names, and the errors that the new bindings cause. The project can have the old bindings, the
 * new bindings or others: the compiler reads those of `before` and those of `after` in their place.
 *
 * @throws UsageError if the project cannot be read, or if it uses no bindings of the models.
 */
export function impactOf(compiler: Compiler, { project, cache, before, after, changes }: ImpactOptions): Impact {
  const names = new ChangedNames(nameChangesOf(changes, before));
  const subject = { before, after, changes, names, paths: modulePathsOf([...before, ...after]) };
  const results = readProject(compiler.ts, project).map((part) =>
    analyzePart(compiler, part, subject, new PartCache(cachePath(cache, part), keyOf(compiler, part, subject))),
  );
  const folders = [...new Set(results.flatMap((each) => each.folders))];
  if (folders.length === 0) throw new UsageError(withoutBindings(project, before));
  const findings = results.flatMap((each) => each.findings);
  return {
    uses: distinct(findings.flatMap(({ uses }) => uses)),
    errors: distinct(findings.flatMap(({ errors }) => errors)),
    files: findings.length,
    folders,
  };
}

function withoutBindings(project: string, models: readonly Model[]): string {
  const headers = [...new Set(models.map(({ header }) => `<${header}>`))].join(', ');
  const targets = [...new Set(models.map(({ target }) => target))].join(', ');
  const remedy = 'use --project, --header or --arch to name what your program uses';
  return `${project}: no file of the project imports bindings of ${headers} for ${targets}; ${remedy}`;
}

function cachePath(folder: string | undefined, { config }: ProjectPart): string | undefined {
  return folder === undefined ? undefined : join(folder, `${digestOf([process.cwd(), config])}.json`);
}

/** Returns what the results for a part depend on, other than the texts of files. */
function keyOf({ ts }: Compiler, { config, options }: ProjectPart, { before, after, changes }: Subject): string {
  const models = [...before, ...after].map(({ target, header, sources, selection, define, stated }) => [
    ...[target, header, sources, selection, define, stated],
  ]);
  return digestOf([version, ts.version, process.cwd(), config, options, models, changes]);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}

/** A file can belong to several projects. The result is in the order of files and positions. */
function distinct<T extends { readonly file: string; readonly line: number; readonly column: number }>(
  items: readonly T[],
): T[] {
  const all = [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
  return all.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column));
}

/** `kvm-uapi impact`: finds in a project what changes of headers concern. */

import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ChangeOnTargets } from '../diff/changes.js';
import { UsageError } from '../errors.js';
import { readIfThere } from '../headers/disk.js';
import { userCache } from '../headers/sets/store.js';
import type { Impact, Place } from '../impact/findings.js';
import { withEdits } from '../impact/fixes.js';
import { type ImpactOptions, impactOf } from '../impact/impact.js';
import { loadTypeScript } from '../impact/typescript.js';
import { impactView } from '../report/impact.js';
import { writeFiles } from './output.js';
import { styled, type Terminal } from './terminal.js';

export interface ProjectImpactOptions extends Pick<ImpactOptions, 'before' | 'after' | 'changes'> {
  /** The tsconfig.json of the project, or its folder. */
  readonly project: string;
  /** Whether renamed names get their new names in the files of the project. False by default. */
  readonly fix?: boolean;
  /** Whether what an earlier run found is used. True by default. */
  readonly cache?: boolean;
}

/** What the command found, after the edits. */
export interface ProjectImpact extends Impact {
  readonly changes: readonly ChangeOnTargets[];
  /** The number of edits. */
  readonly fixed: number;
}

/**
 * Finds the uses of changed names in a TypeScript project, and the errors that the new bindings cause. With `fix`, writes the
 * edits and returns the impact on the edited project. Needs the package ts-morph.
 *
 * @param options.before The models of the old headers.
 * @param options.after The models of the new headers.
 * @param options.changes The changes between them, from `mergeChanges`.
 * @throws MissingPackageError if ts-morph is not installed.
 * @throws UsageError if the project cannot be read, or if it uses no bindings of the models.
 */
export async function projectImpact(options: ProjectImpactOptions): Promise<ProjectImpact> {
  const { before, after, changes, fix = false, cache: isCached = true } = options;
  const project = configOf(options.project);
  const compiler = loadTypeScript(dirname(project));
  const cache = isCached ? join(dirname(userCache()), 'impact') : undefined;
  const find = (): Impact => impactOf(compiler, { project, before, after, changes, cache });
  const found = find();
  const fixed = fix ? applyFixes(found) : 0;
  return { ...(fixed > 0 ? find() : found), changes, fixed };
}

/** @throws UsageError if there is no tsconfig.json. */
function configOf(project: string): string {
  const path = resolve(project);
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isFile()) return path;
  const config = join(path, 'tsconfig.json');
  if (status && statSync(config, { throwIfNoEntry: false })?.isFile()) return config;
  const missing = status ? `${project}: contains no tsconfig.json` : `${project}: not found`;
  throw new UsageError(`${missing}; use --project to name the tsconfig.json of your program`);
}

/** Writes the edits, completely or not at all. Returns their number. */
function applyFixes({ uses }: Impact): number {
  const edited = uses.flatMap(({ file, fix }) => (fix ? [{ file, fix }] : []));
  const files = [...new Set(edited.map(({ file }) => file))].map((path) => {
    const edits = edited.filter(({ file }) => file === path).map(({ fix }) => fix);
    return { path: resolve(path), text: withEdits(readFileSync(path, 'utf8'), edits) };
  });
  writeFiles('/', files);
  return edited.length;
}

/** Whether the project must be changed before it can use the new bindings. */
export function isBroken({ uses, errors }: Impact): boolean {
  return errors.length > 0 || uses.some(({ breaking }) => breaking);
}

export function impactText(impact: ProjectImpact, { columns, colour }: Terminal): string {
  const lines = new Map<string, readonly string[]>();
  const lineAt = ({ file, line }: Place): string => {
    const known = lines.get(file) ?? (readIfThere(file) ?? '').split('\n');
    lines.set(file, known);
    return known[line - 1] ?? '';
  };
  const paint = (style: 'bold' | 'red' | 'dim', text: string): string => (colour ? styled(style, text) : text);
  const report = impactView(impact.changes, impact, { columns, lineAt, paint });
  const { fixed } = impact;
  return fixed === 0 ? report : `${report}\n${fixed} place${fixed === 1 ? ' has' : 's have'} the new name now`;
}

/** The JSON form. docs/when-headers-change.md describes it. */
const impactSchema = 'kvm-uapi/impact/1';

/** Returns the impact as JSON, with the changes that the project uses. */
export function impactJson(impact: ProjectImpact): string {
  const { changes, uses, errors, ...rest } = impact;
  const used = [...new Set([...uses, ...errors].flatMap((each) => each.changes))].sort((a, b) => a - b);
  const numbers = new Map(used.map((number, index) => [number, index]));
  const renumbered = <T extends { readonly changes: readonly number[] }>(each: T): T => ({
    ...each,
    changes: each.changes.map((number) => numbers.get(number)),
  });
  const breaking = isBroken(impact);
  const all = { uses: uses.map(renumbered), errors: errors.map(renumbered) };
  const shown = used.map((number) => changes[number]);
  return JSON.stringify({ schema: impactSchema, breaking, ...rest, changes: shown, ...all }, null, 2);
}

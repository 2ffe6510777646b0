/** The project of `test/fixtures/impact`, with bindings of its header before or after the changes. */

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ChangeOnTargets } from '../../generator/diff/changes.js';
import { diffModels, mergeChanges } from '../../generator/diff/diff.js';
import { emitFiles } from '../../generator/emit/bindings.js';
import type { ModuleOptions } from '../../generator/emit/modules.js';
import { nodeSha256, supportText } from '../../generator/headers/disk.js';
import type { Impact } from '../../generator/impact/findings.js';
import { impactOf } from '../../generator/impact/impact.js';
import { type Compiler, loadTypeScript } from '../../generator/impact/typescript.js';
import type { Model } from '../../generator/model/model.js';
import { projectRoot, temporaryFolder } from './cli.js';
import { modelOfText } from './committed-models.js';

const fixtures = join(projectRoot, 'test', 'fixtures', 'impact');

function modelOf(side: string): Model {
  return modelOfText('device.h', readFileSync(join(fixtures, side, 'device.h'), 'utf8'));
}

export const before: Model = modelOf('before');
export const after: Model = modelOf('after');

/** Compares models of one header for x86-64. */
function changesOf(old: Model, now: Model): ChangeOnTargets[] {
  return mergeChanges([{ target: 'x86_64', header: old.header, changes: diffModels(old, now) }]);
}

const changes: readonly ChangeOnTargets[] = changesOf(before, after);

/** Copies the project into a new folder, and writes the bindings of a model to its folder `bindings`. */
export function projectWith(model: Model, options: ModuleOptions = {}): string {
  const folder = temporaryFolder();
  cpSync(join(fixtures, 'project'), folder, { recursive: true });
  writeBindings(folder, model, options);
  return folder;
}

export function writeBindings(folder: string, model: Model, { support, ...options }: ModuleOptions = {}): void {
  for (const { path, text } of emitFiles([model], {
    support: support ?? supportText,
    sha256: nodeSha256,
    ...options,
  })) {
    const file = join(folder, 'bindings', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

let loaded: Compiler | undefined;

export function compiler(): Compiler {
  loaded ??= loadTypeScript(projectRoot);
  return loaded;
}

/** Finds the impact of the changes on a project. */
export async function impactOn(folder: string, cache?: string): Promise<Impact> {
  const project = join(folder, 'tsconfig.json');
  return impactOf(await compiler(), { project, before: [before], after: [after], changes, cache });
}

/** Returns the places of uses, as `src/types.ts:4: 'padding1' = struct dev_state.ready`. */
export function usesIn(folder: string, { uses }: Impact): string[] {
  const lines = uses.map(({ file, line, text, changes: numbers }) => {
    const names = numbers.map((number) => changes[number]?.name).toSorted();
    return `${relativeTo(folder, file)}:${line}: ${text} = ${names.join(', ')}`;
  });
  return lines.toSorted();
}

/** Returns the uses that the comments of the project mark, in the same form. */
export function markedUses(): string[] {
  const folder = join(fixtures, 'project', 'src');
  const marks = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .flatMap((line, index) => {
        const uses = /\/\/ use: (.*)$/.exec(line)?.[1]?.split('; ') ?? [];
        return uses.map((use) => `src/${name}:${index + 1}: ${use}`);
      }),
  );
  return marks.toSorted();
}

/** Returns a path of the result, which is relative to the current folder, as a path relative to the project. */
export function relativeTo(folder: string, file: string): string {
  return join(process.cwd(), file).slice(folder.length + 1);
}

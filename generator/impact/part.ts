/** Finds the uses and the errors in the files of one tsconfig.json. */

import { posix, relative } from 'node:path';
import type { ts } from 'ts-morph';
import type { ChangeOnTargets } from '../diff/changes.js';
import { copiesFolder } from '../emit/support.js';
import type { Model } from '../model/model.js';
import { type BindingsFolder, bindingsFolders, overlayOf } from './bindings.js';
import type { Analyzed, CachedFile, PartCache } from './cache.js';
import type { ChangedNames, NameChange } from './changed-names.js';
import type { Findings, NewError, Place, Use } from './findings.js';
import { Fixes } from './fixes.js';
import { exportAliases, importedFiles, isGlobal } from './imported-names.js';
import { Programs, type ProjectPart } from './project.js';
import { newErrors } from './type-errors.js';
import type { Compiler } from './typescript.js';
import { type FoundUse, UseFinder } from './uses.js';

/** What changed. */
export interface Subject {
  /** The models before and after, of all headers and targets. */
  readonly before: readonly Model[];
  readonly after: readonly Model[];
  readonly changes: readonly ChangeOnTargets[];
  readonly names: ChangedNames;
  /** The paths of the modules of the models, without the file extension. */
  readonly paths: ReadonlySet<string>;
}

/** The result for one tsconfig.json. */
export interface PartResult {
  readonly findings: readonly Findings[];
  readonly folders: readonly string[];
}

/** Reads the files of a part that are not in the cache, and those that depend on them. */
export function analyzePart(compiler: Compiler, part: ProjectPart, subject: Subject, cache: PartCache): PartResult {
  const { folders, stale } = cache.read(part);
  if (stale.size > 0) {
    const analysis = new PartAnalysis(compiler, part, subject);
    cache.update(analysis.run(folders.length > 0 ? folders : undefined, cache, stale));
  }
  return { findings: cache.findings(), folders: cache.folders().map(({ folder }) => pathOf(folder)) };
}

class PartAnalysis {
  readonly #compiler: Compiler;
  readonly #subject: Subject;
  readonly #programs: Programs;

  constructor(compiler: Compiler, part: ProjectPart, subject: Subject) {
    this.#compiler = compiler;
    this.#subject = subject;
    this.#programs = new Programs(compiler, part);
  }

  /** Analyzes the stale files. `known` are the folders of the bindings, if the cache has them. */
  run(known: readonly BindingsFolder[] | undefined, cache: PartCache, stale: ReadonlySet<string>): Analyzed {
    const { ts } = this.#compiler;
    const { before, after, paths, names } = this.#subject;
    const roots = [...stale, ...cache.globalFiles()];
    const read = known ? [] : this.#programs.with(undefined, roots).getSourceFiles();
    const folders = known ?? bindingsFolders(read, paths);
    if (folders.length === 0) return { folders, files: new Map(), inputs: [] };
    const modules = modulesOf(folders, paths);
    const copies = folders.map(({ folder, options: { support = copiesFolder } }) => posix.join(folder, support, '/'));
    const isOfBindings = (name: string): boolean => modules.has(name) || copies.some((each) => name.startsWith(each));
    const old = this.#programs.with(overlayOf(ts, folders, before, after), roots);
    const now = this.#programs.with(overlayOf(ts, folders, after, before), roots);
    const own = this.#programs.ownFiles(old, isOfBindings);
    const aliases = new Set(['default', ...cache.aliases(), ...own.flatMap((file) => exportAliases(ts, file))]);
    const finder = new UseFinder(ts, old, modules, names, aliases);
    const files = new Map<string, CachedFile>();
    const imports = importedFiles(ts, old);
    for (const file of own) {
      if (!stale.has(file.fileName) && cache.has(file.fileName)) continue;
      const found = finder.usesIn(file);
      files.set(file.fileName, {
        imports: imports(file),
        isGlobal: isGlobal(ts, file),
        aliases: exportAliases(ts, file),
        findings: {
          uses: this.#uses(file, found, new Fixes(ts, old.getTypeChecker(), file)),
          errors: this.#errors(file, found, old, now),
        },
      });
    }
    const inputs = [
      ...new Set([...read, ...old.getSourceFiles(), ...now.getSourceFiles()].map((each) => each.fileName)),
    ];
    return { folders, files, inputs: inputs.filter((name) => !files.has(name) && !cache.has(name)) };
  }

  #uses(file: ts.SourceFile, found: readonly FoundUse[], fixes: Fixes): Use[] {
    return found.map((use) => {
      const fix = fixes.of(use);
      const isBreaking = ({ change, goes }: NameChange): boolean =>
        goes || this.#subject.changes[change]?.breaking === true;
      return {
        ...placeAt(file, use.start),
        text: file.text.slice(use.start, use.end),
        form: use.form,
        changes: numbersOf(use.changes),
        breaking: use.changes.some(isBreaking),
        ...(fix === undefined ? {} : { fix }),
      };
    });
  }

  #errors(file: ts.SourceFile, found: readonly FoundUse[], old: ts.Program, now: ts.Program): NewError[] {
    return newErrors(this.#compiler.ts, old, now, file.fileName).map(({ start, end, code, message }) => {
      const inside = found.filter((use) => use.start < end && start < use.end).flatMap(({ changes }) => changes);
      const causes = inside.length > 0 ? inside : this.#subject.names.mentionedIn(message);
      return { ...placeAt(file, start), code, message, changes: numbersOf(causes) };
    });
  }
}

/** Returns the modules of folders, by the paths of their files. */
function modulesOf(folders: readonly BindingsFolder[], paths: ReadonlySet<string>): Map<string, string> {
  const modules = new Map<string, string>();
  for (const { folder, extension } of folders) {
    for (const path of paths) modules.set(`${folder}/${path}${extension}`, path);
  }
  return modules;
}

function numbersOf(changes: readonly NameChange[]): number[] {
  return [...new Set(changes.map(({ change }) => change))].sort((a, b) => a - b);
}

function placeAt(file: ts.SourceFile, position: number): Place {
  const { line, character } = file.getLineAndCharacterOfPosition(position);
  return { file: pathOf(file.fileName), line: line + 1, column: character + 1 };
}

function pathOf(name: string): string {
  return relative('', name) || '.';
}

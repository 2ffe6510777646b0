/**
 * Finds the bindings that a project uses: the folders that have modules of the compared headers. The modules can be the
 * TypeScript files that `generate` writes, or the declarations of a package.
 */

import { posix } from 'node:path';
import type { ts } from 'ts-morph';
import type { WideStyle } from '../emit/module-context.js';
import { type EmittedFile, emitModules, type ModuleOptions, modulePath } from '../emit/modules.js';
import type { ImportExtension } from '../emit/support.js';
import type { Model } from '../model/model.js';
import type { TypeScript } from './typescript.js';

/** A folder of bindings. */
export interface BindingsFolder {
  readonly folder: string;
  /** `.ts` for emitted modules, `.d.ts` for declarations of a package. */
  readonly extension: '.ts' | '.d.ts';
  /** How the modules of the folder were emitted. */
  readonly options: ModuleOptions;
}

/** Texts that replace files on the disk. A null is a file that does not exist. */
export type Overlay = ReadonlyMap<string, string | null>;

/** Returns the paths of all modules of models, without the file extension. */
export function modulePathsOf(models: readonly Model[]): Set<string> {
  return new Set(models.flatMap((model) => model.coveredHeaders.map((header) => modulePath(model, header))));
}

/** Returns the folders of the bindings that files belong to. `paths` has the paths of the modules in their folder. */
export function bindingsFolders(files: readonly ts.SourceFile[], paths: ReadonlySet<string>): BindingsFolder[] {
  const texts = new Map<string, { readonly extension: '.ts' | '.d.ts'; readonly modules: Map<string, string> }>();
  for (const { fileName, text } of files) {
    const extension = fileName.endsWith('.d.ts') ? '.d.ts' : '.ts';
    const name = fileName.slice(0, -extension.length);
    const path = paths.has(lastParts(name, 3)) ? lastParts(name, 3) : pathOf(name, paths);
    if (path === undefined || !/^export (?:declare )?const \$target\b/m.test(text)) continue;
    const folder = name.slice(0, -path.length - 1);
    const known = texts.get(folder) ?? { extension, modules: new Map<string, string>() };
    texts.set(folder, known);
    known.modules.set(path, text);
  }
  return Array.from(texts, ([folder, { extension, modules }]) => ({ folder, extension, options: optionsOf(modules) }));
}

function lastParts(path: string, count: number): string {
  return path.split('/').slice(-count).join('/');
}

/** Returns the path of the module that a file can be. A header can be in a folder of any depth. */
function pathOf(name: string, paths: ReadonlySet<string>): string | undefined {
  const parts = name.split('/');
  for (let at = parts.length - 2; at >= 0; at--) {
    const path = parts.slice(at).join('/');
    if (paths.has(path)) return path;
  }
  return undefined;
}

/** Returns the options that modules were emitted with. */
function optionsOf(modules: ReadonlyMap<string, string>): ModuleOptions {
  let support: string | undefined;
  let importExtension: ImportExtension | undefined;
  let u64: WideStyle | undefined;
  for (const [path, text] of modules) {
    // The second property of a 64-bit member has the other form.
    const form = /^ {2,4}get \$[A-Za-z_]\w*\(\): (number|bigint)/m.exec(text)?.[1];
    if (form !== undefined) u64 ??= form === 'number' ? 'bigint' : 'number';
    const from = /^(?:import .*|}) from '([^']+\/(?:little-endian|big-endian|integers))(\.[jt]s)';$/m.exec(text);
    const relative = /^export \* from '\.[^']*(\.[jt]s)';$/m.exec(text)?.[1];
    const extension = from?.[1]?.startsWith('.') ? from[2] : relative;
    if (extension !== undefined) importExtension ??= extension as ImportExtension;
    if (from?.[1] !== undefined) support ??= supportFolder(path, posix.dirname(from[1]));
  }
  return {
    ...(support === undefined ? {} : { support }),
    ...(importExtension === undefined ? {} : { importExtension }),
    ...(u64 === undefined ? {} : { u64 }),
  };
}

/** Returns the folder of the support library relative to the output folder, or its package. */
function supportFolder(module: string, from: string): string {
  if (!from.startsWith('.')) return from;
  const folder = posix.normalize(posix.join(posix.dirname(module), from));
  return folder.startsWith('.') ? folder : `./${folder}`;
}

/** Returns the texts that make a folder have the bindings of `models`, and not those of `others`. */
export function overlayOf(
  typeScript: TypeScript,
  folders: readonly BindingsFolder[],
  models: readonly Model[],
  others: readonly Model[],
): Overlay {
  const overlay = new Map<string, string | null>();
  for (const { folder, extension, options } of folders) {
    for (const path of modulePathsOf(others)) overlay.set(`${folder}/${path}${extension}`, null);
    for (const { path, text } of modulesOf(models, options)) {
      const file = `${folder}/${path.slice(0, -'.ts'.length)}${extension}`;
      overlay.set(file, extension === '.ts' ? text : declarationsOf(typeScript, file, text));
    }
  }
  return overlay;
}

/** Returns the modules of models. As in the output of `generate`, the module of a header comes from its own model. */
function modulesOf(models: readonly Model[], options: ModuleOptions): EmittedFile[] {
  const ownPath = (model: Model): string => `${modulePath(model, model.header)}.ts`;
  const owned = new Set(models.map(ownPath));
  return models.flatMap((model) =>
    emitModules(model, options).filter(({ path }) => !owned.has(path) || path === ownPath(model)),
  );
}

/** Returns the declarations of a module, as a package has them. */
function declarationsOf(typeScript: TypeScript, fileName: string, text: string): string {
  const { target, module } = { target: typeScript.ScriptTarget.ES2022, module: typeScript.ModuleKind.ESNext };
  const compilerOptions = { target, module, isolatedDeclarations: true };
  return typeScript.transpileDeclaration(text, { fileName, compilerOptions }).outputText;
}

/**
 * One side of a comparison: a header set, a folder of headers, a Debian package, a model, or a folder of bindings. Each
 * of them gives models by header and target.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { modelPath, openModel } from '../emit/bindings.js';
import { HeaderSetError, UsageError } from '../errors.js';
import { nodeSha256 } from '../headers/disk.js';
import type { OpenFiles } from '../headers/resolver.js';
import { placesIn } from '../headers/sets/forms.js';
import { importedSets, userCache } from '../headers/sets/store.js';
import { folderTree } from '../headers/sets/tree.js';
import { kernelFolders } from '../kernel/header-packages.js';
import { modelFromJson } from '../model/json.js';
import type { Model } from '../model/model.js';
import { targetsOf } from '../targets/architectures.js';
import { targetNames } from '../targets/targets.js';
import { committedFiles, isRevision } from './diff-git.js';
import { missing, modelOrMissing, type Reading, type Side } from './diff-side.js';
import { type Headers, openHeaders } from './header-options.js';

/** Opens a side. @throws UsageError or HeaderSetError if the argument names nothing that can be compared. */
export async function openSide(spelled: string, reading: Reading): Promise<Side> {
  const status = statSync(spelled, { throwIfNoEntry: false });
  if (status?.isFile()) {
    if (spelled.endsWith('.json')) return modelSide(spelled, readFileSync(spelled, 'utf8'));
    if (spelled.endsWith('.deb')) return (await import('./diff-package.js')).packageSide(spelled, reading);
    const forms = 'a model (.json), a Debian package (.deb), a folder, or the name of a header set';
    throw new UsageError(`${spelled}: cannot be compared; give ${forms}`);
  }
  if (status?.isDirectory()) {
    const models = modelsIn(spelled);
    if (models.length > 0) return bindingsSide(spelled, models, (path) => readFileSync(join(spelled, path), 'utf8'));
    return folderSide(spelled, reading);
  }
  if (isRevision(spelled)) return committedSide(spelled);
  if (spelled.endsWith('.json') || spelled.endsWith('.deb') || spelled.includes('/')) {
    throw new UsageError(`${spelled}: not found; check the path`);
  }
  return setSide(spelled, spelled, reading, targetsIn(spelled));
}

/** Reads a model with or without the digest that `generate` writes. */
function readModel(text: string, path: string): Model {
  return /"sha256": "[0-9a-f]{64}"\n}\n$/.test(text) ? openModel(text, path, nodeSha256) : modelFromJson(text, path);
}

function modelSide(path: string, text: string): Side {
  const model = readModel(text, path);
  return {
    spelled: path,
    targets: [model.target],
    isModels: true,
    headers: () => [model.header],
    model: (header) => (header === model.header ? model : missing(header, path)),
    hashOf: () => undefined,
  };
}

/** Returns the paths of the models in a folder of bindings. */
function modelsIn(folder: string): string[] {
  return targetNames.flatMap((target) => {
    const own = join(folder, target);
    if (!existsSync(own)) return [];
    const files = readdirSync(own, { recursive: true, encoding: 'utf8' });
    return files.filter(isModelFile).map((name) => join(target, name));
  });
}

function isModelFile(path: string): boolean {
  return path.endsWith('.model.json');
}

/** Opens the models of a commit: one file, or a folder of bindings. */
function committedSide(spelled: string): Side {
  const files = committedFiles(spelled);
  if (files.paths.includes('')) return modelSide(spelled, files.read(''));
  const paths = files.paths.filter(isModelFile);
  if (paths.length === 0) throw new UsageError(`${spelled}: contains no bindings; give the folder of the bindings`);
  return bindingsSide(spelled, paths, (path) => files.read(path));
}

function bindingsSide(folder: string, paths: readonly string[], textOf: (path: string) => string): Side {
  const models = new Map<string, Model>();
  const read = (path: string): Model => {
    const model = models.get(path) ?? readModel(textOf(path), join(folder, path));
    models.set(path, model);
    return model;
  };
  const headersOn = (target: string): string[] =>
    paths.filter((path) => path.startsWith(`${target}/`)).map((path) => read(path).header);
  const targets = targetNames.filter((target) => paths.some((path) => path.startsWith(`${target}/`)));
  return {
    spelled: folder,
    targets,
    isModels: true,
    headers: headersOn,
    model(header, target) {
      const path = modelPath(target, header);
      return paths.includes(path) ? read(path) : missing(header, folder);
    },
    hashOf: () => undefined,
  };
}

function folderSide(folder: string, reading: Reading): Side {
  const places = placesIn(folderTree(folder));
  if (places.length > 0) {
    const from = folder.includes('/') || folder === '.' || folder === '..' ? folder : `./${folder}`;
    return setSide(folder, from, reading, targetsOf(places.flatMap(({ asm }) => [...asm.keys()])));
  }
  if (headersIn([folder]).length === 0) {
    throw new HeaderSetError(`${folder}: contains no headers, no header set and no bindings; check the path`);
  }
  const include = [folder, ...reading.include];
  return headersSide(
    folder,
    targetNames,
    (arch, open) => openHeaders({ header: [], ...reading, include, arch, since: false }, open),
    [folder],
  );
}

function targetsIn(name: string): string[] {
  const cache = userCache();
  const sets = importedSets(cache);
  const set = sets.find((each) => each.name === name)?.set;
  if (set) return targetsOf(Object.keys(set.architectures));
  const known =
    sets.length === 0 ? 'no set is imported' : `the imported sets are ${sets.map((each) => each.name).join(', ')}`;
  throw new HeaderSetError(`'${name}' is not a file, a folder or a header set; ${known}`);
}

function setSide(spelled: string, from: string, reading: Reading, targets: readonly string[]): Side {
  return headersSide(spelled, targets, (arch, open) =>
    openHeaders({ header: [], ...reading, from, arch, since: false }, open),
  );
}

/** A side of headers. Without `folders`, all folders of the opened headers belong to the side. */
function headersSide(
  spelled: string,
  targets: readonly string[],
  open: (arch: string, files: OpenFiles) => Headers,
  folders?: readonly string[],
): Side {
  const files: OpenFiles = new Map();
  const opened = new Map<string, Headers>();
  const of = (target: string): Headers => {
    const headers = opened.get(target) ?? open(target, files);
    opened.set(target, headers);
    return headers;
  };
  return {
    spelled,
    targets,
    isModels: false,
    headers: (target) => (folders ? headersIn(folders) : headersIn(of(target).includeDirs).filter(isOfKernel)),
    model: (header, target) => modelOrMissing(header, () => of(target).model(header)),
    hashOf: (header, target) => of(target).hashOf(header),
  };
}

/** Whether a header of an include folder is in a folder of the kernel. The folder of a system has many other headers. */
function isOfKernel(name: string): boolean {
  const [folder = ''] = name.split('/');
  return folder === 'asm' || (kernelFolders as readonly string[]).includes(folder);
}

function headersIn(folders: readonly string[]): string[] {
  const found = folders.flatMap((folder) => readdirSync(resolve(folder), { recursive: true, encoding: 'utf8' }));
  return [...new Set(found.filter((path) => path.endsWith('.h')))].sort();
}

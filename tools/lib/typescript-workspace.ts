/** Emitted modules as in a user's project: they are type-checked with every supported TypeScript version, and run. */

import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copiesOf } from '../../generator/emit/bindings.js';
import { emitModules } from '../../generator/emit/modules.js';
import { packageRoot, supportText } from '../../generator/headers/disk.js';
import type { Model } from '../../generator/model/model.js';

/** The TypeScript versions, with their installed packages. */
export const typeScripts: readonly { readonly version: string; readonly package: string }[] = [
  { version: '5.9', package: 'typescript-5.9' },
  { version: '6', package: 'typescript-6' },
  { version: '7', package: 'typescript' },
];

/** Every setting of a `tsconfig.json` that adds errors. */
export const strictest = {
  target: 'es2023',
  lib: ['es2023'],
  types: [],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noUncheckedSideEffectImports: true,
  allowUnreachableCode: false,
  allowUnusedLabels: false,
  erasableSyntaxOnly: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  verbatimModuleSyntax: true,
  declaration: true,
  skipLibCheck: true,
} as const;

/**
 * Writes the modules of all models into a folder. If two headers give different modules for the same third header, they
 * go into separate folders, `0`, `1` and so on. Returns the number of modules.
 */
export function writeWorkspace(folder: string, models: readonly Model[]): number {
  const layers: Map<string, string>[] = [];
  for (const model of models) {
    const files = [...copiesOf(supportText), ...emitModules(model)];
    const fits = layers.find((layer) => files.every(({ path, text }) => (layer.get(path) ?? text) === text));
    const layer = fits ?? new Map<string, string>();
    if (!fits) layers.push(layer);
    for (const { path, text } of files) layer.set(path, text);
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const settings = { compilerOptions: { ...strictest, rootDir: '.' }, exclude: ['out'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  for (const [index, layer] of layers.entries()) {
    for (const [path, text] of layer) {
      const file = join(folder, String(index), path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
  return layers.reduce((sum, layer) => sum + layer.size, 0);
}

/**
 * Returns the messages of a compiler about a workspace, one per line. With `out`, the compiler writes JavaScript to
 * that folder.
 */
export async function complaints(
  folder: string,
  { version, package: name }: (typeof typeScripts)[number],
  out?: string,
): Promise<string[]> {
  const compiler = join(packageRoot(), 'node_modules', name, 'bin', 'tsc');
  const is = await said(folder, [compiler, '--version']);
  if (!is.startsWith(`Version ${version}.`)) return [`${name} is not TypeScript ${version}: ${is}`];
  const emit = out === undefined ? ['--noEmit'] : ['--outDir', out];
  const text = await said(folder, [compiler, '-p', '.', '--pretty', 'false', ...emit]);
  return text === '' ? [] : text.split('\n');
}

/** Returns the whole output of a Node program. A compiler's exit code adds no information. */
function said(cwd: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...args], { cwd, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      const text = (stdout + stderr).trim();
      if (error && text === '') reject(error);
      else resolve(text);
    });
  });
}

/** The number of things that were run in a workspace. */
export interface Exercised {
  readonly modules: number;
  readonly classes: number;
  readonly accessors: number;
}

/** Imports every module of a folder into a new process of this Node, and reads and writes every accessor. */
export function exercise(folder: string): Exercised {
  const program = join(packageRoot(), 'dist', 'tools', 'fuzz', 'exercise.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Exercised;
}

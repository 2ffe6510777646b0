/**
 * `npm run lint:layers`: every import goes to the same layer or to an earlier one. The layers are those of
 * docs/architecture.md. An import of a type counts: what a file needs for its types it needs.
 *
 * TypeScript 6 reads the imports, because TypeScript 7 has no interface for that yet. A run that sees too few modules has
 * looked in the wrong place, so it fails instead of reporting success.
 */

import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript-6';
import { projectFiles } from './project-files.js';

/** The parts of the product and what is around it; a part may import itself and the parts that are named here. */
const parts: Readonly<Record<string, readonly string[]>> = {
  support: [],
  generator: ['support'],
  generated: ['support'],
  runtime: ['generated', 'support'],
  tools: ['generator', 'generated', 'runtime', 'support'],
  test: ['generator', 'generated', 'runtime', 'support', 'tools'],
  examples: ['generator', 'generated', 'runtime', 'support', 'tools'],
};

/**
 * The layers of a part, earliest first. A layer is a list of files, and of folders with a `/` at their end; the longest name
 * that fits a file counts.
 */
const layers: Readonly<Record<string, readonly (readonly string[])[]>> = {
  generator: [
    ['errors.ts', 'limits.ts', 'sha256.ts', 'version.ts'],
    ['model/'],
    ['targets/'],
    ['kernel/'],
    ['headers/'],
    ['c/tokens.ts', 'c/lexer.ts', 'c/cursor.ts'],
    ['c/syntax.ts'],
    ['c/parser/'],
    ['c/evaluator/'],
    ['c/preprocessor/'],
    ['c/layout/'],
    ['analyze/'],
    ['emit/'],
    ['verify/'],
    ['report/'],
    ['config/'],
    ['cli/'],
    ['core.ts'],
    ['index.ts'],
  ],
  runtime: [
    [
      ...[
        'addon.ts',
        'capability.ts',
        'context.ts',
        'errors.ts',
        'host-bindings.ts',
        'ioctl.ts',
        'numbers.ts',
        'printing.ts',
      ],
      ...['growing-views.ts', 'msrs.ts'],
    ],
    ['eventfd.ts', 'kernel-file.ts', 'memory.ts', 'scratch-memory.ts', 'stats.ts'],
    ['guest-debug.ts', 'sync-regs.ts', 'vcpu-state.ts', 'vcpu.ts', 'exit/', 'thread/'],
    ['devices/', 'rings/', 'guest-io.ts', 'interrupts.ts', 'msr-filter.ts'],
    ['vm.ts'],
    ['kvm.ts'],
    ['index.ts'],
  ],
  tools: [
    ['lib/', 'guests/'],
    ['bench/', 'fuzz/', 'generate/', 'lint/', 'oracle/', 'start/', 'stress/'],
  ],
};

const fewestModules = 150;

interface Import {
  readonly from: string;
  readonly line: number;
  readonly to: string;
}

function isModule(path: string): boolean {
  return partOf(path) in parts && !path.startsWith('examples/tun/');
}

function importsOf(from: string): Import[] {
  const text = readFileSync(from, 'utf8');
  return ts.preProcessFile(text, true, true).importedFiles.flatMap(({ fileName, pos }) => {
    if (!fileName.startsWith('.')) return [];
    const to = posix.join(posix.dirname(from), fileName).replace(/\.js$/, '.ts');
    return [{ from, line: text.slice(0, pos).split('\n').length, to }];
  });
}

function partOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

/** The place of a file among the layers of its part, and the name that it fits; undefined where it is in none of them. */
function layerOf(path: string): { readonly index: number; readonly name: string } | undefined {
  const part = partOf(path);
  const own = path.slice(part.length + 1);
  const fitting = (layers[part] ?? []).flatMap((names, index) =>
    names.filter((name) => (name.endsWith('/') ? own.startsWith(name) : own === name)).map((name) => ({ index, name })),
  );
  return fitting.sort((a, b) => b.name.length - a.name.length)[0];
}

function problemOf({ from, to }: Import): string | undefined {
  const [part, other] = [partOf(from), partOf(to)];
  if (part !== other) return parts[part]?.includes(other) ? undefined : `${part}/ may not import ${other}/`;
  const [layer, otherLayer] = [layerOf(from), layerOf(to)];
  if (!layer || !otherLayer || otherLayer.index <= layer.index) return undefined;
  return `${layer.name} comes before ${otherLayer.name}`;
}

function main(): number {
  const files = projectFiles(['*.ts'], isModule, fewestModules);
  const unlisted = files.filter((path) => partOf(path) in layers && layerOf(path) === undefined);
  for (const path of unlisted) console.error(`${path}: in no layer; name it in tools/lint/layers.ts`);
  const imports = files.flatMap(importsOf);
  const against = imports.flatMap((each) => {
    const problem = problemOf(each);
    return problem === undefined ? [] : [`${each.from}:${each.line}: imports ${each.to}: ${problem}`];
  });
  for (const line of against) console.error(line);
  console.log(`layers: ${files.length} modules, ${imports.length} imports, ${against.length} against the order`);
  return against.length + unlisted.length > 0 ? 1 : 0;
}

process.exitCode = main();

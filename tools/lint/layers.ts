/**
 * `npm run lint:layers`: checks that every import goes to the same layer or to an earlier layer. docs/architecture.md
 * describes the layers. An import of a type also counts.
 *
 * TypeScript 6 reads the imports, because TypeScript 7 has no interface for this yet. If a run finds too few modules,
 * it has searched the wrong place, so it fails.
 */

import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript-6';
import { projectFiles } from './project-files.js';

/** The parts of the product, and the tests and tools. A part may import itself and the listed parts. */
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
 * The layers of a part, earliest first. A layer is a list of files and folders. The name of a folder ends in `/`. If
 * several names match a file, the longest one counts.
 */
const layers: Readonly<Record<string, readonly (readonly string[])[]>> = {
  generator: [
    ['errors.ts', 'limits.ts', 'portable-sha256.ts', 'sha256.ts', 'version.ts'],
    ['model/'],
    ['targets/'],
    ['kernel/'],
    ['headers/'],
    ['c/characters.ts', 'c/tokens.ts', 'c/lexer.ts', 'c/cursor.ts', 'c/operators.ts'],
    ['c/syntax.ts', 'c/unresolvable.ts'],
    ['c/types.ts'],
    ['c/parser/'],
    ['c/evaluator/'],
    ['c/preprocessor/'],
    ['c/layout/'],
    ['analyze/'],
    ['emit/'],
    ['verify/'],
    ['diff/'],
    ['impact/'],
    ['report/'],
    ['config/'],
    ['cli/'],
    ['impact.ts'],
    ['core.ts'],
    ['index.ts'],
  ],
  runtime: [
    [
      'abort.ts',
      'addon.ts',
      'address-ranges.ts',
      'arguments.ts',
      'construction.ts',
      'context.ts',
      'errors.ts',
      'numbers.ts',
      'page-ranges.ts',
      'options.ts',
      'printing.ts',
      'struct-values.ts',
    ],
    ['registers/', 'arm64/registers/', 'riscv64/registers/'],
    ['capability.ts', 'descriptors.ts', 'host-bindings.ts', 'growing-views.ts', 'pre-fault.ts'],
    ['other-architectures.ts'],
    ['rules/'],
    ['ioctl.ts'],
    [
      'kick.ts',
      'kernel-file.ts',
      'guest-memfd.ts',
      'memory.ts',
      'memory-advice.ts',
      'memory-options.ts',
      'named-one-reg.ts',
      'one-reg.ts',
      'scratch-memory.ts',
      'stats.ts',
    ],
    ['addressed-ioctl.ts'],
    ['event-waits.ts', 'event-counts.ts', 'eventfd.ts'],
    ['open-vcpu.ts', 'open-vm.ts'],
    ['creators.ts'],
    ['devices/', 'rings/', 'dirty-log.ts', 'memory-slots.ts'],
    ['exit/'],
    ['thread/'],
    ['vcpu-ioctls.ts'],
    ['vcpu-state.ts'],
    ['vcpu.ts'],
    ['vcpu-attributes.ts'],
    ['vm-settings.ts'],
    ['vm-interrupts.ts'],
    ['vm-io.ts'],
    ['vm.ts'],
    ['vm-attributes.ts'],
    ['kvm.ts'],
    ['x86_64/', 'arm64/', 'riscv64/'],
    ['index.ts', 'x86_64.ts', 'arm64.ts', 'riscv64.ts'],
    ['thread/worker.ts'],
  ],
  tools: [
    ['lib/', 'guests/'],
    [
      'bench/',
      'docs/',
      'fuzz/',
      'generate/',
      'hypervisors/',
      'lint/',
      'oracle/',
      'other-nodes/',
      'pack/',
      'release/',
      'since/',
      'site/',
      'skips/',
      'spin/',
      'start/',
      'stress/',
    ],
  ],
};

/** The architectures of the runtime. Each has a folder and an entry. */
const architectures = ['x86_64', 'arm64', 'riscv64'];

/** The architecture that a module of the runtime belongs to, or undefined for a module of all architectures. */
function architectureOf(path: string): string | undefined {
  return architectures.find((name) => path.startsWith(`runtime/${name}/`) || path === `runtime/${name}.ts`);
}

/** Only modules of the architecture import its modules, and the Worker of a `VcpuThread` imports its entry. */
function isForeign({ from, to }: Import): boolean {
  const architecture = architectureOf(to);
  if (partOf(from) !== 'runtime' || architecture === undefined || architectureOf(from) === architecture) return false;
  return !(from === 'runtime/thread/worker.ts' && to === `runtime/${architecture}.ts`);
}

const fewestModules = 150;

interface Import {
  readonly from: string;
  readonly line: number;
  readonly to: string;
}

function isModule(path: string): boolean {
  return partOf(path) in parts && !/^examples\/(?:loop|tun)\//.test(path) && !path.startsWith('test/fixtures/');
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

/**
 * Returns the position of a file in the layers of its part, and the name that matches it. Returns undefined if no layer
 * contains it.
 */
function layerOf(path: string): { readonly index: number; readonly name: string } | undefined {
  const part = partOf(path);
  const own = path.slice(part.length + 1);
  const fitting = (layers[part] ?? []).flatMap((names, index) =>
    names.filter((name) => (name.endsWith('/') ? own.startsWith(name) : own === name)).map((name) => ({ index, name })),
  );
  return fitting.sort((a, b) => b.name.length - a.name.length)[0];
}

function problemOf(each: Import): string | undefined {
  const { from, to } = each;
  if (isForeign(each)) return `a module of ${architectureOf(to)} is for this architecture only`;
  const [part, other] = [partOf(from), partOf(to)];
  if (part !== other) return parts[part]?.includes(other) ? undefined : `${part}/ must not import ${other}/`;
  const [layer, otherLayer] = [layerOf(from), layerOf(to)];
  if (!layer || !otherLayer || otherLayer.index <= layer.index) return undefined;
  return `${layer.name} is in an earlier layer than ${otherLayer.name}`;
}

function main(): number {
  const files = projectFiles(['*.ts'], isModule, fewestModules);
  const unlisted = files.filter((path) => partOf(path) in layers && layerOf(path) === undefined);
  for (const path of unlisted) console.error(`${path}: is in no layer; add it to tools/lint/layers.ts`);
  const imports = files.flatMap(importsOf);
  const against = imports.flatMap((each) => {
    const problem = problemOf(each);
    return problem === undefined ? [] : [`${each.from}:${each.line}: imports ${each.to}: ${problem}`];
  });
  for (const line of against) console.error(line);
  console.log(
    `layers: ${files.length} modules, ${imports.length} imports, ${against.length} imports in the wrong order`,
  );
  return against.length + unlisted.length > 0 ? 1 : 0;
}

process.exitCode = main();

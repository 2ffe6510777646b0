/**
 * A new architecture needs one target file, one line in the list of targets, and generated output. In a copy of the
 * sources, these three add a target for 32-bit PowerPC. Everything that names architectures then has the target. The
 * target's compiler is the oracle. If it is missing, apt installs it if possible.
 */

import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DebianPort } from '../../../generator/targets/target.js';
import type { AnyBindings } from '../../../runtime/context.js';
import { wrongArchitecture } from '../../../runtime/host-bindings.js';
import { type Compiled, compilerOf, lackingCompilers, preprocess } from '../../../tools/lib/compilers.js';
import { headerSet, whyMissing } from '../../../tools/lib/header-sets.js';
import { contentsOf, projectRoot, temporaryFolder } from '../../helpers/cli.js';

const debian: DebianPort = { architecture: 'powerpc', multiarch: 'powerpc-linux-gnu' };
const compiler: Compiled['compiler'] = { command: ['powerpc-linux-gnu-gcc'], package: 'gcc-powerpc-linux-gnu' };

/** Returns the text of the new file, with the macros that the compiler prints. */
const targetFile = (predefined: string): string => `/** The 32-bit PowerPC ABI as GCC implements it. */

import { quad } from './common/data-model.js';
import { ilp32 } from './common/ilp32.js';
import { powerpc } from './common/powerpc.js';
import type { Target } from './target.js';

export const scratch: Target<'scratch'> = {
  ...ilp32,
  ...powerpc,
  name: 'scratch',
  debian: ${JSON.stringify(debian)},
  nodeArch: 'ppc',
  compiler: ${JSON.stringify(compiler)},
  byteOrder: 'big',
  charSigned: false,
  scalars: { ...ilp32.scalars, 'long double': quad },
  predefined: ${JSON.stringify(predefined)},
};
`;

/** The line in the list. */
const line = "export { scratch } from './scratch.js';\n";

/** The configuration of a project, and a program that imports the new bindings from the package. */
const configuration = (from: string): string => `import { type Config, defineConfig } from 'kvm-uapi/generator';

const config: Config = defineConfig({
  headers: ['linux/kvm.h'],
  targets: ['scratch'],
  from: '${from}',
  out: 'generated',
});

export default config;
`;
const program = `import { KVM_RUN, KvmRun, $target } from 'kvm-uapi/scratch/linux/kvm';

console.log(JSON.stringify({ $target, run: KVM_RUN.request, size: KvmRun.$size }));
`;

type Contents = ReturnType<typeof contentsOf>;

const folder = temporaryFolder();
const commandLine = join(folder, 'dist/generator/cli/kvm-uapi.js');

/** Returns the output of a Node program that runs in the copy. */
function node(...args: readonly string[]): string {
  const { CC: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: status ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Compiles parts of the copy into its dist/. */
function compile(...include: readonly string[]): void {
  const config = { extends: './tsconfig.json', compilerOptions: { noEmit: false }, include };
  writeFileSync(join(folder, 'tsconfig.part.json'), JSON.stringify(config));
  node(join(projectRoot, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.part.json');
}

const [lacking] = lackingCompilers([{ compiler, debian }]);
const isLacking = lacking !== undefined || whyMissing('newest') !== undefined;

describe.skipIf(isLacking)(`a new target (needs ${compiler.command[0]} and packages of Debian)`, () => {
  let root = '';

  beforeAll(async () => {
    ({ root } = await headerSet('newest'));
    for (const part of ['generator', 'support', 'headers', 'package.json', 'tsconfig.json'])
      cpSync(join(projectRoot, part), join(folder, part), { recursive: true });
    symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'kvm-uapi.config.ts'), configuration(root));
    writeFileSync(join(folder, 'program.ts'), program);

    const printed = await preprocess(compilerOf({ compiler, debian }), '', '-dM');
    writeFileSync(join(folder, 'generator/targets/scratch.ts'), targetFile(printed.replaceAll('#define ', '')));
    appendFileSync(join(folder, 'generator/targets/list.ts'), line);

    compile('generator', 'support', 'kvm-uapi.config.ts');
    node(commandLine, 'generate', '--config', 'kvm-uapi.config.ts');
    compile('generated', 'program.ts');
  });

  it('the layouts of the target equal the layouts of its compiler', () => {
    const report = node(commandLine, 'verify', '--arch', 'scratch', '--from', root);
    const [, held, total] = /^<linux\/kvm\.h> for scratch: (\d+) of (\d+) assertions hold/.exec(report) ?? [];
    expect(held).toBe(total);
    expect(Number(total)).toBeGreaterThan(3000);
  });

  it('the help and the commands name the target', () => {
    expect(node(commandLine, 'layout', '--help')).toMatch(/\bscratch,\s+x86_64\b/);
    expect(node(commandLine, 'where', 'KVM_RUN', '--in', 'generated')).toBe(
      'KVM_RUN (ioctl)\n  scratch: in linux/kvm.h\n',
    );
    const sets = node(commandLine, 'headers', '--cache', join(root, '..'));
    expect(sets).toMatch(/\/newest +imported .*\bppc64, ppc64le, .*\bscratch, x86_64$/m);
  });

  it('the package exports its bindings, and the runtime accepts them only on such a machine', () => {
    const { $target, run, size } = JSON.parse(node('dist/program.js')) as AnyBindings & { run: number; size: number };
    expect($target).toEqual({ name: 'scratch', byteOrder: 'big', pointerSize: 4, nodeArch: 'ppc' });
    expect([run.toString(16), size]).toEqual(['2000ae80', 2352]);
    expect(wrongArchitecture({ $target }, { nodeArch: 'ppc', byteOrder: 'big' })).toBeUndefined();
    expect(wrongArchitecture({ $target }, { nodeArch: 'ppc64', byteOrder: 'big' })).toMatch(
      /^the bindings are of scratch,/,
    );
  });

  it('the check compares the target with its headers', () => {
    expect(node(commandLine, 'generate', '--check', '--strict', '--from', root)).toMatch(
      /^<linux\/kvm\.h> for scratch: the output matches the headers/m,
    );
  });

  it('the target needs one new file and one line', () => {
    const [before, after] = [projectRoot, folder].map((root) => contentsOf(join(root, 'generator'))) as [
      Contents,
      Contents,
    ];
    const { 'targets/list.ts': list, ...others } = before;
    const { 'targets/list.ts': longer, 'targets/scratch.ts': added, ...same } = after;
    expect([longer, typeof added]).toEqual([list + line, 'string']);
    expect(same).toEqual(others);
  });
});

/**
 * Projects of users, made with npm from the tarball: every Node that is supported, the resolutions of TypeScript, bundlers, test
 * runners, and the linters of packages. PATH has Node, npm and a shell, so that nothing can be compiled.
 */

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, temporaryFolder } from '../helpers/cli.js';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Finds a program in PATH. */
function programInPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      return realpathSync(join(folder, name));
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** Makes a folder for PATH with what an installation needs at least. */
function pathWith(node: string): string {
  const folder = temporaryFolder();
  const programs = { node, npm: programInPath('npm'), sh: '/bin/sh', env: '/usr/bin/env' };
  for (const [name, program] of Object.entries(programs)) if (program) symlinkSync(program, join(folder, name));
  return folder;
}

const ownPath = pathWith(process.execPath);

function run(cwd: string, [program, ...args]: readonly [string, ...string[]], path: string = ownPath): Ended {
  // Vitest sets variables that other runners and compilers read.
  const env = Object.entries(process.env).filter(
    ([name]) => !/^(?:VITEST|NODE_|FORCE_COLOR|DEV$|PROD$|SSR$|MODE$|TEST$|BASE_URL$)/.test(name),
  );
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env: { ...Object.fromEntries(env), PATH: path, NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: 280_000,
    maxBuffer: 1 << 26,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

/** Installs packages into a folder, and requires that npm succeeds. */
function install(folder: string, ...packages: string[]): void {
  const ended = run(folder, ['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', ...packages]);
  expect(ended, ended.stderr).toMatchObject({ status: 0 });
}

function projectWith(type: 'module' | 'commonjs', ...packages: string[]): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  install(folder, ...packages);
  return folder;
}

/** The path of a command of an installed package. */
const commandOf = (folder: string, name: string): string => join(folder, 'node_modules', '.bin', name);

/** Packs the package as `npm run pack -- --addons` does, but with the addon of this machine only, from a folder of its own. */
function tarballWithAddon(): string {
  const out = temporaryFolder();
  const tool = join(projectRoot, 'dist', 'tools', 'pack', 'run.js');
  const packed = spawnSync(process.execPath, [tool, '--out', out], { cwd: projectRoot, encoding: 'utf8' });
  expect(packed.stderr).toBe('');
  spawnSync('tar', ['-xzf', packed.stdout.trim(), '-C', out]);
  const machine = `linux-${process.arch}-glibc`;
  const target = join(out, 'package', 'build', machine);
  mkdirSync(target, { recursive: true });
  const product = join(projectRoot, 'build', 'kvm_uapi.node');
  copyFileSync(product, join(target, 'kvm_uapi.node'));
  const again = run(join(out, 'package'), ['npm', 'pack', '--silent', '--pack-destination', out]);
  return join(out, again.stdout.trim());
}

/** A program with a constant, structs, and memory of the runtime. */
const body = `
const run = allocate(KvmRun);
run.immediate_exit = 1;
const memory = GuestMemory.create(0x1000);
memory.write(0, Uint8Array.of(run.$$view.getUint8(1), 7));
console.log(KVM_CAP_IMMEDIATE_EXIT, KVM_RUN.request.toString(16), memory.read(0, 2).join(), typeof Kvm.open);
memory.close();
`;
const names = { support: 'allocate', 'x86_64/linux/kvm': 'KVM_CAP_IMMEDIATE_EXIT, KVM_RUN, KvmRun', x86_64: 'Kvm' };
const imports = Object.entries({ ...names, '.': 'GuestMemory' }).map(
  ([path, list]) => [path === '.' ? 'kvm-uapi' : `kvm-uapi/${path}`, list] as const,
);
const esm = imports.map(([path, list]) => `import { ${list} } from '${path}';\n`).join('') + body;
const commonJs = imports.map(([path, list]) => `const { ${list} } = require('${path}');\n`).join('') + body;
const printed = '136 ae80 1,7 function\n';

let tarball: string;
let project: string;

beforeAll(() => {
  tarball = tarballWithAddon();
  project = projectWith('module', tarball);
  writeFileSync(join(project, 'main.js'), esm);
  writeFileSync(join(project, 'main.cjs'), commonJs);
});

describe('an installation without a compiler', () => {
  it('runs no script, and has only the package and its dependencies', () => {
    const { dependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const modules = readdirSync(join(project, 'node_modules'));
    expect(modules).toEqual(
      expect.arrayContaining(['kvm-uapi', ...Object.keys(dependencies).map((name) => name.split('/')[0] as string)]),
    );
    expect(readFileSync(join(project, 'package-lock.json'), 'utf8')).not.toContain('hasInstallScript');
  });

  it('says how to get an addon that the installation has lost', () => {
    const folder = temporaryFolder();
    cpSync(project, folder, { recursive: true, filter: (path) => !path.endsWith('kvm_uapi.node') });
    const { status, stderr } = run(folder, ['node', 'main.js']);
    expect(status).toBe(1);
    expect(stderr).toContain(
      `RuntimeMissingError: ${join(folder, 'node_modules/kvm-uapi/build/kvm_uapi.node')}: the native runtime is not found; the package of npm has it for this machine, linux-${process.arch}-glibc: install it again, or install a C++17 compiler and make (Debian: apt-get install g++ make), then run 'npx kvm-uapi build'`,
    );
  });

  it.each(['20.19.0', '22', '24', '26'])('runs a program on Node %s, as a module and with require', (version) => {
    const folder = projectWith('module', `node@${version}`);
    const node = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('/bin/node'),
    );
    const path = pathWith(realpathSync(join(folder, 'node_modules', node as string)));
    expect(run(project, ['node', '--version'], path).stdout).toMatch(new RegExp(`^v${version}`));
    expect(run(project, ['node', 'main.js'], path)).toEqual({ status: 0, stdout: printed, stderr: '' });
    const required = run(project, ['node', '--no-warnings', 'main.cjs'], path);
    expect(required).toEqual({ status: 0, stdout: printed, stderr: '' });
    expect(run(project, ['node', commandOf(project, 'kvm-uapi'), '--version'], path).stdout).toBe('0.2.0\n');
  });

  const deno = programInPath('deno');
  it.skipIf(!deno)('runs a program on Deno (needs the program deno)', () => {
    const ended = run(project, [
      deno as string,
      'run',
      '--quiet',
      '--allow-all',
      '--node-modules-dir=manual',
      'main.js',
    ]);
    expect(ended).toEqual({ status: 0, stdout: printed, stderr: '' });
  });
});

describe('a TypeScript project', () => {
  const settings = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
  };
  const resolutions = [
    { module: 'nodenext', moduleResolution: 'nodenext', main: 'main.mts' },
    { module: 'nodenext', moduleResolution: 'nodenext', main: 'main.cts' },
    { module: 'preserve', moduleResolution: 'bundler', main: 'main.ts' },
  ];

  it.each(['5.9', '6', '7'])('compiles with TypeScript %s and each resolution', (version) => {
    const folder = projectWith('module', tarball, `typescript@${version}`, '@types/node@20');
    const wrong = `${esm}run.exit_reason = 'text';\n`;
    for (const { main, ...resolution } of resolutions) {
      const check = (source: string): Ended => {
        writeFileSync(join(folder, main), source);
        writeFileSync(
          join(folder, 'tsconfig.json'),
          JSON.stringify({ compilerOptions: { ...settings, ...resolution }, files: [main] }),
        );
        return run(folder, [commandOf(folder, 'tsc')]);
      };
      expect([main, check(esm).stdout]).toEqual([main, '']);
      // The types are found, and are not `any`.
      expect([main, check(wrong).stdout]).toEqual([main, expect.stringContaining('TS2322')]);
    }
  });
});

describe('a bundler', () => {
  const one =
    "import { KVM_CAP_IMMEDIATE_EXIT } from 'kvm-uapi/x86_64/linux/kvm';\nconsole.log(KVM_CAP_IMMEDIATE_EXIT);\n";
  const bundlers: Readonly<
    Record<string, { readonly packages: string[]; readonly command: (entry: string, out: string) => string[] }>
  > = {
    esbuild: {
      packages: ['esbuild'],
      command: (entry, out) => [entry, '--bundle', '--minify', '--format=esm', '--platform=node', `--outfile=${out}`],
    },
    rollup: {
      packages: ['rollup', '@rollup/plugin-node-resolve', '@rollup/plugin-terser'],
      command: (entry, out) => [entry, '--silent', '-p', 'node-resolve', '-p', 'terser', '-f', 'es', '-o', out],
    },
    vite: {
      packages: ['vite'],
      command: (entry, out) => [
        'build',
        '--logLevel',
        'error',
        '--config',
        `${entry}.config.mjs`,
        '--outDir',
        dirname(out),
      ],
    },
  };
  // Vite reads the entry and the name of the output from its configuration.
  const viteConfig = (entry: string): string => `export default {
  ssr: { noExternal: true },
  build: { ssr: '${entry}', minify: true, rollupOptions: { output: { entryFileNames: '${entry}' } } },
};
`;

  it.each(Object.entries(bundlers))(
    '%s: one constant is at most 40 bytes, and a program with the runtime runs',
    (name, { packages, command }) => {
      const folder = projectWith('module', tarball, ...packages);
      const bundle = (entry: string, source: string): string => {
        const out = join(folder, 'out', entry);
        writeFileSync(join(folder, entry), source);
        writeFileSync(join(folder, `${entry}.config.mjs`), viteConfig(entry));
        const ended = run(folder, [commandOf(folder, name), ...command(entry, out)]);
        expect(ended, ended.stderr).toMatchObject({ status: 0 });
        return out;
      };
      expect(readFileSync(bundle('one.js', one), 'utf8').trim().length).toBeLessThanOrEqual(40);
      const out = bundle('main.js', esm);
      expect(run(folder, ['node', out])).toEqual({ status: 0, stdout: printed, stderr: '' });
    },
  );
});

describe('a test runner', () => {
  const test = (head: string): string =>
    `${head}${esm.slice(0, esm.indexOf('\n\n'))}\n\ntest('a view writes its member', () => {\n  const run = allocate(KvmRun);\n  run.immediate_exit = 1;\n  expect([run.$$view.getUint8(1), KVM_CAP_IMMEDIATE_EXIT, KVM_RUN.name]).toEqual([1, 136, 'KVM_RUN']);\n  expect([typeof Kvm.open, typeof GuestMemory.create]).toEqual(['function', 'function']);\n});\n`;

  it('Vitest runs a test that imports the package', () => {
    const folder = projectWith('module', tarball, 'vitest');
    writeFileSync(join(folder, 'one.test.js'), test("import { expect, test } from 'vitest';\n"));
    // Vitest reads the configuration of a folder above if this one has none.
    writeFileSync(join(folder, 'vitest.config.js'), 'export default {};\n');
    const ended = run(folder, [commandOf(folder, 'vitest'), 'run']);
    expect(ended, ended.stdout + ended.stderr).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/Tests +1 passed/),
    });
  });

  it('Jest runs a test that imports the package', () => {
    const folder = projectWith('module', tarball, 'jest');
    writeFileSync(join(folder, 'one.test.js'), test(''));
    const ended = run(folder, [
      'node',
      '--experimental-vm-modules',
      '--no-warnings',
      commandOf(folder, 'jest'),
      '--watchman=false',
    ]);
    expect(ended, ended.stderr).toMatchObject({ status: 0, stderr: expect.stringMatching(/Tests: +1 passed/) });
  });
});

describe('the linters of packages', () => {
  it('publint has nothing to say', () => {
    const folder = projectWith('module', 'publint');
    const ended = run(folder, [commandOf(folder, 'publint'), '--strict', tarball]);
    expect(ended, ended.stdout).toMatchObject({ status: 0, stdout: expect.stringContaining('All good!') });
  });

  it('are-the-types-wrong finds no problem for modules, the only kind that the package has', () => {
    const folder = projectWith('module', '@arethetypeswrong/cli');
    const ended = run(folder, [commandOf(folder, 'attw'), '--profile', 'esm-only', tarball]);
    expect(ended, ended.stdout).toMatchObject({ status: 0 });
  });
});

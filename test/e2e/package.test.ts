/** The package as its users get it: the README is correct, and the tarball contains everything that it needs. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';
import { supportModules } from '../../generator/emit/support.js';
import { committedModules, projectRoot, temporaryFolder } from '../helpers/cli.js';
import { folderWith, smallSetIn } from '../helpers/packages.js';
import { canOpen } from '../helpers/vcpus.js';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

const hasKvm = existsSync('/dev/kvm');
const noKvm = hasKvm ? '' : ' (no /dev/kvm here)';

describe('the README', () => {
  const readme = read('README.md');
  const shows = (name: string): void => {
    expect(readme).toContain(read(`examples/${name}.ts`).trimEnd());
    const run = spawnSync(process.execPath, [join(projectRoot, 'dist', 'examples', `${name}.js`)], {
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.stdout).not.toBe('');
    expect(readme).toContain(`\`\`\`console\n${run.stdout}\`\`\``);
  };

  it('the README shows the program of examples/ that uses only bindings, and its output', () => shows('io-exit'));
  it.skipIf(!hasKvm)(`the README shows the program that runs a guest, and its output${noKvm}`, () => shows('hello'));
  it.skipIf(!hasKvm)(`the README shows the programs that run a guest in a thread, and their output${noKvm}`, () => {
    expect(readme).toContain(read('examples/thread-program.ts').trimEnd());
    shows('thread');
  });
});

/** Packs the package into a folder, and returns the path of the tarball. */
function pack(folder: string): string {
  const tool = join(projectRoot, 'dist', 'tools', 'pack', 'run.js');
  const packed = spawnSync(process.execPath, [tool, '--out', folder], { cwd: projectRoot, encoding: 'utf8' });
  expect(packed.stderr).toBe('');
  return packed.stdout.trim();
}

/** Installs the tarball into a new folder, with its dependencies as an installation would place them. */
function installed(): { readonly folder: string; readonly tarball: string; readonly cli: string } {
  const folder = temporaryFolder();
  const tarball = pack(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'kvm-uapi'), { recursive: true });
  spawnSync('tar', ['-xzf', tarball, '-C', join(modules, 'kvm-uapi'), '--strip-components=1']);
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(projectRoot, 'node_modules', name), join(modules, name));
  }
  return { folder, tarball, cli: join(modules, 'kvm-uapi', 'dist', 'bin', 'kvm-uapi.js') };
}

describe('the README about a project with its own bindings', () => {
  it('the README shows the configuration and the program of examples/', () => {
    for (const name of ['kvm-uapi.config.ts', 'main.ts']) {
      expect(read('README.md')).toContain(read(`examples/tun/${name}`).trimEnd());
    }
  });
});

describe('the tarball', () => {
  const { folder, tarball, cli } = installed();
  const root = join(folder, 'node_modules', 'kvm-uapi');
  const node = (...args: string[]): { stdout: string; stderr: string } =>
    spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

  it('the bindings can be imported by name', () => {
    writeFileSync(
      join(folder, 'main.mjs'),
      "import { KVM_RUN, KvmRun } from 'kvm-uapi/x86_64/linux/kvm';\nimport { allocate } from 'kvm-uapi/support';\n" +
        'const run = allocate(KvmRun);\nrun.immediate_exit = 1;\nconsole.log(KvmRun.$size, run.immediate_exit, KVM_RUN.request.toString(16));\n',
    );
    const imported = node('main.mjs');
    expect(imported.stderr).toBe('');
    expect(imported.stdout).toBe('2352 1 ae80\n');
  });

  it('the command generates, and the tarball has the catalogue', () => {
    const generated = node(cli, 'generate', '--out', 'kvm');
    expect(generated.stderr).toBe('');
    const module = readFileSync(join(folder, 'kvm', 'x86_64', 'linux', 'kvm.ts'), 'utf8');
    expect(module).toMatch(/^export class KvmRun implements View \{$/m);

    // These headers have no package record, so the catalogue identifies them.
    const set = folderWith(smallSetIn.plain);
    const laidOut = node(cli, 'layout', '--from', set);
    expect(laidOut.stderr).toBe('');
    expect(laidOut.stdout).toContain('struct kvm_run {');
  });

  it('the tarball has everything that the package exports', () => {
    const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, string> };
    const names = Object.keys(exports).map((name) => name.replace(/^\./, 'kvm-uapi'));
    const patterns = ['kvm-uapi/support/*.js', 'kvm-uapi/support/*.ts', 'kvm-uapi/*'];
    expect(names.filter((name) => name.includes('*'))).toEqual(patterns);
    const resolved = [
      ...names.filter((name) => !name.includes('*')),
      ...supportModules.flatMap((name) => [`kvm-uapi/support/${name}.ts`, `kvm-uapi/support/${name}.js`]),
      ...committedModules().map((name) => `kvm-uapi/${name}`),
    ];
    const lines = resolved.map((name) => `await access(new URL(import.meta.resolve('${name}')));`).join('\n');
    writeFileSync(join(folder, 'exports.mjs'), `import { access } from 'node:fs/promises';\n${lines}\n`);
    expect(resolved.length).toBeGreaterThan(25);
    expect(node('exports.mjs').stderr).toBe('');
  });

  it('two runs of the same build give the same bytes', () => {
    const again = pack(temporaryFolder());
    expect(readFileSync(again).equals(readFileSync(tarball))).toBe(true);
  });

  it('the manifest has no scripts, so that an installation runs none, and names no package for development', () => {
    const keys = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as object);
    expect(keys).toContain('dependencies');
    expect(keys).not.toContain('scripts');
    expect(keys).not.toContain('devDependencies');
  });

  it('no file points to a source map that the tarball does not have', () => {
    const modules = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(?:js|d\.ts)$/.test(name),
    );
    expect(modules.length).toBeGreaterThan(500);
    const pointing = modules.filter((name) => /^\/\/# source/m.test(readFileSync(join(root, 'dist', name), 'utf8')));
    expect(pointing).toEqual([]);
  });

  it('each link of README.md and of docs/ to a file finds it', () => {
    const pages = [
      'README.md',
      ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
    ];
    const links = pages
      .filter((page) => page.endsWith('.md'))
      .flatMap((page) =>
        Array.from(
          readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!\w+:)([^)#]+)/g),
          ([, link = '']) => [page, link] as const,
        ),
      );
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter(([page, link]) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it('the tarball has types for every module of bindings', () => {
    const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
    for (const module of committedModules()) {
      const { resolvedModule } = ts.resolveModuleName(
        `kvm-uapi/${module}`,
        join(folder, 'main.mts'),
        options,
        ts.sys,
        undefined,
        undefined,
        ts.ModuleKind.ESNext,
      );
      const types = join(folder, 'node_modules/kvm-uapi/dist/generated', `${module}.d.ts`);
      expect([module, resolvedModule?.resolvedFileName]).toEqual([module, types]);
    }
  });

  it('build without a compiler is an error that says what to install', () => {
    const { status, stderr } = spawnSync(process.execPath, [cli, 'build'], { env: { PATH: '' }, encoding: 'utf8' });
    expect(stderr).toBe(
      'error: make: not found in PATH; install a C++17 compiler and make (Debian: apt-get install g++ make; Alpine: apk add g++ make)\n',
    );
    expect(status).toBe(2);
  });

  it('build with a compiler that fails is an error, and leaves no addon', () => {
    const env = { ...process.env, CXX: '/bin/false' };
    const { status, stderr } = spawnSync(process.execPath, [cli, 'build'], { env, encoding: 'utf8' });
    expect(stderr).toMatch(/^error: the native runtime cannot be built:\n/);
    expect(status).toBe(2);
    expect(existsSync(join(root, 'build', 'kvm_uapi.node'))).toBe(false);
  });

  it('build compiles the runtime from the sources in the tarball, and the runtime loads it', () => {
    const addon = join(root, 'build', 'kvm_uapi.node');
    expect(node(cli, 'build')).toMatchObject({ stderr: '', stdout: `${addon}: built, and Node loads it\n` });
    writeFileSync(
      join(folder, 'event.mjs'),
      "import { EventFd } from 'kvm-uapi';\nconst event = EventFd.create();\nevent.close();\n",
    );
    expect(node('event.mjs').stderr).toBe('');
  });

  it.each([
    {
      name: 'tun',
      device: '/dev/net/tun',
      generates: /selected +TUNSETIFF, TUNGETIFF, TUNGETFEATURES, \/\^IFF_\(TUN\|NO_PI\)\$\//,
      printed: /^made the interface example\d+; it goes when the device is closed\n$/,
    },
    {
      name: 'loop',
      device: '/dev/loop-control',
      generates: /import \* as loop from '\.\/generated\/x86_64\/linux\/loop\.js';/,
      printed: /^LO_FLAGS_READ_ONLY \| LO_FLAGS_AUTOCLEAR, offset 0\nhello from a file\n$/,
    },
  ])(
    "the project $name of examples/ runs: its configuration, its types, and its use of this machine's device",
    ({ name, device, generates, printed }) => {
      const project = join(folder, name);
      mkdirSync(project);
      for (const file of ['kvm-uapi.config.ts', 'main.ts'])
        writeFileSync(join(project, file), read(`examples/${name}/${file}`));
      const options = {
        strict: true,
        module: 'nodenext',
        target: 'es2023',
        lib: ['es2023', 'esnext.disposable'],
        outDir: 'out',
        rootDir: '.',
        types: ['node'],
        typeRoots: [join(projectRoot, 'node_modules', '@types')],
      };
      writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
      writeFileSync(
        join(project, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: options, files: ['kvm-uapi.config.ts', 'main.ts'] }),
      );
      const inProject = (...args: string[]): { stdout: string; stderr: string } =>
        spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
      const generated = inProject(cli, 'generate');
      expect(generated.stderr).toBe('');
      expect(generated.stdout).toMatch(generates);
      expect(inProject(join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc')).stdout).toBe('');
      if (!canOpen(device)) return;
      const run = inProject('out/main.js');
      expect(run.stderr).toBe('');
      expect(run.stdout).toMatch(printed);
    },
  );

  it('impact without ts-morph says what to install', () => {
    writeFileSync(join(folder, 'tsconfig.json'), '{ "files": ["main.ts"] }');
    writeFileSync(join(folder, 'main.ts'), 'export {};\n');
    const sides = ['linux-4.10', 'linux-4.11'].map((name) => join(projectRoot, 'headers', 'immediate-exit', name));
    expect(node(cli, 'impact', ...sides).stderr).toContain('npm install --save-dev ts-morph');
  });

  it.skipIf(!hasKvm)(`the runtime of the tarball runs the README's guest${noKvm}`, () => {
    writeFileSync(join(folder, 'hello.mjs'), read('dist/examples/hello.js'));
    const hello = node('hello.mjs');
    expect(hello.stderr).toBe('');
    expect(hello.stdout).toBe('hello from a guest\n');
  });
});

/** The package as its users get it: the README is true, and the tarball holds what it needs. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot, temporaryFolder } from './commands/cli.js';
import { folderWith, smallSetIn } from './support/packages.js';

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

  it('shows the program for bindings alone that is in examples/, and what it prints', () => shows('io-exit'));
  it.skipIf(!hasKvm)(`shows the program that runs a guest, and what it prints${noKvm}`, () => shows('hello'));
  it.skipIf(!hasKvm)(`shows the programs that run a guest in a thread, and what they print${noKvm}`, () => {
    expect(readme).toContain(read('examples/thread-program.ts').trimEnd());
    shows('thread');
  });
});

describe('the tarball', () => {
  it("has bindings that import by name, a bin that generates, and a runtime that runs the README's guest", () => {
    const folder = temporaryFolder();
    const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, 'kvm-uapi'), { recursive: true });
    spawnSync('tar', ['-xzf', join(folder, filename), '-C', join(modules, 'kvm-uapi'), '--strip-components=1']);
    writeFileSync(
      join(folder, 'main.mjs'),
      "import { KVM_RUN, KvmRun } from 'kvm-uapi/x86_64/linux/kvm';\nimport { allocate } from 'kvm-uapi/views';\n" +
        'const run = allocate(KvmRun);\nrun.immediate_exit = 1;\nconsole.log(KvmRun.$size, run.immediate_exit, KVM_RUN.request.toString(16));\n',
    );
    const imported = spawnSync(process.execPath, [join(folder, 'main.mjs')], { encoding: 'utf8' });
    expect(imported.stderr).toBe('');
    expect(imported.stdout).toBe('2352 1 ae80\n');

    // Its dependencies, as an installation would place them.
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const links = Object.keys(dependencies).map(
      (name) => `ln -s "${join(projectRoot, 'node_modules', name)}" "${modules}/${name}"`,
    );
    spawnSync('sh', ['-c', links.join(' && ')]);
    const cli = join(modules, 'kvm-uapi', 'dist', 'generator', 'cli.js');
    const generated = spawnSync(process.execPath, [cli, 'generate'], { cwd: folder, encoding: 'utf8' });
    expect(generated.stderr).toBe('');
    const module = readFileSync(join(folder, 'generated', 'x86_64', 'linux', 'kvm.ts'), 'utf8');
    expect(module).toMatch(/^export class KvmRun implements View \{$/m);

    // No package says what these are, so that the catalogue is asked.
    const set = folderWith(smallSetIn.plain);
    const laidOut = spawnSync(process.execPath, [cli, 'layout', '--from', set], { cwd: folder, encoding: 'utf8' });
    expect(laidOut.stderr).toBe('');
    expect(laidOut.stdout).toContain('struct kvm_run {');

    if (!hasKvm) return;
    writeFileSync(join(folder, 'hello.mjs'), read('dist/examples/hello.js'));
    const hello = spawnSync(process.execPath, [join(folder, 'hello.mjs')], { encoding: 'utf8' });
    expect(hello.stderr).toBe('');
    expect(hello.stdout).toBe('hello from a guest\n');
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { version } from '../../generator/version.js';
import { bin, folderOf, kvmUapi, projectRoot } from '../helpers/cli.js';

const hasCompiler = spawnSync('cc', ['--version']).status === 0;

describe('the command line', () => {
  it.each([[[]], [['generate']], [['layout']], [['verify']]])('has help for %j', (command) => {
    const run = kvmUapi([...command, '--help']);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/^Usage: kvm-uapi/);
  });

  it('says its version, that of package.json', () => {
    const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
    expect(kvmUapi(['--version']).stdout.trim()).toBe(manifest.version);
    expect(version).toBe(manifest.version);
  });

  it.each([[[]], [['frobnicate']], [['layout', '--frobnicate']], [['verify', '--cc']]])(
    'exits with 2 on wrong use: %j',
    (args) => {
      const run = kvmUapi(args);
      expect(run.status).toBe(2);
      expect(run.stderr).not.toBe('');
    },
  );

  it('ends quietly when its reader has seen enough', () => {
    const run = spawnSync('sh', ['-c', `"${process.execPath}" "${bin}" layout --json | head -1`], {
      encoding: 'utf8',
      cwd: projectRoot,
    });
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe('{\n');
  });
});

describe.skipIf(!hasCompiler)(`verify${hasCompiler ? '' : ' (no C compiler: cc is not in PATH)'}`, () => {
  it('holds for every item of kvm.h', () => {
    const run = kvmUapi(['verify']);
    expect(run.status).toBe(0);
    const [, held, total] = /: (\d+) of (\d+) assertions hold/.exec(run.stdout) ?? [];
    expect(held).toBe(total);
    expect(Number(total)).toBeGreaterThan(4000);
  });

  it('exits with 1 and names the items when the compiler sees another header', () => {
    // The compiler looks into CPATH where the generator does not: it finds other headers than the model was made of.
    const other = folderOf({ 'x/s.h': 'struct s { char a; long b; };\n#define X 2L\n' });
    const include = folderOf({ 'only-ours/x/s.h': 'struct s { char a; int b; };\n#define X 1\n' });
    const compiler = join(folderOf({}), 'cc');
    const wrapper = `#!/bin/sh\nif [ "$1" = --version ]; then exec cc "$@"; fi\nexec cc -I"${other}" "$@"\n`;
    spawnSync('sh', ['-c', `cat > "${compiler}" && chmod +x "${compiler}"`], { input: wrapper });
    const run = kvmUapi(['verify', '--header', 'x/s.h', '--include', join(include, 'only-ours'), '--cc', compiler]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/struct s.*size/);
    expect(run.stdout).toMatch(/\bX\b/);
  });

  it('exits with 2 when there is no such compiler', () => {
    const run = kvmUapi(['verify', '--cc', 'no-such-compiler']);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/no-such-compiler/);
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { version } from '../../generator/version.js';
import {
  bin,
  contentsOf,
  folderOf,
  kvmUapi,
  kvmUapiProcess,
  plainEnv,
  projectRoot,
  temporaryFolder,
} from '../helpers/cli.js';

const hasCompiler = spawnSync('cc', ['--version']).status === 0;

describe('the command line', () => {
  it.each([[[]], [['generate']], [['layout']], [['verify']]])('the command line prints help for %j', (command) => {
    const run = kvmUapiProcess([...command, '--help']);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/^Usage: kvm-uapi/);
  });

  it('the command line prints the version of package.json', () => {
    const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
    expect(kvmUapiProcess(['--version']).stdout.trim()).toBe(manifest.version);
    expect(version).toBe(manifest.version);
  });

  it.each([[[]], [['frobnicate']], [['layout', '--frobnicate']], [['verify', '--cc']]])(
    'the command line exits with 2 on wrong usage: %j',
    (args) => {
      const run = kvmUapiProcess(args);
      expect(run.status).toBe(2);
      expect(run.stderr).not.toBe('');
    },
  );

  it('the command line ends without an error if its reader closes the pipe', () => {
    const run = spawnSync('sh', ['-c', `"${process.execPath}" "${bin}" layout --json | head -1`], {
      encoding: 'utf8',
      cwd: projectRoot,
    });
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe('{\n');
  });
});

describe('the process that runs the command line for the tests', () => {
  const files = {
    'a.h': 'struct a { int b; };\n#define A 1\n',
    'b/a.h': 'struct a { int b, c; };\n',
    'bad.h': 'struct b {\n',
    'kvm-uapi.config.json': '{ "headers": ["./a.h"] }',
  };

  it.each([
    '--help',
    'help layout',
    'generate',
    'generate --check',
    'generate --header ./bad.h',
    'generate --frobnicate --json',
    'diff headers/immediate-exit/linux-4.10 headers/immediate-exit/linux-4.11',
    'impact b',
    'layout --header ./a.h a',
    'layout --header ./a.h --json no_such',
    'omissions --json',
    'verify --cc no-such-compiler',
    'where A --in .',
    'headers list',
    'completion fish',
    'doctor --json',
    'init',
    'init --yes',
  ])('kvm-uapi %s has the same result as in a process of its own', (line) => {
    const environment = { ...plainEnv(), XDG_CACHE_HOME: temporaryFolder() };
    const [one, other] = [kvmUapi, kvmUapiProcess].map((call) => {
      const folder = folderOf(files);
      symlinkSync(join(projectRoot, 'headers'), join(folder, 'headers'));
      const { status, stdout, stderr } = call(line.split(' '), environment, folder);
      return {
        status,
        stdout: stdout.replaceAll(folder, ''),
        stderr: stderr.replaceAll(folder, ''),
        files: contentsOf(folder),
      };
    });
    expect(one).toEqual(other);
  });
});

describe.skipIf(!hasCompiler)(`verify${hasCompiler ? '' : ' (no C compiler: cc is not in PATH)'}`, () => {
  it('verify holds for every item of kvm.h', () => {
    const run = kvmUapiProcess(['verify']);
    expect(run.status).toBe(0);
    const [, held, total] = /: (\d+) of (\d+) assertions hold/.exec(run.stdout) ?? [];
    expect(held).toBe(total);
    expect(Number(total)).toBeGreaterThan(4000);
  });

  it('verify exits with 1 and names the items if the compiler reads a different header', () => {
    // The compiler searches CPATH and the generator does not, so the compiler finds other headers than the model.
    const other = folderOf({ 'x/s.h': 'struct s { char a; long b; };\n#define X 2L\n' });
    const include = folderOf({ 'only-ours/x/s.h': 'struct s { char a; int b; };\n#define X 1\n' });
    const compiler = join(folderOf({}), 'cc');
    const wrapper = `#!/bin/sh\nif [ "$1" = --version ]; then exec cc "$@"; fi\nexec cc -I"${other}" "$@"\n`;
    spawnSync('sh', ['-c', `cat > "${compiler}" && chmod +x "${compiler}"`], { input: wrapper });
    const run = kvmUapiProcess([
      'verify',
      '--header',
      'x/s.h',
      '--include',
      join(include, 'only-ours'),
      '--cc',
      compiler,
    ]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/struct s.*size/);
    expect(run.stdout).toMatch(/\bX\b/);
  });

  it('verify exits with 2 if the compiler is missing', () => {
    const run = kvmUapiProcess(['verify', '--cc', 'no-such-compiler']);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/no-such-compiler/);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headerSets } from '../../generator/cli/headers.js';
import { hasCompiler, needsCompiler } from '../../tools/lib/gcc.js';
import { contentsOf, folderOf, kvmUapi, plainEnv, type Run, temporaryFolder } from '../helpers/cli.js';
import { debOf, folderWith, smallSetIn } from '../helpers/packages.js';

/** Runs the command line for a user with this cache. */
const withCache =
  (cache: string) =>
  (...args: readonly string[]): Run =>
    kvmUapi(args, { ...plainEnv(), XDG_CACHE_HOME: cache });

const name = 'linux-libc-dev_6.9.3-1_amd64';

async function debFile(): Promise<string> {
  const path = join(temporaryFolder(), 'x.deb');
  writeFileSync(path, await debOf({ data: smallSetIn['all architectures'] }));
  return path;
}

describe('headers', () => {
  it('the command imports a package, lists it, and removes it', async () => {
    const cache = temporaryFolder();
    const run = withCache(cache);
    const deb = await debFile();
    const what = 'Linux 6.9.3, linux-libc-dev 6.9.3-1 (amd64), for i386, x86_64';
    expect(run('headers', 'import', deb)).toEqual({
      status: 0,
      stderr: '',
      stdout: `${name}: ${what}\n  imported; use it with --from ${name}\n`,
    });
    expect(run('headers', 'import', deb).stdout).toBe(
      `${name}: ${what}\n  already imported; use it with --from ${name}\n`,
    );
    const row = new RegExp(
      `^${name} +imported +Linux 6\\.9\\.3 +linux-libc-dev 6\\.9\\.3-1 \\(amd64\\) +i386, x86_64$`,
      'm',
    );
    expect(run('headers').stdout).toMatch(row);
    expect(run('headers', 'list').stdout).toMatch(row);
    expect(run('headers', 'remove', name)).toEqual({ status: 0, stderr: '', stdout: `${name}: removed\n` });
    expect(run('headers').stdout).not.toContain(name);
    expect(contentsOf(cache)).toEqual({});
  });

  it('the command prints the facts of the catalogue as JSON', async () => {
    const run = withCache(temporaryFolder());
    run('headers', 'import', await debFile());
    const { status, stdout } = run('headers', '--json');
    expect(status).toBe(0);
    const { schema, sets, known } = JSON.parse(stdout) as {
      schema: string;
      sets: { from: string; sha256?: string }[];
      known: { suite: string }[];
    };
    expect(schema).toBe('kvm-uapi/headers/1');
    expect(known.find(({ suite }) => suite === 'bullseye')).toEqual({
      suite: 'bullseye',
      kernels: ['5.10.223'],
      isHere: false,
      targets: ['arm', 'arm64', 'i386', 'x86_64'],
    });
    const origin = { kind: 'package', name: 'linux-libc-dev', version: '6.9.3-1', architecture: 'amd64' };
    expect(sets.find(({ from }) => from === name)).toEqual({
      from: name,
      form: 'imported',
      schema: 'kvm-uapi/header-set/1',
      kernel: '6.9.3',
      architectures: { x86: { origin, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    });
  });

  it('the command lists installed sets, with sets for cross compilers as folders for --from', () => {
    const system = folderWith([
      ...smallSetIn.multiarch,
      ['usr/s390x-linux-gnu/include/linux/version.h', '#define LINUX_VERSION_CODE 330751\n'],
      ['usr/s390x-linux-gnu/include/asm/ptrace.h', '#define NUM_ACRS 16\n'],
    ]);
    const sets = headerSets({ cache: temporaryFolder() }, system);
    expect(sets.map(({ from, form, kernel }) => ({ from, form, kernel }))).toEqual([
      { from: system, form: 'multiarch', kernel: '6.9.3' },
      { from: `${system}/usr/s390x-linux-gnu`, form: 'cross', kernel: '5.11.255' },
    ]);
    const generated = headerSets({ cache: temporaryFolder() }, `${system}/usr/s390x-linux-gnu`);
    expect(generated.map(({ kernel, architectures }) => [kernel, Object.keys(architectures)])).toEqual([
      ['5.11.255', ['s390']],
    ]);
  });

  it('the command reports that no headers are found', () => {
    expect(headerSets({ cache: temporaryFolder() }, temporaryFolder())).toEqual([]);
  });

  it('the command saves sets in another folder with --cache, and with another name with --name', async () => {
    const [cache, other] = [temporaryFolder(), temporaryFolder()];
    const run = withCache(cache);
    const { stdout } = run('headers', 'import', await debFile(), '--cache', other, '--name', 'mine');
    expect(stdout).toContain(`use it with --from ${other}/mine\n`);
    expect(run('headers', '--cache', other).stdout).toMatch(new RegExp(`^${other}/mine +imported`, 'm'));
    expect(contentsOf(cache)).toEqual({});
    expect(run('layout', '--from', `${other}/mine`, '--arch', 'x86_64').stdout).toContain('immediate_exit');
    expect(run('headers', 'remove', 'mine', '--cache', other).status).toBe(0);
    expect(contentsOf(other)).toEqual({});
  });

  it.each([
    [['headers', 'import'], /missing required argument/],
    [['headers', 'import', '/no/such'], /^error: \/no\/such: cannot be read \(ENOENT\); check the spelling$/m],
    [['headers', 'import', 'package.json'], /^error: package\.json: is not a Debian package/],
    [['headers', 'import', 'docs'], /^error: docs: contains no headers in a known form/],
    [['headers', 'remove', 'x'], /x: header set not found, so no set was removed/],
    [['headers', 'frobnicate'], /./],
    [['layout', '--from', 'x'], /header set 'x' not found; no set is imported; write \.\/x for a folder/],
    [['layout', '--from', './no-such'], /no-such: cannot be read \(ENOENT\); check the spelling/],
    [['layout', '--from', './docs'], /docs: contains no headers in a known form/],
  ])('the command exits with 2 on %j', (args, message) => {
    const { status, stdout, stderr } = withCache(temporaryFolder())(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('--from', () => {
  it('a set gives the same files by name and by folder, imported or not', async () => {
    const run = withCache(temporaryFolder());
    run('headers', 'import', await debFile());
    const control = 'Package: linux-libc-dev\nVersion: 6.9.3-1\nArchitecture: amd64\n';
    const folder = folderWith([...smallSetIn.multiarch, ['DEBIAN/control', control]]);
    const outputs = [name, folder].map((from) => {
      const out = temporaryFolder();
      expect(run('generate', '--from', from, '--out', out)).toMatchObject({ status: 0, stderr: '' });
      expect(run('generate', '--check', '--strict', '--from', from, '--out', out).status).toBe(0);
      return contentsOf(out);
    });
    expect(outputs[0]?.['x86_64/linux/kvm.ts']).toContain('// Headers: linux-libc-dev 6.9.3-1 (amd64), Linux 6.9.3.\n');
    expect(outputs[1]).toEqual(outputs[0]);
  });

  it("the option reads only the set's headers, never the system's headers", () => {
    const set = folderWith([...smallSetIn.plain, ['include/linux/x.h', '#include <linux/types.h>\n']]);
    const { status, stderr } = kvmUapi(['layout', '--from', set, '--header', 'linux/x.h']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/<linux\/types\.h> not found in /);
    expect(stderr).not.toContain('/usr/include');
  });

  it('the folders of --include come before the set', () => {
    const set = folderWith(smallSetIn.plain);
    const include = folderOf({ 'asm/kvm.h': 'struct regs { char one; };\n' });
    const { stdout } = kvmUapi(['layout', '--from', set, '--include', include, '--header', 'linux/kvm.h', 'kvm_run']);
    expect(stdout).toMatch(/size: 2/);
  });

  it('the error lists the architectures of a set that lacks one', () => {
    const set = folderWith([
      ['linux/version.h', '#define LINUX_VERSION_CODE 395523\n'],
      ['asm/ptrace.h', '#define NUM_ACRS 16\n'],
    ]);
    const { status, stderr } = kvmUapi(['layout', '--from', set]);
    expect(status).toBe(2);
    expect(stderr).toBe(`error: ${set}: has no headers for x86_64, only for s390x; choose another set with --from\n`);
  });

  it.skipIf(!hasCompiler)(`verify compiles with the set${hasCompiler ? '' : ` ${needsCompiler}`}`, () => {
    // No system has a kvm.h with this content.
    const run = kvmUapi(['verify', '--from', folderWith(smallSetIn.plain)]);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toMatch(/: (\d+) of \1 assertions hold/);
  });
});

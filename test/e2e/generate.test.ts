import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../generator/cli/check.js';
import { supportModules } from '../../generator/emit/support.js';
import { contentsOf, folderOf, kvmUapi, projectRoot, temporaryFolder } from '../helpers/cli.js';

const kvmFiles = ['x86_64/asm/kvm.ts', 'x86_64/linux/kvm.model.json', 'x86_64/linux/kvm.ts'];
const expectedFiles = [...supportModules.map((module) => `support/${module}.ts`), ...kvmFiles];

describe('generate', () => {
  it('writes one module per header, the model and the support library', () => {
    const out = temporaryFolder();
    const { status, stdout, stderr } = kvmUapi(['generate', '--out', out]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(Object.keys(contentsOf(out))).toEqual(expectedFiles);
    expect(stdout).toMatch(/covered: linux\/kvm.h, asm\/kvm.h/);
    expect(stdout).toMatch(/\d+ structs and \d+ unions, \d+ fields/);
    expect(stdout).toMatch(/\d+ constants, \d+ of them ioctls/);
    expect(stdout).toMatch(/omitted +\d+ declarations/);
    expect(stdout.split('\n').length).toBeLessThan(24);
  });

  it('gives the same bytes every time, and touches nothing when they are there', () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()];
    kvmUapi(['generate', '--out', first]);
    kvmUapi(['generate', '--out', second]);
    expect(contentsOf(second)).toEqual(contentsOf(first));
    expect(kvmUapi(['generate', '--out', first]).stdout).toMatch(/16 files, none changed/);
  });

  it('takes several headers, and one that both bring comes out once', () => {
    const out = temporaryFolder();
    const { status } = kvmUapi(['generate', '--header', 'linux/kvm.h', '--header', 'asm/kvm.h', '--out', out]);
    expect(status).toBe(0);
    expect(Object.keys(contentsOf(out))).toEqual([...expectedFiles, 'x86_64/asm/kvm.model.json'].sort());
  });

  it('refuses two headers that make different modules of a third one', () => {
    const include = folderOf({
      'x/a.h': '#define X_WIDE\n#include <x/common.h>\nstruct a { struct common c; };\n',
      'x/b.h': '#include <x/common.h>\nstruct b { struct common c; };\n',
      'x/common.h': 'struct common {\n#ifdef X_WIDE\nlong x;\n#else\nint x;\n#endif\n};\n',
    });
    const out = temporaryFolder();
    const run = kvmUapi(['generate', '--header', 'x/a.h', '--header', 'x/b.h', '--include', include, '--out', out]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/<x\/b.h> makes another x86_64\/x\/common.ts/);
    expect(contentsOf(out)).toEqual({});
  });

  it('works with a PATH that holds only Node', () => {
    const out = temporaryFolder();
    const { status } = kvmUapi(['generate', '--out', out], { PATH: dirname(process.execPath) });
    expect(status).toBe(0);
    expect(Object.keys(contentsOf(out))).toEqual(expectedFiles);
  });

  it('says which headers an excerpt of our own is: a tree, of no known kernel', () => {
    const include = join(projectRoot, 'headers', 'immediate-exit', 'linux-4.11');
    const out = temporaryFolder();
    expect(kvmUapi(['generate', '--include', include, '--out', out]).stdout).toMatch(
      /kernel version unknown, a source tree/,
    );
    expect(contentsOf(out)['x86_64/linux/kvm.ts']).toMatch(/^\/\/ Headers: a source tree, kernel version unknown\.$/m);
  });
});

describe('generate for several architectures', () => {
  const versionHeader = { 'usr/include/linux/version.h': '#define LINUX_VERSION_CODE 395523\n' };

  it('reads a header set of both, and regenerates all that there is', () => {
    const set = folderOf({
      ...versionHeader,
      'usr/include/linux/s.h': '#include <asm/x.h>\nstruct wide { char a; ARCH_WIDE b; };\n',
      'usr/include/x86_64-linux-gnu/asm/x.h': '#define ARCH_WIDE long long\n',
      'usr/include/s390x-linux-gnu/asm/x.h': '#define ARCH_WIDE int\n',
    });
    const out = temporaryFolder();
    const args = ['--header', 'linux/s.h', '--from', set, '--out', out];
    for (const arch of ['i386', 's390x', 'x86_64']) {
      expect(kvmUapi(['generate', '--arch', arch, ...args]).status).toBe(0);
    }
    const before = contentsOf(out);
    expect(before['x86_64/linux/s.ts']).toMatch(/\$size = 16;/);
    expect(before['i386/linux/s.ts']).toMatch(/\$size = 12;/);
    expect(before['s390x/linux/s.ts']).toMatch(/\$size = 8;/);
    for (const path of ['x86_64/linux/s.ts', 's390x/linux/s.ts']) writeFileSync(join(out, path), 'something else\n');
    expect(kvmUapi(['generate', '--check', ...args]).status).toBe(1);
    const { stdout } = kvmUapi(['generate', ...args]);
    expect(stdout).toMatch(
      /for i386: .*\n<linux\/s\.h> for s390x: .*\n<linux\/s\.h> for x86_64: .*\n.*: 19 files, 2 changed/,
    );
    expect(contentsOf(out)).toEqual(before);
    expect(kvmUapi(['generate', '--check', '--strict', ...args]).status).toBe(0);
  });

  it('checks those whose headers are not here against their committed models, and says so of each', () => {
    const text = '#ifdef __i386__\n#include <x/i386.h>\n#endif\nstruct s { int a; };\n';
    const include = folderOf({ 'x/s.h': text, 'x/i386.h': '#define X_I386 1\n' });
    const out = temporaryFolder();
    const args = ['--header', 'x/s.h', '--include', include, '--out', out];
    for (const arch of ['x86_64', 'i386']) expect(kvmUapi(['generate', '--arch', arch, ...args]).status).toBe(0);
    rmSync(join(include, 'x/i386.h'));
    const run = kvmUapi(['generate', '--check', ...args]);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/<x\/s\.h> for x86_64: the output is what the headers give/);
    expect(run.stdout).toMatch(
      /<x\/s\.h> for i386: the output is what the committed model gives; <x\/i386\.h> is not in/,
    );
    expect(kvmUapi(['generate', '--check', '--strict', ...args]).status).toBe(1);
    writeFileSync(join(out, 'i386/x/s.ts'), 'something else\n');
    expect(kvmUapi(['generate', '--check', ...args]).status).toBe(1);
  });

  it('says that an architecture has no KVM, where its other headers are there', () => {
    const set = folderOf({
      ...versionHeader,
      'usr/include/linux/kvm.h': '#include <asm/types.h>\n#include <asm/kvm.h>\n',
      'usr/include/arm-linux-gnueabihf/asm/types.h': '',
      'usr/include/s390x-linux-gnu/asm/types.h': '',
      'usr/include/riscv64-linux-gnu/asm/other.h': '',
    });
    const generate = (arch: string): string =>
      kvmUapi(['generate', '--arch', arch, '--from', set, '--out', temporaryFolder()]).stderr;
    expect(generate('arm')).toMatch(
      /linux\/kvm\.h:2:10: the headers for arm have no <asm\/kvm\.h>: KVM for 32-bit Arm was removed in Linux 5\.7; give other headers with --from or --include, or another --arch/,
    );
    const earlier = folderOf({ ...versionHeader, 'usr/include/arm-linux-gnueabihf/asm/types.h': '' });
    expect(kvmUapi(['generate', '--arch', 'arm', '--from', earlier, '--out', temporaryFolder()]).stderr).toMatch(
      /the headers for arm have no <linux\/kvm\.h>: KVM for 32-bit Arm was removed/,
    );
    expect(generate('s390x')).toMatch(/have no <asm\/kvm\.h>: they may be incomplete/);
    expect(generate('riscv64')).toMatch(/<asm\/types\.h> is not in .*; install/);
    expect(generate('arm64')).toMatch(/has no headers for arm64, but for /);
  });
});

describe('generate when something is wrong', () => {
  const earlier = { 'x86_64/x/bad.ts': 'what was there before\n' };

  it.each([
    ['a missing header', {}, /<command line>:1:10: <x\/bad.h> is not in .*--include/],
    [
      'an include that is not there',
      { 'x/bad.h': '\n#include <linux/nope.h>\n' },
      /x\/bad\.h:2:10: .*Debian package linux-libc-dev/,
    ],
    ['a syntax error', { 'x/bad.h': 'struct a {\n  int x\n};\n' }, /x\/bad\.h:3:1: expected ';'/],
    ['an unbalanced conditional', { 'x/bad.h': 'int a;\n#ifdef X\nint b;\n' }, /x\/bad\.h:2:2: #ifdef is never closed/],
    ['a recursive include', { 'x/bad.h': '#include <x/bad.h>\n' }, /x\/bad\.h:1:10: recursive include: .*x\/bad\.h/],
    [
      'a struct of unknown size',
      { 'x/bad.h': 'struct a {\n  struct b c;\n};\n' },
      /x\/bad\.h:2:10: struct b is not defined/,
    ],
    [
      'bytes that are not UTF-8',
      { 'x/bad.h': Uint8Array.from([0x2f, 0x2f, 0x0a, 0x20, 0xff]) },
      /x\/bad\.h:2:2: not UTF-8: byte 0xff/,
    ],
  ])('%s: one error with its place, exit code 2, earlier output untouched', (_name, files, message) => {
    const [include, out] = [folderOf(files), folderOf(earlier)];
    const run = kvmUapi(['generate', '--header', 'x/bad.h', '--include', include, '--out', out]);
    expect(run.stderr).toMatch(message);
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
    expect(run.status).toBe(2);
    expect(contentsOf(out)).toEqual(earlier);
  });

  it('an unknown architecture: names those that are known', () => {
    const run = kvmUapi(['generate', '--arch', 'vax', '--out', temporaryFolder()]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/unknown architecture 'vax'; expected one of .*x86_64/);
  });

  it('an output folder that cannot be made', () => {
    const file = join(folderOf({ plain: 'a file\n' }), 'plain');
    const run = kvmUapi(['generate', '--out', join(file, 'below')]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/below.*cannot be written \(ENOTDIR\); nothing was changed/);
  });

  it('an output file that cannot be replaced: none is', () => {
    const out = folderOf(earlier);
    // The last file of the run is in the way of being a folder; those before it must not be written either.
    mkdirSync(join(out, 'x86_64', 'linux', 'kvm.model.json'), { recursive: true });
    const run = kvmUapi(['generate', '--out', out]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/kvm\.model\.json: is a folder/);
    expect(contentsOf(out)).toEqual(earlier);
  });

  it('an output folder without permission to write', () => {
    const run = kvmUapi(['generate', '--out', '/sys/kvm-uapi']);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/cannot be written \((?:EACCES|EPERM|EROFS)\); nothing was changed; .*--out/);
  });
});

describe('generate --check', () => {
  const original = temporaryFolder();
  beforeAll(() => {
    expect(kvmUapi(['generate', '--out', original]).status).toBe(0);
  });

  const generated = (): string => {
    const out = temporaryFolder();
    cpSync(original, out, { recursive: true });
    return out;
  };

  it('exits with 0 on what generate wrote, and writes nothing', () => {
    const out = generated();
    const before = contentsOf(out);
    expect(kvmUapi(['generate', '--check', '--strict', '--out', out]).status).toBe(0);
    expect(contentsOf(out)).toEqual(before);
  });

  it.each(expectedFiles)('finds any changed byte of %s', (path) => {
    const out = generated();
    const text = contentsOf(out)[path] as string;
    // A digit in the first and the last line that has one, and the very first and last byte.
    const places = [0, text.search(/\d/), text.search(/\d(?=\D*$)/), text.length - 1].filter((at) => at >= 0);
    for (const at of places) {
      const byte = text[at] === '1' ? '2' : '1';
      writeFileSync(join(out, path), text.slice(0, at) + byte + text.slice(at + 1), 'latin1');
      const { state, report } = check({ header: [], arch: 'x86_64', include: [], out });
      expect({ at, state }).toEqual({ at, state: 'stale' });
      expect(report).toMatch(/run 'generate'/);
    }
  });

  it.each(expectedFiles)('exits with 1 after a byte of %s is changed', (path) => {
    const out = generated();
    const text = contentsOf(out)[path] as string;
    const middle = text.length >> 1;
    writeFileSync(join(out, path), `${text.slice(0, middle)}~${text.slice(middle + 1)}`, 'latin1');
    const run = kvmUapi(['generate', '--check', '--out', out]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/run 'generate'/);
  });

  it('exits with 1 when a file is not there', () => {
    const out = generated();
    rmSync(join(out, 'support/view.ts'));
    const run = kvmUapi(['generate', '--check', '--out', out]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/support\/view\.ts: not found/);
    expect(kvmUapi(['generate', '--check', '--out', temporaryFolder()]).status).toBe(1);
  });

  const before = 'struct s { int a; };\n#define X_ONE 1\n#define X_GONE 2\n';
  const after = 'struct s { int a; int b; };\n#define X_ONE 1\n#define X_NEW 3\n';

  it('tells headers that are other ones than recorded from stale output, and names what is different', () => {
    const include = folderOf({ 'x/s.h': before });
    const args = ['--header', 'x/s.h', '--include', include, '--out', temporaryFolder()];
    expect(kvmUapi(['generate', ...args]).status).toBe(0);
    writeFileSync(join(include, 'x/s.h'), after);
    const run = kvmUapi(['generate', '--check', ...args]);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/the headers here are other ones than recorded/);
    for (const line of [
      '<x/s.h> has another content',
      'struct s: changed',
      'constant X_NEW: added',
      'constant X_GONE: removed',
    ]) {
      expect(run.stdout).toContain(line);
    }
    expect(run.stdout).not.toContain('X_ONE');
    expect(kvmUapi(['generate', '--check', '--strict', ...args]).status).toBe(1);
  });

  it('holds the output against the committed model when the headers are not here', () => {
    const include = folderOf({ 'x/s.h': before });
    const args = ['--header', 'x/s.h', '--include', include, '--out', temporaryFolder()];
    kvmUapi(['generate', ...args]);
    rmSync(join(include, 'x/s.h'));
    const run = kvmUapi(['generate', '--check', ...args]);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/the output is what the committed model gives; <x\/s.h> is not in/);
    expect(kvmUapi(['generate', '--check', '--strict', ...args]).status).toBe(1);
  });
});

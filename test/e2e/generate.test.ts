import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../generator/cli/check.js';
import { supportModules } from '../../generator/emit/support.js';
import {
  emitFiles,
  installedHeaders,
  modelFromJson,
  modelToJson,
  supportText,
  writeFiles,
} from '../../generator/index.js';
import { contentsOf, folderOf, kvmUapi, projectRoot, temporaryFolder } from '../helpers/cli.js';

const kvmFiles = ['x86_64/asm/kvm.ts', 'x86_64/linux/kvm.model.json', 'x86_64/linux/kvm.ts'];
const expectedFiles = [...supportModules.map((module) => `support/${module}.ts`), ...kvmFiles];

describe('generate', () => {
  it('generate writes one module for each header, the model and the support library', () => {
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

  it('generate gives the same bytes every time, and does not change existing files', () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()];
    kvmUapi(['generate', '--out', first]);
    kvmUapi(['generate', '--out', second]);
    expect(contentsOf(second)).toEqual(contentsOf(first));
    expect(kvmUapi(['generate', '--out', first]).stdout).toMatch(/21 files, none changed/);
  });

  it('generate accepts several headers, and writes a shared header once', () => {
    const out = temporaryFolder();
    const { status } = kvmUapi(['generate', '--header', 'linux/kvm.h', '--header', 'asm/kvm.h', '--out', out]);
    expect(status).toBe(0);
    expect(Object.keys(contentsOf(out))).toEqual([...expectedFiles, 'x86_64/asm/kvm.model.json'].sort());
  });

  it('generate refuses two headers that give different modules for a third header', () => {
    const include = folderOf({
      'x/a.h': '#define X_WIDE\n#include <x/common.h>\nstruct a { struct common c; };\n',
      'x/b.h': '#include <x/common.h>\nstruct b { struct common c; };\n',
      'x/common.h': 'struct common {\n#ifdef X_WIDE\nlong x;\n#else\nint x;\n#endif\n};\n',
    });
    const out = temporaryFolder();
    const run = kvmUapi(['generate', '--header', 'x/a.h', '--header', 'x/b.h', '--include', include, '--out', out]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/<x\/b.h> gives a different x86_64\/x\/common.ts/);
    expect(contentsOf(out)).toEqual({});
  });

  it('generate works with a PATH that contains only Node', () => {
    const out = temporaryFolder();
    const { status } = kvmUapi(['generate', '--out', out], { PATH: dirname(process.execPath) });
    expect(status).toBe(0);
    expect(Object.keys(contentsOf(out))).toEqual(expectedFiles);
  });

  it('generate describes an excerpt as a source tree of an unknown kernel version', () => {
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

  it('generate reads a header set of both architectures, and regenerates all existing bindings', () => {
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
      /for i386: .*\n<linux\/s\.h> for s390x: .*\n<linux\/s\.h> for x86_64: .*\n.*: 24 files, 2 changed/,
    );
    expect(contentsOf(out)).toEqual(before);
    expect(kvmUapi(['generate', '--check', '--strict', ...args]).status).toBe(0);
  });

  it('a header reads the macros of --define, and the check needs the same macros', () => {
    const text = '#ifndef VERSION\n#error VERSION is missing\n#endif\nstruct s { int a[VERSION + FLAG]; };\n';
    const include = folderOf({ 'x/s.h': text });
    const out = temporaryFolder();
    const args = ['--header', 'x/s.h', '--include', include, '--out', out];
    const define = ['--define', 'VERSION=35', '--define', 'FLAG'];
    expect(kvmUapi(['generate', ...args]).stderr).toMatch(/x\/s\.h:2:2: #error VERSION is missing/);
    expect(kvmUapi(['generate', ...args, ...define]).stdout).toMatch(/^ {2}with +VERSION=35, FLAG=1$/m);
    expect(contentsOf(out)['x86_64/x/s.ts']).toMatch(/\$size = 144;/);
    expect(kvmUapi(['generate', '--check', ...args, ...define]).status).toBe(0);
    const other = kvmUapi(['generate', '--check', ...args, '--define', 'VERSION=36', '--define', 'FLAG']);
    expect(other.status).toBe(1);
    expect(other.stdout).toMatch(/<x\/s\.h> for x86_64: the recorded model has other definitions of macros/);
    const wrong = kvmUapi(['generate', ...args, '--define', '=3']);
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      "error: define: '' is not the name of a macro; expected an identifier\n",
    ]);
  });

  it('the check reports each architecture whose headers are missing', () => {
    const text = '#ifdef __i386__\n#include <x/i386.h>\n#endif\nstruct s { int a; };\n';
    const include = folderOf({ 'x/s.h': text, 'x/i386.h': '#define X_I386 1\n' });
    const out = temporaryFolder();
    const args = ['--header', 'x/s.h', '--include', include, '--out', out];
    for (const arch of ['x86_64', 'i386']) expect(kvmUapi(['generate', '--arch', arch, ...args]).status).toBe(0);
    rmSync(join(include, 'x/i386.h'));
    const run = kvmUapi(['generate', '--check', ...args]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/<x\/s\.h> for x86_64: the output matches the headers/);
    expect(run.stdout).toMatch(
      /<x\/s\.h> for i386: the output cannot be compared with .*: .*<x\/i386\.h> not found in/,
    );
  });

  it('the error states that an architecture has no KVM if its other headers exist', () => {
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
    expect(generate('riscv64')).toMatch(/<asm\/types\.h> not found in .*; .*(?:--from|install)/);
    expect(generate('arm64')).toMatch(/has no headers for arm64, only for /);
  });
});

describe('generate when something is wrong', () => {
  const earlier = { 'x86_64/x/bad.ts': 'what was there before\n' };

  it.each([
    ['a missing header', {}, /^error: <x\/bad.h> not found in .*--include/],
    [
      'a missing include',
      { 'x/bad.h': '\n#include <linux/nope.h>\n' },
      /x\/bad\.h:2:10: <linux\/nope.h> not found in .*Debian package linux-libc-dev/,
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
  ])(
    'generate prints one error with its location, exits with 2 and keeps earlier output: %s',
    (_name, files, message) => {
      const [include, out] = [folderOf(files), folderOf(earlier)];
      const run = kvmUapi(['generate', '--header', 'x/bad.h', '--include', include, '--out', out]);
      expect(run.stderr).toMatch(message);
      expect(run.stderr.trim().split('\n')).toHaveLength(1);
      expect(run.status).toBe(2);
      expect(contentsOf(out)).toEqual(earlier);
    },
  );

  it('the error about an unknown architecture lists the architectures', () => {
    const run = kvmUapi(['generate', '--arch', 'vax', '--out', temporaryFolder()]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/unknown architecture 'vax'; expected one of .*x86_64/);
  });

  it('generate reports an output folder that cannot be created', () => {
    const file = join(folderOf({ plain: 'a file\n' }), 'plain');
    const run = kvmUapi(['generate', '--out', join(file, 'below')]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/plain: is a file, so it cannot be a folder; use --out/);
  });

  // Shows: security 13
  it('generate replaces no file if one file cannot be replaced', () => {
    const out = folderOf(earlier);
    // A folder has the name of the last file of the run. The files before it must not be written.
    mkdirSync(join(out, 'x86_64', 'linux', 'kvm.model.json'), { recursive: true });
    const run = kvmUapi(['generate', '--out', out]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/kvm\.model\.json: cannot be written because a folder has this name/);
    expect(contentsOf(out)).toEqual(earlier);
  });

  it('generate reports an output folder without write permission', () => {
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

  it('the check exits with 0 after generate, and writes nothing', () => {
    const out = generated();
    const before = contentsOf(out);
    expect(kvmUapi(['generate', '--check', '--strict', '--out', out]).status).toBe(0);
    expect(contentsOf(out)).toEqual(before);
  });

  it.each(expectedFiles)('the check finds every changed byte of %s', (path) => {
    const out = generated();
    const text = contentsOf(out)[path] as string;
    // A digit in the first and in the last line with a digit, and the first and the last byte.
    const places = [0, text.search(/\d/), text.search(/\d(?=\D*$)/), text.length - 1].filter((at) => at >= 0);
    for (const at of places) {
      const byte = text[at] === '1' ? '2' : '1';
      writeFileSync(join(out, path), text.slice(0, at) + byte + text.slice(at + 1), 'latin1');
      const { state, report } = check({ header: [], arch: 'x86_64', include: [], out });
      expect({ at, state }).toEqual({ at, state: 'stale' });
      expect(report).toMatch(/run 'generate'/);
    }
  });

  // A file of each kind. The test above changes every file.
  const oneOfEachKind = ['x86_64/linux/kvm.ts', 'x86_64/linux/kvm.model.json', 'support/view.ts'];

  it.each(oneOfEachKind)('the check exits with 1 after a byte of %s changed', (path) => {
    expect(expectedFiles).toContain(path);
    const out = generated();
    const text = contentsOf(out)[path] as string;
    const middle = text.length >> 1;
    writeFileSync(join(out, path), `${text.slice(0, middle)}~${text.slice(middle + 1)}`, 'latin1');
    const run = kvmUapi(['generate', '--check', '--out', out]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/run 'generate'/);
  });

  it('the check exits with 1 if a file is missing', () => {
    const out = generated();
    rmSync(join(out, 'support/view.ts'));
    const run = kvmUapi(['generate', '--check', '--out', out]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/support\/view\.ts: not found/);
    expect(kvmUapi(['generate', '--check', '--out', temporaryFolder()]).status).toBe(1);
  });

  const before = 'struct s { int a; };\n#define X_ONE 1\n#define X_GONE 2\n';
  const after = 'struct s { int a; int b; };\n#define X_ONE 1\n#define X_NEW 3\n';

  it("the check finds output that is not of the project's own headers, and names the differences", () => {
    const include = folderOf({ 'x/s.h': before });
    const args = ['--header', 'x/s.h', '--include', include, '--out', temporaryFolder()];
    expect(kvmUapi(['generate', ...args]).status).toBe(0);
    writeFileSync(join(include, 'x/s.h'), after);
    const run = kvmUapi(['generate', '--check', ...args]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/the headers have changed since the output was written; run 'generate'/);
    for (const line of [
      '<x/s.h> has different content',
      'breaking changes (2)',
      '  size      struct s  4 → 8 bytes; b is new',
      '  removed   X_GONE    2',
      'other changes (2)',
      '  addition  struct s.b  int at 4',
      '  addition  X_NEW       3',
      '2 breaking changes, 2 others; version step: major',
    ]) {
      expect(run.stdout).toContain(line);
    }
    expect(run.stdout).not.toContain('X_ONE');
    writeFileSync(join(include, 'x/s.h'), `${before}/* only a comment */\n`);
    expect(kvmUapi(['generate', '--check', ...args]).stdout).toContain('no declaration differs');
    rmSync(join(include, 'x/s.h'));
    const missing = kvmUapi(['generate', '--check', ...args]);
    expect(missing.status).toBe(1);
    expect(missing.stdout).toMatch(/the output cannot be compared with the headers: <x\/s.h> not found in/);
  });

  it('the check finds output that is not of a named header set', () => {
    const set = folderOf({
      'include/linux/version.h': '#define LINUX_VERSION_CODE 395523\n',
      'include/linux/s.h': before,
      'include/asm/ptrace.h': 'struct pt_regs { unsigned long orig_eax; };\n',
    });
    const args = ['--header', 'linux/s.h', '--from', set, '--out', temporaryFolder()];
    expect(kvmUapi(['generate', ...args]).status).toBe(0);
    expect(kvmUapi(['generate', '--check', ...args]).status).toBe(0);
    writeFileSync(join(set, 'include/linux/s.h'), after);
    const run = kvmUapi(['generate', '--check', ...args]);
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('size      struct s  4 → 8 bytes');
  });

  it('the check distinguishes different headers of the distribution from stale output', () => {
    const headers = installedHeaders();
    const model = headers.model('linux/kvm.h');
    const changed = model.sources.map((source, index) =>
      index === 0 ? { ...source, sha256: 'f'.repeat(64) } : source,
    );
    const constants = model.constants.filter(({ name }) => name !== 'KVM_API_VERSION');
    const out = temporaryFolder();
    writeFiles(out, emitFiles([{ ...model, sources: changed, constants }], { support: supportText }));
    const { state, report } = check({ header: [], arch: 'x86_64', include: [], out });
    expect(state).toBe('other headers');
    expect(report).toMatch(/the headers on this machine .* differ from the recorded headers/);
    expect(report).toMatch(/addition {2}KVM_API_VERSION {2}12/);
    const own = { header: [], arch: 'x86_64', include: [], out };
    expect(kvmUapi(['generate', '--check', '--out', out]).status).toBe(0);
    expect(kvmUapi(['generate', '--check', '--strict', '--out', out]).status).toBe(1);
    const gone = modelFromJson(modelToJson(model).replaceAll('linux/kvm.h', 'linux/gone.h'), 'gone');
    writeFiles(out, emitFiles([gone], { support: supportText }));
    expect(check({ ...own, header: ['linux/gone.h'] })).toMatchObject({
      state: 'other headers',
      report: expect.stringContaining('<linux/gone.h> not found'),
    });
  });
});

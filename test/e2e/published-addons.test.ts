/** The addons that are published run with the oldest C library that the package supports. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot, temporaryFolder } from '../helpers/cli.js';

/** The C library and the C++ library of Debian 10. */
const newest = { GLIBC: '2.28', GLIBCXX: '3.4.25' } as const;

const addons = [
  {
    machine: 'linux-x64-glibc',
    nodeArch: 'x64',
    elf: 'Advanced Micro Devices X86-64',
    compiler: 'x86_64-linux-gnu-g++',
    emulator: 'qemu-x86_64',
    libraries: '/usr/x86_64-linux-gnu',
  },
  {
    machine: 'linux-arm64-glibc',
    nodeArch: 'arm64',
    elf: 'AArch64',
    compiler: 'aarch64-linux-gnu-g++',
    emulator: 'qemu-aarch64',
    libraries: '/usr/aarch64-linux-gnu',
  },
];

/** Downloads Node for another processor with npm, and returns its path. */
function downloadedNode(nodeArch: string): string {
  const folder = temporaryFolder();
  const name = `node-linux-${nodeArch}@20.19.0`;
  const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder, name], { encoding: 'utf8' });
  expect(packed.stderr).toBe('');
  spawnSync('tar', ['-xzf', join(folder, packed.stdout.trim()), '-C', folder, 'package/bin/node']);
  return join(folder, 'package', 'bin', 'node');
}

const call = (command: string, ...args: string[]): string => spawnSync(command, args, { encoding: 'utf8' }).stdout;

const isLater = (version: string, other: string): boolean => {
  const [parts, others] = [version, other].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const index = parts.findIndex((part, at) => part !== (others[at] ?? 0));
  return index !== -1 && (parts[index] as number) > (others[index] ?? 0);
};

for (const { machine, nodeArch, elf, compiler, emulator, libraries } of addons) {
  const hasCompiler = spawnSync(compiler, ['--version']).error === undefined;
  describe.skipIf(!hasCompiler)(`the published addon for ${machine} (needs the program ${compiler})`, () => {
    const out = temporaryFolder();
    const addon = join(out, machine, 'kvm_uapi.node');
    if (hasCompiler) {
      const made = spawnSync('make', ['-s', '-C', join(projectRoot, 'runtime/native'), `OUT=${out}`, addon], {
        encoding: 'utf8',
      });
      expect(made.stderr).toBe('');
    }

    it('needs no symbol that is newer than glibc 2.28 and GLIBCXX 3.4.25', () => {
      const versions = [...call('readelf', '-V', '-W', addon).matchAll(/Name: (GLIBC|GLIBCXX)_([\d.]+)/g)];
      expect(versions.length).toBeGreaterThan(5);
      for (const [, library, version = ''] of versions)
        expect([library, version, isLater(version, newest[library as 'GLIBC'])]).toEqual([library, version, false]);
    });

    it('names the libraries that had threads and timers before glibc 2.34', () => {
      const needed = Array.from(call('readelf', '-d', addon).matchAll(/NEEDED.*\[(.+)\]/g), ([, name]) => name);
      expect(needed).toEqual(expect.arrayContaining(['libpthread.so.0', 'librt.so.1']));
    });

    it('is stripped, and is for this processor', () => {
      expect(call('readelf', '-h', addon)).toContain(elf);
      expect(call('readelf', '-S', '-W', addon)).not.toContain('.symtab');
    });

    const hasEmulator = spawnSync(emulator, ['--version']).error === undefined;
    const needs = process.arch === nodeArch ? '' : ` (needs the program ${emulator})`;
    it.skipIf(needs !== '' && !hasEmulator)(`can be loaded by Node for ${nodeArch}${needs}`, () => {
      const node =
        process.arch === nodeArch ? [process.execPath] : [emulator, '-L', libraries, downloadedNode(nodeArch)];
      const [program = '', ...options] = node;
      const script = 'console.log(process.arch, typeof require(process.argv[1]).memoryCreate)';
      const ended = spawnSync(program, [...options, '-e', script, addon], { encoding: 'utf8' });
      expect(ended).toMatchObject({ stderr: '', stdout: `${nodeArch} function\n` });
    });
  });
}

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
  },
  { machine: 'linux-arm64-glibc', nodeArch: 'arm64', elf: 'AArch64', compiler: 'aarch64-linux-gnu-g++' },
];

const call = (command: string, ...args: string[]): string => spawnSync(command, args, { encoding: 'utf8' }).stdout;

const isLater = (version: string, other: string): boolean => {
  const [parts, others] = [version, other].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const index = parts.findIndex((part, at) => part !== (others[at] ?? 0));
  return index !== -1 && (parts[index] as number) > (others[index] ?? 0);
};

for (const { machine, nodeArch, elf, compiler } of addons) {
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

    if (process.arch !== nodeArch) return;
    it('can be loaded here', () => {
      const { stderr } = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', addon], { encoding: 'utf8' });
      expect(stderr).toBe('');
    });
  });
}

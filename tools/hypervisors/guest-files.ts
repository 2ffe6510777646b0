/** The files of a virtual machine that are not part of the product: programs of this machine, a shell and the first process. */

import { basename, join } from 'node:path';
import { run } from '../lib/programs.js';
import { type Entry, entriesBelow } from './initramfs.js';
import { reportStatus } from './rows.js';

/** Returns the entries of programs of this machine. */
export function hostPrograms(paths: readonly string[]): [string, Entry][] {
  return paths.map((path) => [join('bin', basename(path)), { from: path }]);
}

/** Returns the entries of the shared libraries of this machine that programs and addons need. */
export function hostLibraries(entries: readonly [string, Entry][]): [string, Entry][] {
  const needing = entries.flatMap(([path, entry]) =>
    'from' in entry && /^bin\/|\.node$/.test(path) ? [entry.from] : [],
  );
  const libraries = needing.flatMap((path) => run('ldd', [path]).match(/\/\S+(?= \()/g) ?? []);
  return [...new Set(libraries)].map((path) => [path.slice(1), { from: path }]);
}

/** The first process: a shell script that prepares the machine, runs a command, reports its status and turns the machine off. */
export interface FirstProcess {
  /** The names of the kernel's modules in the folder `modules`, in the order of their dependencies. */
  readonly modules: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The command, which starts in the folder of the product. */
  readonly command: string;
  readonly folder: string;
}

/** Returns the entries of a shell and of the first process. `busybox` is linked statically. */
export function firstProcess(
  busybox: string,
  { modules, environment, command, folder }: FirstProcess,
): [string, Entry][] {
  const script = [
    '#!/bin/busybox sh',
    '/bin/busybox mkdir -p /proc /sys /dev /tmp /sbin /usr/bin /usr/sbin /usr/lib',
    '/bin/busybox mount -t proc none /proc',
    '/bin/busybox mount -t sysfs none /sys',
    '/bin/busybox mount -t devtmpfs none /dev',
    '/bin/busybox mount -t tmpfs none /tmp',
    // Programs that are there already, such as env, are kept.
    '/bin/busybox --install -s /bin 2>/dev/null',
    'export PATH=/bin HOME=/tmp',
    'ip link set lo up',
    ...modules.map((name) => `insmod /modules/${name}.ko`),
    ...Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`),
    `cd /${folder}`,
    command,
    reportStatus,
    'poweroff -f',
  ];
  return [
    ['init', { text: `${script.join('\n')}\n`, executable: true }],
    ['bin/busybox', { from: busybox }],
  ];
}

/** Returns the path of the kernel in a package of Debian. */
export function kernelIn(folder: string): string {
  const [kernel] = entriesBelow(join(folder, 'boot'), '', (path) => /^vmlinu[xz]-/.test(path));
  if (kernel === undefined || !('from' in kernel[1])) throw new Error(`${folder}/boot has no vmlinuz and no vmlinux`);
  return kernel[1].from;
}

/** The files of virtual machines: the kernel of a package, and the shell script of the first process. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { firstProcess, kernelIn } from '../../../tools/hypervisors/guest-files.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';

it.each(['vmlinuz-6.12', 'vmlinux-6.12'])('the kernel of a package is its file %s', (name) => {
  inTemporaryFolder({ [`boot/${name}`]: '', 'boot/config-6.12': '', 'boot/System.map-6.12': '' }, (folder) => {
    expect(kernelIn(folder)).toBe(join(folder, 'boot', name));
  });
});

it('a package without a kernel is refused with the name of its folder', () => {
  inTemporaryFolder({ 'boot/config-6.12': '' }, (folder) => {
    expect(() => kernelIn(folder)).toThrow(`${folder}/boot has no vmlinuz and no vmlinux`);
  });
});

it('the first process loads the modules, runs the command in its folder and reports the status of the command', () => {
  const entries = new Map(
    firstProcess('/busybox', {
      modules: ['a', 'b'],
      environment: { NAME: 'a value' },
      command: 'echo "$PWD $NAME"; (exit 3)',
      folder: 'tmp',
    }),
  );
  const init = entries.get('init');
  const script = init !== undefined && 'text' in init ? init.text : '';
  // On this machine only the lines after the mounts can run. The programs of busybox have stand-ins.
  const lines = script.split('\n');
  const start = lines.indexOf('ip link set lo up');
  expect(start).toBeGreaterThan(0);
  const stub = 'ip() { :; }; insmod() { echo "insmod $1"; }; poweroff() { echo "poweroff $1"; }';
  const { stdout } = spawnSync('sh', ['-c', [stub, ...lines.slice(start)].join('\n')], { encoding: 'utf8' });
  expect(stdout.split('\n')).toEqual([
    'insmod /modules/a.ko',
    'insmod /modules/b.ko',
    '/tmp a value',
    '@end 3',
    'poweroff -f',
    '',
  ]);
});

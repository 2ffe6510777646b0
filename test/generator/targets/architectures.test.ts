/** The names of the targets in the kernel and in Debian, and the data derived from them. */

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  architectureOfTriplet,
  architectures,
  architecturesOf,
  targetsOf,
} from '../../../generator/targets/architectures.js';
import { s390x } from '../../../generator/targets/s390x.js';
import type { DebianPort, Target } from '../../../generator/targets/target.js';
import { targets } from '../../../generator/targets/targets.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';

const dpkg = (port: string, name: string): string | undefined => {
  const { status, stdout } = spawnSync('dpkg-architecture', [`-a${port}`, `-q${name}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};
const noDpkg = dpkg('amd64', 'DEB_HOST_ARCH') === undefined ? ' (no dpkg-architecture here)' : '';

const ports = targets.flatMap(({ debian, otherPorts = [] }): DebianPort[] => [debian, ...otherPorts]);

describe('the ports of the targets', () => {
  it('each port belongs to one target', () => {
    const names = targets.map(({ debian }) => debian.architecture);
    expect(new Set(names).size).toBe(names.length);
  });

  it.skipIf(noDpkg !== '').each(ports)(`the port has the names of dpkg for $architecture${noDpkg}`, (port) => {
    const { architecture, multiarch, gnuType = multiarch } = port;
    const known = dpkg(architecture, 'DEB_HOST_MULTIARCH');
    expect({ multiarch: known, gnuType: dpkg(architecture, 'DEB_HOST_GNU_TYPE') }).toEqual({ multiarch, gnuType });
  });
});

describe('the kernel architectures', () => {
  it('each kernel architecture has the targets that name it', () => {
    expect(architectures.flatMap((each) => each.targets).sort()).toEqual(targets.map(({ name }) => name).sort());
    for (const { name, kernelArchitecture } of targets) {
      expect(architectures.find(({ kernel }) => kernel === kernelArchitecture)?.targets).toContain(name);
    }
  });

  it('each kernel architecture has one mark, and all its targets name it', () => {
    for (const { kernel, ptraceMark } of architectures) {
      const own = targets.filter(({ kernelArchitecture }) => kernelArchitecture === kernel);
      expect([kernel, ...new Set(own.map((target) => target.ptraceMark))]).toEqual([kernel, ptraceMark]);
    }
    expect(new Set(architectures.map(({ ptraceMark }) => ptraceMark)).size).toBe(architectures.length);
  });

  it('a kernel architecture is found by the folder of each port and of its cross compiler', () => {
    expect(architectureOfTriplet('i386-linux-gnu')?.kernel).toBe('x86');
    expect(architectureOfTriplet('i686-linux-gnu')?.kernel).toBe('x86');
    expect(architectureOfTriplet('powerpc-linux-gnu')?.kernel).toBe('powerpc');
    expect(architectureOfTriplet('no-such-triplet')).toBeUndefined();
    expect(targetsOf(['s390', 'x86']).sort()).toEqual(['i386', 's390x', 'x86_64']);
  });

  it('the kernel architectures are derived only from a list of targets', () => {
    const sh4: Target = {
      ...s390x,
      name: 'sh4',
      kernelArchitecture: 'sh',
      ptraceMark: 'REG_MACH',
      debian: { architecture: 'sh4', multiarch: 'sh4-linux-gnu' },
    };
    const x32: Target = { ...x86_64, name: 'x32', debian: { architecture: 'x32', multiarch: 'x86_64-linux-gnux32' } };
    expect(architecturesOf([x86_64, sh4, x32])).toEqual([
      {
        kernel: 'x86',
        ptraceMark: 'orig_eax',
        targets: ['x86_64', 'x32'],
        ports: ['amd64', 'x32'],
        triplets: ['x86_64-linux-gnu', 'x86_64-linux-gnux32'],
      },
      { kernel: 'sh', ptraceMark: 'REG_MACH', targets: ['sh4'], ports: ['sh4'], triplets: ['sh4-linux-gnu'] },
    ]);
  });
});

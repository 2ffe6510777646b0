/** The check that the bindings are of the architecture of this process. */

import { describe, expect, it } from 'vitest';
import * as i386 from '../../generated/i386/linux/kvm.js';
import * as mips64 from '../../generated/mips64/linux/kvm.js';
import * as ppc64 from '../../generated/ppc64/linux/kvm.js';
import * as ppc64le from '../../generated/ppc64le/linux/kvm.js';
import * as x86_64 from '../../generated/x86_64/linux/kvm.js';
import { targets } from '../../generator/targets/targets.js';
import type { AnyBindings } from '../../runtime/context.js';
import { KvmArgumentError, KvmUnsupportedError } from '../../runtime/errors.js';
import { checkBindings, checkEntry, type Machine, wrongArchitecture } from '../../runtime/host-bindings.js';

const x64: Machine = { nodeArch: 'x64', byteOrder: 'little' };
const arm64: Machine = { nodeArch: 'arm64', byteOrder: 'little' };
const ppc: Machine = { nodeArch: 'ppc64', byteOrder: 'big' };

describe('bindings', () => {
  it.each([
    ['x64', 'little', 'x86_64'],
    ['ia32', 'little', 'i386'],
    ['arm', 'little', 'arm'],
    ['arm64', 'little', 'arm64'],
    ['riscv64', 'little', 'riscv64'],
    ['s390x', 'big', 's390x'],
    ['ppc64', 'little', 'ppc64le'],
    ['ppc64', 'big', 'ppc64'],
    ['mips64el', 'little', 'mips64el'],
    ['loong64', 'little', 'loongarch64'],
    ['sparc64', 'big', undefined],
  ] as const)(
    'at most one target has bindings for a machine that is %s and %s-endian: %s',
    (nodeArch, byteOrder, name) => {
      const right = targets.filter(
        (target) => wrongArchitecture({ $target: target }, { nodeArch, byteOrder }) === undefined,
      );
      expect(right.map((target) => target.name)).toEqual(name === undefined ? [] : [name]);
    },
  );

  it('no two targets have the same machine, and no machine accepts the bindings of a target without a port of Node', () => {
    const ported = targets.filter(({ nodeArch }) => nodeArch !== null);
    const machines = ported.map(({ nodeArch, byteOrder }) => `${nodeArch} ${byteOrder}`);
    expect(new Set(machines).size).toBe(machines.length);
    expect(mips64.$target.nodeArch).toBeNull();
    expect(wrongArchitecture(mips64, x64)).toBe('the bindings are of mips64, and this process is of x86_64');
  });

  it('the error of wrong bindings names their architecture and the architecture of the process', () => {
    expect(wrongArchitecture(x86_64, x64)).toBeUndefined();
    expect(wrongArchitecture(i386, x64)).toBe('the bindings are of i386, and this process is of x86_64');
    expect(wrongArchitecture(x86_64, arm64)).toBe('the bindings are of x86_64, and this process is of arm64');
    expect(wrongArchitecture(ppc64, ppc)).toBeUndefined();
    expect(wrongArchitecture(ppc64le, ppc)).toBe(
      'the bindings are of ppc64le, and this process is of ppc64 (big-endian)',
    );
  });

  it('the error of wrong bindings names the module to pass', () => {
    expect(() => checkBindings('Kvm.open', i386, x64)).toThrow(
      new KvmArgumentError(
        'Kvm.open',
        'the bindings are of i386, and this process is of x86_64; pass { bindings } of kvm-uapi/x86_64/linux/kvm',
      ),
    );
    expect(() => checkBindings('Kvm.open', x86_64, arm64)).toThrow(
      /of arm64; pass \{ bindings \} of kvm-uapi\/arm64\/linux\/kvm$/,
    );
    expect(() => checkBindings('Kvm.open', x86_64, ppc)).toThrow(
      /pass \{ bindings \} of linux\/kvm for this architecture$/,
    );
    expect(() => checkBindings('Kvm.open', x86_64, x64)).not.toThrow();
  });

  it('the error of an entry on another machine names the entry to import', () => {
    expect(() => checkEntry('Kvm.open', 'arm64', x64)).toThrow(
      new KvmUnsupportedError(
        'Kvm.open',
        "this is the method of 'kvm-uapi/arm64', and this process is of x86_64; import 'kvm-uapi/x86_64'",
      ),
    );
    expect(() => checkEntry('Kvm.open', 'x86_64', arm64)).toThrow(
      /this process is of arm64; import 'kvm-uapi\/arm64'$/,
    );
    expect(() => checkEntry('Kvm.open', 'x86_64', ppc)).toThrow(
      /this process is of ppc64 \(big-endian\); the package has entries for x86_64, arm64, riscv64$/,
    );
    expect(() => checkEntry('Kvm.open', 'riscv64', { nodeArch: 'riscv64', byteOrder: 'little' })).not.toThrow();
  });

  it('the error of old bindings says that they are from an earlier version', () => {
    const { nodeArch: _, ...$target } = x86_64.$target;
    const earlier = { $target } as unknown as AnyBindings;
    expect(wrongArchitecture(earlier, x64)).toBe(
      'the bindings are from an earlier version and do not name their machine',
    );
  });
});

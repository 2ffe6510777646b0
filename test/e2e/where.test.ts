import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedTargets } from '../../generator/cli/generate.js';
import type { Location } from '../../generator/model/model.js';
import { folderOf, kvmUapi, projectRoot, temporaryFolder } from '../helpers/cli.js';

/** The architectures for which the package has bindings of kvm.h. */
const all: readonly string[] = recordedTargets(join(projectRoot, 'generated'), 'linux/kvm.h');
const allBut = (...names: readonly string[]): string => all.filter((name) => !names.includes(name)).join(', ');

describe('where', () => {
  it('where shows which architectures have a name, and why the others do not', () => {
    const { status, stdout } = kvmUapi(['where', 'KVM_CAP_PIT2', 'kvm_vcpu_init', 'KVM_ARM_VCPU_INIT']);
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        'KVM_CAP_PIT2 (constant)',
        `  ${allBut('i386', 'x86_64')}: not available: declared under '#ifdef __KVM_HAVE_PIT', which does not hold`,
        '  i386, x86_64: in linux/kvm.h, in or before Linux 5.10',
        '',
        'struct kvm_vcpu_init (type)',
        '  arm64: in asm/kvm.h, in or before Linux 5.10',
        `  ${allBut('arm64')}: not available: <asm/kvm.h> does not declare it`,
        '',
        'KVM_ARM_VCPU_INIT (ioctl)',
        '  arm64: in linux/kvm.h, in or before Linux 5.10',
        `  ${allBut('arm64')}: not available: struct kvm_vcpu_init is not defined: its size is unknown`,
        '',
      ].join('\n'),
    );
  });

  it('where prints the result as JSON, with the location in each header', () => {
    const { stdout } = kvmUapi(['where', 'KVM_RUN', '--json']);
    const [found] = JSON.parse(stdout) as [
      { name: string; kind: string; targets: { target: string; location: Location; reason: null }[] },
    ];
    expect(found).toMatchObject({ name: 'KVM_RUN', kind: 'ioctl' });
    expect(found.targets.map(({ target }) => target)).toEqual(all);
    const location = { header: 'linux/kvm.h', line: expect.any(Number) };
    for (const target of found.targets) expect(target).toMatchObject({ location, reason: null });
  });

  it('where reads the bindings of any header in a folder', () => {
    const include = folderOf({
      'x/a.h': '#ifdef __i386__\nstruct narrow { int x; };\n#define X_ONLY _IO(1, 2)\n#endif\nenum e { X_ITEM };\n',
    });
    const out = temporaryFolder();
    for (const arch of ['x86_64', 'i386']) {
      expect(
        kvmUapi(['generate', '--header', 'x/a.h', '--arch', arch, '--include', include, '--out', out]).status,
      ).toBe(0);
    }
    const { stdout } = kvmUapi(['where', 'narrow', 'X_ITEM', '--header', 'x/a.h', '--in', out]);
    expect(stdout).toBe(
      [
        'struct narrow (type)',
        '  i386: in x/a.h',
        "  x86_64: not available: declared under '#ifdef __i386__', which does not hold",
        '',
        'X_ITEM (enumerator)',
        '  i386, x86_64: in x/a.h',
        '',
      ].join('\n'),
    );
  });

  it('where refuses a name that no architecture has, and a folder without bindings', () => {
    const unknown = kvmUapi(['where', 'KVM_NOPE']);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toMatch(/no 'KVM_NOPE' in the bindings of <linux\/kvm\.h> for arm64, .*spelled as in C/);
    const empty = kvmUapi(['where', 'KVM_RUN', '--in', temporaryFolder()]);
    expect(empty.status).toBe(2);
    expect(empty.stderr).toMatch(/has no bindings of <linux\/kvm\.h>; use --in to name the folder of the bindings/);
  });
});

import { describe, expect, it } from 'vitest';
import type { Location } from '../../generator/model/model.js';
import { folderOf, kvmUapi, temporaryFolder } from '../helpers/cli.js';

describe('where', () => {
  it('tells on which architectures something is, and why not on the others', () => {
    const { status, stdout } = kvmUapi(['where', 'KVM_CAP_PIT2', 'kvm_vcpu_init', 'KVM_ARM_VCPU_INIT']);
    expect(status).toBe(0);
    const others = 'riscv64, s390x, ppc64le, ppc64, mips64, mips64el, loongarch64';
    expect(stdout).toBe(
      [
        'KVM_CAP_PIT2 (constant)',
        '  x86_64, i386: in linux/kvm.h',
        `  arm64, ${others}: not there: stands under '#ifdef __KVM_HAVE_PIT', which does not hold`,
        '',
        'struct kvm_vcpu_init (type)',
        `  x86_64, i386, ${others}: not there: <asm/kvm.h> does not declare it`,
        '  arm64: in asm/kvm.h',
        '',
        'KVM_ARM_VCPU_INIT (ioctl)',
        `  x86_64, i386, ${others}: not there: struct kvm_vcpu_init is not defined: its size is unknown`,
        '  arm64: in linux/kvm.h',
        '',
      ].join('\n'),
    );
  });

  it('gives the same as JSON, with the place in each header', () => {
    const { stdout } = kvmUapi(['where', 'KVM_RUN', '--json']);
    const [found] = JSON.parse(stdout) as [
      { name: string; kind: string; targets: { target: string; location: Location; reason: null }[] },
    ];
    expect(found).toMatchObject({ name: 'KVM_RUN', kind: 'ioctl' });
    expect(found.targets.length).toBe(10);
    const location = { header: 'linux/kvm.h', line: expect.any(Number) };
    for (const target of found.targets) expect(target).toMatchObject({ location, reason: null });
  });

  it('reads the bindings of a folder, of any header', () => {
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
        "  x86_64: not there: stands under '#ifdef __i386__', which does not hold",
        '  i386: in x/a.h',
        '',
        'X_ITEM (enumerator)',
        '  x86_64, i386: in x/a.h',
        '',
      ].join('\n'),
    );
  });

  it('refuses a name that no architecture has, and a folder without bindings', () => {
    const unknown = kvmUapi(['where', 'KVM_NOPE']);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toMatch(/<linux\/kvm\.h> has no 'KVM_NOPE' on any of x86_64, .*spelled as in C/);
    const empty = kvmUapi(['where', 'KVM_RUN', '--in', temporaryFolder()]);
    expect(empty.status).toBe(2);
    expect(empty.stderr).toMatch(/has no bindings of <linux\/kvm\.h>; name their folder with --in/);
  });
});

/** The permission that guests use a state component of XSAVE that is off by default, such as that of AMX. */

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { KvmArgumentError, KvmClosedError } from '../../runtime/index.js';
import { Kvm } from '../../runtime/x86_64.js';
import { hasKvm, needsKvm, runScript } from '../helpers/vcpus.js';

interface Failure {
  readonly name: string;
  readonly code: string;
  readonly errno: number;
  readonly message: string;
}

interface Report {
  /** Whether KVM supports the state component. The kernel can have a permission for one that KVM does not support. */
  readonly isSupported: boolean;
  readonly failure: Failure | null;
  readonly bytes: number;
  readonly capability: number;
}

/** The errno with which the kernel answers another program, or 0. */
function errnoOf(feature: number): number {
  // arch_prctl(ARCH_REQ_XCOMP_GUEST_PERM, feature) of x86-64.
  const program = 'print(syscall(158, 0x1025, $ARGV[0] + 0) == 0 ? 0 : $! + 0)';
  const { stdout, error } = spawnSync('perl', ['-e', program, String(feature)], { encoding: 'utf8' });
  if (error) throw error;
  return Number(stdout);
}

const XTILE_DATA = 18;
/** AVX needs no permission. */
const AVX = 2;

describe.skipIf(!hasKvm)(`requestXcompGuestPermission ${needsKvm}`, () => {
  const request = (feature: number, late = false): Promise<Report> =>
    runScript('xcomp-permission', { env: { FEATURE: String(feature), LATE: late ? '1' : '0' } });

  it.each([XTILE_DATA, AVX, 63])('the kernel gives or refuses the permission for component %i', async (feature) => {
    const { failure, bytes, capability } = await request(feature);
    const errno = errnoOf(feature);
    if (errno === 0) {
      expect(failure).toBe(null);
    } else {
      expect(failure).toMatchObject({ name: 'KvmUnsupportedError', errno: -errno });
      expect(failure?.message).toMatch(
        new RegExp(
          `^Kvm.requestXcompGuestPermission: \\w+: state component ${feature}: .* KVM_X86_XCOMP_GUEST_SUPP has`,
        ),
      );
    }
    expect(bytes).toBe(Math.max(4096, capability));
  });

  it('getXsave2 has the tiles of AMX exactly where KVM supports them and they are permitted', async () => {
    const { isSupported, failure, bytes } = await request(XTILE_DATA);
    expect(bytes > 8192).toBe(isSupported && failure === null);
  });

  it('a request after the first vCPU is too late, and the error says so', async () => {
    const { failure } = await request(XTILE_DATA, true);
    if (errnoOf(XTILE_DATA) === 0) {
      expect(failure).toMatchObject({ name: 'KvmError', code: 'EBUSY' });
      expect(failure?.message).toMatch(/request the permission before the first vCPU$/);
    } else {
      expect(failure).toMatchObject({ name: 'KvmUnsupportedError' });
    }
  });

  it('wrong numbers and a closed Kvm are refused', () => {
    const kvm = Kvm.open();
    for (const wrong of [-1, 64, 1.5, Number.NaN, '18', null]) {
      expect(() => kvm.requestXcompGuestPermission(wrong as number)).toThrow(KvmArgumentError);
    }
    kvm.close();
    expect(() => kvm.requestXcompGuestPermission(XTILE_DATA)).toThrow(KvmClosedError);
  });
});

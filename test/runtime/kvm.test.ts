/** Opening KVM, asking it, and what is said where it cannot be opened. */

import { chmodSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as arm64 from '../../generated/arm64/linux/kvm.js';
import * as i386 from '../../generated/i386/linux/kvm.js';
import * as mips64 from '../../generated/mips64/linux/kvm.js';
import * as ppc64 from '../../generated/ppc64/linux/kvm.js';
import * as ppc64le from '../../generated/ppc64le/linux/kvm.js';
import * as s390x from '../../generated/s390x/linux/kvm.js';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { openError } from '../../runtime/errors.js';
import { hostArchitecture as host } from '../../runtime/host-bindings.js';
import {
  type Bindings,
  Kvm,
  KvmArgumentError,
  KvmClosedError,
  KvmUnavailableError,
  KvmUnsupportedError,
  Vcpu,
} from '../../runtime/index.js';
import { folderOf, temporaryFolder } from '../helpers/cli.js';
import { hasKvm, needsKvm, openFiles, projectRoot, runScript } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`/dev/kvm ${needsKvm}`, () => {
  it('opens, and speaks version 12', () => {
    using kvm = Kvm.open();
    expect(kvm.apiVersion()).toBe(12);
  });

  it('tells extensions as numbers: 0 for one it lacks', () => {
    using kvm = Kvm.open();
    expect(kvm.checkExtension(bindings.KVM_CAP_IMMEDIATE_EXIT)).toBe(1);
    expect(kvm.checkExtension(bindings.KVM_CAP_NR_MEMSLOTS)).toBeGreaterThan(8);
    expect(kvm.checkExtension(bindings.KVM_CAP_S390_UCONTROL)).toBe(0);
    expect(kvm.checkExtension(0x7fff_ffff)).toBe(0);
  });

  it('shares more with user space than struct kvm_run', () => {
    using kvm = Kvm.open();
    expect(kvm.vcpuMmapSize()).toBeGreaterThan(bindings.KvmRun.$size);
    expect(kvm.vcpuMmapSize() % 4096).toBe(0);
  });

  it('makes VMs that outlive it', () => {
    const kvm = Kvm.open();
    using vm = kvm.createVm();
    kvm.close();
    expect(vm.checkExtension(bindings.KVM_CAP_USER_MEMORY)).toBe(1);
  });

  it('gives its file descriptor back when closed, and closes once', () => {
    const before = openFiles();
    const kvm = Kvm.open();
    expect(openFiles()).toBe(before + 1);
    kvm.close();
    kvm.close();
    expect(openFiles()).toBe(before);
  });

  it('is closed at the end of a block by `using`', () => {
    const before = openFiles();
    {
      using _ = Kvm.open();
      expect(openFiles()).toBe(before + 1);
    }
    expect(openFiles()).toBe(before);
  });

  it('is refused after `close`', () => {
    const kvm = Kvm.open();
    kvm.close();
    for (const use of [() => kvm.apiVersion(), () => kvm.checkExtension(0), () => kvm.createVm()]) {
      expect(use).toThrow(KvmClosedError);
    }
  });

  it('is refused, and closed, when the bindings are of another version', () => {
    const before = openFiles();
    const other = { ...bindings, KVM_API_VERSION: 13 } as unknown as Bindings;
    expect(() => Kvm.open({ bindings: other })).toThrow(KvmUnsupportedError);
    expect(() => Kvm.open({ bindings: other })).toThrow(/version 12.*bindings are of version 13/);
    expect(openFiles()).toBe(before);
  });

  it('says which ioctl failed, and with which errno', () => {
    using kvm = Kvm.open();
    expect(() => kvm.createVm(0xdead)).toThrow(/^KVM_CREATE_VM: EINVAL: /);
  });

  it('makes VMs while signals interrupt the ioctl', async () => {
    expect(await runScript('create-vms')).toEqual({ created: 1000 });
  });
});

describe('bindings of another architecture', () => {
  const all = { arm64, i386, mips64, ppc64, ppc64le, s390x, x86_64: bindings };
  const others = Object.entries(all).filter(([name]) => name !== host);

  it.each(others)('are refused before anything is opened: %s', (name, other) => {
    const before = openFiles();
    const refused = other as unknown as Bindings;
    const message = `the bindings are of ${name}, and this process is of ${host}; give it { bindings } of kvm-uapi/${host}/linux/kvm`;
    expect(() => Kvm.open({ bindings: refused })).toThrow(new KvmArgumentError(message));
    expect(() => Vcpu.attach({ kind: 'vcpu', id: 0 }, refused)).toThrow(new KvmArgumentError(message));
    expect(openFiles()).toBe(before);
  });
});

describe('a device that cannot be opened', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    chmodSync(folder, 0o755);
  });

  const failure = (path: string): KvmUnavailableError => {
    try {
      Kvm.open({ path }).close();
    } catch (error) {
      if (error instanceof KvmUnavailableError) return error;
      throw error;
    }
    throw new Error(`${path} can be opened`);
  };

  it('is not there: load the module', () => {
    const path = join(folder, 'missing');
    expect(failure(path)).toMatchObject({ code: 'ENOENT', operation: `open ${path}` });
    expect(failure(path).message).toMatch(/missing not found; load kvm_intel or kvm_amd \(modprobe\)/);
  });

  it('is not permitted: join the group', async () => {
    const path = join(folder, 'locked');
    writeFileSync(path, '');
    chmodSync(path, 0);
    // Root may open everything: it has somebody else try.
    const env = { DEVICE: path, ...(process.getuid?.() === 0 ? { AS_USER: '65534' } : {}) };
    expect(await runScript('open', { env })).toEqual({
      failure: expect.stringMatching(
        /^KvmUnavailableError: .*EACCES: .*add the user to the group 'kvm' \(adduser USER kvm\)/,
      ),
    });
  });

  it('is another kind of file', () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    const before = openFiles();
    expect(failure(path)).toMatchObject({ code: 'ENOTTY', message: expect.stringMatching(/is not KVM.*\/dev\/kvm/) });
    expect(failure(folder)).toMatchObject({ code: 'EISDIR', message: expect.stringMatching(/is a folder/) });
    expect(openFiles()).toBe(before);
  });

  it.each([
    ['EBUSY', 16, /is held by another hypervisor; stop it first/],
    ['ENODEV', 19, /turned off in the firmware/],
    ['ENXIO', 6, /turned off in the firmware/],
    ['EPERM', 1, /in a container, pass the device in/],
    ['EIO', 5, /cannot be opened/],
  ])('answers %s', (code, errno, advice) => {
    const error = openError('/dev/kvm', -errno);
    expect(error).toBeInstanceOf(KvmUnavailableError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(advice);
  });
});

describe('the native runtime', () => {
  const failure = async (addon: string): Promise<string> =>
    (await runScript<{ failure: string }>('open', { env: { KVM_UAPI_ADDON: addon } })).failure;

  it('is not built: says how to', async () => {
    expect(await failure('no-such-addon.node')).toMatch(
      /^RuntimeMissingError: .*is not built; install a C\+\+17 compiler and make .*npm run build:native/,
    );
  });

  it('cannot be loaded: says why', async () => {
    const addon = join(folderOf({ 'broken.node': 'no shared object' }), 'broken.node');
    // Also where the path is relative.
    for (const path of [addon, relative(projectRoot, addon)]) {
      expect(await failure(path)).toMatch(
        /^RuntimeMissingError: .*broken\.node: the native runtime cannot be loaded: .*(ELF|too short)/,
      );
    }
  });
});

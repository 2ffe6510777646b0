/** Opening KVM, asking it, and what is said where it cannot be opened. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { openError } from '../../runtime/errors.js';
import {
  type Bindings,
  Kvm,
  KvmClosedError,
  KvmUnavailableError,
  KvmUnsupportedError,
  RuntimeMissingError,
} from '../../runtime/index.js';
import { hasKvm, needsKvm, openFiles, runScript } from './support.js';

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

  it('can be disposed of with `using` and `await using`', async () => {
    const before = openFiles();
    {
      using _ = Kvm.open();
      await using __ = Kvm.open();
      expect(openFiles()).toBe(before + 2);
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

describe('a device that cannot be opened', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-device-'));
    chmodSync(folder, 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

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
    expect(failure(path).message).toMatch(/missing is not there; load kvm_intel or kvm_amd \(modprobe\)/);
  });

  it('is not permitted: join the group', () => {
    const path = join(folder, 'locked');
    writeFileSync(path, '');
    chmodSync(path, 0);
    // Root may open everything: it has somebody else try.
    const program = `import { Kvm } from '${new URL('../../dist/runtime/index.js', import.meta.url)}';
      try { Kvm.open({ path: '${path}' }); } catch (error) { console.log(error.name, error.message); }`;
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', ...nobody });
    expect(child.stderr).toBe('');
    expect(child.stdout).toMatch(/^KvmUnavailableError .*EACCES.*add the user to the group 'kvm' \(adduser USER kvm\)/);
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
  it.each([
    ['is not built', 'no-such-addon.node', /is not built; install a C\+\+17 compiler and make .*npm run build:native/],
    ['cannot be loaded', 'package.json', /package\.json: the native runtime cannot be loaded: /],
  ])('%s: says so, and what to do', (_, addon, advice) => {
    const program = `import { Kvm } from '${new URL('../../dist/runtime/index.js', import.meta.url)}';
      try { Kvm.open(); } catch (error) { console.log(error.name, error.message); }`;
    const env = { ...process.env, KVM_UAPI_ADDON: addon };
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', env });
    expect(child.stdout).toMatch(new RegExp(`^${RuntimeMissingError.name} `));
    expect(child.stdout).toMatch(advice);
  });
});

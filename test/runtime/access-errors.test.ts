/** Accesses to pages that a mapped file does not have any more, and to closed memory: none of them ends the process. */

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deflate, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, KvmError } from '../../runtime/index.js';
import { type Guest, type Loaded, places, realMode, userMode } from '../../tools/guests/index.js';
import { folderOf, temporaryFolder } from '../helpers/cli.js';
import {
  createVm,
  Helper,
  hasKvm,
  needsKvm,
  run,
  runScript,
  thrownBy,
  untilCounting,
  watchdogMs,
} from '../helpers/vcpus.js';

interface FileMemory extends Disposable {
  readonly path: string;
  readonly memory: GuestMemory;
}

function mapped(size: number, contents?: Uint8Array): FileMemory {
  const path = join(temporaryFolder(), 'memory');
  writeFileSync(path, contents ?? Buffer.alloc(size, 7));
  const fd = openSync(path, 'r+');
  const memory = GuestMemory.fromFile(fd);
  closeSync(fd);
  return { path, memory, [Symbol.dispose]: () => memory.close() };
}

/** A guest whose memory is a file. */
function loadFromFile(guest: Guest): Loaded & FileMemory {
  const vm = createVm();
  const loaded = guest.load(vm);
  vm.removeMemory(0);
  const file = mapped(0, loaded.memory.read(0, loaded.memory.size));
  vm.addMemory({ memory: file.memory, guestAddress: 0 });
  const close = (): void => {
    loaded[Symbol.dispose]();
    file[Symbol.dispose]();
    vm.close();
  };
  return { vcpu: loaded.vcpu, ...file, [Symbol.dispose]: close };
}

describe.skipIf(!hasKvm)(`bus errors ${needsKvm}`, () => {
  // Shows: security 35
  it('every page of a file that is empty now can be read and written', () => {
    using file = mapped(0x10_0000);
    truncateSync(file.path, 0);
    const bytes = file.memory.bytes(0, 0x10_0000);
    for (let at = 0; at < bytes.length; at += 4096) bytes[at] = at >> 12;
    expect(bytes.every((byte, at) => byte === (at % 4096 === 0 ? (at >> 12) & 0xff : 0))).toBe(true);
    expect(file.memory.lostPages).toBe(256);
  });

  // Shows: security 35
  it('the native code of Node can read missing pages in its own threads', async () => {
    using file = mapped(0x1_0000);
    truncateSync(file.path, 0);
    const compressed = await promisify(deflate)(file.memory.bytes(0, 0x1_0000));
    expect(inflateSync(compressed).equals(Buffer.alloc(0x1_0000))).toBe(true);
    expect(file.memory.lostPages).toBe(16);
  });

  it('a system call that is given missing pages fails with EFAULT', () => {
    using file = mapped(0x4000);
    truncateSync(file.path, 0);
    const path = join(temporaryFolder(), 'copy');
    expect(() => writeFileSync(path, file.memory.bytes(0, 0x1000))).toThrow(/^EFAULT: /);
    expect(file.memory.lostPages).toBe(0);
  });

  // Shows: security 35
  it('a Worker reads and writes missing pages, and both threads have the same count of them', async () => {
    await using helper = await Helper.start();
    using file = mapped(0x4000);
    const memory = file.memory.share();
    expect(await helper.do('writeMemory', { memory, at: 0x1000, bytes: [8] })).toEqual([7]);
    truncateSync(file.path, 0);
    expect(await helper.do('writeMemory', { memory, at: 0x1000, bytes: [9] })).toEqual([0]);
    expect(file.memory.bytes(0x1000, 1)[0]).toBe(9);
    expect(file.memory.lostPages).toBe(1);
  });

  // Shows: security 35
  it('KVM_RUN fails if the guest accesses missing pages in user mode, and the guest continues after the host has accessed them', () => {
    using guest = loadFromFile(userMode.spin);
    expect(run(guest, 20)).toBe('interrupted by timeout');
    truncateSync(guest.path, places.data);
    const error = thrownBy(() => guest.vcpu.run({ timeout: watchdogMs }));
    expect(error).toBeInstanceOf(KvmError);
    expect(error).toMatchObject({ ioctl: 'KVM_RUN', code: 'EFAULT' });
    expect((error as Error).message).toMatch(/: the guest accessed memory that the kernel cannot provide; /);
    expect(guest.memory.bytes(places.data, 1)[0]).toBe(0);
    expect(guest.memory.lostPages).toBe(1);
    expect(run(guest, 20)).toBe('interrupted by timeout');
    expect(guest.memory.dataView(places.data, 4).getUint32(0, true)).toBeGreaterThan(0);
  });

  // Shows: security 35
  it('a guest whose code is missing ends with an exit, and the process continues', () => {
    using guest = loadFromFile(realMode.spin);
    expect(run(guest, 20)).toBe('interrupted by timeout');
    truncateSync(guest.path, 0);
    expect(guest.vcpu.run({ timeout: watchdogMs }).reason).toBe(kvm.KVM_EXIT_INTERNAL_ERROR);
  });

  // Shows: security 35
  it('a file can become shorter while a thread runs the guest', async () => {
    await using helper = await Helper.start();
    using guest = loadFromFile(userMode.spin);
    const outcomes = helper.do('run', { vcpu: guest.vcpu.share(), timeout: watchdogMs });
    await untilCounting(guest);
    truncateSync(guest.path, places.data);
    await expect(outcomes).rejects.toThrow(/KvmError: KVM_RUN: EFAULT: /);
  });

  it('memory of a file that was closed does not guard its addresses any more', () => {
    for (let round = 0; round < 200; round++) {
      using file = mapped(0x2000);
      truncateSync(file.path, 0x1000);
      expect([file.memory.bytes(0, 1)[0], file.memory.bytes(0x1000, 1)[0], file.memory.lostPages]).toEqual([7, 0, 1]);
    }
  });

  it('more files than one block of guarded ranges can become shorter at once', () => {
    const files = Array.from({ length: 150 }, () => mapped(0x2000));
    for (const { path } of files) truncateSync(path, 0);
    for (const { memory } of files) expect([memory.bytes(0x1000, 1)[0], memory.lostPages]).toEqual([0, 1]);
    for (const { memory } of files) memory.close();
  });

  it('a memfd of another process can become shorter, too', () => {
    using file = mapped(0x2000);
    const fd = openSync(file.path, 'r+');
    using again = GuestMemory.fromFile(fd);
    ftruncateSync(fd, 0);
    closeSync(fd);
    expect([again.bytes(0, 1)[0], file.memory.bytes(0, 1)[0]]).toEqual([0, 0]);
    expect([again.lostPages, file.memory.lostPages]).toEqual([1, 1]);
  });
});

describe.skipIf(!hasKvm)(`closed memory ${needsKvm}`, () => {
  const options = { flags: ['--expose-gc'] };

  // Shows: security 23
  it('native code of Node can use memory in its own threads while JavaScript closes it, and other memory does not get the addresses', async () => {
    expect(await runScript('closed-memory', options)).toEqual({
      filled: { reused: false, result: 'filled' },
      deflated: { reused: false, result: 8 * 2 ** 20 },
      trap: 'RuntimeError: memory access out of bounds',
    });
  });

  it('a wrong access to other memory ends the process as before', async () => {
    const ended = runScript('closed-memory', {
      ...options,
      env: { ACTION: 'kill', KVM_UAPI_ADDON: '', LD_PRELOAD: '' },
    });
    await expect(ended).rejects.toThrow(/^closed-memory: Command failed: /);
  });
});

describe.skipIf(!hasKvm)(`the handler of bus errors ${needsKvm}`, () => {
  it.each(['1', '2'])('each of %s copies of the package replaces the pages of its own memory', async (copies) => {
    const count = Number(copies);
    expect(await runScript('missing-pages', { env: { COPIES: copies } })).toEqual({
      bytes: Array(count).fill([7, 0]),
      lost: Array(count).fill(1),
    });
  });

  const script = fileURLToPath(new URL('../helpers/scripts/missing-pages.mjs', import.meta.url));
  const killed = (env: Record<string, string>, copies: string) =>
    spawnSync(process.execPath, [script], {
      // A sanitizer would install a handler of its own.
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        KVM_UAPI_ADDON: '',
        LD_PRELOAD: '',
        ACTION: 'kill',
        COPIES: copies,
        ...env,
      },
      timeout: watchdogMs,
      encoding: 'utf8',
    });

  it.each(['1', '2'])('a bus error that is not in guest memory ends the process as before (%s copies)', (copies) => {
    expect(killed({}, copies)).toMatchObject({ signal: 'SIGBUS', status: null });
  });

  it.each(['1', '2'])('a handler that was installed before gets the other bus errors (%s copies)', (copies) => {
    const folder = folderOf({
      'earlier.c': `
#include <signal.h>
#include <unistd.h>
static void handle(int number, siginfo_t* info, void* context) {
  (void)context;
  _exit(info->si_signo == number && info->si_pid == getpid() ? 42 : 43);
}
__attribute__((constructor)) static void install(void) {
  struct sigaction action = {0};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, 0);
}
`,
    });
    execFileSync('cc', ['-shared', '-fPIC', '-o', 'earlier.so', 'earlier.c'], { cwd: folder });
    expect(killed({ LD_PRELOAD: join(folder, 'earlier.so') }, copies)).toMatchObject({ signal: null, status: 42 });
  });
});

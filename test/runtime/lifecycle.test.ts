/** What is closed or dropped goes away, what is in use stays, and what the kernel says is delivered as it is. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { type Bindings, Device, EventFd, GuestMemory, Kvm, Stats, Vcpu, VcpuThread, Vm } from '../../runtime/index.js';
import { realMode, userMode } from '../../tools/guests/index.js';
import { hasKvm, needsKvm, runScript } from '../helpers/vcpus.js';

const flags = ['--expose-gc'];

/** Under a sanitizer fewer cycles are done, and freed memory stays resident for a while. */
const { KVM_UAPI_ADDON = '' } = process.env;
const sanitized = KVM_UAPI_ADDON.includes('sanitized');
const cycles = sanitized ? 100 : 1000;

interface Census {
  readonly files: Readonly<Record<string, number>>;
  readonly mappings: number;
  readonly residentMiB: number;
}

describe('a class', () => {
  const closing = { Device, EventFd, GuestMemory, Kvm, Stats, Vcpu, Vm };
  it.each(Object.entries(closing))(
    'has `Symbol.dispose` only, since `close` is synchronous: %s',
    (_, { prototype }) => {
      expect([Symbol.dispose in prototype, Symbol.asyncDispose in prototype]).toEqual([true, false]);
    },
  );

  it('has `Symbol.asyncDispose` only when it ends asynchronously', () => {
    const { prototype } = VcpuThread;
    expect([Symbol.dispose in prototype, Symbol.asyncDispose in prototype]).toEqual([false, true]);
  });
});

describe.skipIf(!hasKvm)(`life cycles ${needsKvm}`, () => {
  it(`${cycles} of them leave nothing behind`, async () => {
    const env = { CYCLES: String(cycles) };
    const script = new URL('../../tools/stress/cycles.mjs', import.meta.url);
    const { before, after } = await runScript<{ before: Census; after: Census }>(script, { flags, env });
    expect(after.files).toEqual(before.files);
    // One mapping left per cycle would be a thousand of them, and one memory left per cycle would be 64 MiB.
    expect(after.mappings - before.mappings).toBeLessThan(cycles / 2);
    if (!sanitized) expect(after.residentMiB - before.residentMiB).toBeLessThan(32);
  });

  it('what is dropped without `close` is released when it is collected', async () => {
    const { before, held, after } = await runScript<{ before: Census; held: Census; after: Census }>(
      'collected-unclosed',
      {
        flags,
      },
    );
    expect(held.files).toEqual({ ...before.files, '/dev/kvm': 20, 'kvm-vm': 20, 'kvm-vcpu': 20, memfd: 20 });
    expect(after.files).toEqual(before.files);
  });

  it('what a Worker held is released when it ends', async () => {
    const { before, held, after } = await runScript<{ before: Census; held: Census; after: Census }>('worker-end', {
      flags,
    });
    expect(held.files).toEqual({ ...before.files, '/dev/kvm': 1, 'kvm-vm': 1, 'kvm-vcpu': 1, memfd: 1 });
    expect(after.files).toEqual(before.files);
  });

  it('a vCPU keeps alive what it needs, whatever else was closed, dropped and collected', async () => {
    expect(await runScript('kept-alive', { flags })).toEqual({
      // The guest's code is in memory that only the VM has, and the VM is only the vCPU's.
      closed: 'hello',
      dropped: 'hello',
      // Views alone keep their bytes.
      kvmRun: bindings.KVM_EXIT_HLT,
      memory: 'hello',
    });
  });
});

describe.skipIf(!hasKvm)(`what the bindings do not know ${needsKvm}`, () => {
  it('is delivered as it is: an exit is an exit, its reason a number', () => {
    const names = Object.keys(bindings).filter((name) => name.startsWith('KVM_EXIT_'));
    const older = { ...bindings, ...Object.fromEntries(names.map((name) => [name, undefined])) } as unknown as Bindings;
    using kvm = Kvm.open({ bindings: older });
    using vm = kvm.createVm();
    using loaded = realMode.halt.load(vm);
    expect(loaded.vcpu.run()).toBe('exit');
    expect(loaded.vcpu.kvmRun.exit_reason).toBe(5);
  });

  it('nor is a shutdown anything else than an exit', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using loaded = userMode.spin.load(vm);
    // No page tables, so no instruction, and no handler for the fault either.
    loaded.memory.bytes(0x2000, 0x3000).fill(0);
    expect(loaded.vcpu.run({ timeoutMs: 30_000 })).toBe('exit');
    expect(loaded.vcpu.kvmRun.exit_reason).toBe(bindings.KVM_EXIT_SHUTDOWN);
  });
});

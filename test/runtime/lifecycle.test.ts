/** The lives of objects: closed and dropped objects are released, and objects in use stay. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { Device, EventFd, GuestMemory, VcpuThread } from '../../runtime/index.js';
import { Stats } from '../../runtime/stats.js';
import { type Bindings, Kvm, Vcpu, Vm } from '../../runtime/x86_64.js';
import { realMode, userMode } from '../../tools/guests/index.js';
import { hasKvm, needsKvm, runScript } from '../helpers/vcpus.js';

const flags = ['--expose-gc'];

/** Under a sanitizer there are fewer cycles, and freed memory stays resident for a while. */
const { KVM_UAPI_ADDON = '' } = process.env;
const sanitized = KVM_UAPI_ADDON.includes('sanitized');
const cycles = sanitized ? 100 : 1000;

interface Census {
  readonly files: Readonly<Record<string, number>>;
  readonly mappings: number;
  readonly residentMiB: number;
}

describe('classes', () => {
  const closing = { Device, EventFd, GuestMemory, Kvm, Stats, Vcpu, Vm };
  it.each(Object.entries(closing))(
    '%s has `Symbol.dispose` and not `Symbol.asyncDispose`, since `close` is synchronous',
    (_, { prototype }) => {
      expect([Symbol.dispose in prototype, Symbol.asyncDispose in prototype]).toEqual([true, false]);
    },
  );

  it('VcpuThread has `Symbol.asyncDispose` and not `Symbol.dispose`, since a thread ends asynchronously', () => {
    const { prototype } = VcpuThread;
    expect([Symbol.dispose in prototype, Symbol.asyncDispose in prototype]).toEqual([false, true]);
  });
});

describe.skipIf(!hasKvm)(`life cycles ${needsKvm}`, () => {
  it(`${cycles} life cycles of a VM leave no files, mappings or memory behind`, async () => {
    const env = { CYCLES: String(cycles) };
    const script = new URL('../../tools/stress/cycles.mjs', import.meta.url);
    const { before, after } = await runScript<{ before: Census; after: Census }>(script, { flags, env });
    expect(after.files).toEqual(before.files);
    // A leak of one mapping per cycle would be 1000 mappings. A leak of one memory per cycle would be 64 MiB.
    expect(after.mappings - before.mappings).toBeLessThan(cycles / 2);
    if (!sanitized) expect(after.residentMiB - before.residentMiB).toBeLessThan(32);
  });

  // Shows: statement 60, security 28
  it('an object that was dropped without `close` is released when it is collected', async () => {
    const { before, held, after } = await runScript<{ before: Census; held: Census; after: Census }>(
      'collected-unclosed',
      {
        flags,
      },
    );
    expect(held.files).toEqual({ ...before.files, '/dev/kvm': 20, 'kvm-vm': 20, 'kvm-vcpu': 20, memfd: 20 });
    expect(after.files).toEqual(before.files);
  });

  // Shows: statement 73, security 28
  it('a process with few files can drop any number of objects without a turn of the event loop, and a view of a dropped vCPU stays valid', async () => {
    const count = sanitized ? 400 : 1000;
    const before = ['prlimit', '--nofile=1024'];
    const { made, view } = await runScript<{ made: Record<string, number>; view: number }>('dropped-at-limit', {
      before,
      env: { COUNT: String(count) },
    });
    expect(made).toEqual({ machines: count, eventFds: count, memfds: count, memories: 64 });
    expect(view).toBe(bindings.KVM_EXIT_HLT);
  });

  // Shows: security 28
  it('V8 collects dropped VMs and vCPUs by their weight, long before the files are used up', async () => {
    const before = ['prlimit', '--nofile=4096'];
    const most = await runScript<number>('collected-by-weight', { before, env: { COUNT: '1000' } });
    // Each of the 1000 machines has 3 files.
    expect(most).toBeLessThan(1500);
  });

  // Shows: security 27
  it('the objects of a Worker are released when the Worker ends', async () => {
    const { before, held, after } = await runScript<{ before: Census; held: Census; after: Census }>('worker-end', {
      flags,
    });
    expect(held.files).toEqual({ ...before.files, '/dev/kvm': 1, 'kvm-vm': 1, 'kvm-vcpu': 1, memfd: 1 });
    expect(after.files).toEqual(before.files);
  });

  // Shows: statement 49
  it('a vCPU keeps its VM and the memory alive after they were closed, or dropped and collected', async () => {
    expect(await runScript('kept-alive', { flags })).toEqual({
      // Only the VM refers to the memory with the guest's code, and only the vCPU refers to the VM.
      closed: 'hello',
      dropped: 'hello',
      // A view keeps its bytes alive.
      kvmRun: bindings.KVM_EXIT_HLT,
      memory: 'hello',
    });
  });
});

describe.skipIf(!hasKvm)(`other exits ${needsKvm}`, () => {
  it('run returns an exit with the reason 5 when the bindings do not have the names of exits', () => {
    const names = Object.keys(bindings).filter((name) => name.startsWith('KVM_EXIT_'));
    const older = { ...bindings, ...Object.fromEntries(names.map((name) => [name, undefined])) } as unknown as Bindings;
    using kvm = Kvm.open({ bindings: older });
    using vm = kvm.createVm();
    using loaded = realMode.halt.load(vm);
    expect(loaded.vcpu.run().reason).toBe(5);
  });

  // Shows: security 4
  it('run returns a shutdown of the guest as an exit', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using loaded = userMode.spin.load(vm);
    // Without page tables the guest cannot fetch an instruction, and it cannot handle the fault.
    loaded.memory.bytes(0x2000, 0x3000).fill(0);
    expect(loaded.vcpu.run({ timeout: 30_000 }).reason).toBe(bindings.KVM_EXIT_SHUTDOWN);
  });
});

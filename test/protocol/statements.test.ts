/**
 * What is said of KVM_RUN and of the runtime around it, statement by statement, on this kernel.
 * `docs/race-free-exit.md` has the statements and where each is shown.
 */

import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as asm from '../../generated/x86_64/asm/kvm.js';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { addon } from '../../runtime/addon.js';
import { errnoName } from '../../runtime/errors.js';
import { abort, type Bindings, GuestMemory, type Vm } from '../../runtime/index.js';
import { allocate, type View } from '../../support/index.js';
import { type Guest, type Loaded, places, protectedMode, realMode, userMode } from '../../tools/guests/index.js';
import { type Outcome, runOutcome } from '../../tools/lib/outcome.js';
import {
  createVm,
  Helper,
  hasKvm,
  isBusy,
  load,
  type Machine,
  mechanisms,
  needsKvm,
  run,
  runScript,
  until,
  untilCounting,
  watchdogMs,
  wrongAboutFlag,
} from '../helpers/vcpus.js';

const { KVM_EXIT_HLT, KVM_EXIT_INTR, KVM_EXIT_IO, KVM_EXIT_MMIO } = bindings;
const { KVM_SYNC_X86_REGS } = asm;
const stale = 0xdead;
const [kicked, aborted, timedOut] = ['kick', 'abort', 'timeout'].map((cause) => `interrupted by ${cause}`);

describe.skipIf(!hasKvm)(`immediate_exit ${needsKvm}`, () => {
  it('is looked at when KVM_RUN enters: no instruction of the guest runs; and the kernel never clears it', () => {
    using machine = load(realMode.out, {}, wrongAboutFlag);
    const { vcpu } = machine;
    const { rip } = vcpu.getRegs();
    vcpu.kvmRun.immediate_exit = 1;
    // However often it enters.
    expect(run(machine, 20)).toBe(timedOut);
    expect(vcpu.getRegs().rip).toBe(rip);
    expect(vcpu.kvmRun.immediate_exit).toBe(1);
    vcpu.kvmRun.immediate_exit = 0;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('does nothing while the guest runs, without a signal, until the next entry', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
    await untilCounting(machine);
    machine.vcpu.kvmRun.immediate_exit = 1;
    for (let looks = 0; looks < 5; looks++) await untilCounting(machine);
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  it('leaves exit_reason as it was', () => {
    using machine = load(realMode.halt);
    machine.vcpu.kvmRun.exit_reason = stale;
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    expect(machine.vcpu.kvmRun.exit_reason).toBe(stale);
  });

  it('comes after registers that were set in struct kvm_run, which are stored back always', () => {
    using machine = load(realMode.out);
    const { kvmRun } = machine.vcpu;
    const before = machine.vcpu.getRegs();
    kvmRun.kvm_valid_regs = KVM_SYNC_X86_REGS;
    kvmRun.kvm_dirty_regs = KVM_SYNC_X86_REGS;
    const { regs } = kvmRun.s.regs;
    Object.assign(regs, { rip: before.rip, rsp: before.rsp, rflags: before.rflags, rbx: 0x1234n });
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    expect({ dirty: kvmRun.kvm_dirty_regs, rbx: machine.vcpu.getRegs().rbx }).toEqual({ dirty: 0n, rbx: 0x1234n });
    regs.rbx = 0n;
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    expect(regs.rbx).toBe(0x1234n);
  });
});

describe.skipIf(!hasKvm)(`a signal that ends KVM_RUN ${needsKvm}`, () => {
  it.each(mechanisms)('sets exit_reason to KVM_EXIT_INTR, which is no exit: %s', async (mechanism) => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin, { mechanism });
    machine.vcpu.kvmRun.exit_reason = stale;
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
    await untilCounting(machine);
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
    expect(machine.vcpu.kvmRun.exit_reason).toBe(KVM_EXIT_INTR);
  });
});

describe.skipIf(!hasKvm)(`a memory fault ${needsKvm}`, () => {
  /** The guest's data is where this process has no memory. */
  function faulting(of: Bindings): Machine {
    const machine = load(userMode.spin, {}, of);
    const { vm, memory } = machine;
    vm.removeMemory(0);
    vm.addMemory({ memory, guestAddress: 0, length: places.data });
    const lost = GuestMemory.create(0x1000);
    const region = allocate(bindings.KvmUserspaceMemoryRegion);
    region.slot = 1;
    region.guest_phys_addr = BigInt(places.data);
    region.memory_size = 0x1000n;
    region.userspace_addr = lost.address;
    lost.close();
    setMemory(vm, region);
    return machine;
  }

  function setMemory({ handle }: Vm, region: bindings.KvmUserspaceMemoryRegion): void {
    const { KVM_SET_USER_MEMORY_REGION: request } = bindings;
    const { $$view, $$offset }: View = region;
    expect(
      addon().vmSetMemory({
        vm: handle,
        request: request.request,
        view: $$view,
        offset: $$offset,
        needed: request.size,
        slot: region.slot,
        memory: null,
      }),
    ).toBe(0);
  }

  const calling = (KVM_EXIT_MEMORY_FAULT: number | undefined): Bindings =>
    ({ ...bindings, KVM_EXIT_MEMORY_FAULT }) as unknown as Bindings;

  // Not every kernel gives this reason for it: what this one leaves there is then called so.
  it('comes back as EFAULT with a reason, and is an exit', () => {
    using unknown = faulting(calling(undefined));
    expect(() => run(unknown)).toThrow(/^KVM_RUN: EFAULT: /);
    const { exit_reason } = unknown.vcpu.kvmRun;
    using machine = faulting(calling(exit_reason));
    expect(run(machine)).toBe(`exit ${exit_reason}`);
    expect(machine.vcpu.interruption).toBeNull();
    // The guest has not moved: it comes again.
    expect(run(machine)).toBe(`exit ${exit_reason}`);
  });

  it('with any other reason is the error EFAULT', () => {
    using machine = faulting(calling(stale));
    expect(() => run(machine)).toThrow(/^KVM_RUN: EFAULT: /);
  });
});

it('EHWPOISON has its name', () => {
  // As <asm-generic/errno.h> has it.
  expect(errnoName(133)).toBe('EHWPOISON');
});

describe.skipIf(!hasKvm).each(mechanisms)(`complete, with %s ${needsKvm}`, (mechanism) => {
  it('finishes the operation of the last exit, and the guest does no more', () => {
    using machine = load(realMode.input, { mechanism });
    const { vcpu } = machine;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    vcpu.shared.setUint8(vcpu.kvmRun.io.$data_offset, 0x77);
    vcpu.complete(() => expect.unreachable('a byte is one operation'));
    const { rax, rip } = vcpu.getRegs();
    expect({ al: rax & 0xffn, rip }).toEqual({ al: 0x77n, rip: BigInt(places.code + 4) });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
  });

  it('is needed before registers are read: they are as before the operation', () => {
    using machine = load(realMode.input, { mechanism });
    const { vcpu } = machine;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    vcpu.shared.setUint8(vcpu.kvmRun.io.$data_offset, 0x77);
    expect(vcpu.getRegs().rax & 0xffn).not.toBe(0x77n);
  });

  it('serves all further fragments of the operation', () => {
    using machine = load(protectedMode.mmioInFragments, { mechanism });
    const { vcpu } = machine;
    const fragments: string[] = [];
    const serve = (): void => {
      expect(vcpu.kvmRun.exit_reason).toBe(KVM_EXIT_MMIO);
      const { is_write, len, data } = vcpu.kvmRun.mmio;
      fragments.push(`${is_write ? 'write' : 'read'} ${len}`);
      if (!is_write) for (let i = 0; i < len; i++) data.set(i, 0x10);
    };
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    serve();
    vcpu.complete(serve);
    expect(fragments).toEqual(['read 2', 'read 2', 'write 2', 'write 2']);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
  });

  it('does nothing where nothing is pending, and leaves a kick for the next run', () => {
    using machine = load(realMode.out, { mechanism });
    const { rip } = machine.vcpu.getRegs();
    machine.vcpu.kick();
    machine.vcpu.complete(() => expect.unreachable('nothing is pending'));
    expect(machine.vcpu.getRegs().rip).toBe(rip);
    expect([run(machine), run(machine)]).toEqual([kicked, `exit ${KVM_EXIT_IO}`]);
  });
});

describe.skipIf(!hasKvm).each(mechanisms)(`an abort, with %s ${needsKvm}`, (mechanism) => {
  const runNumbered = ({ vcpu }: Loaded, number: number): Outcome =>
    runOutcome(vcpu, { number, timeoutMs: watchdogMs });

  it('interrupts the run of its number when that run begins later', () => {
    using machine = load(realMode.out, { mechanism });
    expect(abort(machine.vcpu.share(), 7)).toBe(true);
    expect(runNumbered(machine, 7)).toBe(aborted);
    expect(runNumbered(machine, 8)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('interrupts the run of its number that is in progress', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin, { mechanism });
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share(), number: 3 });
    await untilCounting(machine);
    abort(machine.vcpu.share(), 2);
    await untilCounting(machine);
    abort(machine.vcpu.share(), 3);
    expect(await outcomes).toEqual([aborted]);
  });

  it('is dropped when its run is over, and is nothing to runs without a number', () => {
    using machine = load(realMode.outForEver, { mechanism });
    expect(runNumbered(machine, 1)).toBe(`exit ${KVM_EXIT_IO}`);
    abort(machine.vcpu.share(), 1);
    expect(runNumbered(machine, 2)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('is delivered after a kick that is pending', () => {
    using machine = load(realMode.outForEver, { mechanism });
    machine.vcpu.kick();
    abort(machine.vcpu.share(), 5);
    expect([runNumbered(machine, 5), runNumbered(machine, 5), run(machine)]).toEqual([
      kicked,
      aborted,
      `exit ${KVM_EXIT_IO}`,
    ]);
  });

  it('by an AbortSignal comes before a run; the own thread cannot fire it during one', async () => {
    using machine = load(userMode.spin, { mechanism });
    const signal = AbortSignal.timeout(1);
    expect(machine.vcpu.run({ signal, timeoutMs: 50 })).toBe('interrupted');
    expect(machine.vcpu.interruption).toBe('timeout');
    await until(() => signal.aborted, 'the signal');
    expect(machine.vcpu.run({ signal })).toBe('interrupted');
    expect(machine.vcpu.interruption).toBe('abort');
  });
});

describe.skipIf(!hasKvm)(`string operations ${needsKvm}`, () => {
  it('of input are one exit with a count, of output one exit each, consistent in between', () => {
    using input = load(realMode.repIn);
    expect(run(input)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(input.vcpu.kvmRun.io.count).toBe(5);
    using output = load(realMode.repOut);
    const left: bigint[] = [];
    while (run(output) === `exit ${KVM_EXIT_IO}`) {
      expect(output.vcpu.kvmRun.io.count).toBe(1);
      output.vcpu.complete(() => expect.unreachable('one byte'));
      left.push(output.vcpu.getRegs().rcx & 0xffffn);
    }
    expect(left).toEqual([4n, 3n, 2n, 1n, 0n]);
  });
});

describe.skipIf(!hasKvm).each(mechanisms)(`with the in-kernel irqchip, and %s ${needsKvm}`, (mechanism) => {
  function loadWithIrqchip(guest: Guest): Machine {
    const vm = createVm();
    vm.ioctl(bindings.KVM_CREATE_IRQCHIP);
    return { vm, ...guest.load(vm, { mechanism }) };
  }

  it('a halted vCPU blocks in KVM_RUN, and is got out', async () => {
    await using helper = await Helper.start();
    using machine = loadWithIrqchip(realMode.halt);
    let hasReturned = false;
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() }).finally(() => {
      hasReturned = true;
    });
    await until(() => isBusy(machine.vcpu.share()), 'the run');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hasReturned).toBe(false);
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  it('a vCPU that was never started blocks, is got out, and EAGAIN at its start does not come out', async () => {
    await using helper = await Helper.start();
    using machine = loadWithIrqchip(protectedMode.startOther);
    using other = machine.vm.createVcpu(1, { mechanism });
    other.kvmRun.exit_reason = stale;
    other.kick();
    expect(other.run()).toBe('interrupted');
    if (mechanism === 'immediate_exit') expect(other.kvmRun.exit_reason).toBe(stale);
    const outcomes = helper.do('run', { vcpu: other.share(), times: 2 });
    await until(() => isBusy(other.share()), 'the run');
    other.kick();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(await outcomes).toEqual([kicked, `exit ${KVM_EXIT_IO}`]);
  });
});

describe.skipIf(!hasKvm)(`KVM_RUN refuses ${needsKvm}`, () => {
  it('registers in struct kvm_run that it does not know', () => {
    using machine = load(realMode.out);
    machine.vcpu.kvmRun.kvm_valid_regs = 1n << 63n;
    expect(() => run(machine)).toThrow(/^KVM_RUN: EINVAL: /);
    machine.vcpu.kvmRun.kvm_valid_regs = 0n;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('an argument', () => {
    using machine = load(realMode.out);
    expect(addon().vcpuIoctl(machine.vcpu.handle, bindings.KVM_RUN.request, 1)).toBe(-22);
  });

  it('a file that is closed', () => {
    using vm = createVm();
    const fd = vm.ioctl(bindings.KVM_CREATE_VCPU, 0);
    closeSync(fd);
    expect(addon().ioctl(fd, bindings.KVM_RUN.request, 0)).toBe(-9);
  });

  it('another process', async () => {
    expect(await runScript('other-process')).toEqual({ error: 'EIO' });
  });
});

describe.skipIf(!hasKvm)(`coalesced MMIO ${needsKvm}`, () => {
  it('is in its ring before the exit that comes after it', () => {
    using machine = load(protectedMode.mmio);
    const { vm, vcpu } = machine;
    const page = vm.checkExtension(bindings.KVM_CAP_COALESCED_MMIO);
    expect(page).toBeGreaterThan(0);
    const zone = allocate(bindings.KvmCoalescedMmioZone);
    zone.addr = BigInt(places.device);
    zone.size = 8;
    vm.ioctl(bindings.KVM_REGISTER_COALESCED_MMIO, zone);
    // The guest writes to the device, which is coalesced, and reads from it.
    expect(run(machine)).toBe(`exit ${KVM_EXIT_MMIO}`);
    expect(vcpu.kvmRun.mmio.is_write).toBe(0);
    const ring = new bindings.KvmCoalescedMmioRing(vcpu.shared, page * 4096);
    expect([ring.first, ring.last]).toEqual([0, 1]);
    const [write] = ring.coalesced_mmio;
    expect({ at: write?.phys_addr, length: write?.len, byte: write?.data.get(0) }).toEqual({
      at: BigInt(places.device),
      length: 1,
      byte: 0x2a,
    });
  });
});

describe.skipIf(!hasKvm)(`what Node has around it ${needsKvm}`, () => {
  it('the files are not given to child processes', () => {
    using _ = load(realMode.out);
    const kinds = readdirSync('/proc/self/fd').flatMap((fd) => closesOnExec(fd));
    for (const kind of ['kvm-vm', 'kvm-vcpu']) expect(kinds.some((name) => name.includes(kind))).toBe(true);
  });

  it('a signal that comes when the Worker has ended that loaded the addon does no harm', async () => {
    expect(await runScript('late-signal')).toEqual({ alive: true });
  });

  it('Atomics work on what is shared with the kernel, but for waiting', () => {
    using machine = load(realMode.out);
    const words = new Int32Array(machine.memory.bytes(places.data, 4).buffer, places.data, 1);
    expect(Atomics.exchange(words, 0, 5)).toBe(0);
    expect(machine.memory.dataView(places.data, 4).getInt32(0, true)).toBe(5);
    expect(() => Atomics.wait(words, 0, 5, 0)).toThrow(TypeError);
  });

  it('a vCPU stays with one thread: a VcpuThread has one for as long as it lives', async () => {
    expect(await runScript('one-thread')).toEqual({ threads: 1, exits: 100 });
  });
});

/** The kind of a file descriptor of KVM, after checking that it is closed on exec. */
function closesOnExec(fd: string): string[] {
  let target = '';
  try {
    target = readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return [];
  }
  if (!target.includes('kvm')) return [];
  const flags = Number.parseInt(
    /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0',
    8,
  );
  expect({ target, closesOnExec: (flags & 0o2000000) !== 0 }).toEqual({ target, closesOnExec: true });
  return [target];
}

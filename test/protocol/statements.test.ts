/**
 * The statements of `docs/race-free-exit.md` about KVM_RUN and the runtime around it, on this kernel. A tag above a test names
 * the statements that the test shows; `npm run docs` makes a table of the tags.
 */

import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as asm from '../../generated/x86_64/asm/kvm.js';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { addon } from '../../runtime/addon.js';
import { ioctlError } from '../../runtime/errors.js';
import { abort, GuestMemory } from '../../runtime/index.js';
import { vcpuContext } from '../../runtime/vcpu.js';
import { vmContext } from '../../runtime/vm.js';
import type { Bindings, Vm } from '../../runtime/x86_64.js';
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
  // Shows: statement 1, statement 3
  it('KVM_RUN reads immediate_exit when it enters, the guest executes no instruction, and the kernel never clears the flag', () => {
    using machine = load(realMode.out, {}, wrongAboutFlag);
    const { vcpu } = machine;
    const { rip } = vcpu.getRegs();
    vcpu.kvmRun.immediate_exit = 1;
    // KVM_RUN enters many times within this timeout.
    expect(run(machine, 20)).toBe(timedOut);
    expect(vcpu.getRegs().rip).toBe(rip);
    expect(vcpu.kvmRun.immediate_exit).toBe(1);
    vcpu.kvmRun.immediate_exit = 0;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  // Shows: statement 4
  it('immediate_exit leaves exit_reason unchanged', () => {
    using machine = load(realMode.halt);
    machine.vcpu.kvmRun.exit_reason = stale;
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    expect(machine.vcpu.kvmRun.exit_reason).toBe(stale);
  });

  // Shows: statement 5
  it('KVM_RUN applies dirty registers before it acts on immediate_exit, and always stores valid registers', () => {
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

describe.skipIf(!hasKvm)(`signals that end KVM_RUN ${needsKvm}`, () => {
  // Shows: statement 7, KVM_SET_SIGNAL_MASK
  it.each(mechanisms)(
    'a signal that ends KVM_RUN sets exit_reason to KVM_EXIT_INTR, which the runtime does not report as an exit: %s',
    async (mechanism) => {
      await using helper = await Helper.start();
      using machine = load(userMode.spin, { mechanism });
      machine.vcpu.kvmRun.exit_reason = stale;
      const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
      await untilCounting(machine);
      machine.vcpu.kick();
      expect(await outcomes).toEqual([kicked]);
      expect(machine.vcpu.kvmRun.exit_reason).toBe(KVM_EXIT_INTR);
    },
  );
});

describe.skipIf(!hasKvm)(`memory faults ${needsKvm}`, () => {
  /** A machine whose guest has its data at an address where this process has no memory. */
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

  function setMemory(vm: Vm, region: bindings.KvmUserspaceMemoryRegion): void {
    const { request, size } = bindings.KVM_SET_USER_MEMORY_REGION;
    const { $$view, $$offset }: View = region;
    expect(addon().vmIoctlView(vmContext(vm).record, request, $$view, $$offset, size)).toBe(0);
  }

  const calling = (KVM_EXIT_MEMORY_FAULT: number | undefined): Bindings =>
    ({ ...bindings, KVM_EXIT_MEMORY_FAULT }) as unknown as Bindings;

  // Not every kernel reports KVM_EXIT_MEMORY_FAULT here. So the bindings give that name to the reason of this kernel.
  // Shows: statement 8
  it('EFAULT with KVM_EXIT_MEMORY_FAULT is an exit', () => {
    using unknown = faulting(calling(undefined));
    expect(() => run(unknown)).toThrow(/^KVM_RUN: EFAULT: /);
    const { exit_reason } = unknown.vcpu.kvmRun;
    using machine = faulting(calling(exit_reason));
    expect(run(machine)).toBe(`exit ${exit_reason}`);
    // The guest has not advanced, so the same fault occurs again.
    expect(run(machine)).toBe(`exit ${exit_reason}`);
  });

  // Shows: statement 9
  it('EFAULT with any other exit reason is the error EFAULT', () => {
    using machine = faulting(calling(stale));
    expect(() => run(machine)).toThrow(/^KVM_RUN: EFAULT: /);
  });
});

// Shows: statement 10
it('the error number 133 has the name EHWPOISON', () => {
  // The number is that of <asm-generic/errno.h>.
  expect(ioctlError('KVM_RUN', -133).code).toBe('EHWPOISON');
});

describe.skipIf(!hasKvm).each(mechanisms)(`completeExit with %s ${needsKvm}`, (mechanism) => {
  // Shows: statement 15, statement 16
  it('completeExit finishes the operation of the last exit, and the guest executes nothing more', () => {
    using machine = load(realMode.input, { mechanism });
    const { vcpu } = machine;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    vcpu.shared.setUint8(vcpu.kvmRun.io.$data_offset, 0x77);
    vcpu.completeExit(() => expect.unreachable('a byte is one operation'));
    const { rax, rip } = vcpu.getRegs();
    expect({ al: rax & 0xffn, rip }).toEqual({ al: 0x77n, rip: BigInt(places.code + 4) });
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
  });

  // Shows: statement 15
  it('without completeExit the registers have their values from before the operation', () => {
    using machine = load(realMode.input, { mechanism });
    const { vcpu } = machine;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    vcpu.shared.setUint8(vcpu.kvmRun.io.$data_offset, 0x77);
    expect(vcpu.getRegs().rax & 0xffn).not.toBe(0x77n);
  });

  // Shows: statement 17
  it('completeExit has all further fragments of the operation served', () => {
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
    vcpu.completeExit(serve);
    expect(fragments).toEqual(['read 2', 'read 2', 'write 2', 'write 2']);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
  });

  it('completeExit refuses a function that returns a Promise', () => {
    using machine = load(protectedMode.mmioInFragments, { mechanism });
    run(machine);
    const complete = (): void =>
      machine.vcpu.completeExit(async () => {
        throw new Error('this rejection is handled');
      });
    expect(complete).toThrow('Vcpu.completeExit: serve returned an object of Promise; it must be synchronous');
  });

  it('completeExit has no effect if no operation is pending, and leaves a kick for the next run', () => {
    using machine = load(realMode.out, { mechanism });
    const { rip } = machine.vcpu.getRegs();
    machine.vcpu.kick();
    machine.vcpu.completeExit(() => expect.unreachable('nothing is pending'));
    expect(machine.vcpu.getRegs().rip).toBe(rip);
    expect([run(machine), run(machine)]).toEqual([kicked, `exit ${KVM_EXIT_IO}`]);
  });
});

describe.skipIf(!hasKvm).each(mechanisms)(`aborts with %s ${needsKvm}`, (mechanism) => {
  const runNumbered = ({ vcpu }: Loaded, runId: number): Outcome => runOutcome(vcpu, { runId, timeout: watchdogMs });

  // Shows: statement 40
  it('an abort interrupts the run with its number if that run begins later', () => {
    using machine = load(realMode.out, { mechanism });
    expect(abort(machine.vcpu.share(), 7)).toBe(true);
    expect(runNumbered(machine, 7)).toBe(aborted);
    expect(runNumbered(machine, 8)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  // Shows: statement 39
  it('an abort interrupts the run with its number that is in progress', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin, { mechanism });
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share(), runId: 3 });
    await untilCounting(machine);
    abort(machine.vcpu.share(), 2);
    await untilCounting(machine);
    abort(machine.vcpu.share(), 3);
    expect(await outcomes).toEqual([aborted]);
  });

  // Shows: statement 39
  it('an abort of a run that is over interrupts no later run and no run without a number', () => {
    using machine = load(realMode.outForEver, { mechanism });
    expect(runNumbered(machine, 1)).toBe(`exit ${KVM_EXIT_IO}`);
    abort(machine.vcpu.share(), 1);
    expect(runNumbered(machine, 2)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('an abort is delivered after a pending kick', () => {
    using machine = load(realMode.outForEver, { mechanism });
    machine.vcpu.kick();
    abort(machine.vcpu.share(), 5);
    expect([runNumbered(machine, 5), runNumbered(machine, 5), run(machine)]).toEqual([
      kicked,
      aborted,
      `exit ${KVM_EXIT_IO}`,
    ]);
  });
});

describe.skipIf(!hasKvm)(`string operations ${needsKvm}`, () => {
  // Shows: statement 18
  it('a string input is one exit with a count, and a string output is one exit for each element, with consistent registers in between', () => {
    using input = load(realMode.repIn);
    expect(run(input)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(input.vcpu.kvmRun.io.count).toBe(5);
    using output = load(realMode.repOut);
    const left: bigint[] = [];
    while (run(output) === `exit ${KVM_EXIT_IO}`) {
      expect(output.vcpu.kvmRun.io.count).toBe(1);
      output.vcpu.completeExit(() => expect.unreachable('one byte'));
      left.push(output.vcpu.getRegs().rcx & 0xffffn);
    }
    expect(left).toEqual([4n, 3n, 2n, 1n, 0n]);
  });
});

describe.skipIf(!hasKvm).each(mechanisms)(`the in-kernel irqchip, with %s ${needsKvm}`, (mechanism) => {
  function loadWithIrqchip(guest: Guest): Machine {
    const vm = createVm();
    vm.ioctl(bindings.KVM_CREATE_IRQCHIP);
    return { vm, ...guest.load(vm, { mechanism }) };
  }

  // Shows: statement 23
  it('a halted vCPU blocks in KVM_RUN, and a kick gets it out', async () => {
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

  // Shows: statement 22
  it('a vCPU that was never started blocks in KVM_RUN, a kick gets it out, and the runtime retries EAGAIN at its start', async () => {
    await using helper = await Helper.start();
    using machine = loadWithIrqchip(protectedMode.startOther);
    using other = machine.vm.createVcpu(1, { mechanism });
    other.kvmRun.exit_reason = stale;
    other.kick();
    expect(runOutcome(other)).toBe(kicked);
    if (mechanism === 'immediate_exit') expect(other.kvmRun.exit_reason).toBe(stale);
    const outcomes = helper.do('run', { vcpu: other.share(), times: 2 });
    await until(() => isBusy(other.share()), 'the run');
    other.kick();
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    expect(await outcomes).toEqual([kicked, `exit ${KVM_EXIT_IO}`]);
  });
});

describe.skipIf(!hasKvm)(`errors of KVM_RUN ${needsKvm}`, () => {
  // Shows: statement 11
  it('KVM_RUN refuses unknown register bits in struct kvm_run', () => {
    using machine = load(realMode.out);
    machine.vcpu.kvmRun.kvm_valid_regs = 1n << 63n;
    expect(() => run(machine)).toThrow(/^KVM_RUN: EINVAL: /);
    machine.vcpu.kvmRun.kvm_valid_regs = 0n;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  // Shows: statement 12
  it('KVM_RUN refuses an argument', () => {
    using machine = load(realMode.out);
    const { record } = vcpuContext('test', machine.vcpu);
    expect(addon().vcpuIoctl(record, bindings.KVM_RUN.request, 1)).toBe(-22);
  });

  // Shows: statement 14
  it('KVM_RUN refuses a closed file', () => {
    using machine = load(realMode.out);
    closeSync(machine.vcpu.fd);
    expect(() => run(machine)).toThrow(/^KVM_RUN: EBADF: /);
    // The vCPU closes the file that has its number.
    openSync('/dev/null', 'r');
  });

  // Shows: statement 13
  it('KVM_RUN refuses another process', async () => {
    expect(await runScript('other-process')).toEqual({ error: 'EIO' });
  });
});

describe.skipIf(!hasKvm)(`coalesced MMIO ${needsKvm}`, () => {
  // Shows: statement 19
  it('a coalesced write is in the ring before the exit that follows it', () => {
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

describe.skipIf(!hasKvm)(`the runtime inside Node ${needsKvm}`, () => {
  // Shows: statement 68
  it('child processes do not inherit the file descriptors of KVM', () => {
    using _ = load(realMode.out);
    const kinds = readdirSync('/proc/self/fd').flatMap((fd) => closesOnExec(fd));
    for (const kind of ['kvm-vm', 'kvm-vcpu']) expect(kinds.some((name) => name.includes(kind))).toBe(true);
  });

  // Shows: statement 57
  it('a signal does no harm if it arrives after the end of the Worker that loaded the addon', async () => {
    expect(await runScript('late-signal')).toEqual({ alive: true });
  });

  // Shows: statement 65
  it('Atomics work on memory that is shared with the kernel, except Atomics.wait', () => {
    using machine = load(realMode.out);
    const words = new Int32Array(machine.memory.bytes(places.data, 4).buffer, places.data, 1);
    expect(Atomics.exchange(words, 0, 5)).toBe(0);
    expect(machine.memory.dataView(places.data, 4).getInt32(0, true)).toBe(5);
    expect(() => Atomics.wait(words, 0, 5, 0)).toThrow(TypeError);
  });

  // Shows: statement 46
  it('a VcpuThread runs its vCPU on one thread for its whole life', async () => {
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

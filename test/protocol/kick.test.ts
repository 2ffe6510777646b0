/** Kicks and timeouts interrupt a run. Stray signals do not. */

import { describe, expect, it } from 'vitest';
import { KVM_EXIT_HLT, KVM_EXIT_IO } from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, KvmArgumentError, KvmBusyError, KvmClosedError, kick } from '../../runtime/index.js';
import { Vcpu } from '../../runtime/x86_64.js';
import {
  type Guest,
  type Loaded,
  longMode,
  places,
  protectedMode,
  realMode,
  userMode,
} from '../../tools/guests/index.js';
import { runOutcome } from '../../tools/lib/outcome.js';
import {
  createVm,
  Helper,
  hasKvm,
  load as loadWith,
  type Machine,
  mechanisms,
  needsKvm,
  type Outcome,
  run,
  runScript,
  until,
  untilCounting,
} from '../helpers/vcpus.js';

const meddling = (machine: Loaded) => ({
  vcpu: machine.vcpu.share(),
  memory: machine.memory.share(),
  counterAt: places.data,
});

const exitIo = `exit ${KVM_EXIT_IO}`;
const exitHlt = `exit ${KVM_EXIT_HLT}`;
const kicked = 'interrupted by kick';
const timedOut = 'interrupted by timeout';
const spinning = [realMode.spin, protectedMode.spin, longMode.spin, userMode.spin];

describe.skipIf(!hasKvm).each(mechanisms)(`kicks with %s ${needsKvm}`, (mechanism) => {
  const load = (guest: Guest): Machine => loadWith(guest, { mechanism });

  // Shows: statement 26
  it('a kick before a run interrupts the run before the first instruction', () => {
    using machine = load(realMode.out);
    const { rip } = machine.vcpu.getRegs();
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    expect(machine.vcpu.getRegs().rip).toBe(rip);
    expect(run(machine)).toBe(exitIo);
  });

  // Shows: statement 27
  it('all kicks before a delivery are delivered as one', () => {
    using machine = load(realMode.out);
    for (let kicks = 0; kicks < 3; kicks++) machine.vcpu.kick();
    expect([run(machine), run(machine), run(machine)]).toEqual([kicked, exitIo, exitHlt]);
  });

  it('a kick after a delivery is delivered by the next run', () => {
    using machine = load(realMode.halt);
    machine.vcpu.kick();
    const first = run(machine);
    machine.vcpu.kick();
    expect([first, run(machine), run(machine)]).toEqual([kicked, kicked, exitHlt]);
  });

  // Shows: statement 6, statement 28
  it('a kick is delivered after an exit, and the operation of the exit is completed', () => {
    using machine = load(realMode.input);
    expect(run(machine)).toBe(exitIo);
    machine.vcpu.shared.setUint8(machine.vcpu.kvmRun.io.$data_offset, 0x77);
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    // The guest has read the port, and it has executed nothing after that.
    const { rax, rip } = machine.vcpu.getRegs();
    expect({ al: rax & 0xffn, rip }).toEqual({ al: 0x77n, rip: BigInt(places.code + 4) });
    expect(run(machine)).toBe(exitHlt);
  });

  // Shows: statement 28
  it('a kick is delivered after all fragments of an operation, and each fragment is an exit', () => {
    using machine = load(protectedMode.mmioInFragments);
    const first = run(machine);
    machine.vcpu.kick();
    const fragments = [];
    let outcome = run(machine);
    for (; outcome === first; outcome = run(machine)) fragments.push(outcome);
    expect(outcome).toBe(kicked);
    expect(fragments).toHaveLength(3);
    expect(run(machine)).toBe(exitHlt);
  });

  // Shows: statement 24
  it('a kick is delivered without a look at exit_reason, which is stale', () => {
    using machine = load(realMode.halt);
    machine.vcpu.kvmRun.exit_reason = 0xdead;
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    expect(run(machine)).toBe(exitHlt);
  });

  it('a run that delivers a kick leaves immediate_exit cleared', () => {
    using machine = load(realMode.halt);
    machine.vcpu.kick();
    run(machine);
    expect(machine.vcpu.kvmRun.immediate_exit).toBe(0);
  });

  it('a kick does not interrupt another vCPU of the same thread', () => {
    using one = load(realMode.out);
    using other = load(realMode.out);
    one.vcpu.kick();
    expect(run(other)).toBe(exitIo);
    expect(run(one)).toBe(kicked);
  });

  // Shows: statement 33
  it('a kick of a closed vCPU returns false', () => {
    const machine = load(realMode.halt);
    const shared = machine.vcpu.share();
    expect(kick(shared)).toBe(true);
    machine[Symbol.dispose]();
    expect(kick(shared)).toBe(false);
    expect(() => Vcpu.attach(shared)).toThrow(KvmClosedError);
  });

  // Shows: statement 25
  it.each(spinning)('a kick from a Worker gets this thread out of $name', async (guest) => {
    await using helper = await Helper.start();
    using machine = load(guest);
    const results = helper.do('meddle', { ...meddling(machine), actions: ['kick'] });
    expect(run(machine)).toBe(kicked);
    expect(await results).toEqual(['done']);
  });

  // Shows: statement 25, security 3
  it.each(spinning)('a kick from this thread gets a Worker out of $name', async (guest) => {
    await using helper = await Helper.start();
    using machine = load(guest);
    for (let round = 0; round < 10; round++) {
      const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
      await untilCounting(machine);
      machine.vcpu.kick();
      expect(await outcomes).toEqual([kicked]);
    }
  });

  it('thousands of kicks get a Worker out of 2000 runs, and a later kick still does', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const vcpu = machine.vcpu.share();
    let delivered = 0;
    const outcomes = helper.do('run', { vcpu, times: 2000 }).then((all) => {
      delivered = all.length;
      return all;
    });
    // The kicks come at any phase of the runs and between them, until all runs have delivered one.
    await until(() => {
      for (let kicks = 0; kicks < 300; kicks++) {
        kick(vcpu);
        const next = process.hrtime.bigint() + BigInt(Math.floor(Math.random() * 40_000));
        while (process.hrtime.bigint() < next);
      }
      return delivered > 0;
    }, '2000 interruptions');
    expect(await outcomes).toEqual(Array(2000).fill(kicked));

    // The last of those kicks may not be delivered yet.
    run(machine, 1);
    const last = helper.do('run', { vcpu });
    await untilCounting(machine);
    kick(vcpu);
    expect(await last).toEqual([kicked]);
  });

  it('a kick waits until any thread runs the vCPU', async () => {
    using machine = load(userMode.spin);
    {
      await using helper = await Helper.start();
      const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
      await untilCounting(machine);
      machine.vcpu.kick();
      expect(await outcomes).toEqual([kicked]);
    }
    // The thread that ran the vCPU last has ended, so the kick signals no thread.
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
  });

  it('a Worker that is in a run ends after a kick', async () => {
    using machine = load(userMode.spin);
    {
      await using helper = await Helper.start();
      helper.do('run', { vcpu: machine.vcpu.share() }).catch(() => {});
      await untilCounting(machine);
      // The end of its scope terminates the Worker and kicks.
    }
    expect(run(machine, 1)).toMatch(/^interrupted by /);
  });
});

describe.skipIf(!hasKvm).each(mechanisms)(`timeouts with %s ${needsKvm}`, (mechanism) => {
  const load = (guest: Guest): Machine => loadWith(guest, { mechanism });

  // Shows: security 3
  it('a timeout interrupts its run', () => {
    using machine = load(userMode.spin);
    expect([run(machine, 1), run(machine, 1)]).toEqual([timedOut, timedOut]);
  });

  // Shows: security 6
  it('a timeout that expires before KVM_RUN begins interrupts the run', () => {
    using machine = load(userMode.spin);
    for (let runs = 0; runs < 100; runs++) expect(run(machine, 1e-6)).toBe(timedOut);
  });

  // Shows: statement 38
  it('a timeout does not interrupt the next run, in a thousand rounds', () => {
    using machine = load(realMode.outForEver);
    const outcomes = { timed: [] as Outcome[], next: [] as Outcome[] };
    for (let round = 0; round < 1000; round++) {
      // The timeouts grow from far below the time of an exit to far above it.
      outcomes.timed.push(run(machine, 10 ** ((round % 80) / 10 - 6)));
      outcomes.next.push(runOutcome(machine.vcpu));
    }
    expect(outcomes.next).toEqual(Array(1000).fill(exitIo));
    expect(new Set(outcomes.timed)).toEqual(new Set([exitIo, timedOut]));
  });

  // Shows: statement 38
  it('a timeout does not interrupt the next run if its own run delivers a kick', () => {
    using machine = load(userMode.spin);
    expect(run(machine, 1)).toBe(timedOut);
    machine.vcpu.kick();
    expect(run(machine, 1e-6)).toBe(kicked);
    expect(run(machine, 1)).toBe(timedOut);
  });

  it('a timeout works on each thread that runs the vCPU', async () => {
    await using helper = await Helper.start();
    await using other = await Helper.start();
    using machine = load(userMode.spin);
    const vcpu = machine.vcpu.share();
    for (let round = 0; round < 3; round++) {
      expect(await helper.do('run', { vcpu, times: 2, timeout: 1 })).toEqual([timedOut, timedOut]);
      expect(run(machine, 1)).toBe(timedOut);
      expect(await other.do('run', { vcpu, timeout: 1 })).toEqual([timedOut]);
    }
  });
});

describe.skipIf(!hasKvm).each(mechanisms)(`stray signals with %s ${needsKvm}`, (mechanism) => {
  const load = (guest: Guest): Machine => loadWith(guest, { mechanism });

  const signal = 63;

  // Shows: statement 35
  it('stray signals with the number of the kick signal do not end a run', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const thread = await helper.do('threadId', null);
    let hasReturned = false;
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() }).finally(() => {
      hasReturned = true;
    });
    for (let round = 0; round < 20; round++) {
      await untilCounting(machine);
      // One signal goes to the thread, and one to the whole process.
      for (const target of [thread, process.pid]) for (let i = 0; i < 20; i++) process.kill(target, signal);
    }
    await untilCounting(machine);
    expect(hasReturned).toBe(false);
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  it('stray signals between runs have no effect', () => {
    using machine = load(realMode.out);
    for (let i = 0; i < 20; i++) process.kill(process.pid, signal);
    expect([run(machine), run(machine)]).toEqual([exitIo, exitHlt]);
  });
});

describe.skipIf(!hasKvm)(`the kick signal ${needsKvm}`, () => {
  it('the runtime handles no signal except the kick signals of its vCPUs', async () => {
    expect(await runScript('signals')).toEqual({ handled: [63], also: [40] });
  });

  it('the kick signal can be chosen', async () => {
    await using helper = await Helper.start();
    using vm = createVm();
    using loaded = userMode.spin.load(vm, { kickSignal: 40 });
    const outcomes = helper.do('run', { vcpu: loaded.vcpu.share() });
    await untilCounting(loaded);
    loaded.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  it.each([0, 10, 31, 65, 63.5, Number.NaN, -1])('the kick signal cannot be %d', (number) => {
    using vm = createVm();
    expect(() => vm.createVcpu(0, { kickSignal: number })).toThrow(KvmArgumentError);
    expect(() => vm.createVcpu(0, { kickSignal: number })).toThrow(
      /must be the number of a real-time signal, from 3\d to 64$/,
    );
    // No vCPU was made, so its number is free.
    using _ = vm.createVcpu(0);
  });

  // Shows: statement 56
  it('createVcpu refuses a signal that the process handles, and accepts another one or takes a free one', async () => {
    const refusal =
      'KVM_CREATE_VCPU: kickSignal 63: another part of the process handles this signal; choose another number';
    expect(await runScript('handled-signal', { before: ['env', '--ignore-signal=63'] })).toEqual({
      refusal: `KvmArgumentError: ${refusal}`,
      withAnother: kicked,
      withFreeOne: kicked,
    });
  });

  // Shows: statement 56
  it.each([
    ['the default signal', '', ''],
    ['the same signal', '40', '40'],
    ['different signals', '40', '41'],
  ])('two copies of the package in one process get their vCPUs out of KVM_RUN with %s', async (_, first, second) => {
    expect(await runScript('two-copies', { env: { FIRST: first, SECOND: second } })).toEqual({
      copies: 2,
      outcomes: Array(6).fill(kicked),
    });
  });

  it('a kick is delivered if the process was started with the kick signal blocked', async () => {
    expect(await runScript('kick-spinner', { before: ['env', '--block-signal=63'] })).toEqual({ outcomes: [kicked] });
  });

  // Shows: statement 32
  it('a kick is delivered if the queue of real-time signals is full, and a timeout is refused then', async () => {
    const before = ['bash', '-c', 'ulimit -i 0 && exec "$@"', 'bash'];
    const outcomes = [kicked];
    const timeout = expect.stringMatching(/^KvmError: KVM_RUN: EAGAIN: .*ulimit -i/);
    expect(await runScript('kick-spinner', { before, env: { WITH_TIMEOUT: '1' } })).toEqual({ outcomes, timeout });
  });
});

describe.skipIf(!hasKvm)(`a vCPU that another thread runs ${needsKvm}`, () => {
  // Shows: statement 66
  it('a vCPU that this thread runs is busy for a Worker', async () => {
    await using helper = await Helper.start();
    using machine = loadWith(userMode.spin);
    const actions = ['run', 'getRegs', 'ioctl', 'close', 'kick'] as const;
    const answers = helper.do('meddle', { ...meddling(machine), actions: [...actions] });
    expect(run(machine)).toBe(kicked);
    expect(await answers).toEqual([...Array(4).fill('KvmBusyError'), 'done']);
  });

  // Shows: statement 44, security 25
  it('a vCPU that a Worker runs is busy for this thread, and usable after the run', async () => {
    await using helper = await Helper.start();
    using machine = loadWith(userMode.spin);
    const { vcpu } = machine;
    const outcomes = helper.do('run', { vcpu: vcpu.share() });
    await untilCounting(machine);
    for (const use of [() => vcpu.run(), () => vcpu.getRegs(), () => vcpu.getSregs(), () => vcpu.close()]) {
      expect(use).toThrow(KvmBusyError);
      expect(use).toThrow(/kick it first$/);
    }
    vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
    expect(vcpu.getRegs().rip).toBeGreaterThanOrEqual(BigInt(places.code));
    vcpu.close();
    expect(() => vcpu.run()).toThrow(KvmClosedError);
  });

  // Shows: statement 58
  it('a run continues when another thread closes the VM and the memory', async () => {
    await using helper = await Helper.start();
    const { vm, vcpu, memory } = loadWith(userMode.spin);
    using counter = GuestMemory.attach(memory.share());
    const outcomes = helper.do('run', { vcpu: vcpu.share() });
    await untilCounting({ vcpu, memory } as Loaded);
    memory.close();
    vm.close();
    await untilCounting({ vcpu, memory: counter } as Loaded);
    vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
    vcpu.close();
  });
});

/** Kicks and timeouts: how a vCPU is got out of KVM_RUN, and what never comes out of `run`. */

import { describe, expect, it } from 'vitest';
import { KVM_EXIT_HLT, KVM_EXIT_IO } from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, KvmArgumentError, KvmBusyError, KvmClosedError, kick, Vcpu } from '../../runtime/index.js';
import {
  type Guest,
  type Loaded,
  longMode,
  places,
  protectedMode,
  realMode,
  userMode,
} from '../../tools/guests/index.js';
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

describe.skipIf(!hasKvm).each(mechanisms)(`a kick with %s ${needsKvm}`, (mechanism) => {
  const load = (guest: Guest): Machine => loadWith(guest, { mechanism });

  it('before a run interrupts it before its first instruction', () => {
    using machine = load(realMode.out);
    const { rip } = machine.vcpu.getRegs();
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    expect(machine.vcpu.getRegs().rip).toBe(rip);
    expect(run(machine)).toBe(exitIo);
    expect(machine.vcpu.interruption).toBeNull();
  });

  it('is delivered as one with the kicks before its delivery', () => {
    using machine = load(realMode.out);
    for (let kicks = 0; kicks < 3; kicks++) machine.vcpu.kick();
    expect([run(machine), run(machine), run(machine)]).toEqual([kicked, exitIo, exitHlt]);
  });

  it('is delivered again when it comes after a delivery', () => {
    using machine = load(realMode.halt);
    machine.vcpu.kick();
    const first = run(machine);
    machine.vcpu.kick();
    expect([first, run(machine), run(machine)]).toEqual([kicked, kicked, exitHlt]);
  });

  it('is delivered after an exit, and lets the operation of the exit be completed', () => {
    using machine = load(realMode.input);
    expect(run(machine)).toBe(exitIo);
    machine.vcpu.shared.setUint8(machine.vcpu.kvmRun.io.$data_offset, 0x77);
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    // The port was read, and no more was done.
    const { rax, rip } = machine.vcpu.getRegs();
    expect({ al: rax & 0xffn, rip }).toEqual({ al: 0x77n, rip: BigInt(places.code + 4) });
    expect(run(machine)).toBe(exitHlt);
  });

  it('is delivered after all fragments of an operation, each of which is an exit of its own', () => {
    using machine = load(protectedMode.mmioInFragments);
    const first = run(machine);
    machine.vcpu.kick();
    const fragments = [];
    for (let outcome = run(machine); outcome === first; outcome = run(machine)) fragments.push(outcome);
    expect(fragments).toHaveLength(3);
    expect(machine.vcpu.interruption).toBe('kick');
    expect(run(machine)).toBe(exitHlt);
  });

  it('never has anybody look at exit_reason, which is stale then', () => {
    using machine = load(realMode.halt);
    machine.vcpu.kvmRun.exit_reason = 0xdead;
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
    expect(run(machine)).toBe(exitHlt);
  });

  it('leaves immediate_exit down', () => {
    using machine = load(realMode.halt);
    machine.vcpu.kick();
    run(machine);
    expect(machine.vcpu.kvmRun.immediate_exit).toBe(0);
  });

  it('does nothing to another vCPU of the same thread', () => {
    using one = load(realMode.out);
    using other = load(realMode.out);
    one.vcpu.kick();
    expect(run(other)).toBe(exitIo);
    expect(run(one)).toBe(kicked);
  });

  it('can be given to what is gone: it says so', () => {
    const machine = load(realMode.halt);
    const shared = machine.vcpu.share();
    expect(kick(shared)).toBe(true);
    machine[Symbol.dispose]();
    expect(kick(shared)).toBe(false);
    expect(() => Vcpu.attach(shared)).toThrow(KvmClosedError);
  });

  it.each(spinning)('from a Worker gets this thread out of $name', async (guest) => {
    await using helper = await Helper.start();
    using machine = load(guest);
    const results = helper.do('meddle', { ...meddling(machine), actions: ['kick'] });
    expect(run(machine)).toBe(kicked);
    expect(await results).toEqual(['done']);
  });

  it.each(spinning)('from this thread gets a Worker out of $name', async (guest) => {
    await using helper = await Helper.start();
    using machine = load(guest);
    for (let round = 0; round < 10; round++) {
      const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
      await untilCounting(machine);
      machine.vcpu.kick();
      expect(await outcomes).toEqual([kicked]);
    }
  });

  it('gets a Worker out of run after run, and none of so many is in the way of a later one', async () => {
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

  it('waits for the vCPU to be run by whatever thread', async () => {
    using machine = load(userMode.spin);
    {
      await using helper = await Helper.start();
      const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
      await untilCounting(machine);
      machine.vcpu.kick();
      expect(await outcomes).toEqual([kicked]);
    }
    // The thread that ran it last has ended, and the kick finds nobody to signal.
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
  });

  it('lets a Worker end that is in a run', async () => {
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

describe.skipIf(!hasKvm).each(mechanisms)(`a timeout with %s ${needsKvm}`, (mechanism) => {
  const load = (guest: Guest): Machine => loadWith(guest, { mechanism });

  it('interrupts its run', () => {
    using machine = load(userMode.spin);
    expect([run(machine, 1), run(machine, 1)]).toEqual([timedOut, timedOut]);
  });

  it('that is over before KVM_RUN begins interrupts it all the same', () => {
    using machine = load(userMode.spin);
    for (let runs = 0; runs < 100; runs++) expect(run(machine, 1e-6)).toBe(timedOut);
  });

  it('is over with its run: a thousand times it leaves the next run alone', () => {
    using machine = load(realMode.outForEver);
    const outcomes = { timed: [] as Outcome[], next: [] as Outcome[] };
    for (let round = 0; round < 1000; round++) {
      // From far too short over just about an exit's time to ample.
      outcomes.timed.push(run(machine, 10 ** ((round % 80) / 10 - 6)));
      outcomes.next.push(machine.vcpu.run() === 'exit' ? exitIo : 'interrupted');
    }
    expect(outcomes.next).toEqual(Array(1000).fill(exitIo));
    expect(new Set(outcomes.timed)).toEqual(new Set([exitIo, timedOut]));
  });

  it('is over with its run, also when the run delivers a kick instead', () => {
    using machine = load(userMode.spin);
    expect(run(machine, 1)).toBe(timedOut);
    machine.vcpu.kick();
    expect(run(machine, 1e-6)).toBe(kicked);
    expect(run(machine, 1)).toBe(timedOut);
  });

  it('goes with the vCPU from thread to thread', async () => {
    await using helper = await Helper.start();
    await using other = await Helper.start();
    using machine = load(userMode.spin);
    const vcpu = machine.vcpu.share();
    for (let round = 0; round < 3; round++) {
      expect(await helper.do('run', { vcpu, times: 2, timeoutMs: 1 })).toEqual([timedOut, timedOut]);
      expect(run(machine, 1)).toBe(timedOut);
      expect(await other.do('run', { vcpu, timeoutMs: 1 })).toEqual([timedOut]);
    }
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32])('of %d ms is refused', (timeoutMs) => {
    using machine = load(realMode.halt);
    expect(() => machine.vcpu.run({ timeoutMs })).toThrow(KvmArgumentError);
    expect(run(machine)).toBe(exitHlt);
  });
});

describe.skipIf(!hasKvm).each(mechanisms)(`stray signals with %s ${needsKvm}`, (mechanism) => {
  const load = (guest: Guest): Machine => loadWith(guest, { mechanism });

  const signal = 63;

  it('of the very number, to the very thread, do not come out of a run', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const thread = await helper.do('threadId', null);
    let hasReturned = false;
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() }).finally(() => {
      hasReturned = true;
    });
    for (let round = 0; round < 20; round++) {
      await untilCounting(machine);
      // To the thread, and to the process as a whole.
      for (const target of [thread, process.pid]) for (let i = 0; i < 20; i++) process.kill(target, signal);
    }
    await untilCounting(machine);
    expect(hasReturned).toBe(false);
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  it('between runs do nothing', () => {
    using machine = load(realMode.out);
    for (let i = 0; i < 20; i++) process.kill(process.pid, signal);
    expect([run(machine), run(machine)]).toEqual([exitIo, exitHlt]);
  });
});

describe.skipIf(!hasKvm)(`the signal of kicks ${needsKvm}`, () => {
  it('is the only one that the runtime handles', async () => {
    expect(await runScript('signals')).toEqual({ handled: [63], also: [40] });
  });

  it('can be chosen', async () => {
    await using helper = await Helper.start();
    using vm = createVm();
    using loaded = userMode.spin.load(vm, { signal: 40 });
    const outcomes = helper.do('run', { vcpu: loaded.vcpu.share() });
    await untilCounting(loaded);
    loaded.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  it.each([0, 10, 31, 65, 63.5, Number.NaN, -1])('is not %d', (number) => {
    using vm = createVm();
    expect(() => vm.createVcpu(0, { signal: number })).toThrow(KvmArgumentError);
    expect(() => vm.createVcpu(0, { signal: number })).toThrow(/is not a real-time signal; choose one from 3\d to 64$/);
    // No vCPU was made, so its number is free.
    using _ = vm.createVcpu(0);
  });

  it('is not one that somebody else handles, and then another one can be chosen', async () => {
    const refusal = 'signal 63 is handled by somebody else; choose another one with { signal }';
    expect(await runScript('handled-signal', { before: ['env', '--ignore-signal=63'] })).toEqual({
      refusal: `KvmArgumentError: ${refusal}`,
      withAnother: kicked,
    });
  });

  it('gets through when the process was started with it blocked', async () => {
    expect(await runScript('kick-spinner', { before: ['env', '--block-signal=63'] })).toEqual({ outcomes: [kicked] });
  });

  it('gets through when the queue of real-time signals is full; a timeout is refused then', async () => {
    const before = ['bash', '-c', 'ulimit -i 0 && exec "$@"', 'bash'];
    const outcomes = [kicked];
    const timeout = expect.stringMatching(/^KvmError: KVM_RUN: EAGAIN: .*ulimit -i/);
    expect(await runScript('kick-spinner', { before, env: { WITH_TIMEOUT: '1' } })).toEqual({ outcomes, timeout });
  });
});

describe.skipIf(!hasKvm)(`a vCPU that another thread runs ${needsKvm}`, () => {
  it('is busy for a Worker', async () => {
    await using helper = await Helper.start();
    using machine = loadWith(userMode.spin);
    const actions = ['run', 'getRegs', 'ioctl', 'close', 'kick'] as const;
    const answers = helper.do('meddle', { ...meddling(machine), actions: [...actions] });
    expect(run(machine)).toBe(kicked);
    expect(await answers).toEqual([...Array(4).fill('KvmBusyError'), 'done']);
  });

  it('is busy for this thread, and as before afterwards', async () => {
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

  it('goes on when this thread closes the VM and the memory', async () => {
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

/**
 * Signals that are not kicks have no effect, with both mechanisms. The tests use the signals of a profiler, a flood of the kick
 * signal, child processes, and vCPUs with other signals or with the other mechanism on the same thread.
 */

import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { KvmUnsupportedError, VcpuThread } from '../../runtime/index.js';
import { type Bindings, Kvm, type Mechanism, type VcpuOptions } from '../../runtime/x86_64.js';
import { realMode, userMode } from '../../tools/guests/index.js';
import {
  Helper,
  hasKvm,
  load,
  type Machine,
  mechanisms,
  needsKvm,
  program,
  run,
  runProfiled,
  Served,
  until,
  untilCounting,
  within,
} from '../helpers/vcpus.js';

const execute = promisify(execFile);

const signal = 63;
const kicked = 'interrupted by kick';
const timedOut = 'interrupted by timeout';

/** The signals of a set in the text of `/proc/…/status`. */
function signalsIn(status: string, set: 'SigBlk' | 'SigIgn'): number[] {
  const [, mask] = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status) ?? [];
  const bits = BigInt(`0x${mask}`);
  return Array.from({ length: 64 }, (_, index) => index + 1).filter((number) => (bits >> BigInt(number - 1)) & 1n);
}

const blockedHere = (): number[] => signalsIn(readFileSync('/proc/thread-self/status', 'utf8'), 'SigBlk');

/** A command that prints the status of its own process. */
const cat = ['cat', ['/proc/self/status'], { encoding: 'utf8' }] as const;

function expectUntouched(status: string): void {
  expect(signalsIn(status, 'SigBlk')).toEqual([]);
  expect(signalsIn(status, 'SigIgn')).not.toContain(signal);
}

/** The threads of this process. */
const threads = (): number[] => readdirSync('/proc/self/task').map(Number);

describe.skipIf(!hasKvm).each(mechanisms)(`signals with %s ${needsKvm}`, (mechanism) => {
  const options = { mechanism };

  // Shows: statement 52
  it('the signals of a profiler do not end a run', async () => {
    expect(await runProfiled('kick-spinner', { MECHANISM: mechanism })).toEqual({ outcomes: [kicked] });
  });

  // Shows: statement 52
  it('the signals of a profiler do not reach the program of a VcpuThread', async () => {
    // The number of exits and of kicks before each kick.
    const seen = [
      [0, 0],
      [0, 1],
      [0, 2],
    ];
    expect(await runProfiled('kick-thread', { MECHANISM: mechanism })).toEqual({ seen });
  });

  // Shows: statement 53
  it('a flood of the kick signal does not end a run, and no kick is lost during the flood', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin, options);
    using other = load(userMode.spin, options);
    let hasReturned = false;
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() }).finally(() => {
      hasReturned = true;
    });
    const served = new Served();
    await using thread = VcpuThread.start(other.vcpu, program('serve'), { data: { words: served.words } });
    await untilCounting(machine);
    await untilCounting(other);
    const targets = [process.pid, ...threads()];
    for (let kicks = 0; kicks < 20; kicks++) {
      for (let millisecond = 0; millisecond < 50; millisecond++) {
        for (const target of targets) process.kill(target, signal);
        await setTimeout(1);
      }
      expect({ hasReturned, exits: served.exits, kicks: served.kicks }).toEqual({
        hasReturned: false,
        exits: 0,
        kicks,
      });
      thread.kick();
      await until(() => served.kicks === kicks + 1, 'the kick is delivered');
    }
    await untilCounting(machine);
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  // Shows: statement 54
  it('a child process that is started during a run gets no signal and does not end the run', async () => {
    using machine = load(userMode.spin, options);
    const served = new Served();
    await using thread = VcpuThread.start(machine.vcpu, program('serve'), { data: { words: served.words } });
    await untilCounting(machine);
    for (let round = 0; round < 5; round++) {
      execFileSync('true');
      expectUntouched(execFileSync(...cat));
      const [{ stdout }] = await Promise.all([execute(...cat), execute('true')]);
      expectUntouched(stdout);
      await untilCounting(machine);
    }
    expect({ exits: served.exits, kicks: served.kicks }).toEqual({ exits: 0, kicks: 0 });
    thread.kick();
    await until(() => served.kicks === 1, 'the kick is delivered');
  });

  // Shows: statement 54
  it('a child process that is started between runs on the thread of the vCPU does not inherit its signal mask', async () => {
    using machine = load(realMode.repOut, options);
    const { port1, port2 } = new MessageChannel();
    const statuses: string[] = [];
    port1.on('message', (status: string) => statuses.push(status));
    const thread = VcpuThread.start(machine.vcpu, program('child'), { data: { port: port2 }, transferList: [port2] });
    await within(thread.finished, 'the end of the thread');
    await until(() => statuses.length === 5, 'five children');
    statuses.forEach(expectUntouched);
    port1.close();
    // A child of this thread does not inherit the mask either, and the next run works as before.
    expect(run(machine, 1e-6)).toBe(timedOut);
    expectUntouched(execFileSync(...cat));
    machine.vcpu.kick();
    expect(run(machine)).toBe(kicked);
  });

  // Shows: statement 55
  it.each(mechanisms)(
    'a kick gets a Worker out of a run if the Worker was started by a thread that has run a vCPU: %s',
    async (other) => {
      using first = load(userMode.spin, options);
      expect(run(first, 1)).toBe(timedOut);
      await using helper = await Helper.start();
      using machine = load(userMode.spin, { mechanism: other });
      const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
      await untilCounting(machine);
      machine.vcpu.kick();
      expect(await outcomes).toEqual([kicked]);
    },
  );
});

describe.skipIf(!hasKvm)(`vCPUs that take turns on a thread ${needsKvm}`, () => {
  const together: [string, VcpuOptions[]][] = [
    ['different mechanisms', [{ mechanism: 'immediate_exit' }, { mechanism: 'signal_mask' }]],
    ['different signals, immediate_exit', mixed('immediate_exit', 'immediate_exit')],
    ['different signals, signal_mask', mixed('signal_mask', 'signal_mask')],
    ['different signals, different mechanisms', mixed('immediate_exit', 'signal_mask')],
  ];

  function mixed(...of: Mechanism[]): VcpuOptions[] {
    return of.map((mechanism, index) => ({ mechanism, kickSignal: signal - 20 * index }));
  }

  // Shows: statement 37
  it.each(together)(
    'vCPUs take turns on a thread, and a kick interrupts only its own vCPU: %s',
    async (_, [one = {}, another = {}]) => {
      await using helper = await Helper.start();
      using left = load(userMode.spin, one);
      using right = load(userMode.spin, another);
      for (let round = 0; round < 5; round++) {
        for (const machine of [left, right]) {
          const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
          await untilCounting(machine);
          machine.vcpu.kick();
          expect(await outcomes).toEqual([kicked]);
        }
      }
    },
  );

  // Shows: statement 37
  it.each(together)(
    'vCPUs take turns on a thread, and requests for one vCPU do not interrupt the other: %s',
    async (_, [one = {}, another = {}]) => {
      await using helper = await Helper.start();
      using left = load(userMode.spin, one);
      using right = load(userMode.spin, another);
      const runOf = ({ vcpu }: Machine) => helper.do('run', { vcpu: vcpu.share(), timeout: 1 });
      for (let round = 0; round < 5; round++) {
        for (const [mine, other] of [[left, right] as const, [right, left] as const]) {
          mine.vcpu.kick();
          const outcomes = [await runOf(other), await runOf(mine), await runOf(other), await runOf(mine)];
          expect(outcomes).toEqual([[timedOut], [kicked], [timedOut], [timedOut]]);
        }
      }
    },
  );
});

describe.skipIf(!hasKvm)(`the mechanism ${needsKvm}`, () => {
  /** The bindings of a kernel before Linux 4.11, which does not have this capability. */
  const older: Bindings = {
    ...bindings,
    KVM_CAP_IMMEDIATE_EXIT: 0x7fff_0000 as typeof bindings.KVM_CAP_IMMEDIATE_EXIT,
  };

  it('the default mechanism is immediate_exit, and the thread does not block the signal', () => {
    using machine = load(userMode.spin);
    expect(run(machine, 1)).toBe(timedOut);
    expect(blockedHere()).not.toContain(signal);
  });

  it('createVcpu refuses immediate_exit if the kernel does not have it, and names the alternative', () => {
    using kvm = Kvm.open({ bindings: older });
    using vm = kvm.createVm();
    const create = () => vm.createVcpu(0, { mechanism: 'immediate_exit' });
    expect(create).toThrow(KvmUnsupportedError);
    expect(create).toThrow(/^KVM_CREATE_VCPU: .*KVM_CAP_IMMEDIATE_EXIT.*use \{ mechanism: 'signal_mask' \}$/);
    // No vCPU was made, so its number is free.
    using _ = vm.createVcpu(0, { mechanism: 'signal_mask' });
  });

  it('the default mechanism is signal_mask if the kernel does not have immediate_exit', async () => {
    await using helper = await Helper.start();
    using kvm = Kvm.open({ bindings: older });
    using vm = kvm.createVm();
    using machine = userMode.spin.load(vm);
    machine.vcpu.kick();
    expect([run(machine), run(machine, 1)]).toEqual([kicked, timedOut]);
    expect(blockedHere()).toContain(signal);
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
    await untilCounting(machine);
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });
});

/** A vCPU in a Worker: its program, its orders, and its end. */

import { getEventListeners, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { KVM_EXIT_IO } from '../../../generated/x86_64/linux/kvm.js';
import { addon, addonPath, threadWorker } from '../../../runtime/addon.js';
import { GuestMemory, KvmBusyError, kick, VcpuThread, type VcpuThreadOptions } from '../../../runtime/index.js';
import { newWords, orderWord, runningMessage, type WorkerInput, words } from '../../../runtime/thread/program.js';
import { longMode, places, protectedMode, realMode, userMode } from '../../../tools/guests/index.js';
import {
  counterOf,
  hasKvm,
  load,
  type Machine,
  mechanisms,
  needsKvm,
  program,
  run,
  Served,
  until,
  untilCounting,
  within,
} from '../../helpers/vcpus.js';
import { expectFree } from './expect-free.js';

interface ServeOptions extends Pick<VcpuThreadOptions, 'signal'> {
  readonly served?: Served;
  readonly name?: 'serve' | 'no-kick-handler' | 'endless';
  /** Each exit waits for `served.release`. */
  readonly waits?: boolean;
}

function serve(machine: Machine, { served = new Served(), name = 'serve', waits = false, ...rest }: ServeOptions = {}) {
  return VcpuThread.start(machine.vcpu, program(name), { data: { words: served.words, waits }, ...rest });
}

const ended = (thread: VcpuThread): Promise<void> => within(thread.finished, 'the end of the thread');

/** Expects that the guest does not run, and that no other thread uses the vCPU. A running guest would change its counter. */
function expectStill(machine: Machine): void {
  const before = counterOf(machine);
  const { rip } = machine.vcpu.getRegs();
  for (let looks = 0; looks < 500; looks++) expect(machine.vcpu.getRegs().rip).toBe(rip);
  expect(counterOf(machine)).toBe(before);
}

/** Pauses a thread that serves an exit, and releases the exit after the order. */
async function pauseServing(thread: VcpuThread, served: Served): Promise<void> {
  const paused = thread.pause();
  // The order waits for the orders before it.
  await setTimeout(1);
  served.release();
  await within(paused, 'the pause');
}

const spinning = [realMode.spin, longMode.spin, userMode.spin];

describe.skipIf(!hasKvm).each(mechanisms)(`VcpuThread with %s ${needsKvm}`, (mechanism) => {
  const options = { mechanism };

  it('a VcpuThread serves the exits of its guest, and its program gets data by clone, by transfer and by handle', async () => {
    using machine = load(realMode.print('hello'), options);
    const { port1, port2 } = new MessageChannel();
    const posted = once(port1, 'message');
    const bytes = Uint8Array.of(1, 2, 3);
    const data = { port: port2, bytes, memory: machine.memory.share() };
    const transferList = [port2, bytes.buffer];
    await using thread = VcpuThread.start(machine.vcpu, program('print'), { data, transferList });
    expect(bytes.byteLength).toBe(0);
    const code = machine.memory.bytes(places.code, 3);
    expect(await posted).toEqual([{ text: 'hello', bytes: Uint8Array.of(1, 2, 3), code }]);
    await ended(thread);
    port1.close();
  });

  it('a VcpuThread calls its program at each kick and continues', async () => {
    using machine = load(userMode.spin, options);
    const served = new Served();
    await using thread = serve(machine, { served });
    for (let kicks = 1; kicks <= 100; kicks++) {
      await untilCounting(machine);
      thread.kick();
      await until(() => served.kicks === kicks, `kick ${kicks} is delivered`);
    }
    await untilCounting(machine);
    expect(served.kicks).toBe(100);
  });

  it('a VcpuThread continues after a kick when its program does not have a method for it', async () => {
    using machine = load(userMode.spin, options);
    await using thread = serve(machine, { name: 'no-kick-handler' });
    for (let kicks = 0; kicks < 10; kicks++) {
      await untilCounting(machine);
      thread.kick();
    }
    await untilCounting(machine);
    await thread.stop();
    // No kick is pending any more.
    expect(run(machine, 1)).toBe('interrupted by timeout');
  });

  // Shows: statement 43
  it.each(spinning)('a paused guest does not run, and its registers can be read: $name', async (guest) => {
    using machine = load(guest, options);
    await using thread = serve(machine);
    for (let round = 0; round < 3; round++) {
      await untilCounting(machine);
      expect(() => machine.vcpu.getRegs()).toThrow(KvmBusyError);
      await within(thread.pause(), 'the pause');
      expectStill(machine);
      thread.resume();
    }
    await untilCounting(machine);
  });

  it('a paused Worker stays paused when it is woken without a new order', async () => {
    using machine = load(realMode.spin, options);
    const vcpu = machine.vcpu.share();
    const shared = newWords();
    const pause = orderWord(1, 'pause');
    Atomics.store(shared, words.order, pause);
    addon().pause(vcpu.id, true);
    const data = { words: new Served().words };
    const input: WorkerInput = { addon: addonPath(), vcpu, program: program('serve').href, data, words: shared };
    const worker = new Worker(threadWorker(), { workerData: input });
    const messages: unknown[] = [];
    worker.on('message', (message) => messages.push(message));
    await until(() => messages.length === 2 && Atomics.notify(shared, words.order) === 1, 'the Worker is woken');
    await until(() => Atomics.notify(shared, words.order) === 1, 'the Worker waits again');
    expect(messages).toEqual([runningMessage, pause]);
    Atomics.store(shared, words.order, orderWord(2, 'stop'));
    Atomics.notify(shared, words.order);
    await within(once(worker, 'exit'), 'the end of the Worker');
    addon().pause(vcpu.id, false);
  });

  // Shows: statement 45
  it('a run continues while another thread tries to read the registers', async () => {
    using machine = load(realMode.outForEver, options);
    const thread = serve(machine);
    let [reads, refusals] = [0, 0];
    await until(() => {
      for (let tries = 0; tries < 1000; tries++) {
        try {
          machine.vcpu.getRegs();
          reads++;
        } catch (error) {
          if (!(error instanceof KvmBusyError)) throw error;
          refusals++;
        }
      }
      return reads > 100 && refusals > 100;
    }, 'reads between and during the runs');
    await within(thread.stop(), 'the end of the thread');
  });

  // Shows: statement 42
  it('pause completes the operation of the last exit, and the guest executes nothing more', async () => {
    using machine = load(realMode.input, options);
    const served = new Served();
    await using thread = serve(machine, { served, waits: true });
    await until(() => served.exits === 1, 'the guest reads the port');
    await pauseServing(thread, served);
    const { rax, rip } = machine.vcpu.getRegs();
    expect({ al: rax & 0xffn, rip }).toEqual({ al: 0x77n, rip: BigInt(places.code + 4) });
    expect([...machine.memory.bytes(places.data, 1)]).toEqual([0]);
    thread.resume();
    await ended(thread);
    expect([...machine.memory.bytes(places.data, 1)]).toEqual([0x77]);
    expect(served.exits).toBe(2);
  });

  it('pause waits until all fragments of an operation are served', async () => {
    using machine = load(protectedMode.mmioInFragments, options);
    const served = new Served();
    await using thread = serve(machine, { served, waits: true });
    await until(() => served.exits === 1, 'the guest reads the device');
    await pauseServing(thread, served);
    // After two reads and two writes the instruction of six bytes is completed, and the next one is not.
    expect(served.exits).toBe(4);
    expect(machine.vcpu.getRegs().rip).toBe(BigInt(places.code + 6));
    thread.resume();
    await ended(thread);
    expect(served.exits).toBe(5);
  });

  it('a VcpuThread can be paused and resumed a hundred times', async () => {
    using machine = load(userMode.spin, options);
    await using thread = serve(machine);
    for (let round = 0; round < 100; round++) {
      await within(thread.pause(), `pause ${round}`);
      // A running vCPU would refuse this call.
      machine.vcpu.getRegs();
      thread.resume();
    }
    await untilCounting(machine);
  });

  it('a VcpuThread executes a hundred pauses and resumptions in their order', async () => {
    using machine = load(userMode.spin, options);
    await using thread = serve(machine);
    const pauses = Array.from({ length: 100 }, () => {
      const paused = thread.pause();
      thread.resume();
      return paused;
    });
    await within(Promise.all(pauses), 'a hundred pauses');
    await untilCounting(machine);
    void thread.pause();
    thread.resume();
    await within(thread.pause(), 'the last pause');
    expectStill(machine);
    await within(thread.pause(), 'one more');
    expectStill(machine);
    thread.resume();
    await untilCounting(machine);
  });

  it('a VcpuThread that is resumed before it acknowledges a pause pauses first and then continues', async () => {
    using machine = load(realMode.input, options);
    const served = new Served();
    await using thread = serve(machine, { served, waits: true });
    await until(() => served.exits === 1, 'the guest reads the port');
    let isPaused = false;
    const paused = thread.pause().then(() => {
      isPaused = true;
    });
    thread.resume();
    await setTimeout(5);
    expect(isPaused).toBe(false);
    served.release();
    await within(paused, 'the pause');
    await ended(thread);
  });

  it('a VcpuThread delivers a kick that arrives during a pause after the pause', async () => {
    using machine = load(userMode.spin, options);
    const served = new Served();
    await using thread = serve(machine, { served });
    await thread.pause();
    thread.kick();
    expectStill(machine);
    thread.resume();
    await until(() => served.kicks === 1, 'the kick is delivered');
    await untilCounting(machine);
  });

  // Shows: statement 47
  it('stop ends a VcpuThread while its guest runs', async () => {
    using machine = load(userMode.spin, options);
    const thread = serve(machine);
    await untilCounting(machine);
    await within(thread.stop(), 'the stop');
    expectFree(machine);
  });

  it('stop ends a VcpuThread before its Worker has begun', async () => {
    using machine = load(userMode.spin, options);
    await within(serve(machine).stop(), 'the stop');
    expect(counterOf(machine)).toBe(0);
    expectFree(machine);
  });

  it('stop ends a paused VcpuThread', async () => {
    using machine = load(userMode.spin, options);
    const thread = serve(machine);
    await within(thread.pause(), 'the pause');
    await within(thread.stop(), 'the stop');
    expectFree(machine);
  });

  it('stop ends a VcpuThread after the current exit is served', async () => {
    using machine = load(realMode.input, options);
    const served = new Served();
    const thread = serve(machine, { served, waits: true });
    await until(() => served.exits === 1, 'the guest reads the port');
    const stopped = thread.stop();
    served.release();
    await within(stopped, 'the stop');
    expect(served.exits).toBe(1);
    expect(machine.vcpu.getRegs().rax & 0xffn).toBe(0x77n);
  });

  it('every order is accepted after the VcpuThread has ended', async () => {
    using machine = load(userMode.spin, options);
    const thread = serve(machine);
    await untilCounting(machine);
    await within(Promise.all([thread.stop(), thread.stop()]), 'two stops');
    await within(thread.stop(), 'a third');
    await within(thread.pause(), 'the pause');
    thread.resume();
    await within(thread.pause(), 'the pause');
    thread.kick();
    expectFree(machine);
  });

  it('stop fulfils the pauses that were ordered before', async () => {
    using machine = load(realMode.input, options);
    const served = new Served();
    const thread = serve(machine, { served, waits: true });
    await until(() => served.exits === 1, 'the guest reads the port');
    const pauses = [thread.pause(), thread.pause()];
    const stopped = thread.stop();
    served.release();
    await within(Promise.all([...pauses, stopped]), 'the pauses and the stop');
  });

  it('stop fulfils a pause that was not acknowledged', async () => {
    using machine = load(userMode.spin, options);
    const thread = serve(machine);
    await untilCounting(machine);
    const paused = thread.pause();
    await Promise.resolve();
    // The Worker reports that it is paused. This thread gets the report after its next order.
    Atomics.wait(new Served().words, 0, 0, 50);
    const stopped = thread.stop();
    await within(paused, 'the pause');
    expectFree(machine);
    await stopped;
  });

  it('a VcpuThread ends at the end of its scope', async () => {
    using machine = load(userMode.spin, options);
    {
      await using _ = serve(machine);
      await untilCounting(machine);
    }
    expectFree(machine);
  });

  // Shows: statement 48
  it('an aborted AbortSignal stops the VcpuThread, and `finished` rejects with the reason', async () => {
    using machine = load(userMode.spin, options);
    const controller = new AbortController();
    await using thread = serve(machine, { signal: controller.signal });
    await untilCounting(machine);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(ended(thread)).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expectFree(machine);
  });

  it('terminate ends a VcpuThread whose program does not return', async () => {
    using machine = load(realMode.outForEver, options);
    const served = new Served();
    await using thread = serve(machine, { served, name: 'endless' });
    await until(() => served.exits === 1, 'the program is in its loop');
    await within(thread.terminate(), 'the end of the Worker');
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('terminate ends a VcpuThread whose guest runs, and a paused one', async () => {
    using machine = load(userMode.spin, options);
    for (const isPaused of [false, true]) {
      await using thread = serve(machine);
      await untilCounting(machine);
      if (isPaused) await within(thread.pause(), 'the pause');
      await within(thread.terminate(), 'the end of the Worker');
      expectFree(machine);
    }
  });

  it('a VcpuThread continues when the caller closes the vCPU, the VM and the memory right after the start', async () => {
    const machine = load(userMode.spin, options);
    const memory = GuestMemory.attach(machine.memory.share());
    const vcpu = machine.vcpu.share();
    const served = new Served();
    await using thread = serve(machine, { served });
    machine[Symbol.dispose]();
    await untilCounting({ ...machine, memory });
    thread.kick();
    await until(() => served.kicks === 1, 'the kick is delivered');
    await untilCounting({ ...machine, memory });
    await within(thread.stop(), 'the stop');
    // The vCPU is closed now.
    expect(kick(vcpu)).toBe(false);
    memory.close();
  });

  it('finished rejects with the error that the program throws, and the vCPU is free', async () => {
    using machine = load(userMode.out, options);
    for (const where of ['start', 'a promise', 'onExit']) {
      await using thread = VcpuThread.start(machine.vcpu, program('throw'), { data: { where } });
      await expect(ended(thread)).rejects.toThrow(new RangeError(`thrown in ${where}`));
      expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    }
  });

  it('finished rejects with the error that the program throws at a kick, and the vCPU is free', async () => {
    using machine = load(userMode.spin, options);
    await using thread = VcpuThread.start(machine.vcpu, program('throw'), { data: { where: 'onInterrupt' } });
    await untilCounting(machine);
    thread.kick();
    await expect(ended(thread)).rejects.toThrow(new RangeError('thrown in onInterrupt'));
    expectFree(machine);
  });
});

describe.skipIf(!hasKvm)(`the start of a VcpuThread ${needsKvm}`, () => {
  it('start throws the reason of an AbortSignal that is aborted already', () => {
    using machine = load(userMode.spin);
    const reason = new Error('too late');
    const signal = AbortSignal.abort(reason);
    expect(() => serve(machine, { signal })).toThrow(reason);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expectFree(machine);
  });

  it('a stopped VcpuThread does not leave a listener on its AbortSignal', async () => {
    using machine = load(userMode.spin);
    const { signal } = new AbortController();
    await within(serve(machine, { signal }).stop(), 'the stop');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

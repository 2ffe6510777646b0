/** A vCPU in a Worker: its program, the orders that this thread can give, and the ends of both. */

import { getEventListeners, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { KVM_EXIT_IO } from '../../../generated/x86_64/linux/kvm.js';
import { addon, builtModule } from '../../../runtime/addon.js';
import {
  exits,
  GuestMemory,
  KvmBusyError,
  KvmError,
  kick,
  VcpuThread,
  type VcpuThreadOptions,
} from '../../../runtime/index.js';
import { orderWord, type WorkerInput } from '../../../runtime/thread/vcpu-thread.js';
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

/** This thread can run the vCPU again, and nothing keeps it paused. */
function expectFree(machine: Machine): void {
  machine.vcpu.kick();
  expect(run(machine)).toBe('interrupted by kick');
  expect(run(machine, 1)).toBe('interrupted by timeout');
}

/** The guest does not run, and nobody else uses the vCPU. A guest that ran would count some thousand times. */
function expectStill(machine: Machine): void {
  const before = counterOf(machine);
  const { rip } = machine.vcpu.getRegs();
  for (let looks = 0; looks < 500; looks++) expect(machine.vcpu.getRegs().rip).toBe(rip);
  expect(counterOf(machine)).toBe(before);
}

/** Pauses a thread that serves an exit, which goes on when the pause is ordered. */
async function pauseServing(thread: VcpuThread, served: Served): Promise<void> {
  const paused = thread.pause();
  // The order takes its turn after those before it.
  await setTimeout(1);
  served.release();
  await within(paused, 'the pause');
}

const spinning = [realMode.spin, longMode.spin, userMode.spin];

describe.skipIf(!hasKvm).each(mechanisms)(`a vCPU's thread by %s ${needsKvm}`, (mechanism) => {
  const options = { mechanism };

  it('serves the exits of its guest in the Worker, with data cloned, moved and by handle', async () => {
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

  it('calls its program at each kick, and goes on', async () => {
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

  it('goes on after a kick when its program has no method for it', async () => {
    using machine = load(userMode.spin, options);
    await using thread = serve(machine, { name: 'no-kick-handler' });
    for (let kicks = 0; kicks < 10; kicks++) {
      await untilCounting(machine);
      thread.kick();
    }
    await untilCounting(machine);
    await thread.stop();
    // Both the thread and its program have consumed the kicks.
    expect(run(machine, 1)).toBe('interrupted by timeout');
  });

  it.each(spinning)('stands still while it is paused, and can be looked at: $name', async (guest) => {
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

  it('stays paused when it is woken without a new order', async () => {
    using machine = load(realMode.spin, options);
    const vcpu = machine.vcpu.share();
    const order = new Int32Array(new SharedArrayBuffer(4));
    const pause = orderWord(1, 'pause');
    Atomics.store(order, 0, pause);
    addon().pause(vcpu.id, true);
    const input: WorkerInput = { vcpu, program: program('serve').href, data: { words: new Served().words }, order };
    const worker = new Worker(builtModule('runtime/thread/worker'), { workerData: input });
    let pauses = 0;
    worker.on('message', (acknowledged) => {
      expect(acknowledged).toBe(pause);
      pauses++;
    });
    await until(() => pauses === 1 && Atomics.notify(order, 0) === 1, 'the Worker waits, and is woken');
    await until(() => Atomics.notify(order, 0) === 1, 'the Worker waits again');
    expect(pauses).toBe(1);
    Atomics.store(order, 0, orderWord(2, 'stop'));
    Atomics.notify(order, 0);
    await within(once(worker, 'exit'), 'the end of the Worker');
    addon().pause(vcpu.id, false);
  });

  it('goes on while another thread reads its registers', async () => {
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

  it('is paused with the port read of its last exit completed, and no more done', async () => {
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

  it('is paused after all fragments of an operation were served', async () => {
    using machine = load(protectedMode.mmioInFragments, options);
    const served = new Served();
    await using thread = serve(machine, { served, waits: true });
    await until(() => served.exits === 1, 'the guest reads the device');
    await pauseServing(thread, served);
    // Two reads and two writes. After them the instruction of six bytes is done, and the next one is not.
    expect(served.exits).toBe(4);
    expect(machine.vcpu.getRegs().rip).toBe(BigInt(places.code + 6));
    thread.resume();
    await ended(thread);
    expect(served.exits).toBe(5);
  });

  it('is paused and resumed a hundred times', async () => {
    using machine = load(userMode.spin, options);
    await using thread = serve(machine);
    for (let round = 0; round < 100; round++) {
      await within(thread.pause(), `pause ${round}`);
      // Refused while it runs.
      machine.vcpu.getRegs();
      thread.resume();
    }
    await untilCounting(machine);
  });

  it('takes a hundred pauses and resumptions at once, in their order', async () => {
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

  it('resumed before the pause is acknowledged is paused first, and then goes on', async () => {
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

  it('delivers a kick that arrives during a pause when it is resumed', async () => {
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

  it('is stopped while its guest runs', async () => {
    using machine = load(userMode.spin, options);
    const thread = serve(machine);
    await untilCounting(machine);
    await within(thread.stop(), 'the stop');
    expectFree(machine);
  });

  it('is stopped before its Worker has begun', async () => {
    using machine = load(userMode.spin, options);
    await within(serve(machine).stop(), 'the stop');
    expect(counterOf(machine)).toBe(0);
    expectFree(machine);
  });

  it('is stopped while it is paused', async () => {
    using machine = load(userMode.spin, options);
    const thread = serve(machine);
    await within(thread.pause(), 'the pause');
    await within(thread.stop(), 'the stop');
    expectFree(machine);
  });

  it('is stopped after the exit that it serves', async () => {
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

  it('is stopped twice, and paused, resumed and kicked when it has ended', async () => {
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

  it('that is stopped fulfils the pauses that are asked for', async () => {
    using machine = load(realMode.input, options);
    const served = new Served();
    const thread = serve(machine, { served, waits: true });
    await until(() => served.exits === 1, 'the guest reads the port');
    const pauses = [thread.pause(), thread.pause()];
    const stopped = thread.stop();
    served.release();
    await within(Promise.all([...pauses, stopped]), 'the pauses and the stop');
  });

  it('that is stopped before a pause is acknowledged fulfils the pause when it has ended', async () => {
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

  it('ends with its scope', async () => {
    using machine = load(userMode.spin, options);
    {
      await using _ = serve(machine);
      await untilCounting(machine);
    }
    expectFree(machine);
  });

  it('is stopped by its signal, and rejected with the reason', async () => {
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

  it('is terminated wherever its program is', async () => {
    using machine = load(realMode.outForEver, options);
    const served = new Served();
    await using thread = serve(machine, { served, name: 'endless' });
    await until(() => served.exits === 1, 'the program is in its loop');
    await within(thread.terminate(), 'the end of the Worker');
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('is terminated while its guest runs, and while it is paused', async () => {
    using machine = load(userMode.spin, options);
    for (const isPaused of [false, true]) {
      await using thread = serve(machine);
      await untilCounting(machine);
      if (isPaused) await within(thread.pause(), 'the pause');
      await within(thread.terminate(), 'the end of the Worker');
      expectFree(machine);
    }
  });

  it('goes on when the caller closes its vCPU, VM and memory right after the start', async () => {
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
    // Nothing keeps the vCPU open any more.
    expect(kick(vcpu)).toBe(false);
    memory.close();
  });

  it('whose program throws is rejected with that, and lets go of the vCPU', async () => {
    using machine = load(userMode.out, options);
    for (const where of ['start', 'a promise', 'exit']) {
      await using thread = VcpuThread.start(machine.vcpu, program('throw'), { data: { where } });
      await expect(ended(thread)).rejects.toThrow(new RangeError(`thrown in ${where}`));
      expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
    }
  });

  it('whose program throws at a kick is rejected with that, and lets go of the vCPU', async () => {
    using machine = load(userMode.spin, options);
    await using thread = VcpuThread.start(machine.vcpu, program('throw'), { data: { where: 'interrupted' } });
    await untilCounting(machine);
    thread.kick();
    await expect(ended(thread)).rejects.toThrow(new RangeError('thrown in interrupted'));
    expectFree(machine);
  });
});

describe.skipIf(!hasKvm)(`the start of a vCPU's thread ${needsKvm}`, () => {
  it('is refused when its signal is aborted', () => {
    using machine = load(userMode.spin);
    const reason = new Error('too late');
    const signal = AbortSignal.abort(reason);
    expect(() => serve(machine, { signal })).toThrow(reason);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expectFree(machine);
  });

  it('leaves no listener on its signal when it has stopped', async () => {
    using machine = load(userMode.spin);
    const { signal } = new AbortController();
    await within(serve(machine, { signal }).stop(), 'the stop');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it.each([
    ['no-default', /^file:.*no-default\.mjs: a vCPU's program exports a function as its default$/],
    ['not-there', /Cannot find module .*not-there\.mjs/],
  ])('is rejected when its module is %s', async (name, message) => {
    using machine = load(userMode.spin);
    await using thread = VcpuThread.start(machine.vcpu, program(name));
    await expect(ended(thread)).rejects.toThrow(message);
    expectFree(machine);
  });
});

describe.skipIf(!hasKvm).each(mechanisms)(`the exits of a vCPU by %s ${needsKvm}`, (mechanism) => {
  const options = { mechanism };

  it('are all there, and can be served', async () => {
    using machine = load(realMode.print('hello'), options);
    const { vcpu } = machine;
    let text = '';
    for await (const result of exits(vcpu)) {
      expect(result).toBe('exit');
      if (vcpu.kvmRun.exit_reason !== KVM_EXIT_IO) break;
      text += String.fromCharCode(vcpu.shared.getUint8(vcpu.kvmRun.io.$data_offset));
    }
    expect(text).toBe('hello');
  });

  it('wait until they are served: what is answered is what the guest reads', async () => {
    using machine = load(realMode.input, options);
    const { vcpu, memory } = machine;
    for await (const _ of exits(vcpu)) {
      if (vcpu.kvmRun.exit_reason !== KVM_EXIT_IO) break;
      // Nor is the vCPU busy meanwhile.
      expect(vcpu.getRegs().rip).toBeLessThanOrEqual(BigInt(places.code + 4));
      vcpu.shared.setUint8(vcpu.kvmRun.io.$data_offset, 0x55);
    }
    expect([...memory.bytes(places.data, 1)]).toEqual([0x55]);
  });

  it('end with the loop that is left: the Worker has ended, and the vCPU is free', async () => {
    using machine = load(realMode.outForEver, options);
    let count = 0;
    for await (const _ of exits(machine.vcpu)) if (++count === 3) break;
    const thrown = new Error('from the loop');
    const loop = async (): Promise<void> => {
      for await (const _ of exits(machine.vcpu)) throw thrown;
    };
    await expect(loop()).rejects.toBe(thrown);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('end when the loop is left, also with a pending kick and with an operation in fragments', async () => {
    using spinner = load(realMode.outForEver, options);
    for await (const _ of exits(spinner.vcpu)) {
      spinner.vcpu.kick();
      break;
    }
    using fragments = load(protectedMode.mmioInFragments, options);
    for await (const _ of exits(fragments.vcpu)) break;
    // What was not served is served now.
    using input = load(realMode.input, options);
    for await (const _ of exits(input.vcpu)) break;
    input.vcpu.shared.setUint8(input.vcpu.kvmRun.io.$data_offset, 0x55);
    input.vcpu.complete(() => expect.unreachable('a byte is one operation'));
    expect(input.vcpu.getRegs().rax & 0xffn).toBe(0x55n);
  });

  it('are followed by a kick, which interrupts', async () => {
    using machine = load(userMode.spin, options);
    const results = exits(machine.vcpu);
    for (let round = 0; round < 3; round++) {
      const next = results.next();
      await untilCounting(machine);
      machine.vcpu.kick();
      expect(await within(next, 'the interruption')).toEqual({ done: false, value: 'interrupted' });
      expect(machine.vcpu.interruption).toBe('kick');
    }
    await results.return();
    expectFree(machine);
  });

  it('end with their signal while the guest runs', async () => {
    using machine = load(userMode.spin, options);
    const controller = new AbortController();
    const next = exits(machine.vcpu, controller).next();
    await untilCounting(machine);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(within(next, 'the end')).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expectFree(machine);
  });

  it('end with their signal while one is served, and throw its reason after that', async () => {
    using machine = load(realMode.outForEver, options);
    const controller = new AbortController();
    const reason = new Error('enough');
    let count = 0;
    const loop = async (): Promise<void> => {
      for await (const _ of exits(machine.vcpu, controller)) {
        count++;
        controller.abort(reason);
        // Nobody waits for the end of the Worker now, so its error must not become an unhandled rejection.
        await until(() => getEventListeners(controller.signal, 'abort').length === 1, 'the end of the Worker');
      }
    };
    await expect(loop()).rejects.toBe(reason);
    expect(count).toBe(1);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('are none when their signal is aborted before', async () => {
    using machine = load(userMode.spin, options);
    const reason = new Error('too late');
    await expect(exits(machine.vcpu, { signal: AbortSignal.abort(reason) }).next()).rejects.toBe(reason);
    expect(counterOf(machine)).toBe(0);
    expectFree(machine);
  });

  it('throw what `run` throws when the kernel refuses', async () => {
    using machine = load(userMode.spin, options);
    const { vcpu } = machine;
    vcpu.kvmRun.kvm_valid_regs = 1n << 60n;
    const refused = await exits(vcpu)
      .next()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(KvmError);
    expect(refused).toMatchObject({ name: 'KvmError', operation: 'KVM_RUN', code: 'EINVAL' });
    vcpu.kvmRun.kvm_valid_regs = 0n;
    expectFree(machine);
  });
});

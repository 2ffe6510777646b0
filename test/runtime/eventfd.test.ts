/** The eventfds of the runtime: their counter, and the waits in the event loop and in a blocked thread. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { addon, type PollRecord } from '../../runtime/addon.js';
import { EventFd, KvmArgumentError, KvmClosedError, KvmError } from '../../runtime/index.js';
import { fileRecord } from '../../runtime/kernel-file.js';
import { port, realMode } from '../../tools/guests/index.js';
import {
  hasKvm,
  load,
  needsKvm,
  openFiles,
  run,
  runScript,
  thrownBy,
  until,
  watchdogMs,
  within,
} from '../helpers/vcpus.js';

/** The greatest counter that a write can make. */
const most = 2n ** 64n - 2n;

/** Adds to the counter without the runtime. */
function add(event: EventFd, count: bigint): void {
  writeSync(event.fd, new Uint8Array(BigUint64Array.of(count).buffer));
}

const script = (name: string): URL => new URL(`../helpers/scripts/eventfd/${name}.mjs`, import.meta.url);

/** Starts a Worker that waits in one of the ways, and waits until it has begun. */
async function startWorker(way: string, fd?: number): Promise<Worker> {
  const worker = new Worker(script('worker'), { workerData: { way, fd } });
  await within(once(worker, 'message'), 'the start of the Worker');
  return worker;
}

describe('an eventfd', () => {
  it('take returns the number of signals since the last call, and `close` closes the eventfd once', () => {
    const before = openFiles();
    const event = EventFd.create();
    expect(event.take()).toBe(0n);
    event.signal();
    event.signal();
    expect(event.take()).toBe(2n);
    expect(event.take()).toBe(0n);
    event.close();
    event.close();
    for (const use of [() => event.take(), () => event.signal(), () => event.fd]) {
      expect(use).toThrow(KvmClosedError);
      expect(use).toThrow(/^EventFd: this object is closed$/);
    }
    expect(openFiles()).toBe(before);
  });

  it('signal throws an error with the code EAGAIN when the counter is at its maximum', () => {
    using event = EventFd.create();
    add(event, most);
    const error = thrownBy(() => event.signal());
    expect(error).toBeInstanceOf(KvmError);
    expect(error).toMatchObject({
      message: 'EventFd.signal: EAGAIN: the counter is at its maximum, 2^64 - 2; read it first',
      code: 'EAGAIN',
      errno: -11,
      syscall: 'write',
    });
    expect(event.take()).toBe(most);
  });
});

describe('EventFd.read', () => {
  it('read returns the counter of an eventfd that was signalled before, and sets it to 0', async () => {
    using event = EventFd.create();
    event.signal();
    event.signal();
    expect(await event.read()).toBe(2n);
    expect(event.take()).toBe(0n);
  });

  it('read waits for a signal, and the event loop of this thread continues meanwhile', async () => {
    using event = EventFd.create();
    const read = event.read();
    for (let turns = 0; turns < 10; turns++) await setImmediate();
    event.signal();
    expect(await read).toBe(1n);
  });

  it('read gets a signal of another thread, and every counter of 64 bits', async () => {
    using event = EventFd.create();
    const read = event.read();
    await startWorker('signal', event.fd);
    expect(await within(read, 'the signal of the Worker')).toBe(5n);
    add(event, most);
    expect(await event.read()).toBe(most);
  });

  it('the event loop turns between two reads, even if the counter is never 0', async () => {
    using event = EventFd.create();
    let turned = false;
    void setImmediate().then(() => {
      turned = true;
    });
    for (let reads = 0; reads < 100 && !turned; reads++) {
      event.signal();
      await event.read();
    }
    expect(turned).toBe(true);
  });

  it('reads that wait are served one after the other, in the order of their calls', async () => {
    using event = EventFd.create();
    const served: string[] = [];
    const reads = [...'abcde'].map((name) => event.read().then((count) => served.push(`${name}${count}`)));
    for (let count = 1; count <= reads.length; count++) {
      add(event, BigInt(count));
      await until(() => served.length === count, `read ${count} is served`);
      await setImmediate();
    }
    expect(served).toEqual(['a1', 'b2', 'c3', 'd4', 'e5']);
  });

  it('read waits on when another reader takes the counter first', async () => {
    using event = EventFd.create();
    const read = event.read();
    for (let times = 0; times < 10; times++) {
      event.signal();
      expect(event.take()).toBe(1n);
      await setImmediate();
    }
    add(event, 7n);
    expect(await read).toBe(7n);
  });

  it('the signal of the options rejects the read with its reason, and the counter stays for the next read', async () => {
    using event = EventFd.create();
    const controller = new AbortController();
    const aborted = event.read({ signal: controller.signal });
    const next = event.read();
    const reason = new Error('enough');
    controller.abort(reason);
    event.signal();
    await expect(aborted).rejects.toBe(reason);
    expect(await next).toBe(1n);
    event.signal();
    await expect(event.read({ signal: controller.signal })).rejects.toBe(reason);
    expect(event.take()).toBe(1n);
  });

  it('a served read does not listen to its signal any more, and many reads with one signal cause no warning', async () => {
    using event = EventFd.create();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    const reads = Array.from({ length: 30 }, () => event.read({ signal }));
    for (const read of reads) {
      event.signal();
      await read;
    }
    await setImmediate();
    process.off('warning', onWarning);
    expect([getEventListeners(signal, 'abort'), warnings]).toEqual([[], []]);
  });

  it('close rejects all reads that wait with a KvmClosedError', async () => {
    const before = openFiles();
    const event = EventFd.create();
    const reads = [event.read(), event.read()];
    event.signal();
    event.close();
    // The kernel ends an irqfd only when no file descriptor refers to its eventfd any more.
    expect(openFiles()).toBe(before);
    for (const read of reads) {
      await expect(read).rejects.toThrow(KvmClosedError);
      await expect(read).rejects.toThrow('EventFd.read: this object was closed during the read');
    }
    await expect(event.read()).rejects.toThrow(/^EventFd: this object is closed$/);
  });

  it('read rejects with the error of the kernel when something else has closed the file descriptor', async () => {
    const refused = ['KvmError', 'EBADF', 'read'];
    expect(await runScript(script('closed-outside'))).toEqual([refused, refused]);
  });

  it('two objects of one file wait in one event loop, because each has a file descriptor of its own', async () => {
    using event = EventFd.create();
    const record = fileRecord(event);
    let calls = 0;
    const polls = [0, 1].map((): PollRecord => {
      const poll = addon().pollCreate(record, () => {
        calls++;
        addon().pollWait(poll as PollRecord, false, false);
      });
      expect(poll).not.toBeTypeOf('number');
      return poll as PollRecord;
    });
    for (const poll of polls) expect(addon().pollWait(poll, true, true)).toBe(0);
    event.signal();
    await until(() => calls === 2, 'both are called');
    for (const poll of polls) addon().pollRelease(poll);
    expect(() => addon().pollWait(polls[0] as PollRecord, true, true)).toThrow(TypeError);
  });
});

describe('an eventfd for which nothing waits', () => {
  it('the event loop sleeps while the counter is not 0', async () => {
    using event = EventFd.create();
    event.signal();
    await event.read();
    event.signal();
    await setTimeout(1);
    const loops = (): number => performance.nodeTiming.uvMetricsInfo.loopCount;
    const before = loops();
    await setTimeout(200);
    // A loop that polls the eventfd would turn many thousand times. The test runner causes some turns.
    expect(loops() - before).toBeLessThan(1000);
    expect(event.take()).toBe(1n);
  });
});

describe('EventFd.counts', () => {
  it('the iterator returns each count, and leaving the loop leaves the eventfd open', async () => {
    using event = EventFd.create();
    const counts: bigint[] = [];
    add(event, 1n);
    for await (const count of event) {
      counts.push(count);
      if (counts.length === 3) break;
      add(event, count + 1n);
    }
    expect(counts).toEqual([1n, 2n, 3n]);
    add(event, 9n);
    expect(await event.read()).toBe(9n);
  });

  it('the iteration ends when the eventfd is closed, during a wait and between two steps', async () => {
    const event = EventFd.create();
    const between = event.counts();
    event.signal();
    expect(await between.next()).toEqual({ done: false, value: 1n });
    const steps = [event[Symbol.asyncIterator]().next(), event.counts().next()];
    event.close();
    for (const step of [...steps, between.next()]) expect(await step).toEqual({ done: true, value: undefined });
    expect(() => event.counts()).toThrow(KvmClosedError);
  });

  it('the signal of the options ends the iteration with its reason', async () => {
    using event = EventFd.create();
    const controller = new AbortController();
    const counts = event.counts({ signal: controller.signal });
    event.signal();
    expect((await counts.next()).value).toBe(1n);
    const step = counts.next();
    controller.abort(new Error('enough'));
    await expect(step).rejects.toThrow('enough');
    expect(await counts.next()).toEqual({ done: true, value: undefined });
    const late = event.counts({ signal: controller.signal });
    await expect(late.next()).rejects.toThrow('enough');
    expect(await late.next()).toEqual({ done: true, value: undefined });
  });

  it('steps that wait are served in order, and `return` ends them', async () => {
    using event = EventFd.create();
    const counts = event.counts();
    const steps = [counts.next(), counts.next(), counts.next()];
    for (const [index, step] of steps.slice(0, 2).entries()) {
      add(event, BigInt(index + 1));
      expect(await step).toEqual({ done: false, value: BigInt(index + 1) });
    }
    expect(await counts.return?.()).toEqual({ done: true, value: undefined });
    expect(await steps[2]).toEqual({ done: true, value: undefined });
    expect(await counts.next()).toEqual({ done: true, value: undefined });
    event.signal();
    expect(await event.read()).toBe(1n);
  });
});

describe('EventFd.watch', () => {
  it('watch calls every listener with each count until its watch is closed', async () => {
    using event = EventFd.create();
    const counts: string[] = [];
    const first = event.watch((count) => void counts.push(`a${count}`));
    using _ = event.watch((count) => void counts.push(`b${count}`));
    add(event, 1n);
    await until(() => counts.length === 2, 'both listeners are called');
    first.close();
    first.close();
    add(event, 2n);
    await until(() => counts.length === 3, 'the second listener is called');
    expect(counts).toEqual(['a1', 'b1', 'b2']);
  });

  it('a watcher gets the counts for which no read waits', async () => {
    using event = EventFd.create();
    const counts: bigint[] = [];
    event.watch((count) => void counts.push(count));
    const read = event.read();
    add(event, 1n);
    expect(await read).toBe(1n);
    add(event, 2n);
    await until(() => counts.length > 0, 'the listener is called');
    expect(counts).toEqual([2n]);
  });

  it('a listener can close the other watches and the eventfd', async () => {
    const event = EventFd.create();
    let calls = 0;
    const listen = (): void => {
      calls++;
      event.close();
    };
    event.watch(listen);
    event.watch(listen);
    event.signal();
    await until(() => calls > 0, 'the listener is called');
    await setImmediate();
    expect(calls).toBe(1);
  });

  it('the signal of the options ends the watch, and an aborted signal is thrown', async () => {
    using event = EventFd.create();
    const controller = new AbortController();
    event.watch(() => expect.unreachable(), { signal: controller.signal });
    controller.abort(new Error('enough'));
    event.signal();
    await setImmediate();
    expect(event.take()).toBe(1n);
    expect(() => event.watch(() => {}, { signal: controller.signal })).toThrow('enough');
  });

  it('a listener runs in the asynchronous context of its watch', async () => {
    using event = EventFd.create();
    const storage = new AsyncLocalStorage<string>();
    let context: string | undefined;
    storage.run('of the watch', () =>
      event.watch(() => {
        context = storage.getStore();
      }),
    );
    event.signal();
    await until(() => context !== undefined, 'the listener is called');
    expect(context).toBe('of the watch');
  });

  it('an error of a listener is an uncaught exception, and later reads are served', async () => {
    expect(await runScript(script('listener-throws'))).toEqual({ message: 'thrown by the listener', count: 1 });
  });
});

describe('EventFd.readSync', () => {
  it('readSync returns the counter and sets it to 0, and returns 0 after the timeout', () => {
    using event = EventFd.create();
    add(event, 3n);
    expect(event.readSync()).toBe(3n);
    for (const timeout of [-1, 0, 0.5, 70]) expect(event.readSync({ timeout })).toBe(0n);
    event.close();
    expect(() => event.readSync()).toThrow(KvmClosedError);
  });

  it('readSync blocks the thread until another thread signals', async () => {
    using event = EventFd.create();
    const worker = new Worker(script('worker'), { workerData: { way: 'signal', fd: event.fd } });
    expect(event.readSync({ timeout: 30_000 })).toBe(5n);
    await within(once(worker, 'exit'), 'the end of the Worker');
  });
});

describe('the end of a wait', () => {
  it.each(['read', 'counts', 'watch', 'busy', 'readSync'])(
    'worker.terminate() ends a Worker that waits with %s, and the files of the Worker are closed',
    async (way) => {
      const before = openFiles();
      for (let workers = 0; workers < 5; workers++) {
        const worker = await startWorker(way);
        expect(await within(worker.terminate(), 'the end of the Worker')).toBe(1);
      }
      expect(openFiles()).toBe(before);
    },
  );

  it.each(['exit', 'unref', 'close'])('the process ends with code 0 during a wait: %s', async (WAY) => {
    // `runScript` fails for any other code and for a signal.
    expect(await runScript(script('ends'), { env: { WAY } })).toBe('ending');
  });

  it('a read keeps the process alive until it is served', async () => {
    expect(await runScript(script('keeps-alive'))).toBe(1);
  });

  it('an eventfd that nothing refers to stays open while it waits, and is closed when it is collected', async () => {
    const flags = ['--expose-gc'];
    expect(await runScript(script('dropped'), { flags })).toEqual({ held: 40, waiting: 2, count: 3, after: 0 });
  });
});

describe('wrong arguments of an eventfd', () => {
  it.each<[string, (event: EventFd) => unknown, string]>([
    [
      'an unknown option of read',
      (event) => event.read({ timeout: 1 } as never),
      "EventFd.read: unknown option 'timeout'",
    ],
    ['null', (event) => event.read(null as never), 'EventFd.read: the options are null; they must be an object'],
    ['a signal of read', (event) => event.read({ signal: 5 as never }), 'signal 5; it must be an AbortSignal'],
    ['a signal of counts', (event) => event.counts({ signal: {} as never }), 'signal an object of Object; it must be'],
    ['a signal of watch', (event) => event.watch(() => {}, { signal: 'x' as never }), "signal 'x'; it must be an"],
    [
      'a listener',
      (event) => event.watch({} as never),
      'EventFd.watch: listener an object of Object; it must be a function',
    ],
    [
      'a timeout',
      (event) => event.readSync({ timeout: '1' as never }),
      "timeout '1'; it must be a number of milliseconds",
    ],
    ['not a number', (event) => event.readSync({ timeout: Number.NaN }), 'EventFd.readSync: timeout NaN; it must be'],
  ])('a method refuses %s with a KvmArgumentError', async (_, call, message) => {
    using event = EventFd.create();
    const refused = (async () => call(event))();
    await expect(refused).rejects.toThrow(KvmArgumentError);
    await expect(refused).rejects.toThrow(message);
  });

  it('the native functions refuse wrong handles, wrong files and wrong values', () => {
    using event = EventFd.create();
    const record = fileRecord(event);
    const native: ReadonlyMap<string, unknown> = new Map(Object.entries(addon()));
    const poll = addon().pollCreate(record, () => {}) as PollRecord;
    for (const [name, ...args] of [
      ['eventTake', poll],
      ['eventSignal', {}],
      ['eventWait', record, 0.5],
      ['eventWait', 5, 1],
      ['pollCreate', record, {}],
      ['pollCreate', poll, () => {}],
      ['pollWait', record, true, true],
      ['pollWait', poll, 1, true],
      ['pollWait', poll, true],
      ['pollRelease', record],
    ] as const) {
      const call = native.get(name) as (...args: readonly unknown[]) => unknown;
      expect(() => call(...args), name).toThrow(TypeError);
    }
    addon().pollRelease(poll);
  });
});

describe.skipIf(!hasKvm)(`an eventfd of a guest ${needsKvm}`, () => {
  const writes = { address: port, length: 1, port: true } as const;

  it('read gets the signal of a guest, even if the counter is then 2^64 - 1, for which the kernel reports an error', async () => {
    using machine = load(realMode.out);
    using event = EventFd.create();
    machine.vm.registerIoeventfd(event, writes);
    add(event, most);
    expect(run(machine)).toMatch(/^exit /);
    expect(await event.read()).toBe(most + 1n);
    const read = event.read();
    event.signal();
    expect(await read).toBe(1n);
  });

  it('the device of examples/ gets the doorbell of its guest, and sends a byte for each interrupt that the guest ends', async () => {
    const device = fileURLToPath(new URL('../../dist/examples/device.js', import.meta.url));
    const options = { timeout: watchdogMs, killSignal: 'SIGKILL' } as const;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [device], options);
    expect([stdout, stderr]).toEqual(['hello from a device\n', '']);
  });
});

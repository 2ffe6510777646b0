/** The programs of a `VcpuThread` that cannot be loaded, that return wrong answers, or that end their Worker. */

import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KvmArgumentError, VcpuThread } from '../../../runtime/index.js';
import { realMode, userMode } from '../../../tools/guests/index.js';
import { folderOf } from '../../helpers/cli.js';
import {
  hasKvm,
  load,
  type Machine,
  needsKvm,
  program,
  projectRoot,
  runScript,
  Served,
  thrownBy,
  until,
  untilCounting,
  watchdogMs,
  within,
} from '../../helpers/vcpus.js';
import { expectFree } from './expect-free.js';

/** The URL of a new module. */
function moduleOf(text: string, name = 'program.mjs'): URL {
  return pathToFileURL(`${folderOf({ [name]: text })}/${name}`);
}

/** What a promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return within(
    promise.then(
      () => 'fulfilled',
      (error: unknown) => error,
    ),
    'the rejection',
  );
}

/** The error with which a thread ends. The thread rejects all later orders with the same error. */
async function failureOf(thread: VcpuThread): Promise<KvmArgumentError> {
  const error = await rejection(thread.finished);
  expect(error).toBeInstanceOf(KvmArgumentError);
  for (const order of ['pause', 'resume', 'stop', 'terminate'] as const) {
    expect([order, await rejection(thread[order]())]).toEqual([order, error]);
  }
  return error as KvmArgumentError;
}

/** The error of a thread whose program never runs. The thread rejects the orders before its end with the same error. */
async function failureToRun(thread: VcpuThread): Promise<KvmArgumentError> {
  const orders = [thread.resume(), thread.pause(), thread.resume()];
  const [errors, failure] = await Promise.all([Promise.all(orders.map(rejection)), failureOf(thread)]);
  expect(errors).toEqual([failure, failure, failure]);
  return failure;
}

/** The output of the script `one-signal`. */
interface OneSignal {
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly failure: string;
}

const start = (machine: Machine, module: URL, data?: unknown): VcpuThread =>
  VcpuThread.start(machine.vcpu, module, { data });

describe.skipIf(!hasKvm)(`the program of a VcpuThread ${needsKvm}`, () => {
  it.each<[string, URL, RegExp, string]>([
    ['is missing', program('not-there'), /^Error: Cannot find module .*not-there\.mjs/, 'Error'],
    ['has a syntax error', moduleOf('export default ((;'), /^SyntaxError: Unexpected token/, 'SyntaxError'],
    [
      'imports a missing package',
      moduleOf("import 'no-such-package';"),
      /^Error: Cannot find package 'no-such-p/,
      'Error',
    ],
    [
      'throws when it is imported',
      moduleOf("throw new RangeError('at import');"),
      /^RangeError: at import$/,
      'RangeError',
    ],
    ['throws a string', moduleOf("throw 'at import';"), /^'at import'$/, ''],
    [
      'rejects a top-level await',
      moduleOf("await Promise.reject(new TypeError('late'));"),
      /^TypeError: late$/,
      'TypeError',
    ],
    ['is a folder', new URL('.', import.meta.url), /^Error: Directory import .* is not supported/, 'Error'],
  ])('pause, resume and finished reject with the cause when the module %s', async (_, module, said, name) => {
    using machine = load(userMode.spin);
    const { message, cause } = await failureToRun(start(machine, module));
    const opening = `VcpuThread: ${module.href} cannot be loaded: `;
    expect(message.slice(0, opening.length)).toBe(opening);
    expect(message.slice(opening.length)).toMatch(said);
    expect(cause instanceof Error ? cause.name : '').toBe(name);
    expectFree(machine);
  });

  it.each([
    ['has no default export', 'export const other = 1;', 'the default export is undefined; it must be a function that'],
    [
      'has a default export that is no function',
      'export default {};',
      'the default export is an object of Object; it must',
    ],
    [
      'has a default export that returns nothing',
      'export default () => {};',
      'the default export returned undefined, whose onExit is undefined; it must return an object with the method onExit',
    ],
    [
      'has a default export that returns an object without onExit',
      "export default async () => ({ onexit: () => 'stop' });",
      'the default export returned an object of Object, whose onExit is undefined; it must return an object with',
    ],
    [
      'has an onInterrupt that is no method',
      "export default () => ({ onExit() {}, onInterrupt: 'stop' });",
      "onInterrupt is 'stop'; it must be a method, or undefined",
    ],
    [
      'never finishes loading',
      'await new Promise(() => {});',
      'ended its Worker with exit code 0 while its module was loaded; a top-level await must settle',
    ],
    [
      'has a default export whose promise never settles',
      'export default () => new Promise(() => {});',
      'ended its Worker with exit code 0 before its default export returned a VcpuProgram; a promise of',
    ],
    ['exits while it is loaded', 'process.exit(0);', 'ended its Worker with exit code 0 while its module was loaded;'],
    [
      'exits in its default export',
      'export default () => process.exit(4);',
      'ended its Worker with exit code 4 before its default export returned a VcpuProgram;',
    ],
  ])('pause, resume and finished reject with the rule when the module %s', async (_, text, problem) => {
    using machine = load(userMode.spin);
    const module = moduleOf(text);
    const { message } = await failureToRun(start(machine, module));
    expect(message).toContain(module.href);
    expect(message).toContain(problem);
    expectFree(machine);
  });

  it.each([
    ['a Promise', 'async onExit() { throw new Error("lost"); }', 'an object of Promise; it must be synchronous'],
    ['a Promise for stop', "async onExit() { return 'stop'; }", 'an object of Promise; it must be synchronous'],
    [
      'a Promise that never settles',
      'onExit: () => new Promise(() => {})',
      'an object of Promise; it must be synchronous',
    ],
    ['true', 'onExit: () => true', "true; it must return 'stop' or undefined"],
    ['null', 'onExit: () => null', "null; it must return 'stop' or undefined"],
    ['another string', "onExit: () => 'halt'", "'halt'; it must return 'stop' or undefined"],
  ])('a VcpuThread ends with an error when onExit returns %s', async (_, method, problem) => {
    using machine = load(realMode.outForEver);
    const module = moduleOf(`export default () => ({ ${method} });`);
    const { message } = await failureOf(start(machine, module));
    expect(message).toContain(`VcpuThread: ${module.href}: onExit returned ${problem}`);
  });

  it('a VcpuThread ends with an error when onInterrupt returns a Promise', async () => {
    using machine = load(userMode.spin);
    const module = moduleOf('export default () => ({ onExit() {}, async onInterrupt() {} });');
    const thread = start(machine, module);
    await untilCounting(machine);
    thread.kick();
    const { message } = await failureOf(thread);
    expect(message).toContain('onInterrupt returned an object of Promise; it must be synchronous');
    expectFree(machine);
  });

  it('a VcpuThread continues when onExit returns nothing', async () => {
    using machine = load(realMode.outForEver);
    const served = new Served();
    const module = moduleOf('export default (_, words) => ({ onExit() { Atomics.add(words, 0, 1); } });');
    const thread = start(machine, module, served.words);
    await until(() => served.exits > 10, 'ten exits are served');
    await within(thread.stop(), 'the stop');
  });

  it('start accepts the path of a file, and the text of its URL', async () => {
    using machine = load(realMode.outForEver);
    const url = program('serve');
    for (const given of [fileURLToPath(url), relative(process.cwd(), fileURLToPath(url)), url.href]) {
      const served = new Served();
      const thread = VcpuThread.start(machine.vcpu, given, { data: { words: served.words } });
      await until(() => served.exits > 0, 'an exit is served');
      await within(thread.stop(), 'the stop');
    }
    const inUrl = new URL("data:text/javascript,export default () => ({ onExit: () => 'stop' })");
    await within(start(machine, inUrl).finished, 'the end of the thread');
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['', "''"],
    ['a\0b', "'a\0b'"],
    ['file://[', "'file://['"],
    [7, '7'],
    [{ href: 'file:///program.js' }, 'an object of Object'],
    [Object, 'a function'],
    [new URL('https://example.org/program.js'), 'https://example.org/program.js'],
    [new URL('node:fs'), 'node:fs'],
  ])('start refuses a program that is neither a URL nor a path: case %#', (given, shown) => {
    using machine = load(userMode.spin);
    const error = thrownBy(() => VcpuThread.start(machine.vcpu, given as URL)) as KvmArgumentError;
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect(error.message).toBe(`VcpuThread.start: program ${shown}; it must be the URL or the path of a file`);
    expectFree(machine);
  });

  it('start refuses a vCPU, a signal and a transfer list of another type', () => {
    using machine = load(userMode.spin);
    const module = program('serve');
    const wrong: readonly (readonly [() => unknown, string])[] = [
      [() => VcpuThread.start({} as never, module), 'vcpu an object of Object; it must be a Vcpu'],
      [() => VcpuThread.start(null as never, module), 'vcpu null; it must be a Vcpu'],
      [
        () => VcpuThread.start(machine.vcpu, module, { signal: {} as never }),
        'signal an object of Object; it must be an AbortSignal',
      ],
      [
        () => VcpuThread.start(machine.vcpu, module, { transferList: 'port' as never }),
        "transferList 'port'; it must be an array",
      ],
    ];
    for (const [call, problem] of wrong) expect(call).toThrow(new KvmArgumentError('VcpuThread.start', problem));
  });

  it('the exit code that a program sets is the exitCode of the thread', async () => {
    using machine = load(realMode.outForEver);
    const codes = [];
    for (const method of ["process.exitCode = 3; return 'stop';", "return 'stop';", 'process.exit(0);']) {
      const thread = start(machine, moduleOf(`export default () => ({ onExit() { ${method} } });`));
      expect(thread.exitCode).toBe(null);
      await within(thread.finished, 'the end of the thread');
      codes.push(thread.exitCode);
    }
    expect(codes).toEqual([3, 0, 0]);
  });

  it('finished rejects when the program calls process.exit with an error code', async () => {
    using machine = load(realMode.outForEver);
    const thread = start(machine, moduleOf('export default () => ({ onExit: () => process.exit(3) });'));
    const { message } = await failureOf(thread);
    expect(message).toMatch(
      /program\.mjs ended its Worker with exit code 3 while it ran; it must return 'stop' instead/,
    );
    expect(thread.exitCode).toBe(3);
  });

  it('the end of a scope with a thread whose AbortSignal has aborted is not an error', async () => {
    using machine = load(userMode.spin);
    const controller = new AbortController();
    {
      await using _ = VcpuThread.start(machine.vcpu, program('serve'), {
        data: { words: new Served().words },
        signal: controller.signal,
      });
      await untilCounting(machine);
      controller.abort(new Error('enough'));
    }
    expectFree(machine);
  });
});

describe.skipIf(!hasKvm)(`a process with VcpuThreads ${needsKvm}`, () => {
  it('one AbortSignal stops several threads, and only the failure of a program has to be handled', async () => {
    const { reasons, warnings, failure } = await runScript<OneSignal>('one-signal');
    expect(reasons).toEqual(Array.from({ length: 12 }, () => 'enough'));
    expect(warnings).toEqual([]);
    expect(failure).toBe('KvmArgumentError');
  });

  it.each([[['--input-type=module']], [['--input-type=module', '--unhandled-rejections=none']], [[]]])(
    'a program on the command line runs a thread, and its exit code is kept, with the flags %j',
    (flags) => {
      const text = `(async () => {
        const { VcpuThread } = await import('kvm-uapi');
        const { Kvm } = await import('kvm-uapi/x86_64');
        const { realMode, userMode } = await import('./dist/tools/guests/index.js');
        const vm = () => Kvm.open().createVm();
        const data = { words: new Int32Array(new SharedArrayBuffer(12)) };
        const thread = VcpuThread.start(userMode.spin.load(vm()).vcpu, 'test/helpers/programs/serve.mjs', { data });
        await thread.pause();
        await thread.resume();
        // The process ends while the guest runs.
        thread.unref();
        const wrong = { data: { where: 'onExit' } };
        const failing = VcpuThread.start(realMode.out.load(vm()).vcpu, 'test/helpers/programs/throw.mjs', wrong);
        await failing.finished.catch(({ message }) => console.log(message));
        process.exitCode = 7;
      })();`;
      const options = { cwd: projectRoot, encoding: 'utf8', timeout: watchdogMs } as const;
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', text], options);
      const expected = { status: 7, signal: null, stdout: 'thrown in onExit\n', stderr: '' };
      expect({ status, signal, stdout, stderr }).toEqual(expected);
    },
  );

  it('an error that a program throws ends the process when nothing handles it', async () => {
    await expect(runScript('unhandled-failure')).rejects.toThrow(/thrown in onExit/);
  });
});

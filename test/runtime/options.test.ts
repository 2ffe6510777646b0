/** The options that callers pass. */

import { describe, expect, it } from 'vitest';
import { newHandle } from '../../runtime/arguments.js';
import { abort, EventFd, GuestMemory, KvmArgumentError, kick, VcpuThread } from '../../runtime/index.js';
import { requireKnownKeys } from '../../runtime/options.js';
import { Kvm, Vcpu } from '../../runtime/x86_64.js';
import { thrownBy } from '../helpers/vcpus.js';

interface Options {
  readonly timeout?: number;
  readonly runId?: number;
}

const check = (options: object): void => requireKnownKeys<Options>('Vcpu.run', options, { timeout: true, runId: true });

describe('options', () => {
  it('requireKnownKeys accepts known keys, and no keys', () => {
    expect(() => check({})).not.toThrow();
    expect(() => check({ timeout: 1, runId: 2 })).not.toThrow();
  });

  it('requireKnownKeys refuses an unknown key, and the error names the known keys', () => {
    expect(thrownBy(() => check({ timeoutMs: 1 }))).toMatchObject({
      name: 'KvmArgumentError',
      operation: 'Vcpu.run',
      message: "Vcpu.run: unknown option 'timeoutMs'; expected one of timeout, runId",
    });
  });

  it.each([null, undefined, 5, 'timeout'])('requireKnownKeys refuses a value that is not an object: %s', (options) => {
    expect(() => check(options as never)).toThrow(KvmArgumentError);
  });

  it('requireKnownKeys accepts an object of a class with methods', () => {
    const controller = new AbortController();
    expect(() => requireKnownKeys<{ signal?: AbortSignal }>('x', controller, { signal: true })).not.toThrow();
  });

  it('every function checks its options before it opens a file', () => {
    expect(() => Kvm.open({ device: '/dev/kvm' } as never)).toThrow("Kvm.open: unknown option 'device'");
    expect(() => GuestMemory.create(4096, { memFd: 'x' } as never)).toThrow("unknown option 'memFd'");
    const vcpu = { share: () => newHandle('vcpu', 0) };
    const program = new URL('file:///program.js');
    expect(() => VcpuThread.start(vcpu, program, { abort: 1 } as never)).toThrow("unknown option 'abort'");
  });
});

describe('an argument of another type', () => {
  const program = new URL('file:///program.js');
  it.each<[string, () => unknown, string]>([
    ['a path', () => Kvm.open({ path: 5 as never }), "Kvm.open: path 5; it must be a string without '\\0'"],
    ['a path with a zero', () => Kvm.open({ path: '/dev/kvm\0x' }), 'it must be a string without'],
    ['bindings', () => Kvm.open({ bindings: {} as never }), 'Kvm.open: the bindings are not a generated module'],
    [
      'the handle of a kick',
      () => kick({} as never),
      'kick: the handle is an object of Object; it must be the result of',
    ],
    [
      'the handle of an abort',
      () => abort(5 as never, 1),
      'abort: the handle is 5; it must be the result of Vcpu.share',
    ],
    ['the handle of a vCPU', () => Vcpu.attach(undefined as never), 'Vcpu.attach: the handle is undefined'],
    [
      'the handle of memory',
      () => GuestMemory.attach({ kind: 'vcpu', id: 1 } as never),
      'the result of GuestMemory.share',
    ],
    [
      'a vCPU',
      () => VcpuThread.start({} as never, program),
      'VcpuThread.start: vcpu an object of Object; it must be a Vcpu',
    ],
    [
      'a signal',
      () => VcpuThread.start({ share: () => newHandle('vcpu', 1) }, program, { signal: 5 as never }),
      'VcpuThread.start: signal 5; it must be an AbortSignal',
    ],
    [
      'a program',
      () => VcpuThread.start({ share: () => newHandle('vcpu', 1) }, { href: 'file:///program.js' } as never),
      'VcpuThread.start: program an object of Object; it must be the URL or the path of a file',
    ],
    ['the name of a memfd', () => GuestMemory.create(4096, { memfd: 'x'.repeat(300) }), 'at most 249 characters'],
    [
      'a constructor',
      () => new (EventFd as unknown as new () => EventFd)(),
      'new EventFd: the constructor is not public',
    ],
  ])('is refused with an argument error: %s', (_, call, message) => {
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
  });

  it('is refused by guest memory, which names the value', () => {
    using memory = GuestMemory.create(8192);
    expect(() => memory.read('0' as never, 4)).toThrow("GuestMemory: offset '0'; it must be an integer below 2^53");
    expect(() => memory.write(0, 'abc' as never)).toThrow("GuestMemory.write: bytes 'abc'; it must be a Uint8Array");
    expect(() => memory.read(8190, 4)).toThrow('4 bytes at 8190 are not all inside the 8192 bytes');
  });

  it('is refused before a Worker starts, when the vCPU of a handle is closed', () => {
    const vcpu = { share: () => newHandle('vcpu', 2 ** 31) };
    expect(() => VcpuThread.start(vcpu, program)).toThrow('VcpuThread.start: this vCPU is closed');
  });
});

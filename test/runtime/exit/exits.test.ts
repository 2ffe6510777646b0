/** The types of exits, which narrow by the reason, and the data of exits. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { Exits } from '../../../runtime/exit/exits.js';
import { type Interruption, KvmError, VcpuThread } from '../../../runtime/index.js';
import type { DeviceData, PortData, RunResult, UnrecognizedExit, Vcpu, VcpuExit } from '../../../runtime/x86_64.js';
import type { U64Array } from '../../../support/index.js';
import { longMode, places, port, realMode } from '../../../tools/guests/index.js';
import { hasKvm, load, type Machine, needsKvm, program, thrownBy, watchdogMs, within } from '../../helpers/vcpus.js';

const { KVM_EXIT_IO, KVM_EXIT_HLT, KVM_EXIT_MMIO, KVM_EXIT_HYPERCALL, KVM_EXIT_INTERNAL_ERROR } = kvm;

type ResultBy<Reason> = Extract<RunResult, { readonly reason: Reason }>;

/** Runs the vCPU once, and expects a result with this reason. */
function exitOf<Reason extends RunResult['reason']>({ vcpu }: Machine, reason: Reason): ResultBy<Reason> {
  const result = vcpu.run({ timeout: watchdogMs });
  expect(result.reason).toBe(reason);
  return result as ResultBy<Reason>;
}

/** Returns the exit that `struct kvm_run` would have with this reason. */
function pretend({ vcpu }: Machine, reason: number): VcpuExit | UnrecognizedExit {
  vcpu.kvmRun.exit_reason = reason;
  return new Exits<kvm.KvmRunExit>(vcpu.kvmRun, kvm).last;
}

const pretendIo = (machine: Machine): ResultBy<typeof KVM_EXIT_IO> =>
  pretend(machine, KVM_EXIT_IO) as ResultBy<typeof KVM_EXIT_IO>;
const pretendMmio = (machine: Machine): ResultBy<typeof KVM_EXIT_MMIO> =>
  pretend(machine, KVM_EXIT_MMIO) as ResultBy<typeof KVM_EXIT_MMIO>;

/** Expects that the data of an exit is refused because of a member of `struct kvm_run`. */
function expectInvalid(exit: { readonly data: unknown }, member: string): void {
  const error = thrownBy(() => exit.data);
  expect(error).toBeInstanceOf(KvmError);
  expect(error).toMatchObject({ code: 'ERR_KVM_INVALID_DATA', message: expect.stringContaining(`kvm_run.${member}`) });
}

describe('types', () => {
  it('the type of an exit narrows to the members of its reason', () => {
    const look = (exit: RunResult): void => {
      switch (exit.reason) {
        case KVM_EXIT_IO:
          expectTypeOf(exit.io.port).toEqualTypeOf<number>();
          expectTypeOf(exit.data).toEqualTypeOf<PortData>();
          // @ts-expect-error: another reason has this member
          exit.mmio;
          break;
        case KVM_EXIT_MMIO:
          expectTypeOf(exit.mmio.phys_addr).toEqualTypeOf<bigint>();
          expectTypeOf(exit.data).toEqualTypeOf<DeviceData>();
          // @ts-expect-error: another reason has this member
          exit.io;
          break;
        case kvm.KVM_EXIT_X86_RDMSR:
        case kvm.KVM_EXIT_X86_WRMSR:
          expectTypeOf(exit.msr.index).toEqualTypeOf<number>();
          break;
        case KVM_EXIT_INTERNAL_ERROR:
          expectTypeOf(exit.emulation_failure.insn_size).toEqualTypeOf<number>();
          expectTypeOf(exit.data).toEqualTypeOf<U64Array>();
          break;
        case KVM_EXIT_HLT:
          expectTypeOf<keyof typeof exit>().toEqualTypeOf<'reason' | 'toObject'>();
          // @ts-expect-error: this exit does not have data
          exit.data;
          break;
        case null:
          expectTypeOf(exit).toEqualTypeOf<UnrecognizedExit>();
          expectTypeOf(exit.number).toEqualTypeOf<number>();
          break;
        case 'interrupted':
          expectTypeOf(exit).toEqualTypeOf<Interruption>();
          expectTypeOf(exit.cause).toEqualTypeOf<'kick' | 'timeout' | 'abort' | 'pause' | 'process-signal'>();
          break;
        // @ts-expect-error: no exit has this reason
        case 1_000:
          break;
        default:
          // @ts-expect-error: the reason is not known
          exit.io;
      }
      // @ts-expect-error: the reason is not known
      exit.io;
      if ('hypercall' in exit) expectTypeOf(exit.reason).toEqualTypeOf<typeof KVM_EXIT_HYPERCALL>();
    };
    expectTypeOf(look).toBeFunction();
    expectTypeOf<ReturnType<Vcpu['run']>>().toEqualTypeOf<RunResult>();
    expectTypeOf<RunResult>().toEqualTypeOf<VcpuExit | UnrecognizedExit | Interruption>();
  });
});

describe.skipIf(!hasKvm)(`exits ${needsKvm}`, () => {
  // Shows: KVM_RUN
  it('an exit has the data that the guest writes to a port', () => {
    using machine = load(realMode.out);
    const { io, data } = exitOf(machine, KVM_EXIT_IO);
    expect([io.direction, io.port, io.size, io.count]).toEqual([kvm.KVM_EXIT_IO_OUT, port, 1, 1]);
    expect([...data]).toEqual([0x41]);
    expect(Object.keys(exitOf(machine, KVM_EXIT_HLT))).toEqual(['reason']);
  });

  it('an exit takes the data that the guest reads from a port', () => {
    using machine = load(realMode.repIn);
    const { io, data } = exitOf(machine, KVM_EXIT_IO);
    expect([io.direction, data.length]).toEqual([kvm.KVM_EXIT_IO_IN, 5]);
    data.assign(Buffer.from('hello'));
    expect(() => data.set(5, 0)).toThrow(RangeError);
    exitOf(machine, KVM_EXIT_HLT);
    expect(Buffer.from(machine.memory.bytes(places.data, 5)).toString()).toBe('hello');
  });

  it('an exit has the data that the guest writes to a device, as bytes and as a value', () => {
    using machine = load(realMode.mmioWrite);
    const { mmio, data } = exitOf(machine, KVM_EXIT_MMIO);
    expect([mmio.is_write, mmio.$phys_addr, mmio.len]).toEqual([1, places.device, 1]);
    expect([[...data], data.value, data.$value]).toEqual([[0x2a], 0x2an, 0x2a]);
  });

  it('an exit takes the data that the guest reads from a device', () => {
    using machine = load(realMode.mmioRead);
    const { mmio, data } = exitOf(machine, KVM_EXIT_MMIO);
    expect(mmio.is_write).toBe(0);
    data.$value = 0x77;
    expect([...exitOf(machine, KVM_EXIT_IO).data]).toEqual([0x77]);
  });

  it('run returns the same objects each time', () => {
    using machine = load(realMode.outForEver);
    const exit = exitOf(machine, KVM_EXIT_IO);
    const { io, data } = exit;
    const again = exitOf(machine, KVM_EXIT_IO);
    expect(again).toBe(exit);
    expect(again.io).toBe(io);
    expect(again.data).toBe(data);
  });

  it('run returns an interruption after an exit when the vCPU was kicked', () => {
    using machine = load(longMode.out);
    exitOf(machine, KVM_EXIT_IO);
    machine.vcpu.kick();
    const interruption = exitOf(machine, 'interrupted');
    expect(interruption).toEqual({ reason: 'interrupted', cause: 'kick' });
    expect(Object.isFrozen(interruption)).toBe(true);
    machine.vcpu.kick();
    expect(exitOf(machine, 'interrupted')).toBe(interruption);
    exitOf(machine, KVM_EXIT_HLT);
  });

  it('an exit has the reason null and a number when the bindings do not have the reason', () => {
    using machine = load(realMode.halt);
    for (const number of [0xffff_ffff, 0x8000_0000, 999]) {
      const exit = pretend(machine, number);
      expect(exit).toMatchObject({ reason: null, number });
      expect(exit.toObject()).toEqual({ reason: null, number });
    }
  });

  it('toObject returns a copy of an exit, which keeps its values', () => {
    using machine = load(realMode.out);
    const exit = exitOf(machine, KVM_EXIT_IO);
    const copy = exit.toObject();
    const { data_offset } = exit.io;
    exit.data.set(0, 0);
    exit.io.port = 0;
    const io = { direction: kvm.KVM_EXIT_IO_OUT, size: 1, port, count: 1, data_offset };
    expect(copy).toEqual({ reason: KVM_EXIT_IO, io, data: [0x41] });
    expect(structuredClone(copy)).toEqual(copy);
    expectTypeOf(copy.data).toEqualTypeOf<number[]>();
    expectTypeOf(copy.io.data_offset).toEqualTypeOf<bigint>();
  });

  it('the program of a thread and the loop over exits get typed exits', async () => {
    using served = load(realMode.print('typed'));
    const words = new Int32Array(new SharedArrayBuffer(8 * Int32Array.BYTES_PER_ELEMENT));
    const thread = VcpuThread.start(served.vcpu, program('typed'), { data: words });
    await within(thread.finished, 'the end of the program');
    expect(String.fromCharCode(...words.subarray(0, 5))).toBe('typed');

    using looped = load(realMode.print('loop'));
    const seen = [];
    for await (const exit of looped.vcpu.exits()) {
      if (exit.reason !== KVM_EXIT_IO) break;
      seen.push(exit);
    }
    expect(String.fromCharCode(...seen.flatMap(({ data }) => data))).toBe('loop');
  });

  it('an exit throws a TypeError when the vCPU is closed', () => {
    using machine = load(realMode.out);
    const exit = exitOf(machine, KVM_EXIT_IO);
    machine.vcpu.close();
    expect(() => exit.data).toThrow(TypeError);
  });
});

describe.skipIf(!hasKvm)(`data of a port ${needsKvm}`, () => {
  it.each([
    [1, [0x11, 0x22, 0x33, 0x44]],
    [2, [0x2211, 0x4433]],
    [4, [0x44332211]],
  ])('data of a port has elements of %d bytes', (size, elements) => {
    using machine = load(realMode.halt);
    const { io } = machine.vcpu.kvmRun;
    const exit = pretendIo(machine);
    io.size = size;
    io.count = 4 / size;
    io.$data_offset = 4096;
    machine.vcpu.shared.setUint32(4096, 0x44332211, true);
    expect([...exit.data]).toEqual(elements);
    exit.data.set(0, 0x1_0000_0055);
    expect(machine.vcpu.shared.getUint8(4096)).toBe(0x55);
    // The next exit can have its data at another offset, and more elements.
    io.$data_offset = 8192;
    expect(exit.data.offset).toBe(8192);
    io.count = 3;
    expect(exit.data.length).toBe(3);
    io.size = 1;
    expect(exit.data.bytes().byteLength).toBe(3);
  });

  const run = kvm.KvmRun.$size;
  it.each<[string, { size?: number; count?: number; data_offset?: bigint }]>([
    ['io.size', { size: 0 }],
    ['io.size', { size: 3 }],
    ['io.size', { size: 8 }],
    ['io.size', { size: 255 }],
    ['io.count', { count: 0xffff_ffff }],
    ['io.count', { count: 0x8000_0000, size: 2 }],
    ['io.count', { count: 8193 }],
    ['io.count', { count: 2, size: 4, data_offset: 12288n - 7n }],
    ['io.count', { data_offset: 12288n }],
    ['io.data_offset', { data_offset: 12289n }],
    ['io.data_offset', { data_offset: 0n }],
    ['io.data_offset', { data_offset: 8n }],
    ['io.data_offset', { data_offset: BigInt(run) - 1n }],
    ['io.data_offset', { data_offset: 0x1_0000_1000n }],
    ['io.data_offset', { data_offset: 1n << 53n }],
    ['io.data_offset', { data_offset: -1n }],
  ])('data of a port is refused when %s points outside of the memory: %o', (member, hostile) => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    expect(vcpu.shared.byteLength).toBe(12288);
    const exit = pretendIo(machine);
    const good = { size: 1, count: 1, data_offset: 4096n };
    Object.assign(exit.io, good);
    expect(exit.data.length).toBe(1);
    Object.assign(exit.io, hostile);
    expectInvalid(exit, `${member} is `);
    // The exit accepts valid members again.
    Object.assign(exit.io, good);
    expect(exit.data.length).toBe(1);
  });

  it('data of a port can end at the end of the memory and begin right after struct kvm_run', () => {
    using machine = load(realMode.halt);
    const exit = pretendIo(machine);
    for (const [size, count, data_offset] of [
      [4, 2, 12280n],
      [1, 12288 - run, BigInt(run)],
      [2, 0, 12288n],
    ]) {
      Object.assign(exit.io, { size, count, data_offset });
      expect(exit.data.length).toBe(count);
      expect([...exit.data]).toHaveLength(count as number);
    }
  });
});

describe.skipIf(!hasKvm)(`other data ${needsKvm}`, () => {
  it('data of a device has the length of mmio.len and at most eight bytes', () => {
    using machine = load(realMode.halt);
    const exit = pretendMmio(machine);
    exit.mmio.data.assign([1, 2, 3, 4, 5, 6, 7, 8]);
    const values = [0x0n, 0x1n, 0x201n, 0x30201n, 0x4030201n, 0x504030201n, 0x60504030201n, 0x7060504030201n];
    for (const [len, value] of [...values, 0x807060504030201n].entries()) {
      exit.mmio.len = len;
      expect([exit.data.length, exit.data.value]).toEqual([len, value]);
      expect(exit.data).toBe(exit.data);
    }
    expect(() => exit.data.$value).toThrow(RangeError);
    for (const len of [9, 256, 0x8000_0000, 0xffff_ffff]) {
      exit.mmio.len = len;
      expectInvalid(exit, `mmio.len is ${len}`);
    }
  });

  it('a value that is written to data of a device is reduced to the width of the data', () => {
    using machine = load(realMode.halt);
    const exit = pretendMmio(machine);
    const written = (len: number, write: () => void): string => {
      exit.mmio.data.assign(Buffer.alloc(8, 0xee));
      exit.mmio.len = len;
      write();
      return Buffer.from(exit.mmio.data.bytes()).toString('hex');
    };
    const bigint = (value: bigint) => (): void => {
      exit.data.value = value;
    };
    const number = (value: number) => (): void => {
      exit.data.$value = value;
    };
    expect(written(2, bigint(0x123456n))).toBe('5634eeeeeeeeeeee');
    expect(written(2, number(0x123456))).toBe('5634eeeeeeeeeeee');
    expect(written(8, bigint(-2n))).toBe('feffffffffffffff');
    expect(written(8, number(-2))).toBe('feffffffffffffff');
    expect(written(8, number(0x1_0203_0405_0607))).toBe('0706050403020100');
    expect(written(3, number(0x010203))).toBe('030201eeeeeeeeee');
    expect(written(0, number(1))).toBe('eeeeeeeeeeeeeeee');
    for (const value of [0.5, Number.NaN, 2 ** 53]) expect(() => written(8, number(value))).toThrow(RangeError);
  });

  it.each([
    ['internal', KVM_EXIT_INTERNAL_ERROR],
    ['system_event', kvm.KVM_EXIT_SYSTEM_EVENT],
  ] as const)('data of %s has the number of words that ndata says and at most sixteen', (name, reason) => {
    using machine = load(realMode.halt);
    const exit = pretend(machine, reason) as ResultBy<typeof reason>;
    const { [name]: member } = machine.vcpu.kvmRun;
    member.data.assign(Array.from({ length: 16 }, (_, index) => BigInt(index)));
    for (const count of [0, 1, 16]) {
      member.ndata = count;
      expect([...exit.data]).toEqual(Array.from({ length: count }, (_, index) => BigInt(index)));
    }
    for (const count of [17, 0x8000_0000, 0xffff_ffff]) {
      member.ndata = count;
      expectInvalid(exit, `${name}.ndata is ${count}`);
    }
  });

  it('data of every exit reason is inside the memory or refused, whatever the memory contains', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    for (const byte of [0xff, 0x80, 0x7f, 0x01]) {
      new Uint8Array(vcpu.shared.buffer).fill(byte);
      vcpu.kvmRun.immediate_exit = 0;
      for (const { value, members } of kvm.KvmRun.$discriminator.cases) {
        const exit = pretend(machine, value) as { readonly reason: number | null; readonly data?: unknown };
        expect(exit.reason).toBe(value);
        expect(Object.keys(exit).sort()).toEqual(['reason', ...members].sort());
        const refused = thrownBy(() => exit.data);
        if (refused !== undefined) expect(refused).toMatchObject({ code: 'ERR_KVM_INVALID_DATA' });
      }
    }
    const { nr, args, ret } = (pretend(machine, KVM_EXIT_HYPERCALL) as ResultBy<typeof KVM_EXIT_HYPERCALL>).hypercall;
    expect([nr, [...args], ret]).toEqual([
      0x0101010101010101n,
      Array(6).fill(0x0101010101010101n),
      0x0101010101010101n,
    ]);
    expect(() => args.get(6)).toThrow(RangeError);
    new Uint8Array(vcpu.shared.buffer).fill(0);
  });
});

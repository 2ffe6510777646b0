/** Exits that narrow by their reason, and data of theirs that lies elsewhere than the memory that the kernel shares. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import {
  type DeviceData,
  exits,
  KvmArgumentError,
  type PortData,
  type Vcpu,
  type VcpuExit,
  VcpuThread,
} from '../../../runtime/index.js';
import type { U64Array } from '../../../support/index.js';
import { longMode, places, port, realMode } from '../../../tools/guests/index.js';
import { hasKvm, load, type Machine, needsKvm, program, run, thrownBy, within } from '../../helpers/vcpus.js';

const { KVM_EXIT_IO, KVM_EXIT_HLT, KVM_EXIT_MMIO, KVM_EXIT_HYPERCALL, KVM_EXIT_INTERNAL_ERROR } = kvm;

type ExitBy<Reason> = Extract<VcpuExit, { readonly reason: Reason }>;

/** The exit of this reason that a run comes back with. */
function exitOf<Reason extends VcpuExit['reason']>(machine: Machine, reason: Reason): ExitBy<Reason> {
  run(machine);
  return lastOf(machine.vcpu, reason);
}

function lastOf<Reason extends VcpuExit['reason']>({ exit }: Vcpu, reason: Reason): ExitBy<Reason> {
  expect(exit.reason).toBe(reason);
  return exit as ExitBy<Reason>;
}

/** As if the kernel had come back with this. */
function pretend<Reason extends number>({ vcpu }: Machine, reason: Reason): ExitBy<Reason> {
  vcpu.kvmRun.exit_reason = reason;
  return vcpu.exit as ExitBy<Reason>;
}

describe('the types of exits', () => {
  it('narrow to what belongs to the reason, and to nothing else', () => {
    const look = (exit: VcpuExit): void => {
      switch (exit.reason) {
        case KVM_EXIT_IO:
          expectTypeOf(exit.io.port).toEqualTypeOf<number>();
          expectTypeOf(exit.data).toEqualTypeOf<PortData>();
          // @ts-expect-error: that of another reason
          exit.mmio;
          break;
        case KVM_EXIT_MMIO:
          expectTypeOf(exit.mmio.phys_addr).toEqualTypeOf<bigint>();
          expectTypeOf(exit.data).toEqualTypeOf<DeviceData>();
          // @ts-expect-error: that of another reason
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
          expectTypeOf<keyof typeof exit>().toEqualTypeOf<'reason'>();
          // @ts-expect-error: it has none
          exit.data;
          break;
        case null:
          expectTypeOf(exit.exit_reason).toEqualTypeOf<number>();
          break;
        // @ts-expect-error: no reason of any exit
        case 1_000:
          break;
        default:
          // @ts-expect-error: not before it is known which
          exit.io;
      }
      // @ts-expect-error: not before it is known which
      exit.io;
      if ('hypercall' in exit) expectTypeOf(exit.reason).toEqualTypeOf<typeof KVM_EXIT_HYPERCALL>();
    };
    expectTypeOf(look).toBeFunction();
    expectTypeOf<Vcpu['exit']>().toEqualTypeOf<VcpuExit>();
  });
});

describe.skipIf(!hasKvm)(`exits ${needsKvm}`, () => {
  it('have what the guest sends to a port', () => {
    using machine = load(realMode.out);
    const { io, data } = exitOf(machine, KVM_EXIT_IO);
    expect([io.direction, io.port, io.size, io.count]).toEqual([kvm.KVM_EXIT_IO_OUT, port, 1, 1]);
    expect([...data]).toEqual([0x41]);
    expect(Object.keys(exitOf(machine, KVM_EXIT_HLT))).toEqual(['reason']);
  });

  it('take what the guest reads from a port, element by element', () => {
    using machine = load(realMode.repIn);
    const { io, data } = exitOf(machine, KVM_EXIT_IO);
    expect([io.direction, data.length]).toEqual([kvm.KVM_EXIT_IO_IN, 5]);
    data.assign(Buffer.from('hello'));
    expect(() => data.set(5, 0)).toThrow(RangeError);
    exitOf(machine, KVM_EXIT_HLT);
    expect(Buffer.from(machine.memory.bytes(places.data, 5)).toString()).toBe('hello');
  });

  it('have what the guest writes to a device, as bytes and as a value', () => {
    using machine = load(realMode.mmioWrite);
    const { mmio, data } = exitOf(machine, KVM_EXIT_MMIO);
    expect([mmio.is_write, mmio.$phys_addr, mmio.len]).toEqual([1, places.device, 1]);
    expect([[...data], data.value, data.$value]).toEqual([[0x2a], 0x2an, 0x2a]);
  });

  it('take what the guest reads from a device', () => {
    using machine = load(realMode.mmioRead);
    const { mmio, data } = exitOf(machine, KVM_EXIT_MMIO);
    expect(mmio.is_write).toBe(0);
    data.$value = 0x77;
    expect([...exitOf(machine, KVM_EXIT_IO).data]).toEqual([0x77]);
  });

  it('are the same objects at each run', () => {
    using machine = load(realMode.outForEver);
    const exit = exitOf(machine, KVM_EXIT_IO);
    const { io, data } = exit;
    const again = exitOf(machine, KVM_EXIT_IO);
    expect(again).toBe(exit);
    expect(again.io).toBe(io);
    expect(again.data).toBe(data);
  });

  it('are none where the run was interrupted', () => {
    using machine = load(longMode.out);
    const { vcpu } = machine;
    run(machine);
    vcpu.kick();
    expect(run(machine)).toBe('interrupted by kick');
    const error = thrownBy(() => vcpu.exit);
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect((error as Error).message).toContain('interrupted by kick');
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    expect(vcpu.exit.reason).toBe(KVM_EXIT_HLT);
  });

  it('are null with the number where the bindings do not know the reason', () => {
    using machine = load(realMode.halt);
    for (const reason of [0xffff_ffff, 0x8000_0000, 999]) {
      machine.vcpu.kvmRun.exit_reason = reason;
      expect(lastOf(machine.vcpu, null).exit_reason).toBe(reason);
    }
  });

  it('are seen by the program of a thread, and by the loop over exits', async () => {
    using served = load(realMode.print('typed'));
    const words = new Int32Array(new SharedArrayBuffer(8 * Int32Array.BYTES_PER_ELEMENT));
    const thread = VcpuThread.start(served.vcpu, program('typed'), { data: words });
    await within(thread.finished, 'the end of the program');
    expect(String.fromCharCode(...words.subarray(0, 5))).toBe('typed');

    using looped = load(realMode.print('loop'));
    let text = '';
    for await (const result of exits(looped.vcpu)) {
      const { exit } = looped.vcpu;
      if (result !== 'exit' || exit.reason !== KVM_EXIT_IO) break;
      text += String.fromCharCode(...exit.data);
    }
    expect(text).toBe('loop');
  });

  it('throw a TypeError when the vCPU is closed', () => {
    using machine = load(realMode.out);
    const exit = exitOf(machine, KVM_EXIT_IO);
    machine.vcpu.close();
    expect(() => machine.vcpu.exit).toThrow(TypeError);
    expect(() => exit.data).toThrow(TypeError);
  });
});

describe.skipIf(!hasKvm)(`data of a port ${needsKvm}`, () => {
  it.each([
    [1, [0x11, 0x22, 0x33, 0x44]],
    [2, [0x2211, 0x4433]],
    [4, [0x44332211]],
  ])('is elements of %d bytes', (size, elements) => {
    using machine = load(realMode.halt);
    const { io } = machine.vcpu.kvmRun;
    const exit = pretend(machine, KVM_EXIT_IO);
    io.size = size;
    io.count = 4 / size;
    io.$data_offset = 4096;
    machine.vcpu.shared.setUint32(4096, 0x44332211, true);
    expect([...exit.data]).toEqual(elements);
    exit.data.set(0, 0x1_0000_0055);
    expect(machine.vcpu.shared.getUint8(4096)).toBe(0x55);
    // The next exit may have its data elsewhere, and more of it.
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
  ])('is refused when %s leads outside: %o', (member, hostile) => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    expect(vcpu.shared.byteLength).toBe(12288);
    const exit = pretend(machine, KVM_EXIT_IO);
    const good = { size: 1, count: 1, data_offset: 4096n };
    Object.assign(exit.io, good);
    expect(exit.data.length).toBe(1);
    Object.assign(exit.io, hostile);
    const error = thrownBy(() => exit.data);
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect((error as Error).message).toContain(`kvm_run: ${member} is `);
    // What was seen before is not what it was refused for.
    Object.assign(exit.io, good);
    expect(exit.data.length).toBe(1);
  });

  it('may end where the memory ends, and begin after struct kvm_run', () => {
    using machine = load(realMode.halt);
    const exit = pretend(machine, KVM_EXIT_IO);
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
  it('of a device is as long as it says, and never longer than eight bytes', () => {
    using machine = load(realMode.halt);
    const exit = pretend(machine, KVM_EXIT_MMIO);
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
      const error = thrownBy(() => exit.data);
      expect(error).toBeInstanceOf(KvmArgumentError);
      expect((error as Error).message).toContain(`kvm_run: mmio.len is ${len}`);
    }
  });

  it('of a device is written modulo its width, and nothing after it', () => {
    using machine = load(realMode.halt);
    const exit = pretend(machine, KVM_EXIT_MMIO);
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
  ] as const)('of %s is as many words as it says, and never more than sixteen', (name, reason) => {
    using machine = load(realMode.halt);
    const exit = pretend(machine, reason);
    const { [name]: member } = machine.vcpu.kvmRun;
    member.data.assign(Array.from({ length: 16 }, (_, index) => BigInt(index)));
    for (const count of [0, 1, 16]) {
      member.ndata = count;
      expect([...exit.data]).toEqual(Array.from({ length: count }, (_, index) => BigInt(index)));
    }
    for (const count of [17, 0x8000_0000, 0xffff_ffff]) {
      member.ndata = count;
      const error = thrownBy(() => exit.data);
      expect(error).toBeInstanceOf(KvmArgumentError);
      expect((error as Error).message).toContain(`kvm_run: ${name}.ndata is ${count}`);
    }
  });

  it('of whatever reason is within the memory, whatever stands there', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    for (const byte of [0xff, 0x80, 0x7f, 0x01]) {
      new Uint8Array(vcpu.shared.buffer).fill(byte);
      vcpu.kvmRun.immediate_exit = 0;
      for (const { value, members } of kvm.KvmRun.$discriminator.cases) {
        vcpu.kvmRun.exit_reason = value;
        const exit = vcpu.exit as { readonly reason: number | null; readonly data?: unknown };
        expect(exit.reason).toBe(value);
        expect(Object.keys(exit).sort()).toEqual(['reason', ...members].sort());
        const refused = thrownBy(() => exit.data);
        if (refused !== undefined) expect(refused).toBeInstanceOf(KvmArgumentError);
      }
    }
    const { nr, args, ret } = pretend(machine, KVM_EXIT_HYPERCALL).hypercall;
    expect([nr, [...args], ret]).toEqual([
      0x0101010101010101n,
      Array(6).fill(0x0101010101010101n),
      0x0101010101010101n,
    ]);
    expect(() => args.get(6)).toThrow(RangeError);
    new Uint8Array(vcpu.shared.buffer).fill(0);
  });
});

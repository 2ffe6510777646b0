/**
 * Offsets, lengths and counts that a guest, the kernel or another thread has written. A value that points outside of the
 * memory is refused, and the runtime neither reads nor writes outside of the memory.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as asm from '../../generated/x86_64/asm/kvm.js';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmError } from '../../runtime/index.js';
import { type GenericIoctl, Kvm, type Vcpu } from '../../runtime/x86_64.js';
import { type FlexibleTail, type IoctlByPointer, U8Array, type View } from '../../support/index.js';
import { places, realMode, userMode } from '../../tools/guests/index.js';
import { chosenRuns } from '../../tools/lib/random-runs.js';
import { membersOf } from '../helpers/tracing.js';
import { Helper, hasKvm, load, needsKvm, run, until, watchdogMs } from '../helpers/vcpus.js';

const pageSize = 4096;
const [u32, u64] = [2 ** 32 - 1, 2n ** 64n - 1n];

/** Returns the data of an exit to a port. */
const portData = ({ kvmRun: { io }, shared }: Vcpu): Uint8Array => {
  const { $data_offset, size, count } = io;
  return new U8Array(shared, $data_offset, size * count).bytes();
};

const ringOf = ({ shared }: Vcpu): kvm.KvmCoalescedMmioRing =>
  new kvm.KvmCoalescedMmioRing(shared, asm.KVM_COALESCED_MMIO_PAGE_OFFSET * pageSize);

/** The number of entries that the page of the ring has room for. */
const ringRoom = Math.floor((pageSize - kvm.KvmCoalescedMmioRing.$size) / kvm.KvmCoalescedMmio.$size);

/** A member with an offset, a length or a count, and values of the member. */
interface Row<T> {
  readonly what: string;
  write(vcpu: Vcpu, value: T): void;
  look(vcpu: Vcpu): unknown;
  /** Returns values whose data lies inside the mapping, for a mapping of this length. */
  inside(length: number): readonly T[];
  /** Returns values whose data does not lie inside the mapping. */
  outside(length: number): readonly T[];
}

const row = <T extends number | bigint>(row: Row<T>): Row<never> => row as Row<never>;

const ofKvmRun: readonly Row<never>[] = [
  row<bigint>({
    what: 'io.data_offset',
    write: ({ kvmRun: { io } }, value) => Object.assign(io, { data_offset: value, size: 1, count: 1 }),
    look: portData,
    inside: (length) => [0n, BigInt(length) - 1n],
    outside: (length) => [BigInt(length), 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, u64],
  }),
  row<number>({
    what: 'io.count',
    write: ({ kvmRun: { io } }, value) => Object.assign(io, { data_offset: BigInt(pageSize), size: 4, count: value }),
    look: portData,
    inside: (length) => [0, (length - pageSize) / 4],
    outside: (length) => [(length - pageSize) / 4 + 1, 2 ** 30, 2 ** 31, u32],
  }),
  row<number>({
    what: 'io.size',
    write: ({ kvmRun: { io }, shared }, value) =>
      Object.assign(io, { data_offset: BigInt(shared.byteLength - 8), size: value, count: 2 }),
    look: portData,
    inside: () => [0, 4],
    outside: () => [5, 255],
  }),
  row<number>({
    what: 'mmio.len',
    write: ({ kvmRun: { mmio } }, value) => Object.assign(mmio, { len: value }),
    look: ({ kvmRun: { mmio } }) => mmio.data.get(mmio.len - 1),
    inside: () => [1, 8],
    outside: () => [0, 9, 2 ** 31, u32],
  }),
  row<number>({
    what: 'internal.ndata',
    write: ({ kvmRun: { internal } }, value) => Object.assign(internal, { ndata: value }),
    look: ({ kvmRun: { internal } }) => internal.data.get(internal.ndata - 1),
    inside: () => [1, 16],
    outside: () => [17, 2 ** 31, u32],
  }),
  row<number>({
    what: 'system_event.ndata',
    write: ({ kvmRun: { system_event } }, value) => Object.assign(system_event, { ndata: value }),
    look: ({ kvmRun: { system_event } }) => system_event.data.get(system_event.ndata - 1),
    inside: () => [1, 16],
    outside: () => [17, 2 ** 31, u32],
  }),
  row<number>({
    what: 'emulation_failure.insn_size',
    write: ({ kvmRun: { emulation_failure } }, value) => Object.assign(emulation_failure, { insn_size: value }),
    look: ({ kvmRun: { emulation_failure } }) => emulation_failure.insn_bytes.get(emulation_failure.insn_size - 1),
    inside: () => [1, 15],
    outside: () => [16, 255],
  }),
  ...(['first', 'last'] as const).map((index) =>
    row<number>({
      what: `${index} of the ring of coalesced MMIO`,
      write: (vcpu, value) => Object.assign(ringOf(vcpu), { [index]: value }),
      look: (vcpu) => ringOf(vcpu).coalesced_mmio.get(ringOf(vcpu)[index]).phys_addr,
      inside: () => [0, ringRoom - 1],
      outside: () => [ringRoom, 2 ** 31, u32],
    }),
  ),
  row<number>({
    what: 'len in the ring of coalesced MMIO',
    write: (vcpu, value) => Object.assign(ringOf(vcpu).coalesced_mmio.get(ringRoom - 1), { len: value }),
    look: (vcpu) => {
      const { data, len } = ringOf(vcpu).coalesced_mmio.get(ringRoom - 1);
      return data.get(len - 1);
    },
    inside: () => [1, 8],
    outside: () => [9, 2 ** 31, u32],
  }),
];

describe.skipIf(!hasKvm)(`the shared memory ${needsKvm}`, () => {
  // Shows: security 1
  it.each(ofKvmRun)(
    'a view does not leave the shared memory, whatever $what is',
    ({ write, look, inside, outside }) => {
      using machine = load(realMode.repIn);
      const { vcpu } = machine;
      expect(run(machine)).toBe(`exit ${kvm.KVM_EXIT_IO}`);
      const { byteLength } = vcpu.shared;
      for (const value of inside(byteLength)) {
        write(vcpu, value);
        expect(() => look(vcpu), `${value}`).not.toThrow();
      }
      for (const value of outside(byteLength)) {
        write(vcpu, value);
        expect(() => look(vcpu), `${value}`).toThrow(RangeError);
      }
      // The kernel does not read these members. It uses its own copies.
      expect(run(machine)).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
    },
  );

  it('a view that ends after the shared memory is refused', () => {
    using machine = load(realMode.halt);
    const { shared } = machine.vcpu;
    const last = shared.byteLength - kvm.KvmRun.$size;
    expect(new kvm.KvmRun(shared, last).exit_reason).toBeTypeOf('number');
    for (const offset of [last + 1, shared.byteLength, u32, 2 ** 53]) {
      expect(() => new kvm.KvmRun(shared, offset)).toThrow(RangeError);
    }
  });

  // Shows: security 1
  it('random bytes in the shared memory never make the runtime leave the memory', () => {
    const random = fc.uint8Array({ minLength: 1, maxLength: 64 });
    // The kernel sets registers from these bytes, so they are arguments and stay unchanged.
    const { kvm_dirty_regs, s } = kvm.KvmRun.$layout.members;
    const isArgument = (at: number): boolean => at >= kvm_dirty_regs.offset && at < s.offset;
    const scribble = fc.record({
      at: fc.oneof(fc.nat(kvm.KvmRun.$layout.members.padding.offset + 16), fc.nat()),
      bytes: random,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(realMode.outForEver, userMode.out),
        fc.array(fc.array(scribble, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        (guest, rounds) => {
          using machine = load(guest);
          const { vcpu } = machine;
          expect(run(machine)).toBe(`exit ${kvm.KVM_EXIT_IO}`);
          for (const scribbles of rounds) {
            for (const { at, bytes } of scribbles) {
              for (const [index, byte] of bytes.entries()) {
                const to = (at + index) % vcpu.shared.byteLength;
                if (!isArgument(to)) vcpu.shared.setUint8(to, byte);
              }
            }
            expectInside(vcpu);
            expect(membersOf('run', vcpu.kvmRun).length).toBeGreaterThan(100);
            expectTyped(() => vcpu.run({ timeout: 20 }));
            expectTyped(() => vcpu.completeExit(() => {}));
          }
          new Uint8Array(vcpu.shared.buffer).fill(0);
          // A random byte in immediate_exit is a kick. If KVM_RUN has refused other bytes, the kick is not delivered yet.
          const outcome = run(machine);
          expect(outcome === 'interrupted by kick' ? run(machine) : outcome).toBe(`exit ${kvm.KVM_EXIT_IO}`);
        },
      ),
      chosenRuns(50),
    );
  });

  // Shows: security 1
  it('data of an exit is inside the shared memory or refused while another thread changes the memory', async () => {
    await using helper = await Helper.start();
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    const words = new Int32Array(new SharedArrayBuffer(8));
    const values = [0n, BigInt(pageSize), BigInt(vcpu.shared.byteLength), 2n ** 40n, u64];
    const scribbled = helper.do('scribble', { vcpu: vcpu.share(), values, words });
    try {
      await until(() => Atomics.load(words, 1) === 1, 'the other thread scribbles');
      const seen = { inside: 0, refused: 0 };
      for (const end = Date.now() + watchdogMs; seen.inside < 100 || seen.refused < 100; ) {
        if (Date.now() > end) throw new Error(`not both seen: ${JSON.stringify(seen)}`);
        expect(run(machine)).toMatch(/^exit /);
        seen[expectInside(vcpu)]++;
      }
    } finally {
      Atomics.store(words, 0, 1);
    }
    expect(await scribbled).toBeGreaterThan(0);
  });

  /** Expects that the data of the port is inside the mapping, or that it is refused. */
  function expectInside(vcpu: Vcpu): 'inside' | 'refused' {
    let bytes: Uint8Array;
    try {
      bytes = portData(vcpu);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return 'refused';
    }
    const { size, count } = vcpu.kvmRun.io;
    expect(bytes.buffer).toBe(vcpu.shared.buffer);
    expect(bytes).toHaveLength(size * count);
    return 'inside';
  }

  function expectTyped(action: () => unknown): void {
    try {
      action();
    } catch (error) {
      expect(error).toBeInstanceOf(KvmError);
    }
  }
});

type Counting = IoctlByPointer<View> & { readonly argument: { readonly $flexible: FlexibleTail } };

/** The ioctls whose argument has a count of its elements. */
const counting = Object.values<unknown>(kvm).filter((value): value is Counting => {
  const { argument } = value as Partial<Counting>;
  return typeof argument === 'function' && (argument.$flexible?.countedBy ?? null) !== null;
});

/** The kinds of memory that an argument may lie in. */
const memories: readonly [string, (guest: ReturnType<typeof load>) => DataView][] = [
  ['memory of JavaScript', () => new DataView(new ArrayBuffer(2 * pageSize))],
  ['memory of the guest', ({ memory }) => memory.dataView(places.data, 2 * pageSize)],
  [
    'memory of the kernel',
    ({ vcpu: { shared } }) => new DataView(shared.buffer, shared.byteLength - 2 * pageSize, 2 * pageSize),
  ],
];

describe.skipIf(!hasKvm)(`counts in arguments ${needsKvm}`, () => {
  const room = 4;
  const guard = 0xa5;

  it('more than eight ioctls have a count in their argument', () => {
    expect(counting.length).toBeGreaterThan(8);
    expect(counting).toContain(kvm.KVM_SET_CPUID2);
  });

  const rows = memories.flatMap(([where, at]) =>
    counting.map((request) => ({ name: request.name, where, request, at })),
  );
  it.each(rows)(
    '$name refuses a count of more elements than the argument in $where has room for',
    ({ request, at }) => {
      using system = Kvm.open();
      using machine = load(realMode.halt);
      const { argument: type } = request;
      const { offset, elementSize, countedBy } = type.$flexible;
      const size = offset + room * elementSize;
      const place = at(machine);
      const bytes = new Uint8Array(place.buffer, place.byteOffset, place.byteLength);
      const width = type.$layout.members[countedBy as string]?.size === 8 ? u64 : u32;
      for (const count of [room + 1, 2 ** 16, 2 ** 28, 2 ** 31, width]) {
        for (const { ioctl } of [system, machine.vm, machine.vcpu]) {
          bytes.fill(guard);
          bytes.fill(0, 0, size);
          const argument = new type(new DataView(place.buffer, place.byteOffset, size));
          Object.assign(argument, { [countedBy as string]: typeof width === 'bigint' ? BigInt(count) : count });
          const before = bytes.slice();
          expect(() => (ioctl as GenericIoctl)(request, argument), `${count}`).toThrow(KvmArgumentError);
          expect(Buffer.compare(bytes, before)).toBe(0);
        }
      }
    },
  );

  // Shows: security 2
  it('a count that a guest changes during the ioctl never makes the kernel write outside of the argument', async () => {
    await using helper = await Helper.start();
    using system = Kvm.open();
    using machine = load(userMode.waver);
    const { memory, vcpu } = machine;
    const size = kvm.KvmCpuid2.$size + kvm.KvmCpuidEntry2.$size;
    const cpuid = new kvm.KvmCpuid2(memory.dataView(places.data, size));
    const after = memory.bytes(places.data + size, places.end - places.data - size).fill(guard);
    const outcomes = helper.do('run', { vcpu: vcpu.share() });
    const seen = { E2BIG: 0, ERR_KVM_INVALID_ARGUMENT: 0 };
    try {
      // If the kernel could get an unchecked count, that would happen about five times in a thousand calls.
      for (const end = Date.now() + watchdogMs; seen.E2BIG < 2000 || seen.ERR_KVM_INVALID_ARGUMENT < 2000; ) {
        if (Date.now() > end) throw new Error(`not both seen: ${JSON.stringify(seen)}`);
        const refusal = refusalOf(() => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid));
        expect(seen).toHaveProperty(refusal);
        seen[refusal as keyof typeof seen]++;
      }
    } finally {
      vcpu.kick();
      expect(await outcomes).toEqual(['interrupted by kick']);
    }
    expect(after.every((byte) => byte === guard)).toBe(true);
  });

  function refusalOf(action: () => unknown): string {
    try {
      return `${action()}`;
    } catch (error) {
      return error instanceof KvmError ? error.code : (error as Error).name;
    }
  }
});

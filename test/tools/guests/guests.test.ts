/** Every guest does what its comment states, on real KVM. Its bytes equal the assembler's output for its listing. */

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KVM_EXIT_HLT, KVM_EXIT_IO, KVM_EXIT_IO_OUT, KVM_EXIT_MMIO } from '../../../generated/x86_64/linux/kvm.js';
import type { Vcpu } from '../../../runtime/x86_64.js';
import {
  type Guest,
  guests,
  longMode,
  places,
  port,
  protectedMode,
  realMode,
  userMode,
} from '../../../tools/guests/index.js';
import { chosenRuns } from '../../../tools/lib/random-runs.js';
import { trial } from '../../helpers/random-guests.js';
import { counterOf, createVm, hasKvm, needsKvm, watchdogMs } from '../../helpers/vcpus.js';

/** The device's answer to port reads and MMIO reads. */
const answer = 'world';

const interruptible = realMode.onInterrupt(2);

/** Runs a guest as a VMM does, until it halts or for a number of exits. Returns its actions. */
function story(vcpu: Vcpu, exits = Number.POSITIVE_INFINITY): string[] {
  const told: string[] = [];
  while (told.length < exits) {
    expect(vcpu.run({ timeout: watchdogMs }).reason).not.toBe('interrupted');
    told.push(exitOf(vcpu));
    if (told.at(-1) === 'halt') break;
  }
  return told;
}

function exitOf({ kvmRun, shared }: Vcpu): string {
  switch (kvmRun.exit_reason) {
    case KVM_EXIT_HLT:
      return 'halt';
    case KVM_EXIT_IO: {
      const { direction, port: at, size, count, $data_offset } = kvmRun.io;
      expect(at).toBe(port);
      const data = new Uint8Array(shared.buffer, $data_offset, size * count);
      if (direction === KVM_EXIT_IO_OUT) return `out ${JSON.stringify(String.fromCharCode(...data))}`;
      data.set(new TextEncoder().encode(answer).subarray(0, data.length));
      return `in ${size} × ${count}`;
    }
    case KVM_EXIT_MMIO: {
      const { phys_addr, len, is_write, data } = kvmRun.mmio;
      const at = `${len} at 0x${phys_addr.toString(16)}`;
      if (is_write) return `write ${at}: 0x${data.get(0).toString(16)}`;
      data.set(0, answer.charCodeAt(0));
      return `read ${at}`;
    }
    default:
      return `exit ${kvmRun.exit_reason}`;
  }
}

describe.skipIf(!hasKvm)(`guests ${needsKvm}`, () => {
  it.each<[Guest, string[]]>([
    [realMode.out, ['out "A"', 'halt']],
    [realMode.input, ['in 1 × 1', 'halt']],
    // A repeated output instruction gives one exit for each element. A repeated input instruction gives one exit for
    // all elements.
    [realMode.repIn, ['in 1 × 5', 'halt']],
    [realMode.mmioWrite, ['write 1 at 0xa0010: 0x2a', 'halt']],
    [realMode.mmioRead, ['read 1 at 0xa0010', 'out "w"', 'halt']],
    [realMode.halt, ['halt']],
    [realMode.print('hello'), ['out "h"', 'out "e"', 'out "l"', 'out "l"', 'out "o"', 'halt']],
    [realMode.print(''), ['halt']],
    [protectedMode.out, ['out "A"', 'halt']],
    [protectedMode.mmio, ['write 1 at 0xa0010: 0x2a', 'read 1 at 0xa0010', 'out "w"', 'halt']],
    [longMode.out, ['out "A"', 'halt']],
    [longMode.cpuid(0), ['halt']],
    [longMode.readMsr(0xc000_0080), ['halt']],
    [longMode.writeMsr(0xc000_0102, 1n), ['halt']],
  ])('the guest does what its comment states: $name', (guest, expected) => {
    using vm = createVm();
    using loaded = guest.load(vm);
    expect(story(loaded.vcpu)).toEqual(expected);
  });

  it(`the guest exits once or several times: ${realMode.repOut.name}`, () => {
    using vm = createVm();
    using loaded = realMode.repOut.load(vm);
    const told = story(loaded.vcpu);
    expect(told.pop()).toBe('halt');
    expect(told.map((exit) => JSON.parse(exit.slice('out '.length)) as string).join('')).toBe('hello');
  });

  it.each([
    [realMode.input, 'w'],
    [realMode.repIn, 'world'],
  ])('the memory has the data after the guest: $name', (guest, data) => {
    using vm = createVm();
    using loaded = guest.load(vm);
    story(loaded.vcpu);
    expect(new TextDecoder().decode(loaded.memory.bytes(places.data, 6)).replaceAll('\0', '')).toBe(data);
  });

  it.each([realMode.outForEver, interruptible, userMode.out, userMode.countDown(1_000_000), userMode.sse])(
    'the guest exits repeatedly: $name',
    (guest) => {
      using vm = createVm();
      using loaded = guest.load(vm);
      const sent = guest === userMode.out || guest === interruptible ? 'out "A"' : 'out "\\u0000"';
      expect(story(loaded.vcpu, 5)).toEqual(Array(5).fill(sent));
    },
  );

  it('the user mode guest counts down', () => {
    using vm = createVm();
    using loaded = userMode.countDown(12_345_678).load(vm);
    expect(loaded.vcpu.getRegs().rcx).toBe(12_345_678n);
    story(loaded.vcpu, 1);
    expect(loaded.vcpu.getRegs().rcx).toBe(0n);
  });

  it.each([realMode.spin, protectedMode.spin, longMode.spin, userMode.spin])('$name, counting', (guest) => {
    using vm = createVm();
    using loaded = guest.load(vm);
    // On a busy machine, the first run can end before the guest starts.
    for (let runs = 0; counterOf(loaded) < 2 && runs < 1000; runs++) {
      expect(loaded.vcpu.run({ timeout: 5 })).toMatchObject({ cause: 'timeout' });
    }
    expect(counterOf(loaded)).toBeGreaterThan(1);
  });

  it('start in the mode that their name says', () => {
    const modes = [realMode.halt, protectedMode.out, longMode.out, userMode.out].map((guest) => {
      using vm = createVm();
      using loaded = guest.load(vm);
      const { cr0, efer, cs } = loaded.vcpu.getSregs();
      const bits = cs.l ? 64 : cs.db ? 32 : 16;
      return {
        protected: (cr0 & 1n) === 1n,
        paging: cr0 >> 31n === 1n,
        long: (efer & 0x400n) !== 0n,
        bits,
        dpl: cs.dpl,
      };
    });
    expect(modes).toEqual([
      { protected: false, paging: false, long: false, bits: 16, dpl: 0 },
      { protected: true, paging: false, long: false, bits: 32, dpl: 0 },
      { protected: true, paging: true, long: true, bits: 64, dpl: 0 },
      { protected: true, paging: true, long: true, bits: 64, dpl: 3 },
    ]);
  });
});

const assembler = spawnSync('as', ['--version'], { encoding: 'utf8' });
const hasAssembler = assembler.status === 0 && /x86_64/.test(assembler.stdout);

describe.skipIf(!hasAssembler)('listings (needs GNU as for x86-64: apt-get install binutils)', () => {
  it.each(guests)('the assembler gives the bytes of $name', expectAssembled);

  it('the assembler gives the bytes of random guests', () => {
    fc.assert(
      fc.property(trial, ({ guest }) => expectAssembled(guest)),
      chosenRuns(50),
    );
  });

  function expectAssembled({ mode, listing }: Guest): void {
    const source = [`.intel_syntax noprefix`, mode.directive, ...listing.map(({ text }) => text), ''].join('\n');
    // As listing: line number, offset, bytes in hexadecimal, source.
    const options = ['--64', '-aln', '--listing-lhs-width=4', '-o', '/dev/null', '--', '-'];
    const { stdout, stderr } = spawnSync('as', options, { input: source, encoding: 'utf8' });
    expect(stderr).toBe('');
    const assembled = [...stdout.matchAll(/^ +\d+ [0-9a-f]{4} ([0-9A-F ]+?) *\t/gm)].map(([, bytes = '']) => bytes);
    const expected = listing.map(({ text }, index) => `${assembled[index]?.replaceAll(' ', '').toLowerCase()} ${text}`);
    expect(listing.map(({ bytes, text }) => `${Buffer.from(bytes).toString('hex')} ${text}`)).toEqual(expected);
    expect(assembled).toHaveLength(listing.length);
  }
});

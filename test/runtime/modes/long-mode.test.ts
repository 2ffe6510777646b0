/** `enterLongMode`, with guests that write the state in which they begin and read memory through the identity map. */

import { describe, expect, it } from 'vitest';
import { KVM_EXIT_SHUTDOWN } from '../../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError } from '../../../runtime/index.js';
import { enterLongMode, identityMapBytes, Kvm, type LongModeOptions } from '../../../runtime/x86_64.js';
import { observers } from '../../../tools/guests/index.js';
import { hasKvm, needsKvm, thrownBy, watchdogMs } from '../../helpers/vcpus.js';
import { disturb, numbersOf, type PresetMachine, presetMachine } from './machine.js';

const { code } = observers.longModeState;
const GiB = 2 ** 30;
/** PG, WP, NE, ET, MP and PE of cr0; PAE, OSFXSR and OSXMMEXCPT of cr4; LME and LMA of EFER; the fixed flag. */
const state = { cr0: 0x8001_0033, cr4: 0x620, efer: 0x500, fixed: 0x2 };
const stack = 0x8_0000;
const begins = [state.cr0, state.cr4, 0x10, 0x18, stack, state.efer, state.fixed];

/** Has the guest read the u32 at each of the addresses. */
function begin({ vcpu, memory }: PresetMachine, addresses: readonly number[], options: Partial<LongModeOptions>): void {
  memory.write(0x10_0000, code);
  for (const [index, address] of addresses.entries()) {
    memory.dataView(0x11_0000 + 8 * index, 8).setBigUint64(0, BigInt(address), true);
  }
  enterLongMode(vcpu, memory, { entry: 0x10_0000, stack, ...options });
  const regs = vcpu.getRegs();
  Object.assign(regs, { rsi: 0x11_0000n, rdi: BigInt(addresses.length) });
  vcpu.setRegs(regs);
}

describe.skipIf(!hasKvm)(`enterLongMode ${needsKvm}`, () => {
  it('the guest begins in 64-bit mode, loads its segments from the table, and sees each address at itself', () => {
    using machine = presetMachine();
    disturb(machine.vcpu);
    const places = [0, 0x1234_5000, 3 * GiB, 4 * GiB, 5 * GiB + 0x1f_f000, 511 * GiB];
    const addresses = places.map((place, index) => place + (index === 0 ? 0x12_0000 : 0xffc));
    for (const [index, address] of addresses.entries()) {
      const page = address - (address % 4096);
      const memory = index === 0 ? machine.memory : machine.add(page, 4096);
      memory.dataView(index === 0 ? address : 0xffc, 4).setUint32(0, 0xa000_0000 + index, true);
    }
    const tables = 0x2_0000;
    machine.add(2 * GiB, 4 * 2 ** 20);
    begin(machine, addresses, { mapped: 6 * GiB, tables });
    const expected = addresses.map((_, index) => 0xa000_0000 + index);
    // The last address is not mapped, so the guest shuts down there.
    const numbers: number[] = [];
    const most = begins.length + addresses.length - 1;
    numbers.push(...numbersOf(machine.vcpu, most));
    expect(numbers).toEqual([...begins, ...expected.slice(0, -1)]);
    expect(machine.vcpu.run({ timeout: watchdogMs }).reason).toBe(KVM_EXIT_SHUTDOWN);
  });

  it('the largest map has 512 GiB', () => {
    using machine = presetMachine(0x60_0000);
    const last = 512 * GiB - 4096;
    machine.add(last, 4096).dataView(0, 4).setUint32(0, 0x5a5a, true);
    // Without CPUID the processor of the guest has 36 address bits.
    using kvm = Kvm.open();
    machine.vcpu.setCpuid2(kvm.getSupportedCpuid());
    begin(machine, [last], { mapped: 512 * GiB, tables: 0x20_0000 });
    expect(numbersOf(machine.vcpu)).toEqual([...begins, 0x5a5a]);
  });

  it('identityMapBytes returns the size of the tables, and nothing after them is written', () => {
    using machine = presetMachine();
    const { memory, vcpu } = machine;
    memory.bytes(0, memory.size).fill(0xee);
    enterLongMode(vcpu, memory, { entry: 0x10_0000, tables: 0x3_0000, mapped: 3 * GiB });
    const size = identityMapBytes(3 * GiB);
    expect([identityMapBytes(2 ** 21), identityMapBytes(GiB), size, identityMapBytes(4n * 2n ** 30n)]).toEqual([
      0x3000, 0x3000, 0x5000, 0x6000,
    ]);
    const isUntouched = (from: number, to: number): boolean =>
      memory.read(from, to - from).every((byte) => byte === 0xee);
    expect([isUntouched(0, 0x500), isUntouched(0x530, 0x3_0000), isUntouched(0x3_0000 + size, memory.size)]).toEqual([
      true,
      true,
      true,
    ]);
    const entry = memory.dataView(0x3_0000 + size - 8, 8).getBigUint64(0, true);
    // The last page of 2 MiB: present, writable, large, and not for user mode.
    expect(entry).toBe(BigInt(3 * GiB - 2 ** 21) | 0x83n);
  });

  it('a guest in user mode begins in ring 3 and uses its memory', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.write(0x10_0000, observers.userModeState.code);
    enterLongMode(vcpu, memory, { entry: 0x10_0000, stack, user: true });
    const { cs, ss } = vcpu.getSregs();
    expect([cs.selector, cs.dpl, ss.selector, ss.dpl]).toEqual([0x2b, 3, 0x23, 3]);
    // A KVM that runs user mode without hardware virtualization shows the host's selectors. Their privilege is right.
    const [code = 0, data = 0, popped] = numbersOf(vcpu, 3);
    expect([code & 3, data & 3, popped]).toEqual([3, 3, 0x77]);
  });

  it('a guest in user mode cannot use pages that are not for user mode (control)', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.write(0x10_0000, observers.userModeState.code);
    enterLongMode(vcpu, memory, { entry: 0x10_0000, stack, user: true });
    const entries = memory.dataView(0x9000, identityMapBytes(4 * GiB));
    entries.setBigUint64(0x2000, entries.getBigUint64(0x2000, true) & ~0x4n, true);
    expect(vcpu.run({ timeout: watchdogMs }).reason).toBe(KVM_EXIT_SHUTDOWN);
  });

  it.each([
    [{ entry: 4 * GiB }, 'entry 0x100000000; it must be below 0x100000000, the end of the mapped memory'],
    [{ entry: 0x20_0000, mapped: 2 ** 21 }, 'entry 0x200000; it must be below 0x200000'],
    [{ entry: 0, stack: 4 * GiB + 1 }, 'stack 4294967297; it must be an integer from 0 to 4294967296'],
    [{ entry: 0, mapped: 0 }, 'mapped 0; it must be a multiple of 2 MiB up to 512 GiB, and not 0'],
    [{ entry: 0, mapped: 2 ** 21 + 4096 }, 'mapped 2101248; it must be a multiple of 2 MiB'],
    [{ entry: 0, mapped: 513 * GiB }, 'mapped 550829555712; it must be an integer from 0 to 549755813888'],
    [{ entry: 0, tables: 0x9008 }, 'tables 0x9008; it must be a multiple of 4096'],
    [{ entry: 0, tables: 0x1f_f000 }, 'the 24576 bytes of tables at 0x1ff000; they must be inside the memory'],
    [{ entry: 0, gdt: 0xa000 }, 'the 24576 bytes of tables at 0x9000 overlap the 48 bytes of gdt at 0xa000'],
    [{ entry: 0, gdt: 0x503 }, 'gdt 0x503; it must be a multiple of 8'],
    [{ entry: 0, user: 1 }, 'user 1; it must be true or false'],
    [{ entry: 0, ring: 3 }, "unknown option 'ring'"],
    [{ entry: 2n ** 64n }, 'entry 18446744073709551616; it must be an integer'],
  ])('wrong options are a KvmArgumentError: %o', (options, problem) => {
    using machine = presetMachine();
    const error = thrownBy(() => enterLongMode(machine.vcpu, machine.memory, options as LongModeOptions));
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect((error as Error).message).toContain(`enterLongMode: ${problem}`);
  });

  it('identityMapBytes refuses a wrong size', () => {
    expect(() => identityMapBytes(1000)).toThrow('identityMapBytes: mapped 1000; it must be a multiple of 2 MiB');
  });
});

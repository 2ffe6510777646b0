/** The debugging of guests. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmUnsupportedError } from '../../runtime/index.js';
import { guestDebug } from '../../runtime/x86_64/guest-debug.js';
import type { GuestDebug } from '../../runtime/x86_64.js';
import { realMode, userMode } from '../../tools/guests/index.js';
import { hasKvm, load, type Machine, needsKvm, run, sent, thrownBy } from '../helpers/vcpus.js';

const { KVM_EXIT_DEBUG } = kvm;
const allFlags = 0xffff_ffff;

/** Runs until the guest has stopped this many times, and returns the addresses, counted from the start of the code. */
function stops(machine: Machine, exits: number): number[] {
  const { vcpu } = machine;
  return Array.from({ length: exits }, () => {
    expect(run(machine)).toBe(`exit ${KVM_EXIT_DEBUG}`);
    return Number(vcpu.kvmRun.debug.arch.pc) - 0x1000;
  });
}

describe.skipIf(!hasKvm)(`the debugger ${needsKvm}`, () => {
  // Shows: KVM_SET_GUEST_DEBUG
  // Shows: selftest x86/debug_regs
  it('setGuestDebug makes the guest stop after each instruction', () => {
    using machine = load(realMode.print('hello'));
    machine.vcpu.setGuestDebug({ singleStep: true });
    expect(stops(machine, 4)).toEqual([3, 6, 7, 8]);
    expect(machine.vcpu.kvmRun.debug.arch.exception).toBe(kvm.DB_VECTOR);
    machine.vcpu.setGuestDebug({});
    expect(sent(machine, 5)).toBe('hello');
  });

  // Shows: selftest x86/debug_regs
  it('setGuestDebug makes the guest stop at hardware breakpoints, and nowhere else', () => {
    using machine = load(realMode.print('hi'));
    const [lodsb, hlt] = [0x1007, 0x100f];
    machine.vcpu.setGuestDebug({ hardwareBreakpoints: [{ address: lodsb }, { address: BigInt(hlt) }] });
    expect(stops(machine, 1)).toEqual([7]);
    expect(machine.vcpu.kvmRun.debug.arch.dr6 & 0xfn).toBe(0b01n);
    machine.vcpu.setGuestDebug({ hardwareBreakpoints: [{ address: 0x1111 }, { address: hlt }] });
    expect(sent(machine, 2)).toBe('hi');
    expect(stops(machine, 1)).toEqual([15]);
    expect(machine.vcpu.kvmRun.debug.arch.dr6 & 0xfn).toBe(0b10n);
    machine.vcpu.setGuestDebug({});
    expect(run(machine)).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
  });

  it('setGuestDebug keeps interrupts from the guest until the next call', () => {
    const nmi = 2;
    using machine = load(realMode.onInterrupt(nmi));
    const { vcpu } = machine;
    sent(machine, 1);
    vcpu.setGuestDebug({ singleStep: true, blockInterrupts: true });
    vcpu.nmi();
    const handler = 0xf;
    expect(stops(machine, 2).every((at) => at < handler)).toBe(true);
    vcpu.setGuestDebug({});
    expect(sent(machine, 3)).toContain('I');
  });

  it('setGuestDebug accepts software and hardware breakpoints together', () => {
    using machine = load(userMode.out);
    machine.vcpu.setGuestDebug({ softwareBreakpoints: true, hardwareBreakpoints: [{ address: 0x1111 }] });
    expect(sent(machine, 1)).toBe('A');
  });

  it('setGuestDebug refuses a flag that the kernel does not have', () => {
    const none = { KVM_GUESTDBG_BLOCKIRQ: 0x4000_0000 };
    using machine = load(realMode.halt, {}, { ...kvm, ...none } as unknown as typeof kvm);
    const call = (): void => machine.vcpu.setGuestDebug({ blockInterrupts: true });
    expect(call).toThrow(KvmUnsupportedError);
    expect(thrownBy(call)).toMatchObject({
      capability: 'KVM_CAP_SET_GUEST_DEBUG2',
      message: expect.stringContaining('this kernel does not have KVM_GUESTDBG_BLOCKIRQ'),
    });
  });
});

describe('the argument of KVM_SET_GUEST_DEBUG', () => {
  const told = (debug: GuestDebug, flags = allFlags): [control: number, ...debugregs: bigint[]] => {
    const { control, arch } = guestDebug(kvm, debug, flags);
    return [control, ...arch.debugreg];
  };
  const nothing = Array(8).fill(0n);

  it.each<[GuestDebug, number]>([
    [{}, 0],
    [{ singleStep: false, softwareBreakpoints: false, hardwareBreakpoints: [], blockInterrupts: false }, 0],
    [{ singleStep: true }, 0x3],
    [{ softwareBreakpoints: true }, 0x1_0001],
    [{ inject: 'debug' }, 0x4_0001],
    [{ inject: 'breakpoint' }, 0x8_0001],
    [{ singleStep: true, blockInterrupts: true }, 0x10_0003],
  ])('guestDebug converts %j', (debug, control) => {
    expect(told(debug)).toEqual([control, ...nothing]);
    // Some kernels do not say which flags they have. Then the flags are passed, and the kernel decides.
    expect(told(debug, 0)[0]).toBe(control);
  });

  it.each<[NonNullable<GuestDebug['hardwareBreakpoints']>, bigint]>([
    [[{ address: 0x1000 }], 0x602n],
    [[{ address: 0x1000, on: 'write' }], 0x1_0602n],
    [[{ address: 0x1000, on: 'access', length: 8 }], 0xb_0602n],
    [[{ address: 0x1000 }, { address: 0x2002, on: 'write', length: 2 }], 0x50_060an],
    [
      [1, 2, 3].map((at) => ({ address: at * 0x1000 })).concat([{ address: 0x4004, on: 'access', length: 4 } as never]),
      0xf000_06aan,
    ],
  ])('guestDebug makes DR7 of %j', (hardwareBreakpoints, dr7) => {
    const [control, ...registers] = told({ hardwareBreakpoints });
    expect(control).toBe(0x2_0001);
    expect(registers[7]).toBe(dr7);
    const addresses = hardwareBreakpoints.map(({ address }) => BigInt(address));
    expect(registers.slice(0, addresses.length)).toEqual(addresses);
  });

  it.each<[string, NonNullable<GuestDebug['hardwareBreakpoints']>, RegExp]>([
    ['five of them', Array(5).fill({ address: 0 }), /: 5 hardware breakpoints; the processor has 4$/],
    ['an unknown length', [{ address: 0, on: 'write', length: 3 as 4 }], /0x0, 'write', 3 bytes/],
    ['execution of several bytes', [{ address: 0, length: 2 }], /0x0, 'execute', 2 bytes/],
    ['an address that is not a multiple of the length', [{ address: 0x1001, on: 'write', length: 2 }], /0x1001/],
  ])('guestDebug refuses hardware breakpoints: %s', (_, hardwareBreakpoints, message) => {
    const call = (): unknown => told({ hardwareBreakpoints });
    expect(call).toThrow(KvmArgumentError);
    expect(call).toThrow(message);
  });

  it('guestDebug refuses a flag that the bindings do not have', () => {
    const bindings = { ...kvm, KVM_GUESTDBG_USE_HW_BP: undefined } as unknown as typeof kvm;
    const call = (): unknown => guestDebug(bindings, { hardwareBreakpoints: [{ address: 0 }] }, allFlags);
    expect(call).toThrow(KvmUnsupportedError);
    expect(call).toThrow(/the bindings of x86_64 do not have KVM_GUESTDBG_USE_HW_BP/);
  });
});

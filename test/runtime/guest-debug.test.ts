/** A guest under a debugger: KVM_SET_GUEST_DEBUG. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { guestDebug } from '../../runtime/guest-debug.js';
import { type GuestDebug, KvmArgumentError, KvmUnsupportedError } from '../../runtime/index.js';
import { realMode, userMode } from '../../tools/guests/index.js';
import { hasKvm, load, type Machine, needsKvm, run, sent, thrownBy } from '../helpers/vcpus.js';

const { KVM_EXIT_DEBUG } = kvm;
const allFlags = 0xffff_ffff;

/** Where so many exits to the debugger are, from the start of the code. */
function stops(machine: Machine, exits: number): number[] {
  const { vcpu } = machine;
  return Array.from({ length: exits }, () => {
    expect(run(machine)).toBe(`exit ${KVM_EXIT_DEBUG}`);
    return Number(vcpu.kvmRun.debug.arch.pc) - 0x1000;
  });
}

describe.skipIf(!hasKvm)(`a debugger ${needsKvm}`, () => {
  it('goes by single steps', () => {
    using machine = load(realMode.print('hello'));
    machine.vcpu.setGuestDebug({ singleStep: true });
    expect(stops(machine, 4)).toEqual([3, 6, 7, 8]);
    expect(machine.vcpu.kvmRun.debug.arch.exception).toBe(kvm.DB_VECTOR);
    machine.vcpu.setGuestDebug({});
    expect(sent(machine, 5)).toBe('hello');
  });

  it('stops where hardware breakpoints are, and nowhere else', () => {
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

  it('keeps interrupts from the guest while it wants to', () => {
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

  it('may have everything that is not contradictory', () => {
    using machine = load(userMode.out);
    machine.vcpu.setGuestDebug({ softwareBreakpoints: true, hardwareBreakpoints: [{ address: 0x1111 }] });
    expect(sent(machine, 1)).toBe('A');
  });

  it('is refused what the kernel does not say it has', () => {
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

describe('what the kernel is told', () => {
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
  ])('%j', (debug, control) => {
    expect(told(debug)).toEqual([control, ...nothing]);
    // A kernel that does not tell its flags is asked.
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
  ])('DR7 of %j', (hardwareBreakpoints, dr7) => {
    const [control, ...registers] = told({ hardwareBreakpoints });
    expect(control).toBe(0x2_0001);
    expect(registers[7]).toBe(dr7);
    const addresses = hardwareBreakpoints.map(({ address }) => BigInt(address));
    expect(registers.slice(0, addresses.length)).toEqual(addresses);
  });

  it.each<[string, NonNullable<GuestDebug['hardwareBreakpoints']>, RegExp]>([
    ['five of them', Array(5).fill({ address: 0 }), /^5 hardware breakpoints; the processor has 4$/],
    ['a length that there is not', [{ address: 0, on: 'write', length: 3 as 4 }], /0x0, write, 3 bytes/],
    ['execution of several bytes', [{ address: 0, length: 2 }], /0x0, execute, 2 bytes/],
    ['an address that is no multiple of the length', [{ address: 0x1001, on: 'write', length: 2 }], /0x1001/],
  ])('no hardware breakpoints: %s', (_, hardwareBreakpoints, message) => {
    const call = (): unknown => told({ hardwareBreakpoints });
    expect(call).toThrow(KvmArgumentError);
    expect(call).toThrow(message);
  });

  it('nothing that the bindings do not have', () => {
    const bindings = { ...kvm, KVM_GUESTDBG_USE_HW_BP: undefined } as unknown as typeof kvm;
    const call = (): unknown => guestDebug(bindings, { hardwareBreakpoints: [{ address: 0 }] }, allFlags);
    expect(call).toThrow(KvmUnsupportedError);
    expect(call).toThrow(/the bindings of x86_64 do not have KVM_GUESTDBG_USE_HW_BP/);
  });
});

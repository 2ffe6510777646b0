/** What of a guest comes out to its debugger, as KVM_SET_GUEST_DEBUG takes it on x86. */

import { allocate } from '../generated/views.js';
import type { KvmGuestDebug } from '../generated/x86_64/linux/kvm.js';
import type { Bindings } from './context.js';
import { KvmArgumentError, KvmUnsupportedError } from './errors.js';

export interface GuestDebug {
  /** Every instruction is an exit. */
  readonly singleStep?: boolean;
  /** INT3 is an exit. Those that the guest has of its own come out too: hand them back by `inject`. */
  readonly softwareBreakpoints?: boolean;
  /** Addresses that the processor watches, four at most. The guest's own debug registers do nothing meanwhile. */
  readonly hardwareBreakpoints?: readonly HardwareBreakpoint[];
  /** Keeps interrupts from the guest, so that single steps do not lead into its handlers. */
  readonly blockInterrupts?: boolean;
  /** An exception for the guest at its next run: one that has come out but was its own. */
  readonly inject?: 'debug' | 'breakpoint';
}

export interface HardwareBreakpoint {
  /** Linear. */
  readonly address: number | bigint;
  /** By default `execute`; `access` is reading and writing. */
  readonly on?: 'execute' | 'write' | 'access';
  /** How many bytes are watched, by default 1; 1 for `execute`. The address is a multiple of it. */
  readonly length?: 1 | 2 | 4 | 8;
}

/** @throws KvmUnsupportedError for what is not among the flags of the kernel; 0 stands for one that does not tell them. */
export function guestDebug(bindings: Bindings, debug: GuestDebug, flagsOfKernel: number): KvmGuestDebug {
  const { singleStep, softwareBreakpoints, hardwareBreakpoints = [], blockInterrupts, inject } = debug;
  const wanted: readonly (readonly [boolean | undefined, keyof Bindings])[] = [
    [singleStep, 'KVM_GUESTDBG_SINGLESTEP'],
    [softwareBreakpoints, 'KVM_GUESTDBG_USE_SW_BP'],
    [hardwareBreakpoints.length > 0, 'KVM_GUESTDBG_USE_HW_BP'],
    [blockInterrupts, 'KVM_GUESTDBG_BLOCKIRQ'],
    [inject === 'debug', 'KVM_GUESTDBG_INJECT_DB'],
    [inject === 'breakpoint', 'KVM_GUESTDBG_INJECT_BP'],
  ];
  const names = wanted.flatMap(([isWanted, name]) => (isWanted ? [name] : []));
  const flags = names.map((name) => flagOf(bindings, name, flagsOfKernel));
  const result = allocate(bindings.KvmGuestDebug);
  result.control = flags.reduce((all, flag) => all | flag, names.length > 0 ? bindings.KVM_GUESTDBG_ENABLE : 0);
  if (hardwareBreakpoints.length > 0) setDebugRegisters(result, hardwareBreakpoints);
  return result;
}

function flagOf(bindings: Bindings, name: keyof Bindings, flagsOfKernel: number): number {
  const flag = bindings[name] as number | undefined;
  if (flag !== undefined && (flagsOfKernel === 0 || (flagsOfKernel & flag) !== 0)) return flag;
  const why = flag === undefined ? `the bindings of ${bindings.$target.name} do` : 'this kernel does';
  throw new KvmUnsupportedError('KVM_SET_GUEST_DEBUG', 'absent', `${why} not have ${name}`, 'KVM_CAP_SET_GUEST_DEBUG2');
}

const conditions = { execute: 0, write: 1, access: 3 } as const;
const lengths = new Map([
  [1, 0],
  [2, 1],
  [4, 3],
  [8, 2],
]);
/** DR7 in which nothing is on: exact breakpoints, and the bit that is always set. */
const emptyDr7 = 0x600;
const registers = 4;

function setDebugRegisters(debug: KvmGuestDebug, breakpoints: readonly HardwareBreakpoint[]): void {
  const { debugreg } = debug.arch;
  if (breakpoints.length > registers) {
    throw new KvmArgumentError(`${breakpoints.length} hardware breakpoints; the processor has ${registers}`);
  }
  let dr7 = emptyDr7;
  for (const [number, { address, on = 'execute', length = 1 }] of breakpoints.entries()) {
    const encoded = lengths.get(length);
    const at = BigInt(address);
    if (encoded === undefined || (on === 'execute' && length !== 1) || at % BigInt(length) !== 0n) {
      throw new KvmArgumentError(
        `hardware breakpoint at 0x${at.toString(16)}, ${on}, ${length} bytes; the length is 1, 2, 4 or 8, for 'execute' 1, and the address a multiple of it`,
      );
    }
    debugreg.set(number, at);
    const enable = 2 << (2 * number);
    dr7 |= enable | ((conditions[on] | (encoded << 2)) << (16 + 4 * number));
  }
  debugreg.set(7, BigInt(dr7 >>> 0));
}

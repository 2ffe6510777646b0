/** The argument of KVM_SET_GUEST_DEBUG on x86: the events of the guest that are exits for its debugger. */

import type { KvmGuestDebug } from '../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import { describe, requireList, requireOneOf } from '../arguments.js';
import { KvmArgumentError, KvmUnsupportedError } from '../errors.js';
import { requireU64 } from '../numbers.js';
import { requireKnownKeys } from '../options.js';
import type { Bindings } from './bindings.js';

/** The events of the guest that are exits with KVM_EXIT_DEBUG. */
export interface GuestDebug {
  /** Each instruction is an exit. */
  readonly singleStep?: boolean;
  /** Each INT3 is an exit, also those that belong to the guest. Return these to the guest with `inject`. */
  readonly softwareBreakpoints?: boolean;
  /** Up to four addresses that the processor watches. Meanwhile the guest's own debug registers have no effect. */
  readonly hardwareBreakpoints?: readonly HardwareBreakpoint[];
  /** Blocks interrupts of the guest, so that single steps do not enter its handlers. */
  readonly blockInterrupts?: boolean;
  /** An exception that the guest gets at its next run: one that was an exit but belongs to the guest. */
  readonly inject?: 'debug' | 'breakpoint';
}

/** An address that the processor watches. */
export interface HardwareBreakpoint {
  /** A linear address, a multiple of `length`. */
  readonly address: number | bigint;
  /** By default `execute`. `access` is reading and writing. */
  readonly on?: 'execute' | 'write' | 'access';
  /** The number of watched bytes, by default 1. For `execute` the number must be 1. */
  readonly length?: 1 | 2 | 4 | 8;
}

/**
 * Makes the argument of KVM_SET_GUEST_DEBUG. `flagsOfKernel` are the flags that the kernel has, or 0 if it does not say.
 *
 * @throws KvmUnsupportedError when the kernel does not have a flag, KvmArgumentError for a wrong breakpoint.
 */
export function guestDebug(bindings: Bindings, debug: GuestDebug, flagsOfKernel: number): KvmGuestDebug {
  requireKnownKeys<GuestDebug>(operation, debug, {
    singleStep: true,
    softwareBreakpoints: true,
    hardwareBreakpoints: true,
    blockInterrupts: true,
    inject: true,
  });
  const { singleStep, softwareBreakpoints, blockInterrupts, inject } = debug;
  if (inject !== undefined) requireOneOf(operation, 'inject', inject, ['debug', 'breakpoint']);
  const hardwareBreakpoints = requireList(operation, 'hardwareBreakpoints', debug.hardwareBreakpoints ?? []);
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

const operation = 'KVM_SET_GUEST_DEBUG';

function flagOf(bindings: Bindings, name: keyof Bindings, flagsOfKernel: number): number {
  const flag = bindings[name] as number | undefined;
  if (flag !== undefined && (flagsOfKernel === 0 || (flagsOfKernel & flag) !== 0)) return flag;
  const why = flag === undefined ? `the bindings of ${bindings.$target.name} do` : 'this kernel does';
  throw new KvmUnsupportedError(operation, `${why} not have ${name}`, 'KVM_CAP_SET_GUEST_DEBUG2');
}

const conditions = { execute: 0, write: 1, access: 3 } as const;
const lengths = new Map([
  [1, 0],
  [2, 1],
  [4, 3],
  [8, 2],
]);
/** DR7 without breakpoints: exact breakpoints are on, and the bit that is always set. */
const emptyDr7 = 0x600;
const registers = 4;

function setDebugRegisters(debug: KvmGuestDebug, breakpoints: readonly HardwareBreakpoint[]): void {
  const { debugreg } = debug.arch;
  if (breakpoints.length > registers) {
    throw new KvmArgumentError(operation, `${breakpoints.length} hardware breakpoints; the processor has ${registers}`);
  }
  let dr7 = emptyDr7;
  for (const [number, breakpoint] of breakpoints.entries()) {
    requireKnownKeys<HardwareBreakpoint>(operation, breakpoint, { address: true, on: true, length: true });
    const { address, on = 'execute', length = 1 } = breakpoint;
    requireOneOf(operation, 'on', on, Object.keys(conditions));
    const encoded = lengths.get(length);
    const at = requireU64(operation, 'address of a breakpoint', address);
    if (encoded === undefined || (on === 'execute' && length !== 1) || at % BigInt(length) !== 0n) {
      throw new KvmArgumentError(
        operation,
        `hardware breakpoint at 0x${at.toString(16)}, '${on}', ${describe(length)} bytes; the length must be 1, 2, 4 or 8, and 1 for 'execute'; the address must be a multiple of the length`,
      );
    }
    debugreg.set(number, at);
    const enable = 2 << (2 * number);
    dr7 |= enable | ((conditions[on] | (encoded << 2)) << (16 + 4 * number));
  }
  debugreg.set(7, BigInt(dr7 >>> 0));
}

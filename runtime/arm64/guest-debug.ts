/** The argument of KVM_SET_GUEST_DEBUG on arm64: the events of the guest that are exits for its debugger. */

import type { KvmGuestDebug } from '../../generated/arm64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import { describe, requireList, requireOneOf } from '../arguments.js';
import { capabilityValue } from '../capability.js';
import type { VcpuContext } from '../context.js';
import { KvmArgumentError } from '../errors.js';
import { requireU64 } from '../numbers.js';
import { requireKnownKeys } from '../options.js';
import type { Bindings } from './bindings.js';

/** The events of the guest that are exits with KVM_EXIT_DEBUG. */
export interface GuestDebug {
  /** Each instruction is an exit. */
  readonly singleStep?: boolean;
  /** Each BRK is an exit, also those that belong to the guest. */
  readonly softwareBreakpoints?: boolean;
  /** The addresses of instructions, multiples of 4. KVM_CAP_GUEST_DEBUG_HW_BPS is their highest number. */
  readonly hardwareBreakpoints?: readonly (number | bigint)[];
  /** The data that the processor watches. KVM_CAP_GUEST_DEBUG_HW_WPS is the highest number. */
  readonly watchpoints?: readonly Watchpoint[];
}

/** Data that the processor watches. */
export interface Watchpoint {
  /** The address of the first byte. */
  readonly address: number | bigint;
  /** The number of bytes, by default 8. All bytes must be in the same 8 bytes. */
  readonly length?: number;
  /** By default `write`. `access` is reading and writing. */
  readonly on?: 'read' | 'write' | 'access';
}

const operation = 'KVM_SET_GUEST_DEBUG';

/** The bits of DBGBCR and DBGWCR: the Arm Architecture Reference Manual, D19.3 "Debug registers". */
const enabled = 1n;
/** At EL0 and EL1. */
const privileges = 3n << 1n;
const allBytesOfInstruction = 0xfn << 5n;
const accesses = { read: 1n << 3n, write: 2n << 3n, access: 3n << 3n } as const;
const watchedBytesShift = 5n;
const bytesOfWatchpoint = 8n;

/**
 * Makes the argument of KVM_SET_GUEST_DEBUG.
 *
 * @throws KvmArgumentError for a wrong breakpoint, and for more than the processor has.
 */
export function guestDebug(vcpu: VcpuContext<Bindings>, debug: GuestDebug): KvmGuestDebug {
  requireKnownKeys<GuestDebug>(operation, debug, {
    singleStep: true,
    softwareBreakpoints: true,
    hardwareBreakpoints: true,
    watchpoints: true,
  });
  const { bindings } = vcpu;
  const breakpoints = requireList(operation, 'hardwareBreakpoints', debug.hardwareBreakpoints ?? []);
  const watchpoints = requireList(operation, 'watchpoints', debug.watchpoints ?? []);
  requireEnough('hardware breakpoints', breakpoints.length, capabilityValue(vcpu, 'KVM_CAP_GUEST_DEBUG_HW_BPS'));
  requireEnough('watchpoints', watchpoints.length, capabilityValue(vcpu, 'KVM_CAP_GUEST_DEBUG_HW_WPS'));
  const usesHardware = breakpoints.length + watchpoints.length > 0;
  const flags = [
    debug.singleStep ? bindings.KVM_GUESTDBG_SINGLESTEP : 0,
    debug.softwareBreakpoints ? bindings.KVM_GUESTDBG_USE_SW_BP : 0,
    usesHardware ? bindings.KVM_GUESTDBG_USE_HW : 0,
  ];
  const control = flags.reduce((all, flag) => all | flag, 0);
  const result = allocate(bindings.KvmGuestDebug);
  result.control = control === 0 ? 0 : control | bindings.KVM_GUESTDBG_ENABLE;
  for (const [number, address] of breakpoints.entries()) {
    const at = requireU64(operation, 'address of a breakpoint', address);
    if (at % 4n !== 0n) {
      throw new KvmArgumentError(operation, `hardware breakpoint at ${hex(at)}; the address must be a multiple of 4`);
    }
    result.arch.dbg_bvr.set(number, at);
    result.arch.dbg_bcr.set(number, enabled | privileges | allBytesOfInstruction);
  }
  for (const [number, watchpoint] of watchpoints.entries()) setWatchpoint(result, number, watchpoint);
  return result;
}

function requireEnough(what: string, count: number, most: number): void {
  if (count <= most) return;
  throw new KvmArgumentError(operation, `${count} ${what}; the processor has ${most} for a guest`);
}

function setWatchpoint({ arch }: KvmGuestDebug, number: number, watchpoint: Watchpoint): void {
  requireKnownKeys<Watchpoint>(operation, watchpoint, { address: true, length: true, on: true });
  const { address, length = Number(bytesOfWatchpoint), on = 'write' } = watchpoint;
  requireOneOf(operation, 'on', on, Object.keys(accesses));
  const at = requireU64(operation, 'address of a watchpoint', address);
  const first = at % bytesOfWatchpoint;
  const isLength = Number.isInteger(length) && length >= 1 && BigInt(length) <= bytesOfWatchpoint - first;
  if (!isLength) {
    const rule = 'all bytes must be in the same 8 bytes';
    throw new KvmArgumentError(operation, `watchpoint of ${describe(length)} bytes at ${hex(at)}; ${rule}`);
  }
  const bytes = ((1n << BigInt(length)) - 1n) << first;
  arch.dbg_wvr.set(number, at - first);
  arch.dbg_wcr.set(number, enabled | privileges | accesses[on] | (bytes << watchedBytesShift));
}

function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}

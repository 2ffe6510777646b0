/** Real mode: the mode of a processor after a reset. */

import { X86_CR0_ET } from '../../../generated/x86_64/asm/processor-flags.js';
import { KvmArgumentError } from '../../errors.js';
import { requireInteger } from '../../numbers.js';
import { type KnownKeys, requireKnownKeys } from '../../options.js';
import type { Vcpu } from '../vcpu.js';
import { type EntryOptions, enter, entryKeys, sregsOf } from './entry.js';
import { realModeSegment, setSegments } from './segments.js';

/** The options of `enterRealMode`. */
export interface RealModeOptions extends EntryOptions {
  /** The address of the first instruction, below 0x10fff0. */
  readonly entry: number | bigint;
  /** The stack pointer: an offset in the stack segment, up to 0xffff. By default 0: the first push is at the segment's end. */
  readonly stack?: number | bigint;
  /** The code segment. By default the highest multiple of 0x1000 with which the entry is in the segment. */
  readonly segment?: number;
  /** The data segments and the stack segment, by default 0. */
  readonly dataSegment?: number;
}

const keys: KnownKeys<RealModeOptions> = { ...entryKeys, segment: true, dataSegment: true };
const segmentBytes = 0x1_0000;
/** The address after that of ffff:ffff. */
const end = 16 * 0xffff + segmentBytes;

/**
 * Makes the vCPU begin in real mode, as a BIOS begins a boot sector: 16-bit code, interrupts off, and the interrupt vectors at
 * address 0. Sets the general, segment and control registers, and no others. Intel processors that do not run real mode natively
 * also need `Vm.setTssAddr`.
 *
 * @param vcpu the vCPU.
 * @param options the entry, the stack and the segments.
 * @throws KvmArgumentError for wrong options, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
 * @example
 * memory.write(0x7c00, bootSector);
 * enterRealMode(vcpu, { entry: 0x7c00, stack: 0x7c00 });
 */
export function enterRealMode(vcpu: Vcpu, options: RealModeOptions): void {
  const operation = 'enterRealMode';
  requireKnownKeys(operation, options, keys);
  const entry = requireInteger(operation, 'entry', options.entry, end - 1);
  const highest = Math.min(Math.floor(entry / segmentBytes) * 0x1000, 0xffff);
  const { segment: given = highest, dataSegment: data = 0, stack = 0 } = options;
  const segment = requireInteger(operation, 'segment', given, 0xffff);
  const dataSegment = requireInteger(operation, 'dataSegment', data, 0xffff);
  const rip = entry - 16 * segment;
  if (rip < 0 || rip >= segmentBytes) {
    const rule = `it must be in the segment 0x${segment.toString(16)}, which is from 0x${(16 * segment).toString(16)}`;
    throw new KvmArgumentError(operation, `entry 0x${entry.toString(16)}; ${rule}, 64 KiB`);
  }
  const rsp = requireInteger(operation, 'stack', stack, 0xffff);
  const sregs = sregsOf(operation, vcpu);
  setSegments(sregs, { code: realModeSegment('code', segment), data: realModeSegment('data', dataSegment) });
  for (const table of [sregs.gdt, sregs.idt]) Object.assign(table, { base: 0n, limit: 0xffff });
  Object.assign(sregs, { cr0: X86_CR0_ET, cr3: 0n, cr4: 0n, efer: 0n });
  enter(vcpu, sregs, { rip: BigInt(rip), rsp: BigInt(rsp) });
}

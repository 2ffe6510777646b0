/** Segments and their descriptors. */

import type { KvmSegment, KvmSregs } from '../../../generated/x86_64/linux/kvm.js';
import { requireObject } from '../../arguments.js';
import { requireInteger } from '../../numbers.js';
import type { Part } from './placed-memory.js';

/** What the descriptor of a segment says, in the members of `struct kvm_segment`. */
export type DescriptorMembers = Pick<
  KvmSegment,
  'base' | 'limit' | 'type' | 'present' | 'dpl' | 'db' | 's' | 'l' | 'g' | 'avl'
>;

/** A segment and its selector. */
type SegmentMembers = DescriptorMembers & Pick<KvmSegment, 'selector'>;

/** Types of segments and of system segments. The processor has set the bit "accessed" or "busy" of a loaded segment. */
const types = { data: 0x3, code: 0xb, busyTaskState: 0xb } as const;

/** The selectors of the table that `writeDescriptors` writes. Those of the kernel are those of the Linux boot protocol. */
const selectors = { code: 0x10, data: 0x18, userData: 0x23, userCode: 0x2b } as const;

/** The code segment and the data segment of a mode. */
export interface Segments {
  readonly code: SegmentMembers;
  readonly data: SegmentMembers;
}

/** Segments that cover all addresses. */
function flatSegments(code: Partial<SegmentMembers>, data: Partial<SegmentMembers>): Segments {
  const flat = { base: 0n, limit: 0xffff_ffff, present: 1, dpl: 0, db: 1, s: 1, l: 0, g: 1, avl: 0 };
  return {
    code: { ...flat, selector: selectors.code, type: types.code, ...code },
    data: { ...flat, selector: selectors.data, type: types.data, ...data },
  };
}

/** The segments of 32-bit protected mode. */
export const protectedSegments: Segments = flatSegments({}, {});
/** The segments of long mode in ring 0. */
export const longSegments: Segments = flatSegments({ db: 0, l: 1 }, {});
/** The segments of long mode in ring 3. */
export const userSegments: Segments = flatSegments(
  { db: 0, l: 1, dpl: 3, selector: selectors.userCode },
  { dpl: 3, selector: selectors.userData },
);

/** The segments of real mode: 64 KiB from 16 times the selector. */
export function realModeSegment(kind: 'code' | 'data', selector: number): SegmentMembers {
  const base = BigInt(16 * selector);
  return { base, limit: 0xffff, selector, type: types[kind], present: 1, dpl: 0, db: 0, s: 1, l: 0, g: 0, avl: 0 };
}

/** A task state segment at address 0, as the PVH boot protocol describes it. A processor outside of real mode needs one. */
const taskState: SegmentMembers = {
  base: 0n,
  limit: 0x67,
  selector: 0,
  type: types.busyTaskState,
  present: 1,
  dpl: 0,
  db: 0,
  s: 0,
  l: 0,
  g: 0,
  avl: 0,
};

/** Sets all segments: code, data, stack and task state. */
export function setSegments(sregs: KvmSregs, { code, data }: Segments): void {
  Object.assign(sregs.cs, code, { unusable: 0 });
  for (const segment of [sregs.ds, sregs.es, sregs.fs, sregs.gs, sregs.ss])
    Object.assign(segment, data, { unusable: 0 });
  Object.assign(sregs.tr, taskState, { unusable: 0 });
}

/**
 * Returns the 8 bytes of the descriptor of a segment, as an integer. A guest that has this descriptor in its descriptor table
 * can load the segment. The limit of a segment with `g` loses its lower 12 bits, which are ones.
 *
 * @param segment a segment of `struct kvm_sregs`, or its members. The base has at most 32 bits. The limit is in bytes.
 * @throws KvmArgumentError for a member that does not fit into the descriptor.
 * @example
 * segmentDescriptor(vcpu.getSregs().ds).toString(16); // '93000000ffff' in real mode
 */
export function segmentDescriptor(segment: DescriptorMembers): bigint {
  requireObject('segmentDescriptor', 'segment', segment);
  const member = (name: keyof DescriptorMembers, most: number): bigint =>
    BigInt(requireInteger('segmentDescriptor', name, segment[name], most));
  const g = member('g', 1);
  const base = member('base', 0xffff_ffff);
  const limit = member('limit', g === 0n ? 0xf_ffff : 0xffff_ffff);
  const units = g === 0n ? limit : limit >> 12n;
  const access = member('type', 15) | (member('s', 1) << 4n) | (member('dpl', 3) << 5n) | (member('present', 1) << 7n);
  const flags = member('avl', 1) | (member('l', 1) << 1n) | (member('db', 1) << 2n) | (g << 3n);
  return (
    (units & 0xffffn) |
    ((base & 0xff_ffffn) << 16n) |
    (access << 40n) |
    ((units >> 16n) << 48n) |
    (flags << 52n) |
    ((base >> 24n) << 56n)
  );
}

/** The number of descriptors in the table. The first two are empty. */
const descriptorCount = 6;
const descriptorBytes = 8;

/** The part of memory for the descriptor table. */
export function descriptorTablePart(address: number): Part {
  return { what: 'gdt', address, length: descriptorCount * descriptorBytes };
}

/** Writes the descriptor table and sets its register. The table has the segments of the mode, and those of user mode. */
export function writeDescriptors(sregs: KvmSregs, table: DataView, address: number, { code, data }: Segments): void {
  for (const segment of [code, data, userSegments.code, userSegments.data]) {
    const index = Math.floor(segment.selector / descriptorBytes);
    table.setBigUint64(index * descriptorBytes, segmentDescriptor(segment), true);
  }
  Object.assign(sregs.gdt, { base: BigInt(address), limit: table.byteLength - 1 });
}

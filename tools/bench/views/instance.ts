/** Memory that the loops of arrays and of single members use, as views and by hand. */

import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { U32Array as BigEndianU32Array } from '../../../support/big-endian.js';
import { CharArray, U32Array, type View, type ViewArray } from '../../../support/index.js';

/** The number of elements of each array. */
const elements = 16;
/** The offsets in the memory. The loops by hand contain them as numbers. */
const places = { elements: 0, cpuid: 64, text: 1024, regs: 1040, pin: 1184, flagged: 1280 } as const;
const size = 4096;

/** Classes that have a member `flags` of 32 bits, at different offsets. */
const flagged = [
  kvm.KvmUserspaceMemoryRegion,
  kvm.KvmEnableCap,
  kvm.KvmIrqfd,
  kvm.KvmIoeventfd,
  kvm.KvmMsi,
  kvm.KvmClockData,
] as const;

/** One piece of memory. */
export interface Instance {
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly numbers: U32Array;
  readonly bigEndian: BigEndianU32Array;
  readonly entries: ViewArray<kvm.KvmCpuidEntry2>;
  readonly text: CharArray;
  readonly regs: kvm.KvmRegs;
  readonly pin: kvm.KvmIoapicStateRedirtblFields;
  /** A view of one of several classes. */
  readonly flagged: View & { flags: number };
  /** The offset of `flags` in the memory. */
  readonly flagsAt: number;
}

/** Makes one piece of memory. Each has other values. */
export function instance(index: number): Instance {
  const view = new DataView(new ArrayBuffer(size));
  const numbers = new U32Array(view, places.elements, elements);
  for (let at = 0; at < elements; at++) numbers.set(at, (at * 0x0101_0101 + index) & 0x3f3f_3f3f);
  const cpuid = new kvm.KvmCpuid2(view, places.cpuid);
  cpuid.nent = elements;
  for (let at = 0; at < elements; at++) cpuid.entries.get(at).eax = at * index;
  const text = new CharArray(view, places.text, elements);
  text.text = `device ${index}`;
  const regs = new kvm.KvmRegs(view, places.regs);
  regs.$rip = 0x1_0000_0000 * (index + 1);
  const type = flagged[index % flagged.length] as (typeof flagged)[number];
  return {
    view,
    u32: new Uint32Array(view.buffer, places.elements, elements),
    numbers,
    bigEndian: new BigEndianU32Array(view, places.elements, elements),
    entries: cpuid.entries,
    text,
    regs,
    pin: new kvm.KvmIoapicStateRedirtblFields(view, places.pin),
    flagged: new type(view, places.flagged),
    flagsAt: places.flagged + type.$layout.members.flags.offset,
  };
}

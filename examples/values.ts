// Views as data: writes from plain objects, comparisons, JSON, and copies for other threads.

import { allocate, assign, copy, equal, toObject } from 'kvm-uapi/support';
import { KvmSegment, KvmSregs } from 'kvm-uapi/x86_64/linux/kvm';

const sregs = allocate(KvmSregs);
assign(sregs, { cr0: 1n, cs: { selector: 8, limit: 0xffff }, interrupt_bitmap: [1n] });
console.log(sregs.cr0, sregs.cs.limit, JSON.stringify(sregs.interrupt_bitmap));

const saved = allocate(KvmSegment);
copy(saved, sregs.cs);
assign(sregs.cs, { dpl: 3 });
console.log(equal(saved, sregs.cs), equal(sregs.cs, assign(saved, { dpl: 3 })));

console.log(structuredClone(toObject(sregs.gdt)));
console.log(JSON.stringify({ gdt: sregs.gdt }));

for (const wrong of [() => assign(sregs, { cs: { dpl: 256 } }), () => structuredClone(sregs)]) {
  try {
    wrong();
  } catch (error) {
    console.log(`${error}`);
  }
}

// After each run a VMM reads in struct kvm_run why the guest stopped. This program does the same without a guest.

import { allocate } from 'kvm-uapi/support';
import { KVM_EXIT_IO, KVM_EXIT_IO_OUT, KVM_GET_REGS, KvmRegs, KvmRun } from 'kvm-uapi/x86_64/linux/kvm';

// A struct is a view of any DataView. A VMM uses the memory of a vCPU. This program uses plain memory and fills it itself.
const memory = new DataView(new ArrayBuffer(3 * 4096));
const run = new KvmRun(memory);
run.exit_reason = KVM_EXIT_IO;
run.io.direction = KVM_EXIT_IO_OUT;
run.io.port = 0x3f8;
run.io.size = 1;
run.io.count = 1;
run.io.data_offset = 4096n; // A u64 is a bigint under its C name.
memory.setUint8(4096, 'K'.charCodeAt(0));

if (run.exit_reason === KVM_EXIT_IO) {
  const { port, size, count, $data_offset } = run.io; // $data_offset is the same value as a number.
  const data = new Uint8Array(memory.buffer, $data_offset, size * count);
  console.log(`out to port 0x${port.toString(16)}: ${String.fromCharCode(...data)}`);
}

const regs = allocate(KvmRegs);
regs.rip = 0x1000n;
console.log(`${KVM_GET_REGS.name} is request 0x${KVM_GET_REGS.request.toString(16)}, ${KvmRegs.$size} bytes`);
console.log(`immediate_exit is at offset ${KvmRun.$layout.members.immediate_exit.offset}`);

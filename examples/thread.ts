// This guest never stops. It runs in a Worker, so the event loop of this thread stays free.
import { GuestMemory, VcpuThread } from 'kvm-uapi';
import { Kvm } from 'kvm-uapi/x86_64';

const vm = Kvm.open().createVm();
const memory = GuestMemory.create(0x1000);
vm.addMemory({ memory, guestAddress: 0xffff_f000 });
memory.write(0xff0, Uint8Array.of(0xeb, 0xfe)); // A jump to itself, at the address where a processor starts.

const vcpu = vm.createVcpu();
const thread = VcpuThread.start(vcpu, new URL('thread-program.js', import.meta.url));
await thread.pause(); // Now the vCPU is out of KVM_RUN, and its registers are consistent.
console.log(`it is at 0x${vcpu.getRegs().rip.toString(16)}`);
thread.resume();
await thread.stop();

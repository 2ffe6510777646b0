// A guest that spins for ever, in a thread of its own: the event loop stays free to look at it, and to stop it.
import { GuestMemory, Kvm, VcpuThread } from 'kvm-uapi';

const vm = Kvm.open().createVm();
const memory = GuestMemory.create(0x1000);
vm.addMemory({ memory, guestAddress: 0xffff_f000 });
memory.write(0xff0, Uint8Array.of(0xeb, 0xfe)); // a jump to itself, where a processor starts

const vcpu = vm.createVcpu();
const thread = VcpuThread.start(vcpu, new URL('thread-program.js', import.meta.url));
await thread.pause(); // out of KVM_RUN, with nothing half done
console.log(`it is at 0x${vcpu.getRegs().rip.toString(16)}`);
thread.resume();
await thread.stop();

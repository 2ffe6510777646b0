// `using` closes an object at the end of its block, even if the block throws. `await using` also waits until a thread has ended.
import { GuestMemory, VcpuThread } from 'kvm-uapi';
import { Kvm } from 'kvm-uapi/x86_64';

using kvm = Kvm.open();
using vm = kvm.createVm();
using memory = GuestMemory.create(0x1000);
vm.addMemory({ memory, guestAddress: 0xffff_f000 });
memory.write(0xff0, Uint8Array.of(0xeb, 0xfe)); // A jump to itself, at the address where a processor starts.

using vcpu = vm.createVcpu();
{
  await using thread = VcpuThread.start(vcpu, new URL('thread-program.js', import.meta.url));
  await thread.pause();
  await thread.resume();
  console.log('the guest runs');
}
// The thread has ended, so this thread can use the vCPU.
console.log(`the guest stopped at 0x${vcpu.getRegs().rip.toString(16)}`);

// One AbortSignal stops all threads. The guests never stop by themselves.
import { GuestMemory, VcpuThread } from 'kvm-uapi';
import { Kvm } from 'kvm-uapi/x86_64';

const vm = Kvm.open().createVm();
const memory = GuestMemory.create(0x1000);
vm.addMemory({ memory, guestAddress: 0xffff_f000 });
memory.write(0xff0, Uint8Array.of(0xeb, 0xfe)); // A jump to itself, at the address where a processor starts.

const signal = AbortSignal.timeout(100);
const program = new URL('thread-program.js', import.meta.url);
const threads = [0, 1].map((id) => VcpuThread.start(vm.createVcpu(id), program, { signal }));
for (const [id, { finished }] of threads.entries()) {
  await finished.catch((reason) => console.log(`vCPU ${id}: ${reason.name}`));
}

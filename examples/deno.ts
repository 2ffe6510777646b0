// The same runtime under Deno: deno run --allow-all deno.ts
import { GuestMemory, VcpuThread } from 'kvm-uapi';
import { Kvm } from 'kvm-uapi/x86_64';
import { KVM_EXIT_HLT } from 'kvm-uapi/x86_64/linux/kvm';

using kvm = Kvm.open();
using vm = kvm.createVm();
using memory = GuestMemory.create(0x1000);
vm.addMemory({ memory, guestAddress: 0xffff_f000 });
memory.write(0xff0, Uint8Array.of(0xf4)); // hlt, at the address where a processor starts.
using vcpu = vm.createVcpu();
console.log(vcpu.run().reason === KVM_EXIT_HLT ? 'the guest halted' : 'the guest did not halt');

memory.write(0xff1, Uint8Array.of(0xeb, 0xfe)); // A jump to itself, after hlt.
// Deno compiles TypeScript in a Worker too.
await using thread = VcpuThread.start(vcpu, new URL('thread-program.ts', import.meta.url));
await thread.pause();
console.log(`the guest is at 0x${vcpu.getRegs().rip.toString(16)}`);
await thread.resume();

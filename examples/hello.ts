// A whole virtual machine: a real-mode guest that prints through a port, and the loop that serves it.
import { inspect } from 'node:util';
import { GuestMemory, Kvm } from 'kvm-uapi';
import { KVM_EXIT_HLT, KVM_EXIT_IO } from 'kvm-uapi/x86_64/linux/kvm';

// mov dx, 0x3f8;  mov si, 0x100f;  next: lodsb;  test al, al;  jz done;  out dx, al;  jmp next;  done: hlt
const code = [0xba, 0xf8, 0x03, 0xbe, 0x0f, 0x10, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8, 0xf4];
const text = new TextEncoder().encode('hello from a guest\n\0');

const kvm = Kvm.open();
const vm = kvm.createVm();
const memory = GuestMemory.create(0x10000);
vm.addMemory({ memory, guestAddress: 0 });
memory.write(0x1000, Uint8Array.from([...code, ...text]));

const vcpu = vm.createVcpu();
const sregs = vcpu.getSregs();
sregs.cs.base = 0n;
sregs.cs.selector = 0;
vcpu.setSregs(sregs);
const regs = vcpu.getRegs();
regs.rip = 0x1000n;
vcpu.setRegs(regs);

while (vcpu.run() === 'exit') {
  const { exit } = vcpu;
  if (exit.reason === KVM_EXIT_HLT) break;
  if (exit.reason !== KVM_EXIT_IO) throw new Error(`not served: ${inspect(exit)}`);
  process.stdout.write(String.fromCharCode(...exit.data));
}
for (const each of [vcpu, vm, memory, kvm]) each.close();

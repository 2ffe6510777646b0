// This program runs a guest in real mode. The guest writes a text to a port, and the program prints the text.
import { inspect } from 'node:util';
import { GuestMemory } from 'kvm-uapi';
import { enterRealMode, Kvm } from 'kvm-uapi/x86_64';
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
enterRealMode(vcpu, { entry: 0x1000 });

for (let halted = false; !halted; ) {
  const exit = vcpu.run();
  switch (exit.reason) {
    case KVM_EXIT_IO:
      process.stdout.write(String.fromCharCode(...exit.data));
      break;
    case KVM_EXIT_HLT:
      halted = true;
      break;
    default:
      throw new Error(`unexpected: ${inspect(exit)}`);
  }
}
for (const each of [vcpu, vm, memory, kvm]) each.close();

// This program runs a guest in 64-bit long mode. The guest adds two numbers that are above 4 GiB, and writes the sum to a port.
import { GuestMemory } from 'kvm-uapi';
import { enterLongMode, Kvm } from 'kvm-uapi/x86_64';
import { KVM_EXIT_HLT, KVM_EXIT_IO } from 'kvm-uapi/x86_64/linux/kvm';

// mov rbx, 0x140000000;  mov eax, [rbx];  add eax, [rbx + 4];  mov dx, 0x3f8;  out dx, eax;  hlt
const code = [
  ...[0x48, 0xbb, 0x00, 0x00, 0x00, 0x40, 0x01, 0x00, 0x00, 0x00],
  ...[0x8b, 0x03, 0x03, 0x43, 0x04, 0x66, 0xba, 0xf8, 0x03, 0xef, 0xf4],
];

const kvm = Kvm.open();
const vm = kvm.createVm();
const low = GuestMemory.create(0x20_0000);
vm.addMemory({ memory: low, guestAddress: 0 });
low.write(0x10_0000, Uint8Array.from(code));
const high = GuestMemory.create(0x1000);
vm.addMemory({ memory: high, guestAddress: 0x1_4000_0000 });
high.dataView(0, 8).setUint32(0, 40, true);
high.dataView(0, 8).setUint32(4, 2, true);

const vcpu = vm.createVcpu();
// The tables are in the low memory. They map the first 6 GiB to themselves.
enterLongMode(vcpu, low, { entry: 0x10_0000, stack: 0x8_0000, mapped: 6 * 2 ** 30 });
for (let exit = vcpu.run(); exit.reason !== KVM_EXIT_HLT; exit = vcpu.run()) {
  if (exit.reason !== KVM_EXIT_IO) throw new Error(`unexpected: ${exit.reason}`);
  console.log(`the sum is ${exit.data.get(0)}`);
}
for (const each of [vcpu, vm, low, high, kvm]) each.close();

// This device works in the event loop. The guest rings a doorbell, and the device sends a text, one byte for each interrupt.
import { EventFd, GuestMemory, VcpuThread } from 'kvm-uapi';
import { Kvm } from 'kvm-uapi/x86_64';
import { KVM_IRQCHIP_PIC_MASTER } from 'kvm-uapi/x86_64/linux/kvm';

const line = 5;
const vector = 0x20 + line;

// mov word ptr [4 * vector], handler;  mov dx, 0x510;  out dx, al;  sti;  next: hlt;  jmp next
const main = [0xc7, 0x06, 4 * vector, 0x00, 0x0e, 0x10, 0xba, 0x10, 0x05, 0xee, 0xfb, 0xf4, 0xeb, 0xfd];
// handler: mov al, [0x2000];  mov ah, al;  mov al, 0x20;  out 0x20, al (the end of the interrupt)
const handler = [0xa0, 0x00, 0x20, 0x88, 0xc4, 0xb0, 0x20, 0xe6, 0x20];
// mov al, ah;  mov dx, 0x3f8;  out dx, al;  iret
const print = [0x88, 0xe0, 0xba, 0xf8, 0x03, 0xee, 0xcf];

const vm = Kvm.open().createVm();
vm.createIrqchip();
const memory = GuestMemory.create(0x10000);
vm.addMemory({ memory, guestAddress: 0 });
memory.write(0x1000, Uint8Array.from([...main, ...handler, ...print]));

// Firmware would do this: line 0 has the vector 0x20, and the line of the device is level-triggered.
vm.setIrqchip({ chip_id: KVM_IRQCHIP_PIC_MASTER, chip: { pic: { irq_base: 0x20, elcr: 1 << line } } });

const vcpu = vm.createVcpu();
vcpu.setSregs({ cs: { base: 0n, selector: 0 } });
vcpu.setRegs({ rip: 0x1000n });

const doorbell = EventFd.create();
vm.registerIoeventfd(doorbell, { address: 0x510, length: 1, port: true });
const irq = EventFd.create();
const acknowledged = EventFd.create();
vm.registerIrqfd(irq, line, { resample: acknowledged });

async function device(): Promise<void> {
  for await (const _ of doorbell) {
    for (const byte of new TextEncoder().encode('hello from a device\n\0')) {
      memory.write(0x2000, Uint8Array.of(byte));
      irq.signal(); // The line is high until the guest ends the interrupt. Then the kernel signals `acknowledged`.
      await acknowledged.read();
    }
  }
}

const thread = VcpuThread.start(vcpu, new URL('device-program.js', import.meta.url));
const served = device();
await thread.finished;
doorbell.close(); // This ends the loop of the device.
await served;

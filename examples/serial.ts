/** A guest in real mode with a 16550, which is your terminal. The program, the device and the guest share one thread. */

import { inspect } from 'node:util';
import { GuestMemory } from 'kvm-uapi';
import { enterRealMode, Kvm, type VcpuExit } from 'kvm-uapi/x86_64';
import { KVM_EXIT_HLT, KVM_EXIT_IO, KVM_EXIT_IO_OUT } from 'kvm-uapi/x86_64/linux/kvm';
import { readOptions } from './lib/command.js';
import { openTerminal } from './lib/terminal.js';
import { Uart16550 } from './lib/uart16550.js';

readOptions('A guest in real mode prints what you type in capital letters. Ctrl-A X leaves it.', {});

const com1 = 0x3f8;
/** On a PC the interrupt line of COM1 is 4. A BIOS gives it the vector 12. Here nothing is between the 16550 and the processor. */
const vector = 12;

// The guest is at 0x1000. The 16550 has its ports at 0x3f8: 0 for data, 1 for the interrupts that are on, 5 for the state.
const code = Uint8Array.from([
  ...[0xc7, 0x06, 4 * vector, 0x00, 0x1c, 0x10], //     mov word ptr [4 * vector], handler
  ...[0xc7, 0x06, 4 * vector + 2, 0x00, 0x00, 0x00], // mov word ptr [4 * vector + 2], 0
  ...[0xbe, 0x00, 0x11, 0xe8, 0x32, 0x00], //           mov si, greeting;  call print
  ...[0xba, 0xf9, 0x03, 0xb0, 0x01, 0xee], //           mov dx, 0x3f9;  mov al, 1;  out dx, al
  ...[0xfb], //                                         sti
  ...[0xf4, 0xeb, 0xfd], //                             wait: hlt;  jmp wait
  ...[0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0x1f], // handler: mov dx, 0x3fd;  in al, dx;  test al, 1;  jz end
  ...[0xba, 0xf8, 0x03, 0xec], //                       mov dx, 0x3f8;  in al, dx
  ...[0x3c, 0x0d, 0x74, 0x0f], //                       cmp al, '\r';  je line
  ...[0x3c, 0x61, 0x72, 0x06, 0x3c, 0x7a, 0x77, 0x02], // cmp al, 'a';  jb put;  cmp al, 'z';  ja put
  ...[0x2c, 0x20], //                                   sub al, 0x20
  ...[0xe8, 0x16, 0x00, 0xeb, 0xe1], //                 put: call send;  jmp handler
  ...[0xbe, 0x00, 0x12, 0xe8, 0x03, 0x00, 0xeb, 0xd9], // line: mov si, prompt;  call print;  jmp handler
  ...[0xcf], //                                         end: iret
  ...[0xac, 0x84, 0xc0, 0x74, 0x05], //                 print: lodsb;  test al, al;  jz 1f
  ...[0xe8, 0x03, 0x00, 0xeb, 0xf6, 0xc3], //           call send;  jmp print;  1: ret
  ...[0x88, 0xc4, 0xba, 0xfd, 0x03], //                 send: mov ah, al;  mov dx, 0x3fd
  ...[0xec, 0xa8, 0x20, 0x74, 0xfb], //                 1: in al, dx;  test al, 0x20;  jz 1b
  ...[0xba, 0xf8, 0x03, 0x88, 0xe0, 0xee, 0xc3], //     mov dx, 0x3f8;  mov al, ah;  out dx, al;  ret
]);
const prompt = '\r\n> \0';

using kvm = Kvm.open();
using vm = kvm.createVm();
using memory = GuestMemory.create(0x1_0000);
vm.addMemory({ memory, guestAddress: 0 });
memory.write(0x1000, code);
memory.write(0x1100, new TextEncoder().encode(`Type something. Ctrl-A X leaves.${prompt}`)); // greeting
memory.write(0x1200, new TextEncoder().encode(prompt));
using vcpu = vm.createVcpu();
enterRealMode(vcpu, { entry: 0x1000 });

let isLeaving = false;
let hasEnded = false;
let wake = (): void => {};
using terminal = openTerminal({
  type: (bytes) => uart.receive(bytes),
  leave: () => {
    isLeaving = true;
    wake();
  },
  end: () => {
    hasEnded = true;
    wake();
  },
});
const uart = new Uart16550({ send: terminal.show, changed: () => wake() });

/** Answers a port access: the bytes of an OUT are for the 16550, and those of an IN come from it. */
function serve({ io, data }: VcpuExit & { reason: typeof KVM_EXIT_IO }): void {
  for (let index = 0; index < io.count; index++) {
    if (io.port < com1 || io.port > com1 + 7) throw new Error(`the guest has no port 0x${io.port.toString(16)}`);
    if (io.direction === KVM_EXIT_IO_OUT) uart.write(io.port - com1, data.get(index) & 0xff);
    else data.set(index, uart.read(io.port - com1));
  }
}

/** Waits until the terminal has something for the guest. The event loop of Node is free meanwhile. */
async function input(): Promise<void> {
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  if (!uart.interrupt && !isLeaving && !hasEnded) await woken;
  wake = () => {};
}

// Ctrl-A X ends the loop at once. The end of the input ends it when the guest has read everything and waits for more.
for (let isWaiting = false; !isLeaving && !(hasEnded && isWaiting); ) {
  // The guest must have its interrupts on. KVM says so in the memory that it shares with this program.
  const { if_flag, ready_for_interrupt_injection } = vcpu.kvmRun;
  if (uart.interrupt && if_flag !== 0 && ready_for_interrupt_injection !== 0) vcpu.interrupt(vector);
  // The timeout gives your keys a turn if the guest computes for a long time.
  const exit = vcpu.run({ timeout: 100 });
  switch (exit.reason) {
    case KVM_EXIT_IO:
      serve(exit);
      break;
    case KVM_EXIT_HLT:
      await input();
      isWaiting = !uart.interrupt;
      break;
    case 'interrupted':
      await new Promise(setImmediate);
      break;
    default:
      throw new Error(`unexpected: ${inspect(exit)}`);
  }
}
process.stdout.write('\r\n');

// Tests of a guest with Vitest.
import { GuestMemory, VcpuThread } from 'kvm-uapi';
import { Kvm } from 'kvm-uapi/x86_64';
import { KVM_EXIT_HLT } from 'kvm-uapi/x86_64/linux/kvm';
import { expect, test } from 'vitest';

test('the guest halts', () => {
  using kvm = Kvm.open();
  using vm = kvm.createVm();
  using memory = GuestMemory.create(0x1000);
  vm.addMemory({ memory, guestAddress: 0xffff_f000 });
  memory.write(0xff0, Uint8Array.of(0xf4)); // hlt
  using vcpu = vm.createVcpu();
  // The timeout ends the test if the guest does not halt.
  expect(vcpu.run({ timeout: 60_000 })).toMatchObject({ reason: KVM_EXIT_HLT });
});

test('the guest runs in a thread until the signal of the test aborts', async ({ signal }) => {
  using kvm = Kvm.open();
  using vm = kvm.createVm();
  using memory = GuestMemory.create(0x1000);
  vm.addMemory({ memory, guestAddress: 0xffff_f000 });
  memory.write(0xff0, Uint8Array.of(0xeb, 0xfe)); // A jump to itself.
  using vcpu = vm.createVcpu();
  // The program is JavaScript, because Node runs the Worker without Vitest.
  await using thread = VcpuThread.start(vcpu, new URL('thread-program.js', import.meta.url), { signal });
  await thread.pause();
  expect(vcpu.getRegs().rip).toBe(0xfff0n);
});

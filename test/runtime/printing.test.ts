/** What is printed of a vCPU's exits and registers, and of a vCPU, a VM and KVM. */

import { readlinkSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, Kvm, Vcpu } from '../../runtime/index.js';
import { realMode } from '../../tools/guests/index.js';
import { hasKvm, load, needsKvm, run } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`what is printed ${needsKvm}`, () => {
  it('is the exit with its names and its data', () => {
    using machine = load(realMode.out);
    const { vcpu } = machine;
    run(machine);
    const io = [
      '  io: KvmRunIo {',
      '    direction: KVM_EXIT_IO_OUT (1),',
      '    size: 0x1,',
      '    port: 0x3f8,',
      '    count: 0x1,',
      '    data_offset: 0x1000n',
      '  },',
    ];
    expect(inspect(vcpu.exit).split('\n')).toEqual([
      'VcpuExit {',
      '  reason: KVM_EXIT_IO (2),',
      ...io,
      '  data: U8Array(1) [ 0x41 ]',
      '}',
    ]);
    expect(inspect(vcpu.kvmRun)).toContain(io.join('\n'));
    expect(inspect(vcpu.kvmRun)).not.toContain('mmio');
    expect(inspect({ exit: vcpu.exit }, { depth: 0 })).toBe('{ exit: [VcpuExit] }');
    expect(run(machine)).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
    expect(inspect(vcpu.exit)).toBe('VcpuExit { reason: KVM_EXIT_HLT (5) }');
  });

  it('is what is wrong with data that lies outside, and the number of an unknown reason', () => {
    using machine = load(realMode.out);
    const { vcpu } = machine;
    run(machine);
    vcpu.kvmRun.io.count = 0xffff_ffff;
    expect(inspect(vcpu.exit)).toContain('data: <kvm_run: io.count is 4294967295: ');
    vcpu.kvmRun.exit_reason = 999;
    const { exit } = vcpu;
    expect(inspect(exit)).toBe('VcpuExit { reason: null, exit_reason: 999 }');
    vcpu.close();
    expect(inspect(exit)).toMatch(/^VcpuExit \{\s+reason: null,\s+exit_reason: <.*detached.*>\s+\}$/);
    expect(inspect(vcpu.kvmRun)).toMatch(/^KvmRun <.*detached.*>$/);
  });

  it('is registers in hex, and printing marks none of them as written to', () => {
    using machine = load(realMode.out);
    const { vcpu } = machine;
    const synchronized = vcpu.syncRegs('regs', 'sregs', 'events');
    run(machine);
    const { kvm_dirty_regs } = vcpu.kvmRun;
    expect(inspect(vcpu.getRegs())).toContain('  rdx: 0x3f8n,\n');
    expect(inspect(synchronized, { depth: 9 })).toContain('rdx: 0x3f8n,');
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(kvm_dirty_regs);
    synchronized.regs.rax = 1n;
    expect(inspect(vcpu.kvmRun)).toContain('kvm_dirty_regs: KVM_SYNC_X86_REGS,');
  });
});

/** The fd that stands in what is printed, and what the kernel has behind it. */
function fileIn(text: string): string {
  const [, fd] = /\bfd: (\d+)/.exec(text) ?? [];
  return readlinkSync(`/proc/self/fd/${fd}`);
}

describe.skipIf(!hasKvm)(`what is printed of what can be closed ${needsKvm}`, () => {
  it('is of KVM its file', () => {
    const system = Kvm.open();
    expect(inspect(system)).toBe(`Kvm { fd: ${system.fd} }`);
    expect(fileIn(inspect(system))).toBe('/dev/kvm');
    expect(inspect([system], { depth: 0 })).toBe('[ [Kvm] ]');
    system.close();
    expect(inspect(system)).toBe('Kvm <this Kvm is closed>');
  });

  it('is of a VM its file, and where the guest has memory', () => {
    using system = Kvm.open();
    const vm = system.createVm();
    expect(inspect(vm)).toMatch(/^Vm \{ fd: \d+, memory: \{\} \}$/);
    using memory = GuestMemory.create(0x3000);
    vm.addMemory({ memory, guestAddress: 0xfee0_0000n, slot: 7 });
    vm.addMemory({ memory, guestAddress: 0, offset: 0x1000, length: 0x1000 });
    const text = inspect(vm, { breakLength: Number.POSITIVE_INFINITY });
    expect(text).toMatch(/^Vm \{ fd: \d+, memory: \{ '0': 0x0 to 0x1000, '7': 0xfee00000 to 0xfee03000 \} \}$/);
    expect(fileIn(text)).toBe('anon_inode:kvm-vm');
    vm.removeMemory(7);
    expect(inspect(vm)).not.toContain("'7'");
    vm.close();
    expect(inspect(vm)).toBe('Vm <this Vm is closed>');
  });

  it('is of a vCPU its file, and what its last run came to', () => {
    using machine = load(realMode.out);
    const { vcpu } = machine;
    run(machine);
    expect(inspect(vcpu)).toMatch(/^Vcpu \{ fd: \d+, exit_reason: KVM_EXIT_IO \(2\) \}$/);
    expect(fileIn(inspect(vcpu))).toBe('anon_inode:kvm-vcpu:0');
    vcpu.kick();
    expect(vcpu.run()).toBe('interrupted');
    expect(inspect(vcpu)).toMatch(/^Vcpu \{ fd: \d+, interruption: 'kick' \}$/);
    expect(run(machine)).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
    vcpu.kvmRun.exit_reason = 999;
    expect(inspect(vcpu)).toMatch(/^Vcpu \{ fd: \d+, exit_reason: 999 \}$/);
    const attached = Vcpu.attach(vcpu.share());
    expect(inspect(attached)).toBe(inspect(vcpu));
    vcpu.close();
    expect(inspect(vcpu)).toBe('Vcpu <this Vcpu is closed>');
    expect(inspect(attached)).toContain('exit_reason: 999');
    attached.close();
  });
});

/** The text that `inspect` returns for exits, registers, vCPUs, VMs and KVM. */

import { readlinkSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { Exits } from '../../runtime/exit/exits.js';
import { GuestMemory } from '../../runtime/index.js';
import { Kvm, Vcpu } from '../../runtime/x86_64.js';
import { realMode } from '../../tools/guests/index.js';
import { hasKvm, load, needsKvm, run } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`exits and registers ${needsKvm}`, () => {
  it('inspect shows the names and the data of an exit', () => {
    using machine = load(realMode.out);
    const { vcpu } = machine;
    const exit = vcpu.run();
    const io = [
      '  io: KvmRunIo {',
      '    direction: KVM_EXIT_IO_OUT (1),',
      '    size: 0x1,',
      '    port: 0x3f8,',
      '    count: 0x1,',
      '    data_offset: 0x1000n',
      '  },',
    ];
    expect(inspect(exit).split('\n')).toEqual([
      'VcpuExit {',
      '  reason: KVM_EXIT_IO (2),',
      ...io,
      '  data: U8Array(1) [ 0x41 ]',
      '}',
    ]);
    expect(inspect(vcpu.kvmRun)).toContain(io.join('\n'));
    expect(inspect(vcpu.kvmRun)).not.toContain('mmio');
    expect(inspect({ exit }, { depth: 0 })).toBe('{ exit: [VcpuExit] }');
    expect(inspect(vcpu.run())).toBe('VcpuExit { reason: KVM_EXIT_HLT (5) }');
  });

  it('inspect shows why data is invalid, and the number of an unknown exit reason', () => {
    using machine = load(realMode.out);
    const { vcpu } = machine;
    const exit = vcpu.run();
    vcpu.kvmRun.io.count = 0xffff_ffff;
    expect(inspect(exit)).toContain('data: <data of the exit: kvm_run.io.count is 4294967295; ');
    vcpu.kvmRun.exit_reason = 999;
    const unrecognized = new Exits(vcpu.kvmRun, kvm).last;
    expect(inspect(unrecognized)).toBe('UnrecognizedExit { reason: null, number: 999 }');
    vcpu.close();
    expect(inspect(unrecognized)).toMatch(/^UnrecognizedExit \{\s+reason: null,\s+number: <.*detached.*>\s+\}$/);
    expect(inspect(vcpu.kvmRun)).toMatch(/^KvmRun <.*detached.*>$/);
  });

  it('inspect shows registers in hexadecimal, and does not make synchronized registers dirty', () => {
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

/** Returns the name of the file whose file descriptor is in the text. */
function fileIn(text: string): string {
  const [, fd] = /\bfd: (\d+)/.exec(text) ?? [];
  return readlinkSync(`/proc/self/fd/${fd}`);
}

describe.skipIf(!hasKvm)(`objects with a file descriptor ${needsKvm}`, () => {
  it('inspect shows the file descriptor of a Kvm', () => {
    const system = Kvm.open();
    expect(inspect(system)).toBe(`Kvm { fd: ${system.fd} }`);
    expect(fileIn(inspect(system))).toBe('/dev/kvm');
    expect(inspect([system], { depth: 0 })).toBe('[ [Kvm] ]');
    system.close();
    expect(inspect(system)).toBe('Kvm <Kvm: this object is closed>');
  });

  it('inspect shows the file descriptor and the memory slots of a VM', () => {
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
    expect(inspect(vm)).toBe('Vm <Vm: this VM is closed>');
  });

  it('inspect shows the file descriptor of a vCPU and the result of its last run', () => {
    using machine = load(realMode.out);
    const { vcpu } = machine;
    run(machine);
    expect(inspect(vcpu)).toMatch(/^Vcpu \{ fd: \d+, exit_reason: KVM_EXIT_IO \(2\) \}$/);
    expect(fileIn(inspect(vcpu))).toBe('anon_inode:kvm-vcpu:0');
    vcpu.kick();
    expect(vcpu.run()).toMatchObject({ cause: 'kick' });
    expect(inspect(vcpu)).toMatch(/^Vcpu \{ fd: \d+, interruption: 'kick' \}$/);
    expect(run(machine)).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
    vcpu.kvmRun.exit_reason = 999;
    expect(inspect(vcpu)).toMatch(/^Vcpu \{ fd: \d+, exit_reason: 999 \}$/);
    const attached = Vcpu.attach(vcpu.share());
    expect(inspect(attached)).toBe(inspect(vcpu));
    vcpu.close();
    expect(inspect(vcpu)).toBe('Vcpu <Vcpu: this vCPU is closed>');
    expect(inspect(attached)).toContain('exit_reason: 999');
    attached.close();
  });
});

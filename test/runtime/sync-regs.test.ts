/** The registers that KVM_RUN stores and applies. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmBusyError, KvmClosedError, KvmUnsupportedError } from '../../runtime/index.js';
import { Vcpu } from '../../runtime/x86_64.js';
import { allocate, bytesOf } from '../../support/index.js';
import { longMode, places, realMode, userMode } from '../../tools/guests/index.js';
import { Helper, hasKvm, load, needsKvm, run, sent, thrownBy, untilCounting } from '../helpers/vcpus.js';

const masks = { regs: 1n, sregs: 2n, events: 4n } as const;

describe.skipIf(!hasKvm)(`synchronized registers ${needsKvm}`, () => {
  // Shows: kvm-ioctls VcpuFd::sync_regs
  it('synchronized registers are equal to those of the ioctls before the first run and after each run', () => {
    using machine = load(userMode.countDown(1000));
    const { vcpu } = machine;
    const sync = vcpu.syncRegs('regs', 'sregs', 'events');
    for (let runs = 0; runs < 3; runs++) {
      expect(bytesOf(sync.regs)).toEqual(bytesOf(vcpu.getRegs()));
      expect(bytesOf(sync.sregs)).toEqual(bytesOf(vcpu.getSregs()));
      expect(bytesOf(sync.events)).toEqual(bytesOf(vcpu.getVcpuEvents()));
      run(machine);
    }
    expect(sync.regs.rcx).toBe(0n);
  });

  // Shows: kvm-ioctls VcpuFd::sync_regs_mut, kvm-ioctls vcpu::test_sync_regs_with_run
  it('KVM_RUN applies synchronized registers that were written, and no others', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    const { regs } = vcpu.syncRegs('regs');
    regs.rax = 0x42n;
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(masks.regs);
    expect(sent(machine, 1)).toBe('B');
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
    // The other registers are unchanged.
    expect(regs.rdx).toBe(0x3f8n);
    regs.$rax = 0x43;
    expect(sent(machine, 2)).toBe('CC');
    expect(regs.rax).toBe(0x43n);
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
    expect(vcpu.getRegs().rax).toBe(0x43n);
  });

  // Shows: kvm-ioctls VcpuFd::set_sync_dirty_reg, kvm-ioctls VcpuFd::clear_sync_dirty_reg, kvm-ioctls vcpu::test_sync_regs
  it('every way to write synchronized registers makes them dirty', () => {
    using machine = load(longMode.out);
    const { vcpu } = machine;
    const sync = vcpu.syncRegs('regs', 'sregs', 'events');
    const [regs, sregs] = [vcpu.getRegs(), vcpu.getSregs()];
    const ways: readonly (readonly [() => void, bigint])[] = [
      [() => (sync.regs.rbx = 5n), masks.regs],
      [() => (sync.regs.$rbx = 6), masks.regs],
      [() => Object.assign(sync.regs, { rbx: 7n }), masks.regs],
      [() => bytesOf(sync.regs).set(bytesOf(regs)), masks.regs],
      [() => (sync.sregs.cr8 = 3n), masks.sregs],
      [() => (sync.sregs.ds.selector = 0x18), masks.sregs],
      [() => (sync.sregs.cs = sregs.cs), masks.sregs],
      [() => sync.sregs.interrupt_bitmap.set(0, 0n), masks.sregs],
      [() => (sync.sregs.interrupt_bitmap = [0n, 0n]), masks.sregs],
      [() => sync.sregs.interrupt_bitmap.bytes().fill(0), masks.sregs],
      [() => (sync.events.nmi.masked = 0), masks.events],
    ];
    for (const [write, mask] of ways) {
      vcpu.kvmRun.kvm_dirty_regs = 0n;
      write();
      expect(vcpu.kvmRun.kvm_dirty_regs, String(write)).toBe(mask);
    }
    vcpu.kvmRun.kvm_dirty_regs = 0n;
    const read = [sync.regs.rax, sync.regs.$rax, sync.sregs.cs.base, ...sync.sregs.interrupt_bitmap, sync.events.flags];
    expect(read).toHaveLength(8);
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
  });

  it('KVM_RUN applies synchronized special registers and events', () => {
    using machine = load(realMode.onInterrupt(2));
    const { vcpu } = machine;
    const sync = vcpu.syncRegs('sregs', 'events');
    sync.sregs.ds.selector = 0x1234;
    expect(sent(machine, 1)).toBe('A');
    expect(vcpu.getSregs().ds.selector).toBe(0x1234);
    sync.events.nmi.pending = 1;
    sync.events.flags |= kvm.KVM_VCPUEVENT_VALID_NMI_PENDING;
    expect(sent(machine, 2)).toBe('IA');
  });

  it('KVM_RUN fails with EINVAL when a synchronized register has an invalid value', () => {
    using machine = load(realMode.halt);
    const { sregs } = machine.vcpu.syncRegs('sregs');
    sregs.cr0 = 0x8000_0000n; // paging without protection
    expect(thrownBy(() => machine.vcpu.run())).toMatchObject({ operation: 'KVM_RUN', code: 'EINVAL' });
  });

  // Shows: kvm-ioctls VcpuFd::set_sync_valid_reg, kvm-ioctls VcpuFd::clear_sync_valid_reg, kvm-ioctls vcpu::test_sync_regs
  it('syncRegs synchronizes only the registers of the last call', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    const { sregs } = vcpu.syncRegs('regs', 'sregs');
    const only = vcpu.syncRegs('regs');
    expect(Object.keys(only)).toEqual(['regs']);
    expect(vcpu.kvmRun.kvm_valid_regs).toBe(masks.regs);
    const write = (): void => {
      sregs.cr8 = 1n;
    };
    expect(write).toThrow(KvmArgumentError);
    expect(write).toThrow(/: sregs is not synchronized any more; call syncRegs\('sregs'\)$/);
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
    vcpu.syncRegs();
    expect(vcpu.kvmRun.kvm_valid_regs).toBe(0n);
  });

  it('a repeated call of syncRegs reads the registers again and keeps those that wait for a run', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    const { regs } = vcpu.syncRegs('regs');
    const set = vcpu.getRegs();
    set.rax = 0x44n;
    vcpu.setRegs(set);
    expect(vcpu.syncRegs('regs').regs.rax).toBe(0x44n);
    regs.rax = 0x45n;
    expect(vcpu.syncRegs('regs', 'sregs').regs.rax).toBe(0x45n);
    expect(sent(machine, 1)).toBe('E');
  });

  it('syncRegs refuses registers that the kernel does not synchronize', () => {
    const unknown = { KVM_SYNC_X86_EVENTS: 1n << 20n };
    using machine = load(realMode.halt, {}, { ...kvm, ...unknown } as unknown as typeof kvm);
    const call = (): unknown => machine.vcpu.syncRegs('regs', 'events');
    expect(call).toThrow(KvmUnsupportedError);
    expect(thrownBy(call)).toMatchObject({
      capability: 'KVM_CAP_SYNC_REGS',
      message: expect.stringContaining('this kernel does not synchronize events'),
    });
    expect(machine.vcpu.kvmRun.kvm_valid_regs).toBe(0n);
    expect(run(machine)).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
  });

  it('syncRegs refuses registers that the bindings do not have', () => {
    using machine = load(realMode.halt, {}, { ...kvm, KVM_SYNC_X86_REGS: undefined } as unknown as typeof kvm);
    expect(() => machine.vcpu.syncRegs('regs')).toThrow(KvmUnsupportedError);
  });

  it('synchronized registers throw a TypeError when the vCPU is closed', () => {
    using machine = load(realMode.halt);
    const { regs } = machine.vcpu.syncRegs('regs');
    machine.vcpu.close();
    expect(() => regs.rax).toThrow(TypeError);
    expect(() => {
      regs.rax = 1n;
    }).toThrow(TypeError);
    expect(() => machine.vcpu.syncRegs('regs')).toThrow(KvmClosedError);
  });

  it('an interrupted run stores synchronized registers, and syncRegs refuses a vCPU that another thread runs', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const { vcpu } = machine;
    const { regs } = vcpu.syncRegs('regs');
    regs.rbx = 77n;
    const outcome = helper.do('run', { vcpu: vcpu.share() });
    await untilCounting(machine);
    expect(() => vcpu.syncRegs('regs')).toThrow(KvmBusyError);
    vcpu.kick();
    expect(await outcome).toEqual(['interrupted by kick']);
    expect(regs.rbx).toBe(77n);
    expect(regs.rip).toBeGreaterThanOrEqual(BigInt(places.code));
    expect(bytesOf(regs)).toEqual(bytesOf(vcpu.getRegs()));
  });

  it('an ioctl that fills synchronized registers does not make them dirty', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    using attached = Vcpu.attach(vcpu.share());
    const { regs } = attached.syncRegs('regs');
    const set = allocate(kvm.KvmRegs);
    Object.assign(set, { rip: BigInt(places.code), rflags: 2n, rax: 0x46n });
    vcpu.setRegs(set);
    expect(attached.getRegs(regs).rax).toBe(0x46n);
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
  });

  it('the type of syncRegs has only the registers that were named', () => {
    const vcpu = {} as Vcpu;
    const neverCalled = (): void => {
      const sync = vcpu.syncRegs('regs');
      // @ts-expect-error sregs was not named
      sync.sregs.cr0 = 0n;
      // @ts-expect-error regs is read-only
      sync.regs = allocate(kvm.KvmRegs);
      // @ts-expect-error these registers cannot be synchronized
      vcpu.syncRegs('fpu');
    };
    expect(neverCalled).toBeTypeOf('function');
  });
});

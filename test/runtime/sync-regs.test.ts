/** Registers that KVM_RUN itself gives and takes. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmBusyError, KvmClosedError, KvmUnsupportedError, Vcpu } from '../../runtime/index.js';
import { allocate, bytesOf } from '../../support/index.js';
import { longMode, places, realMode, userMode } from '../../tools/guests/index.js';
import { Helper, hasKvm, load, needsKvm, run, sent, thrownBy, untilCounting } from '../helpers/vcpus.js';

const masks = { regs: 1n, sregs: 2n, events: 4n } as const;

describe.skipIf(!hasKvm)(`synchronized registers ${needsKvm}`, () => {
  it('are as the ioctls say, before the first run and after each', () => {
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

  it('reach the guest when they are written to, and only then', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    const { regs } = vcpu.syncRegs('regs');
    regs.rax = 0x42n;
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(masks.regs);
    expect(sent(machine, 1)).toBe('B');
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
    // The rest of them is as it was.
    expect(regs.rdx).toBe(0x3f8n);
    regs.$rax = 0x43;
    expect(sent(machine, 2)).toBe('CC');
    expect(regs.rax).toBe(0x43n);
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
    expect(vcpu.getRegs().rax).toBe(0x43n);
  });

  it('are dirty however they are written to', () => {
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

  it('take special registers and events to the guest', () => {
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

  it('are refused by the run when the kernel does not take them', () => {
    using machine = load(realMode.halt);
    const { sregs } = machine.vcpu.syncRegs('sregs');
    sregs.cr0 = 0x8000_0000n; // paging without protection
    expect(thrownBy(() => machine.vcpu.run())).toMatchObject({ operation: 'KVM_RUN', code: 'EINVAL' });
  });

  it('are those that were named last', () => {
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
    expect(write).toThrow(/^sregs: not synchronized any more; call syncRegs with them$/);
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
    vcpu.syncRegs();
    expect(vcpu.kvmRun.kvm_valid_regs).toBe(0n);
  });

  it('are as the ioctls say when they are named again, but for what waits for a run', () => {
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

  it('are not taken when the kernel does not have them', () => {
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

  it('are not had by bindings that do not know them', () => {
    using machine = load(realMode.halt, {}, { ...kvm, KVM_SYNC_X86_REGS: undefined } as unknown as typeof kvm);
    expect(() => machine.vcpu.syncRegs('regs')).toThrow(KvmUnsupportedError);
  });

  it('throw when the vCPU is closed', () => {
    using machine = load(realMode.halt);
    const { regs } = machine.vcpu.syncRegs('regs');
    machine.vcpu.close();
    expect(() => regs.rax).toThrow(TypeError);
    expect(() => {
      regs.rax = 1n;
    }).toThrow(TypeError);
    expect(() => machine.vcpu.syncRegs('regs')).toThrow(KvmClosedError);
  });

  it('are seen by an interrupted run as well, and are refused while another thread runs the vCPU', async () => {
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

  it('may be filled by an ioctl, which is no writing', () => {
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

  it('have types for those only that are named', () => {
    const vcpu = {} as Vcpu;
    const neverCalled = (): void => {
      const sync = vcpu.syncRegs('regs');
      // @ts-expect-error not named
      sync.sregs.cr0 = 0n;
      // @ts-expect-error not its own struct
      sync.regs = allocate(kvm.KvmRegs);
      // @ts-expect-error no such registers
      vcpu.syncRegs('fpu');
    };
    expect(neverCalled).toBeTypeOf('function');
  });
});

/** The registers and the events of a vCPU, as the kernel's own tests of KVM check them. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { Kvm, type Vcpu } from '../../../runtime/x86_64.js';
import { bytesOf } from '../../../support/index.js';
import { knownAnswers, longMode, places, realMode } from '../../../tools/guests/index.js';
import { hasKvm, load, type Machine, needsKvm, run, sent, thrownBy } from '../../helpers/vcpus.js';

const { KVM_EXIT_HLT, KVM_EXIT_INTERNAL_ERROR, KVM_EXIT_IO, KVM_EXIT_SHUTDOWN } = bindings;

const einval = { code: 'EINVAL' };

const osxsave = { inCr4: 1n << 18n, inCpuid: 1n << 27n } as const;

describe.skipIf(!hasKvm)(`special registers ${needsKvm}`, () => {
  /** Bits of CR4: VME, PVI, TSD, DE, PSE, PAE, MCE, PGE, PCE, OSFXSR and OSXMMEXCPT. Every processor with long mode has them. */
  const always = 0x7ffn;
  /** Bits of CR4, each with the register, the leaf and the bit of the CPUID that announces it. */
  const features = [
    { bit: 12n, leaf: 7, register: 'ecx', at: 16 }, // LA57
    { bit: 13n, leaf: 1, register: 'ecx', at: 5 }, // VMXE
    { bit: 14n, leaf: 1, register: 'ecx', at: 6 }, // SMXE
    { bit: 17n, leaf: 1, register: 'ecx', at: 17 }, // PCIDE
  ] as const;
  /** Bits of CR4 that no processor has. */
  const reserved = [15n, 19n, 31n, ...Array.from({ length: 31 }, (_, index) => BigInt(33 + index))];

  // Shows: selftest x86/set_sregs_test
  it('setSregs refuses bits that the processor does not have, and a refused call changes nothing', () => {
    using kvm = Kvm.open();
    const cpuid = [...kvm.getSupportedCpuid().entries];
    const missing = features
      .filter(({ leaf, register, at }) => {
        const entry = cpuid.find((each) => each.function === leaf && each.index === 0);
        return (((entry?.[register] ?? 0) >>> at) & 1) === 0;
      })
      .map(({ bit }) => bit);
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    const sregs = vcpu.getSregs();
    sregs.cr4 |= always;
    vcpu.setSregs(sregs);
    const before = vcpu.getSregs();
    expect(before.cr4).toBe(always);
    const refuses = (member: 'cr0' | 'cr4' | 'efer' | 'apic_base', bit: bigint): void => {
      const changed = vcpu.getSregs();
      changed[member] |= 1n << bit;
      const error = thrownBy(() => vcpu.setSregs(changed));
      expect(error, `${member}, bit ${bit}`).toMatchObject({ ...einval, ioctl: 'KVM_SET_SREGS' });
      expect(bytesOf(vcpu.getSregs())).toEqual(bytesOf(before));
    };
    for (const bit of [...missing, ...reserved]) refuses('cr4', bit);
    for (let bit = 32n; bit < 64n; bit++) refuses('cr0', bit);
    refuses('cr0', 31n); // paging without protected mode
    refuses('efer', 10n); // active long mode without long mode
    refuses('apic_base', 10n); // x2APIC mode without the bit that enables the local APIC, as it is in a VM without one
    sregs.apic_base = 1n << 11n;
    vcpu.setSregs(sregs);
  });

  // Shows: selftest x86/cr4_cpuid_sync_test
  it('the CPUID that the guest reads follows CR4.OSXSAVE', () => {
    using kvm = Kvm.open();
    using machine = load(knownAnswers.toggleOsxsave);
    const { vcpu } = machine;
    vcpu.setCpuid2(kvm.getSupportedCpuid());
    const toggled = (): bigint => {
      const regs = vcpu.getRegs();
      regs.rip = BigInt(places.code);
      vcpu.setRegs(regs);
      expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
      expect((vcpu.getSregs().cr4 & osxsave.inCr4) !== 0n).toBe((vcpu.getRegs().rcx & osxsave.inCpuid) !== 0n);
      return vcpu.getRegs().rcx & osxsave.inCpuid;
    };
    expect([toggled(), toggled(), toggled()]).toEqual([osxsave.inCpuid, 0n, osxsave.inCpuid]);
    const [leaf] = [...vcpu.getCpuid2().entries].filter((entry) => entry.function === 1);
    expect(BigInt(leaf?.ecx ?? 0) & osxsave.inCpuid).toBe(osxsave.inCpuid);
  });

  // Shows: selftest x86/xcr0_cpuid_test
  it('the guest can set exactly the bits of XCR0 that its CPUID has', () => {
    using kvm = Kvm.open();
    const cpuid = kvm.getSupportedCpuid();
    const [leaf] = [...cpuid.entries].filter((entry) => entry.function === 0xd && entry.index === 0);
    if (leaf === undefined) throw new Error('the processor does not have XSAVE');
    const supported = (BigInt(leaf.edx) << 32n) | BigInt(leaf.eax);
    const set = (value: bigint): string => {
      using machine = load(knownAnswers.setXcr0);
      machine.vcpu.setCpuid2(cpuid);
      const regs = machine.vcpu.getRegs();
      Object.assign(regs, { rax: value & 0xffff_ffffn, rdx: value >> 32n });
      machine.vcpu.setRegs(regs);
      const outcome = run(machine);
      const [xcr] = machine.vcpu.getXcrs().xcrs;
      expect(xcr?.value === value).toBe(outcome === `exit ${KVM_EXIT_HLT}`);
      return outcome;
    };
    expect([set(1n), set(supported)]).toEqual(Array(2).fill(`exit ${KVM_EXIT_HLT}`));
    for (let bit = 0n; bit < 64n; bit++) {
      if ((supported & (1n << bit)) !== 0n) continue;
      // The guest does not handle the fault.
      expect(set(supported | (1n << bit)), `bit ${bit}`).toBe(`exit ${KVM_EXIT_SHUTDOWN}`);
    }
    expect(set(supported & ~1n)).toBe(`exit ${KVM_EXIT_SHUTDOWN}`);
  });

  // Shows: selftest x86/cpuid_test
  it.each([0, 0x4000_0000, 0x8000_0002])(
    'the guest reads the leaf %i that setCpuid2 has set, and after a run only the same CPUID is accepted',
    (leaf) => {
      using kvm = Kvm.open();
      using machine = load(longMode.cpuid(leaf));
      const { vcpu } = machine;
      const cpuid = kvm.getSupportedCpuid();
      const entry = [...cpuid.entries].find((each) => each.function === leaf);
      if (entry === undefined) throw new Error(`the kernel does not have the leaf ${leaf}`);
      Object.assign(entry, { ebx: 0x4142_4344, ecx: 0x4546_4748, edx: 0x494a_4b4c });
      vcpu.setCpuid2(cpuid);
      expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
      const { rax, rbx, rcx, rdx } = vcpu.getRegs();
      expect([rax, rbx, rcx, rdx].map(Number)).toEqual([entry.eax, 0x4142_4344, 0x4546_4748, 0x494a_4b4c]);
      vcpu.setCpuid2(vcpu.getCpuid2());
      entry.ebx++;
      expect(thrownBy(() => vcpu.setCpuid2(cpuid))).toMatchObject(einval);
    },
  );
});

describe.skipIf(!hasKvm)(`synchronized registers ${needsKvm}`, () => {
  const all = bindings.KVM_SYNC_X86_REGS | bindings.KVM_SYNC_X86_SREGS | bindings.KVM_SYNC_X86_EVENTS;
  const unknown = 0x8000_0000n;

  // Shows: selftest x86/sync_regs_test read_invalid, selftest x86/sync_regs_test set_invalid
  it.each(['kvm_valid_regs', 'kvm_dirty_regs'] as const)('KVM_RUN refuses an unknown bit of %s', (member) => {
    using machine = load(knownAnswers.addOne);
    const { vcpu } = machine;
    for (const bits of [unknown, unknown | BigInt(all)]) {
      vcpu.kvmRun[member] = bits;
      expect(thrownBy(() => vcpu.run())).toMatchObject({ ...einval, ioctl: 'KVM_RUN' });
    }
    vcpu.kvmRun[member] = 0n;
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  // Shows: selftest x86/sync_regs_test req_and_verify_all_valid, selftest x86/sync_regs_test set_and_verify_various
  it('a run stores all registers that are asked for, and applies those that were written', () => {
    using machine = load(knownAnswers.addOne);
    const { vcpu } = machine;
    const sync = vcpu.syncRegs('regs', 'sregs', 'events');
    const isSame = (): void => {
      expect(bytesOf(sync.regs)).toEqual(bytesOf(vcpu.getRegs()));
      expect(bytesOf(sync.sregs)).toEqual(bytesOf(vcpu.getSregs()));
      expect(bytesOf(sync.events)).toEqual(bytesOf(vcpu.getVcpuEvents()));
    };
    run(machine);
    isSame();
    sync.regs.rbx = 0xbad_1deen;
    sync.sregs.apic_base = 1n << 11n;
    run(machine);
    isSame();
    expect([sync.regs.rbx, sync.sregs.apic_base]).toEqual([0xbad_1defn, 1n << 11n]);
  });

  it('a run replaces synchronized registers that are not dirty by those of the guest', () => {
    using machine = load(knownAnswers.addOne);
    const { vcpu } = machine;
    const { regs } = vcpu.syncRegs('regs');
    run(machine);
    regs.rbx = 0xdead_beefn;
    vcpu.kvmRun.kvm_dirty_regs = 0n;
    run(machine);
    expect(regs.rbx).toBe(1n);
  });

  it('a run applies dirty registers, and does not store registers that are not valid', () => {
    using machine = load(knownAnswers.addOne);
    const { vcpu } = machine;
    const { regs } = vcpu.syncRegs('regs');
    run(machine);
    regs.rbx = 0xbbbbn;
    vcpu.kvmRun.kvm_valid_regs = 0n;
    run(machine);
    expect([regs.rbx, vcpu.getRegs().rbx]).toEqual([0xbbbbn, 0xbbbcn]);
  });
});

describe.skipIf(!hasKvm)(`events and errors ${needsKvm}`, () => {
  // Shows: selftest x86/triple_fault_event_test
  it('a pending triple fault is in the events of the vCPU, and stops the guest', () => {
    using machine = load(realMode.outForEver);
    const { vm, vcpu } = machine;
    expect(sent(machine, 2)).toHaveLength(2);
    const events = vcpu.getVcpuEvents();
    events.flags |= bindings.KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
    events.triple_fault.pending = 1;
    expect(thrownBy(() => vcpu.setVcpuEvents(events))).toMatchObject(einval);
    vm.enableCap('KVM_CAP_X86_TRIPLE_FAULT_EVENT', 1);
    vcpu.setVcpuEvents(events);
    const now = vcpu.getVcpuEvents();
    expect(now.flags & bindings.KVM_VCPUEVENT_VALID_TRIPLE_FAULT).not.toBe(0);
    expect(now.triple_fault.pending).toBe(1);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_SHUTDOWN}`);
  });

  // Shows: selftest x86/exit_on_emulation_failure_test
  it('an instruction that the kernel cannot emulate is an exit with the bytes of the instruction', () => {
    using machine = load(knownAnswers.loadFloat, {}, bindings, (vm) =>
      vm.enableCap('KVM_CAP_EXIT_ON_EMULATION_FAILURE', 1),
    );
    expect(run(machine)).toBe(`exit ${KVM_EXIT_INTERNAL_ERROR}`);
    const { suberror, flags, insn_size, insn_bytes } = machine.vcpu.kvmRun.emulation_failure;
    expect(suberror).toBe(bindings.KVM_INTERNAL_ERROR_EMULATION);
    expect(flags & BigInt(bindings.KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES)).not.toBe(0n);
    expect(insn_size).toBeGreaterThanOrEqual(4);
    expect([...insn_bytes].slice(0, 4)).toEqual([0xd9, 0x06, 0x00, 0x80]);
    // The VMM can do the work of the instruction and continue.
    const regs = machine.vcpu.getRegs();
    regs.rip += 4n;
    machine.vcpu.setRegs(regs);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
  });
});

describe.skipIf(!hasKvm)(`the whole state ${needsKvm}`, () => {
  const msrs = [0x10, 0x174, 0x175, 0x176, 0x277, 0xc000_0080, 0xc000_0081, 0xc000_0082, 0xc000_0084, 0xc000_0102];

  /** Copies the state of a vCPU and its memory to a new machine, as a migration does. */
  function moved(from: Machine): Machine {
    const to = load(knownAnswers.mix);
    const [old, fresh] = [from.vcpu, to.vcpu];
    old.completeExit(() => {});
    to.memory.write(0, from.memory.read(0, places.end));
    fresh.setCpuid2(old.getCpuid2());
    fresh.setSregs2(old.getSregs2());
    fresh.setMsrs(old.getMsrs(msrs));
    fresh.setXcrs(old.getXcrs());
    fresh.setXsave(old.getXsave2());
    fresh.setFpu(old.getFpu());
    fresh.setDebugregs(old.getDebugregs());
    fresh.setMpState(old.getMpState());
    fresh.setVcpuEvents(old.getVcpuEvents());
    fresh.setRegs(old.getRegs());
    return to;
  }

  /** Gives a vCPU values that no new vCPU has. */
  function change(vcpu: Vcpu): void {
    const sregs = vcpu.getSregs();
    sregs.cr4 |= osxsave.inCr4;
    vcpu.setSregs(sregs);
    const xcrs = vcpu.getXcrs();
    xcrs.xcrs.get(0).value = 0b11n;
    vcpu.setXcrs(xcrs);
    const fpu = vcpu.getFpu();
    fpu.fcw = 0x27f;
    vcpu.setFpu(fpu);
    const debugregs = vcpu.getDebugregs();
    debugregs.db.set(1, 0x1234n);
    vcpu.setDebugregs(debugregs);
    vcpu.setMsrs([{ index: 0x175, data: 0x55n }]);
    const events = vcpu.getVcpuEvents();
    events.nmi.masked = 1;
    vcpu.setVcpuEvents(events);
  }

  const changes = (vcpu: Vcpu): unknown[] => [
    vcpu.getXcrs().xcrs.get(0).value,
    vcpu.getFpu().fcw,
    vcpu.getDebugregs().db.get(1),
    vcpu.getMsrs([0x175])[0]?.data,
    vcpu.getVcpuEvents().nmi.masked,
  ];

  // Shows: selftest x86/state_test
  it('a guest continues in another VM with the state of its vCPU, and computes the same numbers', () => {
    const [eax, ebx, count] = [0x1234_5678, 0x9abc_def0, 24];
    using kvm = Kvm.open();
    let machine = load(knownAnswers.mix);
    machine.vcpu.setCpuid2(kvm.getSupportedCpuid());
    const regs = machine.vcpu.getRegs();
    Object.assign(regs, { rax: BigInt(eax), rbx: BigInt(ebx) });
    machine.vcpu.setRegs(regs);
    change(machine.vcpu);
    const numbers: number[] = [];
    while (numbers.length < count) {
      const exit = machine.vcpu.run({ timeout: 60_000 });
      if (exit.reason !== KVM_EXIT_IO) throw new Error(`unexpected exit ${String(exit.reason)}`);
      numbers.push(exit.data.get(0));
      const next = moved(machine);
      machine[Symbol.dispose]();
      machine = next;
    }
    expect(numbers).toEqual(knownAnswers.mixed(eax, ebx, count));
    const counted = machine.memory.dataView(places.data, 4).getUint32(0, true);
    expect(counted).toBe(count);
    expect(changes(machine.vcpu)).toEqual([0b11n, 0x27f, 0x1234n, 0x55n, 1]);
    machine[Symbol.dispose]();
  });
});

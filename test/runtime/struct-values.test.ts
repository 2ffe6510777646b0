/** Structs that are set from plain objects: the members are set, and the others stay as they are. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmClosedError, KvmUnsupportedError } from '../../runtime/index.js';
import type { Vcpu } from '../../runtime/x86_64.js';
import { allocate, assign, equal, type PartialOf, toObject, type View } from '../../support/index.js';
import { longMode, places, realMode, userMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, load, loadWithIrqchip, needsKvm, run, sent, thrownBy } from '../helpers/vcpus.js';

/** A set of registers, and members that every kernel lets a guest of this test have. */
interface Way<T extends View> {
  readonly get: (vcpu: Vcpu) => T;
  readonly set: (vcpu: Vcpu, values: PartialOf<T>) => void;
  readonly values: PartialOf<T>;
}

function way<T extends View>(get: Way<T>['get'], set: Way<T>['set'], values: PartialOf<T>): Way<View> {
  return { get, set, values } as unknown as Way<View>;
}

const ways: Readonly<Record<string, Way<View>>> = {
  setRegs: way<kvm.KvmRegs>(
    (vcpu) => vcpu.getRegs(),
    (vcpu, values) => vcpu.setRegs(values),
    { rip: 0x1234n, r15: 2n ** 64n - 1n },
  ),
  setSregs: way<kvm.KvmSregs>(
    (vcpu) => vcpu.getSregs(),
    (vcpu, values) => vcpu.setSregs(values),
    { cr8: 5n, ds: { selector: 0x18 }, idt: { base: 0x5000n } },
  ),
  setSregs2: way<kvm.KvmSregs2>(
    (vcpu) => vcpu.getSregs2(),
    (vcpu, values) => vcpu.setSregs2(values),
    { cr8: 6n, es: { selector: 0x20 } },
  ),
  setDebugregs: way<kvm.KvmDebugregs>(
    (vcpu) => vcpu.getDebugregs(),
    (vcpu, values) => vcpu.setDebugregs(values),
    { db: [0x1000n, 0x2000n] },
  ),
  setVcpuEvents: way<kvm.KvmVcpuEvents>(
    (vcpu) => vcpu.getVcpuEvents(),
    (vcpu, values) => vcpu.setVcpuEvents(values),
    { nmi: { masked: 1 } },
  ),
};

describe.skipIf(!hasKvm)(`a plain object ${needsKvm}`, () => {
  // Shows: KVM_SET_REGS, KVM_SET_SREGS, KVM_SET_SREGS2, KVM_SET_DEBUGREGS, KVM_SET_VCPU_EVENTS
  it.each(Object.keys(ways))('%s sets the members of a plain object and leaves the others as they are', (name) => {
    const { get, set, values } = ways[name] as Way<View>;
    using machine = load(longMode.out);
    const { vcpu } = machine;
    vcpu.setRegs({ rbx: 7n });
    const before = get(vcpu);
    set(vcpu, values);
    const after = get(vcpu);
    expect(equal(after, before)).toBe(false);
    expect(toObject(after)).toEqual(toObject(assign(before, values)));
    set(vcpu, {} as PartialOf<View>);
    expect(toObject(get(vcpu))).toEqual(toObject(after));
  });

  // Shows: KVM_SET_REGS
  it('the guest uses the registers of the object, and its own values of the others', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    vcpu.setRegs({ rax: 0x41n });
    expect(sent(machine, 1)).toBe('A');
    expect(vcpu.getRegs().rdx).toBe(0x3f8n);
  });

  // Shows: KVM_SET_FPU
  it('setFpu sets one vector register, which the guest then stores', () => {
    using machine = load(userMode.sse);
    const { vcpu, memory } = machine;
    memory.bytes(places.data + 16, 16).fill(0x77);
    run(machine);
    vcpu.setFpu({ xmm: [Array<number>(16).fill(0x55)] });
    run(machine);
    expect([...memory.bytes(places.data, 16)]).toEqual(Array(16).fill(0x55));
    expect([...vcpu.getFpu().xmm.get(1)]).toEqual(Array(16).fill(0x77));
  });

  // Shows: KVM_SET_XSAVE
  it('setXsave sets the first words of the area, and the guest then stores the register in them', () => {
    using machine = load(userMode.sse);
    const { vcpu, memory } = machine;
    const words = [...vcpu.getXsave2().region].slice(0, 129);
    words.fill(0x3333_3333, 40, 44);
    words[128] = 0b11; // The registers of x87 and SSE are in use.
    vcpu.setXsave({ region: words });
    for (let runs = 0; runs < 2; runs++) run(machine);
    expect([...memory.bytes(places.data, 16)]).toEqual(Array(16).fill(0x33));
  });

  // Shows: KVM_SET_LAPIC, KVM_SET_MP_STATE
  it('setLapic and setMpState take plain objects where the interrupt controller is in the kernel', () => {
    using machine = loadWithIrqchip(realMode.halt);
    const { vcpu } = machine;
    const before = vcpu.getLapic();
    const regs = [...before.regs];
    regs[0x80] = 0x20; // The task priority register.
    vcpu.setLapic({ regs: regs.slice(0, 0x81) });
    expect(vcpu.getLapic().regs.get(0x80)).toBe(0x20);
    vcpu.setMpState({ mp_state: kvm.KVM_MP_STATE_HALTED });
    expect(vcpu.getMpState().mp_state).toBe(kvm.KVM_MP_STATE_HALTED);
    using without = load(realMode.halt);
    expect(thrownBy(() => without.vcpu.setLapic({ regs: [] }))).toBeInstanceOf(KvmUnsupportedError);
  });

  // Shows: KVM_SET_IRQCHIP, KVM_SET_PIT2, KVM_SET_CLOCK
  it('setIrqchip, setPit2 and setClock of a VM take plain objects', () => {
    using vm = createVm();
    vm.createIrqchip();
    vm.createPit2();
    const before = vm.getIrqchip(kvm.KVM_IRQCHIP_IOAPIC);
    vm.setIrqchip({ chip_id: kvm.KVM_IRQCHIP_IOAPIC, chip: { ioapic: { ioregsel: 9 } } });
    const after = vm.getIrqchip(kvm.KVM_IRQCHIP_IOAPIC);
    expect(toObject(after.chip.ioapic)).toEqual({ ...toObject(before.chip.ioapic), ioregsel: 9 });
    expect(() => vm.setIrqchip({ chip: { ioapic: { ioregsel: 9 } } })).toThrow(KvmArgumentError);
    vm.setPit2({ flags: kvm.KVM_PIT_FLAGS_HPET_LEGACY });
    expect(vm.getPit2().flags).toBe(kvm.KVM_PIT_FLAGS_HPET_LEGACY);
    vm.setClock({ clock: 10n ** 15n });
    expect(vm.getClock().clock >= 10n ** 15n).toBe(true);
    expect(() => vm.setClock({ clock: 0 } as never)).toThrow(
      /^KVM_SET_CLOCK: struct kvm_clock_data\.clock is 0; it must be a bigint/,
    );
  });

  it('an unknown member and a wrong value are refused, and no register changes', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    const before = vcpu.getRegs();
    const refused: [values: object, message: RegExp][] = [
      [{ rax: 1n, eip: 1n }, /^KVM_SET_REGS: struct kvm_regs: unknown key 'eip'; expected one of rax, rbx,/],
      [{ rax: 1n, $rip: 1 }, /^KVM_SET_REGS: struct kvm_regs: unknown key '\$rip'; /],
      [{ rax: 1n, rip: 1 }, /^KVM_SET_REGS: struct kvm_regs\.rip is 1; it must be a bigint from 0 to /],
      [{ rax: 1n, rip: -1n }, /^KVM_SET_REGS: struct kvm_regs\.rip is -1n; it must be a bigint from 0 to /],
      [{ rax: 1n, rip: undefined }, /^KVM_SET_REGS: struct kvm_regs\.rip is undefined; /],
      [[1n], /^KVM_SET_REGS: the argument must be a view of struct kvm_regs/],
      [new Map(), /^KVM_SET_REGS: the argument must be a view of struct kvm_regs/],
      [
        allocate(kvm.KvmSregs),
        /^KVM_SET_REGS: the argument must be a view of struct kvm_regs, not of struct kvm_sregs/,
      ],
    ];
    for (const [values, message] of refused) {
      const error = thrownBy(() => vcpu.setRegs(values as kvm.KvmRegs));
      expect(error).toBeInstanceOf(KvmArgumentError);
      expect((error as Error).message).toMatch(message);
    }
    expect(equal(vcpu.getRegs(), before)).toBe(true);
    vcpu.close();
    expect(() => vcpu.setRegs({ rip: 1n })).toThrow(KvmClosedError);
  });

  it('assign writes synchronized registers, which the next run applies', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    const { regs } = vcpu.syncRegs('regs');
    expect(equal(regs, vcpu.getRegs())).toBe(true);
    expect(JSON.stringify(regs)).toBe(JSON.stringify(vcpu.getRegs()));
    // A comparison and a copy only read.
    assign(allocate(kvm.KvmRegs), regs);
    expect(vcpu.kvmRun.kvm_dirty_regs).toBe(0n);
    assign(regs, { rax: 0x42n });
    expect(sent(machine, 1)).toBe('B');
    expect(JSON.parse(JSON.stringify(regs))).toMatchObject({ rax: '66', rdx: '1016' });
    expect(() => structuredClone(regs)).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
  });
});

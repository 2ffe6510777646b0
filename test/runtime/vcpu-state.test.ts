/** What all methods for the state of a vCPU have in common: whom and what they refuse. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import {
  type Bindings,
  KvmArgumentError,
  KvmBusyError,
  KvmClosedError,
  KvmUnsupportedError,
  Vcpu,
} from '../../runtime/index.js';
import { VcpuState } from '../../runtime/vcpu-state.js';
import { allocate, type View, type ViewClass } from '../../support/index.js';
import { places, realMode, userMode } from '../../tools/guests/index.js';
import { Helper, hasKvm, load, loadWithIrqchip, needsKvm, thrownBy, untilCounting } from '../helpers/vcpus.js';

type Name = Extract<keyof Vcpu, string>;

/** A method that gets or sets a struct, and one that takes something else. */
type Call = (vcpu: Vcpu) => unknown;

const structs: readonly (readonly [get: Name, set: Name | null, type: ViewClass<View>])[] = [
  ['getRegs', 'setRegs', kvm.KvmRegs],
  ['getSregs', 'setSregs', kvm.KvmSregs],
  ['getSregs2', 'setSregs2', kvm.KvmSregs2],
  ['getFpu', 'setFpu', kvm.KvmFpu],
  ['getXsave', 'setXsave', kvm.KvmXsave],
  ['getXsave2', null, kvm.KvmXsave],
  ['getXcrs', 'setXcrs', kvm.KvmXcrs],
  ['getDebugregs', 'setDebugregs', kvm.KvmDebugregs],
  ['getVcpuEvents', 'setVcpuEvents', kvm.KvmVcpuEvents],
  ['getMpState', 'setMpState', kvm.KvmMpState],
  ['getLapic', 'setLapic', kvm.KvmLapicState],
];

/** JavaScript's way to call a method. */
const method = (vcpu: Vcpu, name: Name): ((argument?: unknown) => unknown) =>
  (vcpu[name] as (argument?: unknown) => unknown).bind(vcpu);

const tscAuxiliary = 0xc000_0103;

/** Every method that asks the kernel. */
const calls: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(structs.map(([get]) => [get, (vcpu: Vcpu) => method(vcpu, get)()])),
  ...Object.fromEntries(
    structs.flatMap(([, set, type]) => (set ? [[set, (vcpu: Vcpu) => method(vcpu, set)(allocate(type))]] : [])),
  ),
  getMsrs: (vcpu) => vcpu.getMsrs([tscAuxiliary]),
  setMsrs: (vcpu) => vcpu.setMsrs([{ index: tscAuxiliary, data: 0n }]),
  getRegList: (vcpu) => vcpu.getRegList(),
  getOneReg: (vcpu) => vcpu.getOneReg(kvm.KVM_REG_X86 | kvm.KVM_REG_SIZE_U64),
  setOneReg: (vcpu) => vcpu.setOneReg(kvm.KVM_REG_X86 | kvm.KVM_REG_SIZE_U64, 0n),
  nmi: (vcpu) => vcpu.nmi(),
  interrupt: (vcpu) => vcpu.interrupt(0x20),
  setTprAccessReporting: (vcpu) => vcpu.setTprAccessReporting(true),
  setVapicAddr: (vcpu) => vcpu.setVapicAddr(0),
  getCpuid: (vcpu) => vcpu.getCpuid(),
  setCpuid: (vcpu) => vcpu.setCpuid(allocate(kvm.KvmCpuid2, 0)),
  getTscKhz: (vcpu) => vcpu.getTscKhz(),
  getTscOffset: (vcpu) => vcpu.getTscOffset(),
  setTscOffset: (vcpu) => vcpu.setTscOffset(0n),
  kvmclockCtrl: (vcpu) => vcpu.kvmclockCtrl(),
  setupMce: (vcpu) => vcpu.setupMce(0n),
  setMce: (vcpu) => vcpu.setMce(allocate(kvm.KvmX86Mce)),
  enableCap: (vcpu) => vcpu.enableCap(0),
  translate: (vcpu) => vcpu.translate(0),
  setGuestDebug: (vcpu) => vcpu.setGuestDebug({}),
  syncRegs: (vcpu) => vcpu.syncRegs('regs', 'sregs', 'events'),
};

/** Those that this kernel may lack. */
const rare: Readonly<Record<string, Call>> = {
  smi: (vcpu) => vcpu.smi(),
  setTscKhz: (vcpu) => vcpu.setTscKhz(1_000_000),
  getNestedState: (vcpu) => vcpu.getNestedState(),
  setNestedState: (vcpu) => vcpu.setNestedState(allocate(kvm.KvmNestedState)),
  getSupportedHvCpuid: (vcpu) => vcpu.getSupportedHvCpuid(),
};

const all = Object.entries({ ...calls, ...rare });

/** The capability that each goes with. */
const capabilities: Readonly<Record<string, keyof Bindings & `KVM_CAP_${string}`>> = {
  enableCap: 'KVM_CAP_ENABLE_CAP',
  getSregs2: 'KVM_CAP_SREGS2',
  setSregs2: 'KVM_CAP_SREGS2',
  getXsave: 'KVM_CAP_XSAVE',
  setXsave: 'KVM_CAP_XSAVE',
  getXsave2: 'KVM_CAP_XSAVE2',
  getXcrs: 'KVM_CAP_XCRS',
  setXcrs: 'KVM_CAP_XCRS',
  getDebugregs: 'KVM_CAP_DEBUGREGS',
  setDebugregs: 'KVM_CAP_DEBUGREGS',
  getVcpuEvents: 'KVM_CAP_VCPU_EVENTS',
  setVcpuEvents: 'KVM_CAP_VCPU_EVENTS',
  getMpState: 'KVM_CAP_MP_STATE',
  setMpState: 'KVM_CAP_MP_STATE',
  getLapic: 'KVM_CAP_IRQCHIP',
  setLapic: 'KVM_CAP_IRQCHIP',
  getRegList: 'KVM_CAP_ONE_REG',
  getOneReg: 'KVM_CAP_ONE_REG',
  setOneReg: 'KVM_CAP_ONE_REG',
  nmi: 'KVM_CAP_USER_NMI',
  smi: 'KVM_CAP_X86_SMM',
  setTprAccessReporting: 'KVM_CAP_VAPIC',
  setVapicAddr: 'KVM_CAP_VAPIC',
  getCpuid: 'KVM_CAP_EXT_CPUID',
  setCpuid: 'KVM_CAP_EXT_CPUID',
  getSupportedHvCpuid: 'KVM_CAP_HYPERV_CPUID',
  getTscKhz: 'KVM_CAP_GET_TSC_KHZ',
  setTscKhz: 'KVM_CAP_TSC_CONTROL',
  getTscOffset: 'KVM_CAP_VCPU_ATTRIBUTES',
  setTscOffset: 'KVM_CAP_VCPU_ATTRIBUTES',
  kvmclockCtrl: 'KVM_CAP_KVMCLOCK_CTRL',
  setupMce: 'KVM_CAP_MCE',
  setMce: 'KVM_CAP_MCE',
  getNestedState: 'KVM_CAP_NESTED_STATE',
  setNestedState: 'KVM_CAP_NESTED_STATE',
  setGuestDebug: 'KVM_CAP_SET_GUEST_DEBUG',
  syncRegs: 'KVM_CAP_SYNC_REGS',
};

/** The package's bindings, where some names stand for something else. */
const withOthers = (others: object): Bindings => ({ ...kvm, ...others });

/** What no kernel has. */
const unknownCapability = 0x7fff_fff0;

describe('every method', () => {
  it('is in the tables of this test', () => {
    const methods = Object.getOwnPropertyNames(VcpuState.prototype);
    const others = ['constructor', 'checkExtension'];
    expect([...all.map(([name]) => name), ...others].toSorted()).toEqual([...methods, 'syncRegs'].toSorted());
  });
});

describe.skipIf(!hasKvm)(`every method ${needsKvm}`, () => {
  it.each(all)('refuses a vCPU that is closed: %s', (_, call) => {
    using machine = load(realMode.halt);
    machine.vcpu.close();
    expect(thrownBy(() => call(machine.vcpu))).toBeInstanceOf(KvmClosedError);
  });

  it('refuses a vCPU that another thread runs', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const { vcpu } = machine;
    const outcome = helper.do('run', { vcpu: vcpu.share() });
    await untilCounting(machine);
    const refused = Object.entries(calls).map(([name, call]) => [name, thrownBy(() => call(vcpu))]);
    vcpu.kick();
    expect(await outcome).toEqual(['interrupted by kick']);
    for (const [name, error] of refused) expect(error, String(name)).toBeInstanceOf(KvmBusyError);
  });

  it.each(structs)('refuses a view of another struct: %s', (get, set, type) => {
    using machine = load(realMode.halt);
    const other = type === kvm.KvmRegs ? allocate(kvm.KvmSregs) : allocate(kvm.KvmRegs);
    for (const name of [get, ...(set ? [set] : [])]) {
      const error = thrownBy(() => method(machine.vcpu, name)(other));
      expect(error, name).toBeInstanceOf(KvmArgumentError);
      expect(error, name).toMatchObject({
        message: expect.stringMatching(/^KVM_\w+: takes a view of struct \w+, not of/),
      });
    }
  });

  it.each(structs)('fills the view that it is given, or a new one: %s', (get) => {
    using machine = loadWithIrqchip(realMode.halt);
    const { vcpu } = machine;
    const made = method(vcpu, get)() as View;
    const given = new (made.constructor as ViewClass<View>)(new DataView(new ArrayBuffer(made.$$view.byteLength)));
    expect(method(vcpu, get)(given)).toBe(given);
    expect(new Uint8Array(given.$$view.buffer)).toEqual(new Uint8Array(made.$$view.buffer));
  });

  it.each(Object.entries(capabilities))('names the capability that the kernel lacks: %s, %s', (name, capability) => {
    using machine = load(realMode.halt, {}, withOthers({ [capability]: unknownCapability }));
    const call = { ...calls, ...rare }[name] as Call;
    const error = thrownBy(() => call(machine.vcpu));
    expect(error).toBeInstanceOf(KvmUnsupportedError);
    expect(error).toMatchObject({ code: 'absent', capability });
  });

  it.each(Object.entries(rare))('is unsupported where the kernel says so: %s', (name, call) => {
    using machine = load(realMode.halt);
    const capability = capabilities[name] as keyof Bindings;
    const has = machine.vcpu.checkExtension(machine.vm.bindings[capability] as number) > 0;
    const error = thrownBy(() => call(machine.vcpu));
    if (has) expect(error).not.toBeInstanceOf(KvmUnsupportedError);
    else expect(error).toMatchObject({ name: 'KvmUnsupportedError', capability });
  });

  it('says that the bindings lack the ioctl, as those of another architecture do', () => {
    using machine = load(realMode.halt, {}, withOthers({ KVM_GET_SREGS2: undefined }));
    const error = thrownBy(() => machine.vcpu.getSregs2());
    expect(error).toBeInstanceOf(KvmUnsupportedError);
    expect(error).toMatchObject({ message: 'KVM_GET_SREGS2: absent: the bindings of x86_64 do not have it' });
  });

  it('works on a vCPU that was attached, whose own VM is closed', () => {
    using machine = load(realMode.halt);
    using attached = Vcpu.attach(machine.vcpu.share());
    machine.vm.close();
    machine.vcpu.close();
    expect(attached.checkExtension(kvm.KVM_CAP_SREGS2)).toBe(1);
    expect(attached.getSregs2().cs.selector).toBe(0);
    expect(attached.getRegs().rip).toBe(BigInt(places.code));
  });
});

describe.skipIf(!hasKvm)(`the capabilities of the VM, asked of its vCPU ${needsKvm}`, () => {
  it('are the same', () => {
    using machine = load(realMode.halt);
    for (const capability of [kvm.KVM_CAP_SYNC_REGS, kvm.KVM_CAP_XSAVE2, unknownCapability]) {
      expect(machine.vcpu.checkExtension(capability)).toBe(machine.vm.checkExtension(capability));
    }
    expect(machine.vcpu.checkExtension(kvm.KVM_CAP_SYNC_REGS)).toBeGreaterThan(0);
  });

  it('are told while another thread runs it', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const outcome = helper.do('run', { vcpu: machine.vcpu.share() });
    await untilCounting(machine);
    expect(machine.vcpu.checkExtension(kvm.KVM_CAP_SYNC_REGS)).toBeGreaterThan(0);
    machine.vcpu.kick();
    await outcome;
  });
});

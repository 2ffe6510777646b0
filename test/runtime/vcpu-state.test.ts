/** The properties that all methods for the state of a vCPU have in common. */

import { closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmBusyError, KvmClosedError, KvmUnsupportedError } from '../../runtime/index.js';
import { isAbsent } from '../../runtime/other-architectures.js';
import { VcpuState } from '../../runtime/vcpu-state.js';
import { X86VcpuState } from '../../runtime/x86_64/vcpu-state.js';
import { type Bindings, Vcpu } from '../../runtime/x86_64.js';
import { allocate, type View, type ViewClass } from '../../support/index.js';
import { places, realMode, userMode } from '../../tools/guests/index.js';
import { Helper, hasKvm, load, loadWithIrqchip, needsKvm, thrownBy, untilCounting } from '../helpers/vcpus.js';

type Name = Extract<keyof Vcpu, string>;

/** Calls a method of a vCPU. */
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

/** Returns a method that can be called with any argument, as JavaScript can. */
const method = (vcpu: Vcpu, name: Name): ((argument?: unknown) => unknown) =>
  (vcpu[name] as (argument?: unknown) => unknown).bind(vcpu);

const tscAuxiliary = 0xc000_0103;
const tscOffset = { group: kvm.KVM_VCPU_TSC_CTRL, attr: kvm.KVM_VCPU_TSC_OFFSET };

/** The methods that make an ioctl. */
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
  getCpuid2: (vcpu) => vcpu.getCpuid2(),
  setCpuid2: (vcpu) => vcpu.setCpuid2(allocate(kvm.KvmCpuid2, 0)),
  setCpuid: (vcpu) => vcpu.setCpuid(allocate(kvm.KvmCpuid, 0)),
  memoryEncryptOp: (vcpu) => vcpu.memoryEncryptOp('KVM_TDX_INIT_VCPU', { argument: 0 }),
  getTscKhz: (vcpu) => vcpu.getTscKhz(),
  hasDeviceAttr: (vcpu) => vcpu.hasDeviceAttr(tscOffset),
  getDeviceAttr: (vcpu) => vcpu.getDeviceAttr(tscOffset, 8),
  setDeviceAttr: (vcpu) => vcpu.setDeviceAttr(tscOffset, new Uint8Array(8)),
  getStatsFd: (vcpu) => closeSync(vcpu.getStatsFd()),
  stats: (vcpu) => vcpu.stats().close(),
  kvmclockCtrl: (vcpu) => vcpu.kvmclockCtrl(),
  setupMce: (vcpu) => vcpu.setupMce(0n),
  setMce: (vcpu) => vcpu.setMce(allocate(kvm.KvmX86Mce)),
  enableCap: (vcpu) => vcpu.enableCap(0),
  translate: (vcpu) => vcpu.translate(0),
  setGuestDebug: (vcpu) => vcpu.setGuestDebug({}),
  syncRegs: (vcpu) => vcpu.syncRegs('regs', 'sregs', 'events'),
};

/** The methods whose ioctl this kernel may not have. */
const rare: Readonly<Record<string, Call>> = {
  smi: (vcpu) => vcpu.smi(),
  setTscKhz: (vcpu) => vcpu.setTscKhz(1_000_000),
  getNestedState: (vcpu) => vcpu.getNestedState(),
  setNestedState: (vcpu) => vcpu.setNestedState(allocate(kvm.KvmNestedState)),
  getSupportedHvCpuid: (vcpu) => vcpu.getSupportedHvCpuid(),
  preFaultMemory: (vcpu) => vcpu.preFaultMemory(0, 4096),
  xenVcpuGetAttr: (vcpu) => vcpu.xenVcpuGetAttr(kvm.KVM_XEN_VCPU_ATTR_TYPE_VCPU_ID),
  xenVcpuSetAttr: (vcpu) => vcpu.xenVcpuSetAttr(allocate(kvm.KvmXenVcpuAttr)),
};

const all = Object.entries({ ...calls, ...rare });

/** The capability that each method needs. */
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
  getCpuid2: 'KVM_CAP_EXT_CPUID',
  setCpuid2: 'KVM_CAP_EXT_CPUID',
  getSupportedHvCpuid: 'KVM_CAP_HYPERV_CPUID',
  preFaultMemory: 'KVM_CAP_PRE_FAULT_MEMORY',
  xenVcpuGetAttr: 'KVM_CAP_XEN_HVM',
  xenVcpuSetAttr: 'KVM_CAP_XEN_HVM',
  getTscKhz: 'KVM_CAP_GET_TSC_KHZ',
  setTscKhz: 'KVM_CAP_TSC_CONTROL',
  hasDeviceAttr: 'KVM_CAP_VCPU_ATTRIBUTES',
  getDeviceAttr: 'KVM_CAP_VCPU_ATTRIBUTES',
  setDeviceAttr: 'KVM_CAP_VCPU_ATTRIBUTES',
  getStatsFd: 'KVM_CAP_BINARY_STATS_FD',
  stats: 'KVM_CAP_BINARY_STATS_FD',
  kvmclockCtrl: 'KVM_CAP_KVMCLOCK_CTRL',
  setupMce: 'KVM_CAP_MCE',
  setMce: 'KVM_CAP_MCE',
  getNestedState: 'KVM_CAP_NESTED_STATE',
  setNestedState: 'KVM_CAP_NESTED_STATE',
  setGuestDebug: 'KVM_CAP_SET_GUEST_DEBUG',
  syncRegs: 'KVM_CAP_SYNC_REGS',
};

/** Returns the bindings of the package with other values for some names. */
const withOthers = (others: object): Bindings => ({ ...kvm, ...others });

/** A capability that no kernel has. */
const unknownCapability = 0x7fff_fff0;

describe('the methods', () => {
  it('the tables of this test have every method', () => {
    const prototype = Vcpu.prototype as unknown as Readonly<Record<string, unknown>>;
    const ofClasses = [VcpuState, X86VcpuState].flatMap((each) => Object.getOwnPropertyNames(each.prototype));
    const methods = [...new Set(ofClasses)].filter((name) => !isAbsent(prototype[name]));
    const others = ['constructor', 'checkExtension', 'requireExtension'];
    expect([...all.map(([name]) => name), ...others].toSorted()).toEqual(methods.toSorted());
  });
});

describe.skipIf(!hasKvm)(`the methods ${needsKvm}`, () => {
  it.each(all)('%s refuses a closed vCPU', (_, call) => {
    using machine = load(realMode.halt);
    machine.vcpu.close();
    expect(thrownBy(() => call(machine.vcpu))).toBeInstanceOf(KvmClosedError);
  });

  it('every method refuses a vCPU that another thread runs', async () => {
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

  it.each(structs)('%s refuses a view of another struct', (get, set, type) => {
    using machine = load(realMode.halt);
    const other = type === kvm.KvmRegs ? allocate(kvm.KvmSregs) : allocate(kvm.KvmRegs);
    for (const name of [get, ...(set ? [set] : [])]) {
      const error = thrownBy(() => method(machine.vcpu, name)(other));
      expect(error, name).toBeInstanceOf(KvmArgumentError);
      expect(error, name).toMatchObject({
        message: expect.stringMatching(/^KVM_\w+: the argument must be a view of struct \w+, not of/),
      });
    }
  });

  it.each(structs)('%s fills the view that the caller passes, or a new view', (get) => {
    using machine = loadWithIrqchip(realMode.halt);
    const { vcpu } = machine;
    const made = method(vcpu, get)() as View;
    const given = new (made.constructor as ViewClass<View>)(new DataView(new ArrayBuffer(made.$$view.byteLength)));
    expect(method(vcpu, get)(given)).toBe(given);
    expect(new Uint8Array(given.$$view.buffer)).toEqual(new Uint8Array(made.$$view.buffer));
  });

  it.each(Object.entries(capabilities))('the error of %s names the missing capability %s', (name, capability) => {
    using machine = load(realMode.halt, {}, withOthers({ [capability]: unknownCapability }));
    const call = { ...calls, ...rare }[name] as Call;
    const error = thrownBy(() => call(machine.vcpu));
    expect(error).toBeInstanceOf(KvmUnsupportedError);
    expect(error).toMatchObject({ code: 'ERR_KVM_UNSUPPORTED', capability });
  });

  // Shows: KVM_SMI
  it.each(Object.entries(rare))('%s is unsupported if the kernel does not have its capability', (name, call) => {
    using machine = load(realMode.halt);
    const capability = capabilities[name] as keyof Bindings;
    const has = machine.vcpu.checkExtension(machine.vm.bindings[capability] as number) > 0;
    const error = thrownBy(() => call(machine.vcpu));
    if (has) expect(error).not.toBeInstanceOf(KvmUnsupportedError);
    else expect(error).toMatchObject({ name: 'KvmUnsupportedError', capability });
  });

  it('the error of getSregs2 says that the bindings do not have the ioctl', () => {
    using machine = load(realMode.halt, {}, withOthers({ KVM_GET_SREGS2: undefined }));
    const error = thrownBy(() => machine.vcpu.getSregs2());
    expect(error).toBeInstanceOf(KvmUnsupportedError);
    expect(error).toMatchObject({ message: 'KVM_GET_SREGS2: the bindings of x86_64 do not have this ioctl' });
  });

  it('an attached vCPU works after its VM is closed', () => {
    using machine = load(realMode.halt);
    using attached = Vcpu.attach(machine.vcpu.share());
    machine.vm.close();
    machine.vcpu.close();
    expect(attached.checkExtension(kvm.KVM_CAP_SREGS2)).toBe(1);
    expect(attached.getSregs2().cs.selector).toBe(0);
    expect(attached.getRegs().rip).toBe(BigInt(places.code));
  });
});

describe.skipIf(!hasKvm)(`the capabilities of a vCPU ${needsKvm}`, () => {
  it('checkExtension of a vCPU returns the same as checkExtension of its VM', () => {
    using machine = load(realMode.halt);
    for (const capability of [kvm.KVM_CAP_SYNC_REGS, kvm.KVM_CAP_XSAVE2, unknownCapability]) {
      expect(machine.vcpu.checkExtension(capability)).toBe(machine.vm.checkExtension(capability));
    }
    expect(machine.vcpu.checkExtension(kvm.KVM_CAP_SYNC_REGS)).toBeGreaterThan(0);
  });

  it('checkExtension works while another thread runs the vCPU', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const outcome = helper.do('run', { vcpu: machine.vcpu.share() });
    await untilCounting(machine);
    expect(machine.vcpu.checkExtension(kvm.KVM_CAP_SYNC_REGS)).toBeGreaterThan(0);
    machine.vcpu.kick();
    await outcome;
  });
});

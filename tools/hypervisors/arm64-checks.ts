/** Checks of the methods that only arm64 has, through the entry of arm64, in the virtual machine. */

import assert from 'node:assert/strict';
import { release } from 'node:os';
import * as bindings from '../../generated/arm64/linux/kvm.js';
import {
  createGicV2,
  createGicV3,
  createIts,
  initPmu,
  irqLine,
  type Kvm,
  nameOfRegister,
  type RegisterName,
  setPvTime,
  setTimerInterrupts,
  type Vcpu,
  type Vm,
} from '../../runtime/arm64.js';
import { type GuestMemory, KvmError, KvmUnsupportedError, VcpuThread } from '../../runtime/index.js';
import * as x86_64 from '../../runtime/x86_64.js';
import { type Arm64Guest, loadAndTurnOff, spin, store } from '../guests/arm64.js';
import { places } from '../guests/index.js';
import { check } from './checks.js';

interface Loaded extends Disposable {
  readonly vcpu: Vcpu;
  readonly memory: GuestMemory;
}

/** Loads a guest. The guests are typed for x86-64. */
function load(guest: Arm64Guest, vm: Vm): Loaded {
  return guest.load(vm as unknown as x86_64.Vm) as unknown as Loaded;
}

const timeout = 60_000;
const gic = { distributor: 0x800_0000, redistributors: [{ address: 0x80a_0000, count: 1 }] } as const;

/** Does all checks, and prints a row for each. */
export async function checkArm64(kvm: Kvm): Promise<void> {
  await checkRegisters(kvm);
  await checkControllers(kvm);
  await checkAttributes(kvm);
  await checkDebugging(kvm);
  await checkSettings(kvm);
  await checkThreads(kvm);
}

async function checkRegisters(kvm: Kvm): Promise<void> {
  await check('vcpuInit uses the preferred target, and refuses a feature that the kernel does not have', () => {
    using vm = kvm.createVm();
    const { target } = vm.getPreferredTarget();
    using vcpu = vm.createVcpu();
    assert.throws(() => vcpu.getRegs(), { code: 'ENOEXEC' });
    assert.throws(() => vcpu.vcpuInit({ features: [7 * 32 - 1] }), { code: 'ENOENT' });
    assert.throws(() => vcpu.vcpuInit({ features: [7 * 32] }), { name: 'KvmArgumentError' });
    vcpu.vcpuInit({ features: [bindings.KVM_ARM_VCPU_PSCI_0_2, bindings.KVM_ARM_VCPU_POWER_OFF] });
    assert.equal(vcpu.getMpState().mp_state, bindings.KVM_MP_STATE_STOPPED);
    vcpu.vcpuInit({ features: [bindings.KVM_ARM_VCPU_PSCI_0_2, bindings.KVM_ARM_VCPU_POWER_OFF], target });
    // The vCPU has no SVE, and most processors have none either.
    const name = kvm.checkExtension('KVM_CAP_ARM_SVE') === 0 ? 'KvmUnsupportedError' : 'KvmError';
    assert.throws(() => vcpu.vcpuFinalize(bindings.KVM_ARM_VCPU_SVE), { name });
    return `target ${target}`;
  });

  await check('each register of KVM_GET_REG_LIST is read by its name, written back and read again', () => {
    using vm = kvm.createVm();
    using machine = load(spin, vm);
    const { vcpu } = machine;
    const refused: string[] = [];
    const ids = [...vcpu.getRegList().reg];
    for (const id of ids) {
      const name = nameOfRegister(id) as RegisterName;
      const value = vcpu.getOneReg(name);
      assert.equal(typeof value, { 4: 'number', 8: 'bigint', 16: 'object' }[sizeOf(id)] ?? 'number', name);
      try {
        vcpu.setOneReg(name, value as bigint);
      } catch (error) {
        refused.push(`${name} ${(error as KvmError).code}`);
      }
      // The counters advance.
      if (!/CNT/.test(name)) assert.deepEqual(vcpu.getOneReg(name), value, name);
    }
    return `${ids.length} registers, not writable: ${refused.join(', ') || 'none'}`;
  });

  await check('getRegs returns the registers that setRegs and the guest have set', () => {
    using vm = kvm.createVm();
    using machine = load(store, vm);
    const { vcpu } = machine;
    vcpu.setRegs({ x7: 0x1234_5678_9abc_def0n, sp: 0x7ff0n });
    assert.throws(() => vcpu.setRegs({ rip: 0n } as object), { name: 'KvmArgumentError' });
    assert.throws(() => vcpu.setRegs({ x7: 7 as unknown as bigint }), { name: 'KvmArgumentError' });
    assert.equal(vcpu.run({ timeout }).reason, bindings.KVM_EXIT_MMIO);
    vcpu.completeExit(() => {});
    const regs = vcpu.getRegs();
    assert.deepEqual([regs.x0, regs.x7, regs.sp], [0x41n, 0x1234_5678_9abc_def0n, 0x7ff0n]);
    assert.equal(regs.x1, BigInt(places.device) - 16n);
    vcpu.setOneReg(
      'v3',
      Uint8Array.from({ length: 16 }, (_, index) => index),
    );
    assert.deepEqual([...vcpu.getOneReg('v3')], [...Array(16).keys()]);
    assert.throws(() => vcpu.setOneReg('v3', new Uint8Array(15)), { name: 'KvmArgumentError' });
    vcpu.setOneReg('fpcr', 0);
    assert.throws(() => vcpu.setOneReg('fpcr', 2 ** 32), { name: 'KvmArgumentError' });
    return '';
  });
}

function sizeOf(id: bigint): number {
  return 1 << Number((id & bindings.KVM_REG_SIZE_MASK) >> BigInt(bindings.KVM_REG_SIZE_SHIFT));
}

async function checkControllers(kvm: Kvm): Promise<void> {
  await check('createGicV3 sets the addresses, and setIrqLine raises a shared interrupt of it', () => {
    using vm = kvm.createVm();
    using machine = load(spin, vm);
    using device = createGicV3(vm, gic);
    const { KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, KVM_DEV_ARM_VGIC_GRP_DIST_REGS } = bindings;
    const distributor = device.getDeviceAttr({ group: KVM_DEV_ARM_VGIC_GRP_ADDR, attr: KVM_VGIC_V3_ADDR_TYPE_DIST });
    assert.equal(new DataView(distributor.buffer).getBigUint64(0, true), BigInt(gic.distributor));
    // GICD_ISPENDR1 has the pending interrupts from 32 to 63. An interrupt of an edge stays pending.
    const pending = (): number => {
      const bytes = device.getDeviceAttr({ group: KVM_DEV_ARM_VGIC_GRP_DIST_REGS, attr: 0x204 });
      return new DataView(bytes.buffer).getUint32(0, true);
    };
    assert.equal(pending(), 0);
    vm.setIrqLine(irqLine({ type: 'spi', number: 33 }), true);
    assert.equal(pending(), 0b10);
    assert.equal(machine.vcpu.run({ timeout: 0 }).reason, 'interrupted');
    return '';
  });

  await check('createGicV3 sets regions of redistributors by index, and refuses regions that overlap', () => {
    using vm = kvm.createVm();
    using first = vm.createVcpu(0);
    using second = vm.createVcpu(1);
    for (const vcpu of [first, second]) vcpu.vcpuInit();
    const redistributors = [
      { address: 0x80a_0000, count: 1 },
      { address: 0x90a_0000, count: 1 },
    ];
    using device = createGicV3(vm, { distributor: gic.distributor, redistributors });
    const { KVM_DEV_ARM_VGIC_GRP_ADDR: group, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION: attr } = bindings;
    assert.ok(device.hasDeviceAttr({ group, attr }));
    using other = kvm.createVm();
    const twice = [redistributors[0], redistributors[0]] as typeof redistributors;
    assert.throws(() => createGicV3(other, { distributor: gic.distributor, redistributors: twice }), {
      name: 'KvmError',
    });
    const odd = [{ address: 0x80a_0001, count: 1 }];
    const create = (): unknown => createGicV3(other, { distributor: gic.distributor, redistributors: odd });
    assert.throws(create, { name: 'KvmArgumentError' });
    return '';
  });

  await check('createIts creates an ITS of a GICv3', () => {
    using vm = kvm.createVm();
    using _vcpu = initialized(vm);
    using _gic = createGicV3(vm, gic);
    using its = createIts(vm, { address: 0x808_0000 });
    assert.ok(its.fd > 0);
    return '';
  });

  await check('createGicV2 creates a GICv2, or the error says that the processor has none', () => {
    using vm = kvm.createVm();
    using _vcpu = initialized(vm);
    try {
      using device = createGicV2(vm, { distributor: 0x800_0000, cpuInterface: 0x801_0000 });
      return `fd ${device.fd}`;
    } catch (error) {
      assert.ok(error instanceof KvmError);
      assert.equal(error.code, 'ENODEV');
      return error.message;
    }
  });
}

/** Makes a vCPU with features. */
function initialized(vm: Vm, ...features: number[]): Vcpu {
  const vcpu = vm.createVcpu();
  vcpu.vcpuInit({ features });
  return vcpu;
}

async function checkAttributes(kvm: Kvm): Promise<void> {
  await check('initPmu starts the performance monitor', () => {
    if (kvm.checkExtension('KVM_CAP_ARM_PMU_V3') === 0) return 'the processor has none for guests';
    using vm = kvm.createVm();
    using vcpu = initialized(vm, bindings.KVM_ARM_VCPU_PMU_V3);
    using _gic = createGicV3(vm, gic);
    initPmu(vcpu, 23);
    assert.throws(() => initPmu(vcpu), { code: 'EBUSY' });
    assert.throws(() => initPmu(vcpu, 32), { name: 'KvmArgumentError' });
    return '';
  });

  await check('setTimerInterrupts sets the interrupts of the timers', () => {
    using vm = kvm.createVm();
    using vcpu = initialized(vm);
    using _gic = createGicV3(vm, gic);
    setTimerInterrupts(vcpu, { virtual: 20, physical: 22 });
    const { KVM_ARM_VCPU_TIMER_CTRL: group, KVM_ARM_VCPU_TIMER_IRQ_VTIMER: attr } = bindings;
    assert.equal(vcpu.getDeviceAttr({ group, attr })[0], 20);
    assert.throws(() => setTimerInterrupts(vcpu, { virtual: 15 }), { name: 'KvmArgumentError' });
    return '';
  });

  await check('setPvTime sets the address of the stolen time once, or the kernel does not have it', () => {
    using vm = kvm.createVm();
    using machine = load(spin, vm);
    const { vcpu } = machine;
    if (kvm.checkExtension('KVM_CAP_STEAL_TIME') === 0) {
      assert.throws(() => setPvTime(vcpu, places.data), { code: 'ENXIO' });
      return 'the kernel does not have KVM_CAP_STEAL_TIME';
    }
    setPvTime(vcpu, places.data);
    assert.throws(() => setPvTime(vcpu, places.data), { code: 'EEXIST' });
    return '';
  });
}

async function checkDebugging(kvm: Kvm): Promise<void> {
  const stop = (vcpu: Vcpu): bigint => {
    const exit = vcpu.run({ timeout });
    assert.equal(exit.reason, bindings.KVM_EXIT_DEBUG);
    return vcpu.getOneReg('pc');
  };

  await check('setGuestDebug makes the guest stop after each instruction and at a breakpoint', () => {
    using vm = kvm.createVm();
    using machine = load(spin, vm);
    const { vcpu } = machine;
    const start = BigInt(places.code);
    vcpu.setGuestDebug({ singleStep: true });
    assert.deepEqual([stop(vcpu), stop(vcpu), stop(vcpu)], [start + 4n, start + 8n, start + 12n]);
    vcpu.setGuestDebug({ hardwareBreakpoints: [start + 16n] });
    assert.equal(stop(vcpu), start + 16n);
    vcpu.setGuestDebug({});
    assert.equal(vcpu.run({ timeout: 100 }).reason, 'interrupted');
    const most = kvm.checkExtension('KVM_CAP_GUEST_DEBUG_HW_BPS');
    const tooMany = Array.from({ length: most + 1 }, () => start);
    assert.throws(() => vcpu.setGuestDebug({ hardwareBreakpoints: tooMany }), { name: 'KvmArgumentError' });
    return `${most} breakpoints`;
  });

  await check('a watchpoint stops the guest at the access to its bytes', () => {
    using vm = kvm.createVm();
    using machine = load(spin, vm);
    const { vcpu } = machine;
    vcpu.setGuestDebug({ watchpoints: [{ address: places.data, length: 4 }] });
    // The store is the fourth instruction.
    assert.equal(stop(vcpu), BigInt(places.code) + 12n);
    assert.equal(vcpu.kvmRun.debug.arch.far, BigInt(places.data));
    vcpu.setGuestDebug({ watchpoints: [{ address: places.data + 4, length: 4, on: 'access' }] });
    assert.equal(vcpu.run({ timeout: 100 }).reason, 'interrupted');
    return '';
  });
}

async function checkSettings(kvm: Kvm): Promise<void> {
  await check('a VM has as many bits of guest-physical addresses as its type says, up to the limit of the host', () => {
    const limit = kvm.checkExtension('KVM_CAP_ARM_VM_IPA_SIZE');
    using vm = kvm.createVm(bindings.KVM_VM_TYPE_ARM_IPA_SIZE(limit));
    assert.ok(vm.fd > 0);
    assert.throws(
      () => kvm.createVm(bindings.KVM_VM_TYPE_ARM_IPA_SIZE(limit + 1)),
      (error: KvmError) => {
        assert.equal(error.code, 'EINVAL');
        assert.match(error.message, new RegExp(`${limit + 1} bits; .*KVM_CAP_ARM_VM_IPA_SIZE`));
        return true;
      },
    );
    return `${limit} bits`;
  });

  await check('setSmcccFilter makes a call of the guest an exit, or the kernel does not have it', () => {
    using vm = kvm.createVm();
    const off = 0x8400_0008;
    try {
      vm.setSmcccFilter({ base: off, action: 'user' });
    } catch (error) {
      assert.ok(error instanceof KvmUnsupportedError, String(error));
      assert.match(release(), /^6\.1\./);
      return error.message;
    }
    using machine = load(loadAndTurnOff, vm);
    const { vcpu } = machine;
    assert.equal(vcpu.run({ timeout }).reason, bindings.KVM_EXIT_MMIO);
    const exit = vcpu.run({ timeout });
    assert.ok(exit.reason === bindings.KVM_EXIT_HYPERCALL);
    assert.equal(exit.hypercall.nr, BigInt(off));
    return '';
  });

  await check('setCounterOffset subtracts from the counter of the guest, or the kernel does not have it', () => {
    using vm = kvm.createVm();
    using machine = load(spin, vm);
    const { vcpu } = machine;
    const before = vcpu.getOneReg('CNTVCT_EL0');
    try {
      vm.setCounterOffset(2n ** 40n);
    } catch (error) {
      assert.ok(error instanceof KvmUnsupportedError, String(error));
      return error.message;
    }
    const after = vcpu.getOneReg('CNTVCT_EL0');
    assert.ok(BigInt.asIntN(64, after - before) < 0n, `${before} and then ${after}`);
    return '';
  });

  await check('a method of another architecture is unsupported, and another entry names this one', () => {
    using vm = kvm.createVm();
    assert.throws(() => (vm as unknown as x86_64.Vm).createPit2(), { name: 'KvmUnsupportedError' });
    assert.throws(() => x86_64.Kvm.open(), /import 'kvm-uapi\/arm64'$/);
    return '';
  });
}

async function checkThreads(kvm: Kvm): Promise<void> {
  await check('the program of a VcpuThread gets the classes of arm64', async () => {
    using vm = kvm.createVm();
    using machine = load(store, vm);
    const { vcpu, memory } = machine;
    const program = new URL('arm64-program.js', import.meta.url);
    await VcpuThread.start(vcpu, program, { data: memory.share() }).finished;
    assert.equal(memory.dataView(places.data, 8).getBigUint64(0, true), 0x41n);
    return '';
  });
}

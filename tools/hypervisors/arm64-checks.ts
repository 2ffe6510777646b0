/** Checks of the methods that only arm64 has, through the entry of arm64, in the virtual machine. */

import assert from 'node:assert/strict';
import { release } from 'node:os';
import * as bindings from '../../generated/arm64/linux/kvm.js';
import {
  createGicV3,
  initPmu,
  type Kvm,
  nameOfRegister,
  type RegisterName,
  setPvTime,
  setTimerInterrupts,
  type Vcpu,
} from '../../runtime/arm64.js';
import { type KvmError, KvmUnsupportedError, VcpuThread } from '../../runtime/index.js';
import * as x86_64 from '../../runtime/x86_64.js';
import { loadAndTurnOff, spin, store } from '../guests/arm64.js';
import { places } from '../guests/index.js';
import { checkControllers, gic, initialized } from './arm64-controllers.js';
import { checkPsci } from './arm64-psci.js';
import { check } from './checks.js';

const timeout = 60_000;

/** Does all checks, and prints a row for each. */
export async function checkArm64(kvm: Kvm): Promise<void> {
  await checkRegisters(kvm);
  await checkControllers(kvm);
  await checkAttributes(kvm);
  await checkDebugging(kvm);
  await checkSettings(kvm);
  await checkPsci(kvm);
  await checkThreads(kvm);
}

async function checkRegisters(kvm: Kvm): Promise<void> {
  // Shows: KVM_ARM_VCPU_INIT, KVM_ARM_VCPU_FINALIZE, KVM_ARM_PREFERRED_TARGET
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

  // Shows: KVM_GET_REG_LIST, KVM_GET_ONE_REG, KVM_SET_ONE_REG, kvm-ioctls reg_size
  await check('each register of KVM_GET_REG_LIST is read by its name, written back and read again', () => {
    using vm = kvm.createVm();
    using machine = spin.load(vm);
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
    using machine = store.load(vm);
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

  // Shows: kvm-ioctls VcpuFd::has_device_attr, kvm-ioctls VcpuFd::set_device_attr
  await check('setTimerInterrupts sets the interrupts of the timers', () => {
    using vm = kvm.createVm();
    using vcpu = initialized(vm);
    using _gic = createGicV3(vm, gic);
    setTimerInterrupts(vcpu, { virtual: 20, physical: 22 });
    const { KVM_ARM_VCPU_TIMER_CTRL: group, KVM_ARM_VCPU_TIMER_IRQ_VTIMER: attr } = bindings;
    assert.ok(vcpu.hasDeviceAttr({ group, attr }));
    assert.equal(vcpu.getDeviceAttr({ group, attr })[0], 20);
    assert.throws(() => setTimerInterrupts(vcpu, { virtual: 15 }), { name: 'KvmArgumentError' });
    return '';
  });

  await check('setPvTime sets the address of the stolen time once, or the kernel does not have it', () => {
    using vm = kvm.createVm();
    using machine = spin.load(vm);
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

  // Shows: KVM_SET_GUEST_DEBUG, kvm-ioctls Kvm::get_guest_debug_hw_bps
  await check('setGuestDebug makes the guest stop after each instruction and at a breakpoint', () => {
    using vm = kvm.createVm();
    using machine = spin.load(vm);
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

  // Shows: kvm-ioctls Kvm::get_guest_debug_hw_wps
  await check('a watchpoint stops the guest at the access to its bytes', () => {
    using vm = kvm.createVm();
    using machine = spin.load(vm);
    const { vcpu } = machine;
    vcpu.setGuestDebug({ watchpoints: [{ address: places.data, length: 4 }] });
    const most = kvm.checkExtension('KVM_CAP_GUEST_DEBUG_HW_WPS');
    const tooMany = Array.from({ length: most + 1 }, () => ({ address: places.data, length: 4 }) as const);
    assert.throws(() => vcpu.setGuestDebug({ watchpoints: tooMany }), { name: 'KvmArgumentError' });
    // The store is the fourth instruction.
    assert.equal(stop(vcpu), BigInt(places.code) + 12n);
    assert.equal(vcpu.kvmRun.debug.arch.far, BigInt(places.data));
    vcpu.setGuestDebug({ watchpoints: [{ address: places.data + 4, length: 4, on: 'access' }] });
    assert.equal(vcpu.run({ timeout: 100 }).reason, 'interrupted');
    return '';
  });
}

async function checkSettings(kvm: Kvm): Promise<void> {
  // Shows: kvm-ioctls Kvm::get_host_ipa_limit, kvm-ioctls Kvm::create_vm_with_ipa_size, kvm-ioctls Kvm::create_vm_with_type
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

  // Shows: kvm-ioctls VmFd::has_device_attr, kvm-ioctls VmFd::set_device_attr
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
    using machine = loadAndTurnOff.load(vm);
    const { vcpu } = machine;
    assert.equal(vcpu.run({ timeout }).reason, bindings.KVM_EXIT_MMIO);
    const exit = vcpu.run({ timeout });
    assert.ok(exit.reason === bindings.KVM_EXIT_HYPERCALL);
    assert.equal(exit.hypercall.nr, BigInt(off));
    return '';
  });

  await check('setCounterOffset subtracts from the counter of the guest, or the kernel does not have it', () => {
    using vm = kvm.createVm();
    using machine = spin.load(vm);
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
    using machine = store.load(vm);
    const { vcpu, memory } = machine;
    const program = new URL('arm64-program.js', import.meta.url);
    await VcpuThread.start(vcpu, program, { data: memory.share() }).finished;
    assert.equal(memory.dataView(places.data, 8).getBigUint64(0, true), 0x41n);
    return '';
  });
}

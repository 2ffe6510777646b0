/**
 * The methods and types of one architecture do not compile with another. `npm run types` fails if a wrong call compiles, because its
 * `@ts-expect-error` is unused then. The other calls must compile.
 */

import { GuestMemory, VcpuThread } from 'kvm-uapi';
import * as arm64 from 'kvm-uapi/arm64';
import * as arm64Bindings from 'kvm-uapi/arm64/linux/kvm';
import * as riscv64 from 'kvm-uapi/riscv64';
import * as riscv64Bindings from 'kvm-uapi/riscv64/linux/kvm';
import * as x86_64 from 'kvm-uapi/x86_64';
import * as x86_64Bindings from 'kvm-uapi/x86_64/linux/kvm';

export function onArm64(): void {
  const kvm: arm64.Kvm = arm64.Kvm.open({ bindings: arm64Bindings });
  const vm: arm64.Vm = kvm.createVm();
  const vcpu: arm64.Vcpu = vm.createVcpu(0, { mechanism: 'signal_mask' });
  const bindings: typeof arm64Bindings = vcpu.bindings;
  const run: arm64Bindings.KvmRun = vcpu.kvmRun;
  vm.addMemory({ memory: GuestMemory.create(0x1_0000), guestAddress: 0 });
  vm.enableCap('KVM_CAP_ARM_NISV_TO_USER');
  vm.setDeviceAttr({ group: bindings.KVM_ARM_VM_SMCCC_CTRL, attr: bindings.KVM_ARM_VM_SMCCC_FILTER });
  vcpu.hasDeviceAttr({ group: bindings.KVM_ARM_VCPU_PMU_V3_CTRL, attr: bindings.KVM_ARM_VCPU_PMU_V3_IRQ });
  vcpu.vcpuInit({ features: [bindings.KVM_ARM_VCPU_PSCI_0_2] });
  // The width of a register decides the type of its value.
  const widths: [bigint, number, Uint8Array] = [vcpu.getOneReg('pc'), vcpu.getOneReg('fpsr'), vcpu.getOneReg('v0')];
  const byId: bigint = vcpu.getOneReg(arm64.registerNamed('SCTLR_EL1').id);
  vcpu.setOneReg('x0', widths[0] + byId);
  const { x30 }: arm64.CoreRegisters = vcpu.getRegs();
  vcpu.setRegs({ pc: x30 });
  // @ts-expect-error: the name of no register
  vcpu.getOneReg('rip');
  // @ts-expect-error: the value of a register of 64 bits is a bigint
  vcpu.setOneReg('pc', 0);
  // @ts-expect-error: the value of a register of 128 bits is bytes
  vcpu.setOneReg('v0', 0n);
  // @ts-expect-error: a register of x86-64
  vcpu.setRegs({ rip: 0n });
  const device: arm64.VmDevice = arm64.createGicV3(vm, {
    distributor: 0x800_0000,
    redistributors: [{ address: 0x80a_0000, count: 1 }],
  });
  // @ts-expect-error: a GICv3 has redistributors
  arm64.createGicV3(vm, { distributor: 0x800_0000, cpuInterface: 0x801_0000 });
  vm.setIrqLine(arm64.irqLine({ type: 'spi', number: 33 }), true);
  // @ts-expect-error: a line of no type
  arm64.irqLine({ type: 'lpi', number: 8192 });
  const exit = vcpu.run();
  if (exit.reason === bindings.KVM_EXIT_MMIO) exit.data.value = 1n;
  if (exit.reason === bindings.KVM_EXIT_ARM_NISV) console.log(exit.arm_nisv.esr_iss, device.fd);
  // The registers of a debug exit differ: arm64 has a syndrome, and x86-64 has DR6.
  if (exit.reason === bindings.KVM_EXIT_DEBUG) console.log(exit.debug.arch.hsr, run.exit_reason);
  // @ts-expect-error: DR6 is a register of x86-64
  if (exit.reason === bindings.KVM_EXIT_DEBUG) console.log(exit.debug.arch.dr6);
  // @ts-expect-error: arm64 has no KVM_GET_SREGS
  vcpu.getSregs();
  // @ts-expect-error: arm64 has no MSRs
  vcpu.getMsrs([0x10]);
  // @ts-expect-error: arm64 has no NMI of KVM_NMI
  vcpu.nmi();
  // @ts-expect-error: a vCPU of arm64 has no KVM_ENABLE_CAP
  vcpu.enableCap('KVM_CAP_ARM_SVE');
  // @ts-expect-error: the timer of x86-64
  vm.createPit2();
  // @ts-expect-error: a VM of arm64 has no KVM_GET_DEVICE_ATTR
  vm.getDeviceAttr({ group: 0, attr: 0 });
  // @ts-expect-error: arm64 has no CPUID
  kvm.getSupportedCpuid();
  // @ts-expect-error: the bindings of another architecture
  arm64.Kvm.open({ bindings: x86_64Bindings });
  // @ts-expect-error: a VM of another architecture
  x86_64.Vm.attach(vcpu);
  // @ts-expect-error: the header of arm64 does not define the capability
  vm.checkExtension('KVM_CAP_XSAVE');
  // @ts-expect-error: the registers of arm64 are not those of x86-64
  vcpu.kvmRun.s.regs.regs;
}

export function onRiscv64(): void {
  const kvm: riscv64.Kvm = riscv64.Kvm.open({ bindings: riscv64Bindings });
  const vm: riscv64.Vm = kvm.createVm();
  const vcpu: riscv64.Vcpu = vm.createVcpu();
  const { mp_state } = vcpu.getMpState();
  vcpu.setMpState({ mp_state });
  const pc: bigint = vcpu.getOneReg(0n);
  const widths: [bigint, number] = [vcpu.getOneReg('pc'), vcpu.getOneReg('fp_f.f[0]')];
  vcpu.setOneReg('a0', widths[0]);
  // @ts-expect-error: a register of arm64
  vcpu.getOneReg('x0');
  // @ts-expect-error: a register of 64 bits is a bigint
  vcpu.setOneReg('pc', 0);
  const exit = vcpu.run();
  if (exit.reason === riscv64Bindings.KVM_EXIT_RISCV_SBI) exit.riscv_sbi.ret.set(0, pc);
  vm.setIrqLine(1, true);
  const aia: riscv64.VmDevice = vm.createDevice(riscv64Bindings.KVM_DEV_TYPE_RISCV_AIA);
  aia.hasDeviceAttr({ group: 0, attr: 0 });
  // @ts-expect-error: riscv64 has no KVM_GET_SREGS
  vcpu.getSregs();
  // @ts-expect-error: a vCPU of riscv64 has no attributes
  vcpu.hasDeviceAttr({ group: 0, attr: 0 });
  // @ts-expect-error: a VM of riscv64 has no attributes
  vm.setDeviceAttr({ group: 0, attr: 0 });
  // @ts-expect-error: the interrupt controllers of riscv64 are devices
  vm.createIrqchip();
  // @ts-expect-error: the bindings of another architecture
  riscv64.Kvm.open({ bindings: arm64Bindings });
  // @ts-expect-error: the vCPU of another architecture
  const other: arm64.Vcpu = vcpu;
  void other;
}

export function onX86(): void {
  const kvm: x86_64.Kvm = x86_64.Kvm.open({ bindings: x86_64Bindings });
  const vm: x86_64.Vm = kvm.createVm();
  const vcpu: x86_64.Vcpu = vm.createVcpu();
  vcpu.setSregs({ cr3: 0n });
  vcpu.enableCap('KVM_CAP_HYPERV_SYNIC');
  vm.createIrqchip();
  const exit = vcpu.run();
  if (exit.reason === x86_64Bindings.KVM_EXIT_DEBUG) console.log(exit.debug.arch.dr6);
  // @ts-expect-error: the syndrome of a debug exit is that of arm64
  if (exit.reason === x86_64Bindings.KVM_EXIT_DEBUG) console.log(exit.debug.arch.hsr);
  // @ts-expect-error: the bindings of another architecture
  x86_64.Kvm.open({ bindings: arm64Bindings });
  // @ts-expect-error: the VM of another architecture
  const other: riscv64.Vm = vm;
  void other;
}

/** A program gets the classes of its architecture. */
export const onExitOfArm64: arm64.StartVcpuProgram = (vcpu, _data, vm) => ({
  onExit(exit) {
    const own: arm64.Vm = vm;
    console.log(own.fd, vcpu.kvmRun.exit_reason);
    return exit.reason === arm64Bindings.KVM_EXIT_SYSTEM_EVENT ? 'stop' : undefined;
  },
});
export function useOnX86(): void {
  // @ts-expect-error: the program of another architecture
  const start: x86_64.StartVcpuProgram = onExitOfArm64;
  void start;
}

export function startAny(vcpu: arm64.Vcpu | riscv64.Vcpu | x86_64.Vcpu, program: URL): VcpuThread {
  return VcpuThread.start(vcpu, program);
}

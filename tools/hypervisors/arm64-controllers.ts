/** Checks of the interrupt controllers of arm64, in the virtual machine. */

import assert from 'node:assert/strict';
import * as bindings from '../../generated/arm64/linux/kvm.js';
import {
  createGicV2,
  createGicV3,
  createIts,
  irqLine,
  type Kvm,
  type Vcpu,
  type Vm,
  VmDevice,
} from '../../runtime/arm64.js';
import { EventFd, KvmError } from '../../runtime/index.js';
import { spin } from '../guests/arm64.js';
import { check } from './checks.js';
import { eventually } from './eventually.js';

/** The addresses of the controllers of these checks. */
export const gic = { distributor: 0x800_0000, redistributors: [{ address: 0x80a_0000, count: 1 }] } as const;
const itsAddress = 0x808_0000;

/** Registers of the distributor for the interrupts from 32 on: what is pending, and whether an interrupt is an edge. */
const GICD_ISPENDR1 = 0x204;
const GICD_ICFGR2 = 0xc08;
const GICD_ICFGR3 = 0xc0c;
/** The register of an ITS to which a device writes its message. */
const GITS_TRANSLATER = 0x1_0040;

/** Does all checks, and prints a row for each. */
export async function checkControllers(kvm: Kvm): Promise<void> {
  // Shows: KVM_CREATE_DEVICE, KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR, KVM_IRQ_LINE
  // Shows: kvm-ioctls DeviceFd::as_raw_fd, kvm-ioctls DeviceFd::from_raw_fd
  await check('createGicV3 sets the addresses, and setIrqLine raises a shared interrupt of it', () => {
    using vm = kvm.createVm();
    using machine = spin.load(vm);
    using device = createGicV3(vm, gic);
    const { KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST } = bindings;
    const distributor = device.getDeviceAttr({ group: KVM_DEV_ARM_VGIC_GRP_ADDR, attr: KVM_VGIC_V3_ADDR_TYPE_DIST });
    assert.equal(new DataView(distributor.buffer).getBigUint64(0, true), BigInt(gic.distributor));
    using same = VmDevice.fromFd(device.fd, vm, { type: bindings.KVM_DEV_TYPE_ARM_VGIC_V3 });
    assert.ok(same.hasDeviceAttr({ group: KVM_DEV_ARM_VGIC_GRP_ADDR, attr: KVM_VGIC_V3_ADDR_TYPE_DIST }));
    assert.equal(same.hasDeviceAttr({ group: 99, attr: 0 }), false);
    assert.equal(pending(device), 0);
    vm.setIrqLine(irqLine({ type: 'spi', number: 33 }), true);
    assert.equal(pending(device), 0b10);
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

  // Shows: KVM_CREATE_IRQCHIP
  await check('createGicV2 creates a GICv2, or the error says that the processor has none', () => {
    using vm = kvm.createVm();
    using _vcpu = initialized(vm);
    try {
      using device = createGicV2(vm, { distributor: 0x800_0000, cpuInterface: 0x801_0000 });
      return `fd ${device.fd}`;
    } catch (error) {
      assert.ok(error instanceof KvmError);
      assert.equal(error.code, 'ENODEV');
      assert.throws(() => vm.createIrqchip(), { code: 'ENODEV' });
      return error.message;
    }
  });

  // Shows: KVM_SIGNAL_MSI
  await check('signalMsi needs the id of a device and an ITS that the guest has enabled', () => {
    using vm = kvm.createVm();
    using _vcpu = initialized(vm);
    using _gic = createGicV3(vm, gic);
    using _its = createIts(vm, { address: itsAddress });
    const message = { address: itsAddress + GITS_TRANSLATER, data: 1 };
    assert.throws(() => vm.signalMsi(message), { code: 'EINVAL' });
    assert.throws(() => vm.signalMsi({ ...message, devid: 1 }), { code: 'EBUSY' });
    return '';
  });

  // Shows: KVM_IRQFD, KVM_SET_GSI_ROUTING, kvm-ioctls VmFd::register_irqfd_with_resample
  await check('an irqfd makes the interrupt pending that the route of its GSI names', async () => {
    using vm = kvm.createVm();
    using _vcpu = initialized(vm);
    using device = createGicV3(vm, gic);
    for (const register of [GICD_ICFGR2, GICD_ICFGR3]) setDistributor(device, register, 0xaaaa_aaaa);
    using event = EventFd.create();
    using level = EventFd.create();
    using resample = EventFd.create();
    // Without routes of the user, GSI n is the shared interrupt n.
    vm.registerIrqfd(event, 3);
    event.signal();
    await eventually(() => assert.equal(pending(device), 1 << 3));
    vm.unregisterIrqfd(event, 3);
    vm.setGsiRouting([
      { gsi: 3, irqchip: 0, pin: 7 },
      { gsi: 4, irqchip: 0, pin: 9 },
    ]);
    vm.registerIrqfd(event, 3);
    vm.registerIrqfd(level, 4, { resample });
    event.signal();
    level.signal();
    await eventually(() => assert.equal(pending(device), (1 << 3) | (1 << 7) | (1 << 9)));
    vm.unregisterIrqfd(event, 3);
    vm.unregisterIrqfd(level, 4);
    return '';
  });

  // Shows: KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS
  await check('an SError that setVcpuEvents makes pending is in the events of the vCPU', () => {
    using vm = kvm.createVm();
    using vcpu = initialized(vm);
    assert.equal(vcpu.getVcpuEvents().exception.serror_pending, 0);
    vcpu.setVcpuEvents({ exception: { serror_pending: 1 } });
    assert.equal(vcpu.getVcpuEvents().exception.serror_pending, 1);
    return '';
  });
}

function setDistributor(device: VmDevice, attr: number, value: number): void {
  const bytes = new Uint8Array(Uint32Array.of(value).buffer);
  device.setDeviceAttr({ group: bindings.KVM_DEV_ARM_VGIC_GRP_DIST_REGS, attr }, bytes);
}

/** The pending interrupts from 32 to 63. */
function pending(device: VmDevice): number {
  const { KVM_DEV_ARM_VGIC_GRP_DIST_REGS: group } = bindings;
  return new DataView(device.getDeviceAttr({ group, attr: GICD_ISPENDR1 }).buffer).getUint32(0, true);
}

/** Makes a vCPU with features. */
export function initialized(vm: Vm, ...features: number[]): Vcpu {
  const vcpu = vm.createVcpu();
  vcpu.vcpuInit({ features });
  return vcpu;
}

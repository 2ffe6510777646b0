/** Checks of the interrupt controllers, of guest debug and of CSR exits of riscv64, in the virtual machine. */

import assert from 'node:assert/strict';
import * as bindings from '../../generated/riscv64/linux/kvm.js';
import { EventFd } from '../../runtime/index.js';
import { createAia, type Kvm, type Vm, type VmDevice, VmDevice as VmDeviceClass } from '../../runtime/riscv64.js';
import { breakAndReadCsr, spin, topInterruptCsr } from '../guests/riscv64.js';
import { check } from './checks.js';
import { eventually } from './eventually.js';

const timeout = 60_000;
const aia = { vcpus: 1, imsic: 0x2800_0000, aplic: 0xd00_0000, sources: 32 } as const;

/** Does all checks, and prints a row for each. */
export async function checkRiscv64(kvm: Kvm): Promise<void> {
  await checkControllers(kvm);
  await checkDebugging(kvm);
}

/** The registers of an IMSIC and of the APLIC, by the numbers of the AIA specification. */
const eidelivery = 0x70;
const eip0 = 0x80;
const domaincfg = 0;
const sourcecfg1 = 4;
const setip0 = 0x1c00;

function controllerOf(vm: Vm): { readonly device: VmDevice; pending(): bigint; pendingSources(): number } {
  const device = createAia(vm, aia);
  const imsic = (isel: number): bigint => {
    const attr = bindings.KVM_DEV_RISCV_AIA_IMSIC_MKATTR(0, isel);
    const bytes = device.getDeviceAttr({ group: bindings.KVM_DEV_RISCV_AIA_GRP_IMSIC, attr });
    return new DataView(bytes.buffer).getBigUint64(0, true);
  };
  const aplic = (register: number): number => {
    const bytes = device.getDeviceAttr({ group: bindings.KVM_DEV_RISCV_AIA_GRP_APLIC, attr: register });
    return new DataView(bytes.buffer).getUint32(0, true);
  };
  // Sources of the APLIC are pending only if the guest has enabled them: source 1 to 7 with the rising edge.
  const set = (attr: number, value: number): void => {
    const bytes = new Uint8Array(Uint32Array.of(value).buffer);
    device.setDeviceAttr({ group: bindings.KVM_DEV_RISCV_AIA_GRP_APLIC, attr }, bytes);
  };
  set(domaincfg, 0x100);
  for (let source = 1; source < 8; source++) set(sourcecfg1 + 4 * (source - 1), 4);
  assert.equal(imsic(eidelivery) & ~1n, 0n);
  return { device, pending: () => imsic(eip0), pendingSources: () => aplic(setip0) };
}

async function checkControllers(kvm: Kvm): Promise<void> {
  // Shows: KVM_CREATE_DEVICE, KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR
  // Shows: kvm-ioctls DeviceFd::as_raw_fd, kvm-ioctls DeviceFd::from_raw_fd
  await check('createAia sets the addresses of the APLIC and of the IMSIC, and refuses wrong ones', () => {
    using vm = kvm.createVm();
    using _machine = spin.load(vm);
    for (const wrong of [{ imsic: 0x2800_0800 }, { vcpus: 0 }, { aplic: 1 }, { sources: 1024 }, { pages: 1 }]) {
      assert.throws(() => createAia(vm, { ...aia, ...wrong }), { name: 'KvmArgumentError' });
    }
    assert.throws(() => createAia(vm, { vcpus: 1, imsic: aia.imsic, sources: 1 }), { name: 'KvmArgumentError' });
    using device = createAia(vm, aia);
    const { KVM_DEV_RISCV_AIA_GRP_ADDR: group, KVM_DEV_RISCV_AIA_ADDR_APLIC: attr } = bindings;
    assert.ok(device.hasDeviceAttr({ group, attr }));
    assert.equal(device.hasDeviceAttr({ group: 99, attr }), false);
    const read = (which: number): bigint =>
      new DataView(device.getDeviceAttr({ group, attr: which }).buffer).getBigUint64(0, true);
    assert.equal(read(attr), BigInt(aia.aplic));
    assert.equal(read(bindings.KVM_DEV_RISCV_AIA_ADDR_IMSIC(0)), BigInt(aia.imsic));
    using same = VmDeviceClass.fromFd(device.fd, vm, { type: bindings.KVM_DEV_TYPE_RISCV_AIA });
    assert.ok(same.hasDeviceAttr({ group, attr }));
    return '';
  });

  // Shows: KVM_SIGNAL_MSI
  await check('signalMsi makes an interrupt of the IMSIC pending', () => {
    using vm = kvm.createVm();
    using _machine = spin.load(vm);
    const { device, pending } = controllerOf(vm);
    assert.equal(pending(), 0n);
    vm.signalMsi({ address: aia.imsic, data: 5 });
    assert.equal(pending(), 1n << 5n);
    device.close();
    return '';
  });

  // Shows: KVM_IRQ_LINE
  await check('setIrqLine makes a source of the APLIC pending', () => {
    using vm = kvm.createVm();
    using _machine = spin.load(vm);
    const { device, pendingSources } = controllerOf(vm);
    assert.equal(pendingSources(), 0);
    vm.setIrqLine(3, true);
    assert.equal(pendingSources(), 1 << 3);
    device.close();
    return '';
  });

  // Shows: KVM_IRQFD, KVM_SET_GSI_ROUTING, kvm-ioctls VmFd::register_irqfd_with_resample
  await check('an irqfd makes the interrupt pending that the route of its GSI names', async () => {
    using vm = kvm.createVm();
    using _machine = spin.load(vm);
    const { device, pending, pendingSources } = controllerOf(vm);
    vm.setGsiRouting([
      { gsi: 20, msi: { address: aia.imsic, data: 9 } },
      { gsi: 21, irqchip: 0, pin: 4 },
    ]);
    using message = EventFd.create();
    using wired = EventFd.create();
    using resample = EventFd.create();
    vm.registerIrqfd(message, 20);
    vm.registerIrqfd(wired, 21, { resample });
    message.signal();
    wired.signal();
    await eventually(() => assert.deepEqual([pending(), pendingSources()], [1n << 9n, 1 << 4]));
    vm.unregisterIrqfd(message, 20);
    vm.unregisterIrqfd(wired, 21);
    assert.throws(() => vm.registerIrqfd(message, 21, { resample: 1 as unknown as EventFd }), {
      name: 'KvmArgumentError',
    });
    device.close();
    return '';
  });
}

async function checkDebugging(kvm: Kvm): Promise<void> {
  // Shows: KVM_SET_GUEST_DEBUG
  await check(
    'setGuestDebug makes EBREAK an exit, and an access to a CSR of a controller outside of the kernel is an exit',
    () => {
      using vm = kvm.createVm();
      using machine = breakAndReadCsr.load(vm);
      const { vcpu } = machine;
      assert.throws(() => vcpu.setGuestDebug({ singleStep: true } as object), { name: 'KvmArgumentError' });
      vcpu.setGuestDebug({ softwareBreakpoints: true });
      const start = vcpu.getOneReg('pc');
      assert.equal(vcpu.run({ timeout }).reason, bindings.KVM_EXIT_DEBUG);
      assert.equal(vcpu.getOneReg('pc'), start);
      vcpu.setGuestDebug({});
      vcpu.setOneReg('pc', start + 4n);
      const exit = vcpu.run({ timeout });
      assert.ok(exit.reason === bindings.KVM_EXIT_RISCV_CSR, `${exit.reason}`);
      const { csr_num, write_mask } = exit.riscv_csr;
      assert.deepEqual([csr_num, write_mask], [BigInt(topInterruptCsr), 0n]);
      exit.riscv_csr.ret_value = 0x77n;
      assert.equal(vcpu.run({ timeout: 500 }).reason, 'interrupted');
      assert.equal(vcpu.getOneReg('t1'), 0x77n);
      return '';
    },
  );
}

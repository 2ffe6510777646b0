/** Checks of what the runtime's classes have on arm64 and on riscv64, in the virtual machine. */

import assert from 'node:assert/strict';
import { closeSync, readFileSync, readlinkSync } from 'node:fs';
// These numbers are the same on all architectures.
import * as numbers from '../../generated/arm64/linux/kvm.js';
import type { KvmObject, VmObject } from '../../runtime/creators.js';
import { EventFd, GuestMemory, kick } from '../../runtime/index.js';
import type { CoalescedMmioRingBase } from '../../runtime/rings/coalesced-mmio-ring.js';
import type { AnyVcpu } from '../../runtime/vcpu.js';
import type { AnyVm } from '../../runtime/vm.js';
import { type AnyGuest, type AnyKvm, places } from '../guests/index.js';
import { runOutcome } from '../lib/outcome.js';
import { check } from './checks.js';

/** What differs between the architectures. */
export interface SharedChecks {
  readonly kvm: AnyKvm & Disposable;
  /** The classes of the entry of the architecture. */
  readonly classes: {
    readonly Kvm: {
      open(options?: { readonly path?: string; readonly cloexec?: boolean }): AnyKvm & Disposable;
      fromFd(fd: number): AnyKvm & Disposable;
    };
    readonly Vm: { fromFd(fd: number, kvm: KvmObject): AnyVm };
    readonly Vcpu: { fromFd(fd: number, vm: VmObject): AnyVcpu };
  };
  /** A guest that never exits by itself. */
  readonly spin: AnyGuest;
  /** A guest that writes the letter A to `places.device` for ever. */
  readonly store: AnyGuest;
}

const timeout = 60_000;
const mmio = `exit ${numbers.KVM_EXIT_MMIO}`;

/** The flag of an open file that the kernel closes when the process starts another program. */
const closeOnExec = 0o200_0000;

function isClosedOnExec(fd: number): boolean {
  const [, flags = ''] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
  return (Number.parseInt(flags, 8) & closeOnExec) !== 0;
}

/** Calls a function with a duplicate of a file descriptor, and closes the duplicate. */
function withDuplicate(object: { duplicateFd(): number }, use: (fd: number) => void): void {
  const fd = object.duplicateFd();
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Does all checks, and prints a row for each. */
export async function checkShared(shared: SharedChecks): Promise<void> {
  await checkFiles(shared);
  await checkMemory(shared);
  await checkWrites(shared);
  await checkStates(shared);
}

async function checkFiles({ kvm, classes, spin }: SharedChecks): Promise<void> {
  // Shows: kvm-ioctls Kvm::new, kvm-ioctls Kvm::new_with_path, kvm-ioctls Kvm::open_with_cloexec
  // Shows: kvm-ioctls Kvm::open_with_cloexec_at, kvm-ioctls Kvm::as_raw_fd, kvm-ioctls Kvm::from_raw_fd
  await check('open opens /dev/kvm or the device at a path, and fromFd makes a Kvm of a file descriptor', () => {
    for (const path of [{}, { path: '/dev/kvm' }]) {
      for (const cloexec of [true, false]) {
        using opened = classes.Kvm.open({ ...path, cloexec });
        assert.equal(readlinkSync(`/proc/self/fd/${opened.fd}`), '/dev/kvm');
        assert.equal(isClosedOnExec(opened.fd), cloexec);
      }
    }
    assert.throws(() => classes.Kvm.open({ path: '/dev/null' }), { name: 'KvmUnavailableError' });
    withDuplicate(kvm, (fd) => {
      using other = classes.Kvm.fromFd(fd);
      assert.equal(other.getApiVersion(), 12);
      assert.notEqual(other.fd, fd);
    });
    return '';
  });

  // Shows: KVM_GET_API_VERSION, KVM_GET_VCPU_MMAP_SIZE, KVM_CHECK_EXTENSION, kvm-ioctls Kvm::get_nr_vcpus
  // Shows: kvm-ioctls Kvm::get_nr_memslots, kvm-ioctls Kvm::get_max_vcpus, kvm-ioctls Kvm::get_max_vcpu_id
  // Shows: kvm-ioctls VmFd::run_size
  await check('the system and a VM answer about their version, sizes and capabilities', () => {
    using machine = loaded(kvm, spin);
    const { vm, vcpu } = machine;
    assert.equal(kvm.getApiVersion(), 12);
    assert.equal(kvm.getVcpuMmapSize(), vcpu.shared.byteLength);
    const { KVM_CAP_NR_VCPUS, KVM_CAP_MAX_VCPUS, KVM_CAP_MAX_VCPU_ID, KVM_CAP_NR_MEMSLOTS } = numbers;
    const limits = { KVM_CAP_NR_VCPUS, KVM_CAP_MAX_VCPUS, KVM_CAP_MAX_VCPU_ID, KVM_CAP_NR_MEMSLOTS };
    const values = Object.values(limits).map((capability) => kvm.checkExtension(capability));
    // riscv64 does not have KVM_CAP_MAX_VCPU_ID. The limit is that of KVM_CAP_MAX_VCPUS then.
    assert.ok(values[2] === 0 || (values[2] ?? 0) >= (values[1] ?? 0), values.join());
    assert.ok((values[3] ?? 0) > 0, values.join());
    // The kernel recommends as many vCPUs as it has processors.
    assert.equal(values[0], 2);
    assert.ok((values[1] ?? 0) >= 2);
    assert.equal(vm.checkExtension(numbers.KVM_CAP_IOEVENTFD), 1);
    assert.equal(vm.checkExtension(numbers.KVM_CAP_S390_PSW), 0);
    kvm.requireExtension(numbers.KVM_CAP_ONE_REG);
    assert.throws(() => kvm.requireExtension(numbers.KVM_CAP_S390_PSW), { name: 'KvmUnsupportedError' });
    return Object.keys(limits)
      .map((name, index) => `${name} ${values[index]}`)
      .join(', ');
  });

  // Shows: KVM_CREATE_VM, KVM_CREATE_VCPU, kvm-ioctls Kvm::create_vmfd_from_rawfd, kvm-ioctls VmFd::create_vcpu_from_rawfd
  // Shows: kvm-ioctls VmFd::as_raw_fd, kvm-ioctls VcpuFd::as_raw_fd
  await check('a VM and a vCPU have their file descriptors, and fromFd makes an object of a duplicate', () => {
    using machine = loaded(kvm, spin);
    const { vm, vcpu } = machine;
    assert.equal(readlinkSync(`/proc/self/fd/${vm.fd}`), 'anon_inode:kvm-vm');
    assert.equal(readlinkSync(`/proc/self/fd/${vcpu.fd}`), 'anon_inode:kvm-vcpu:0');
    withDuplicate(vm, (fd) => {
      using other = classes.Vm.fromFd(fd, kvm as unknown as KvmObject);
      assert.equal(other.checkExtension(numbers.KVM_CAP_IOEVENTFD), 1);
    });
    withDuplicate(vcpu, (fd) => {
      using other = classes.Vcpu.fromFd(fd, vm);
      assert.equal(runOutcome(other, { timeout: 0 }), 'interrupted by timeout');
    });
    return '';
  });
}

async function checkMemory({ kvm, spin }: SharedChecks): Promise<void> {
  // Shows: KVM_SET_USER_MEMORY_REGION, KVM_GET_DIRTY_LOG
  await check('a slot that logs has exactly the page that the guest writes to, once', () => {
    using machine = loaded(kvm, spin);
    const { vm, vcpu, memory } = machine;
    const page = memory.dataView(places.data, 4);
    // The guest counts at `places.data`.
    vm.setMemoryFlags(0, numbers.KVM_MEM_LOG_DIRTY_PAGES);
    assert.equal(runOutcome(vcpu, { timeout: 200 }), 'interrupted by timeout');
    assert.notEqual(page.getUint32(0, true), 0);
    const dirty = (): number[] =>
      [...vm.getDirtyLog(0)].flatMap((byte, at) =>
        [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => ((byte >> bit) & 1 ? [8 * at + bit] : [])),
      );
    assert.deepEqual(dirty(), [places.data / 0x1000]);
    assert.deepEqual(dirty(), []);
    return '';
  });

  // Shows: KVM_SET_USER_MEMORY_REGION2, KVM_CREATE_GUEST_MEMFD, KVM_SET_MEMORY_ATTRIBUTES
  await check('guest memfds and memory attributes work, or the error names the capability', () => {
    using vm = kvm.createVm();
    const lacking: string[] = [];
    const attributes = { address: 0, size: 0x1_0000, attributes: numbers.KVM_MEMORY_ATTRIBUTE_PRIVATE };
    if (vm.checkExtension(numbers.KVM_CAP_GUEST_MEMFD) > 0) {
      using memfd = vm.createGuestMemfd(0x1_0000);
      using memory = GuestMemory.create(0x1_0000);
      vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd } });
    } else {
      lacking.push('KVM_CAP_GUEST_MEMFD');
      assert.throws(() => vm.createGuestMemfd(0x1_0000), {
        name: 'KvmUnsupportedError',
        message: /KVM_CAP_GUEST_MEMFD/,
      });
    }
    if (vm.checkExtension(numbers.KVM_CAP_MEMORY_ATTRIBUTES) > 0) vm.setMemoryAttributes(attributes);
    else {
      lacking.push('KVM_CAP_MEMORY_ATTRIBUTES');
      const error = { name: 'KvmUnsupportedError', message: /KVM_CAP_MEMORY_ATTRIBUTES/ };
      assert.throws(() => vm.setMemoryAttributes(attributes), error);
    }
    return lacking.length === 0 ? '' : `this kernel does not have ${lacking.join(' and ')}`;
  });
}

async function checkWrites({ kvm, store }: SharedChecks): Promise<void> {
  // Shows: KVM_IOEVENTFD, kvm-ioctls VmFd::unregister_ioevent
  await check('an ioeventfd gets the writes of the guest, until it is unregistered', () => {
    using machine = loaded(kvm, store);
    const { vm, vcpu } = machine;
    using event = EventFd.create();
    const writes = { address: places.device, length: 4, datamatch: 0x41 } as const;
    vm.registerIoeventfd(event, writes);
    assert.equal(runOutcome(vcpu, { timeout: 200 }), 'interrupted by timeout');
    assert.ok(event.take() > 0n);
    vm.unregisterIoeventfd(event, writes);
    assert.equal(runOutcome(vcpu, { timeout }), mmio);
    assert.equal(event.take(), 0n);
    return '';
  });

  // Shows: KVM_REGISTER_COALESCED_MMIO, KVM_UNREGISTER_COALESCED_MMIO, kvm-ioctls VcpuFd::map_coalesced_mmio_ring
  // Shows: kvm-ioctls VcpuFd::coalesced_mmio_read
  await check('the ring has the coalesced writes of the guest in their order, and a full ring is an exit', () => {
    using machine = loaded(kvm, store);
    const { vm, vcpu } = machine;
    const zone = { address: places.device & ~0xfff, size: 0x1000 };
    vm.registerCoalescedMmio(zone);
    using ring: CoalescedMmioRingBase = vm.coalescedMmioRing(vcpu);
    assert.equal(runOutcome(vcpu, { timeout }), mmio);
    const writes: unknown[] = [];
    const drained = ring.drain(({ phys_addr, len, data }) => void writes.push([phys_addr, len, data.get(0)]));
    assert.ok(drained > 10, `${drained} writes`);
    for (const write of writes) assert.deepEqual(write, [BigInt(places.device), 4, 0x41]);
    vm.unregisterCoalescedMmio(zone);
    assert.equal(runOutcome(vcpu, { timeout }), mmio);
    assert.equal(
      ring.drain(() => assert.fail('a write')),
      0,
    );
    return `${drained} writes`;
  });
}

async function checkStates({ kvm, spin, store }: SharedChecks): Promise<void> {
  // Shows: KVM_GET_MP_STATE, KVM_SET_MP_STATE
  await check('a vCPU whose state is set to stopped does not run, and runs again afterwards', () => {
    using machine = loaded(kvm, spin);
    const { vcpu, memory } = machine;
    const { KVM_MP_STATE_RUNNABLE, KVM_MP_STATE_STOPPED } = numbers;
    const counter = memory.dataView(places.data, 4);
    assert.equal(vcpu.getMpState().mp_state, KVM_MP_STATE_RUNNABLE);
    vcpu.setMpState({ mp_state: KVM_MP_STATE_STOPPED });
    assert.equal(vcpu.getMpState().mp_state, KVM_MP_STATE_STOPPED);
    assert.equal(runOutcome(vcpu, { timeout: 200 }), 'interrupted by timeout');
    assert.equal(counter.getUint32(0, true), 0);
    vcpu.setMpState({ mp_state: KVM_MP_STATE_RUNNABLE });
    assert.equal(runOutcome(vcpu, { timeout: 200 }), 'interrupted by timeout');
    assert.notEqual(counter.getUint32(0, true), 0);
    return '';
  });

  // Shows: KVM_RUN, kvm-ioctls VcpuFd::get_kvm_run, kvm-ioctls VcpuFd::set_kvm_immediate_exit
  await check('kvmRun shows the exit, and a kick or a store to immediate_exit ends the next run at once', () => {
    using machine = loaded(kvm, store);
    const { vcpu } = machine;
    assert.equal(runOutcome(vcpu, { timeout }), mmio);
    assert.deepEqual(
      [vcpu.kvmRun.exit_reason, vcpu.kvmRun.mmio.phys_addr],
      [numbers.KVM_EXIT_MMIO, BigInt(places.device)],
    );
    kick(vcpu.share());
    assert.equal(runOutcome(vcpu, { timeout }), 'interrupted by kick');
    vcpu.shared.setUint8(numbers.KvmRun.$layout.members.immediate_exit.offset, 1);
    assert.match(runOutcome(vcpu, { timeout }), /^interrupted by /);
    assert.equal(runOutcome(vcpu, { timeout }), mmio);
    return '';
  });

  // Shows: KVM_RUN
  await check('exits returns each exit of the guest, and ends when the loop ends', async () => {
    using machine = loaded(kvm, store);
    const { vcpu } = machine;
    let exits = 0;
    for await (const exit of vcpu.exits()) {
      assert.equal(exit.reason, numbers.KVM_EXIT_MMIO);
      if (++exits === 3) break;
    }
    assert.equal(runOutcome(vcpu, { timeout }), mmio);
    return '';
  });
}

interface LoadedVm extends Disposable {
  readonly vm: AnyVm;
  readonly vcpu: AnyVcpu;
  readonly memory: GuestMemory;
}

function loaded(kvm: AnyKvm, guest: AnyGuest): LoadedVm {
  const vm = kvm.createVm();
  const machine = guest.load(vm);
  const { vcpu, memory } = machine;
  const dispose = (): void => {
    machine[Symbol.dispose]();
    vm.close();
  };
  return { vm, vcpu, memory, [Symbol.dispose]: dispose };
}

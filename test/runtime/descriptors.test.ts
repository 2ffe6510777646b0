/** File descriptors that come from the caller (`fromFd`), and that the caller gets (`fd`, `duplicateFd`). */

import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { addon } from '../../runtime/addon.js';
import { Device, DeviceArgumentError, EventFd, GuestMemory, KvmArgumentError } from '../../runtime/index.js';
import { vmContext } from '../../runtime/vm.js';
import { GuestMemfd, Kvm, Vcpu, Vm, VmDevice } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { realMode } from '../../tools/guests/index.js';
import {
  counterOf,
  createVm,
  Helper,
  hasKvm,
  load,
  mappingAt,
  needsKvm,
  openFiles,
  projectRoot,
  run,
  runScript,
  untilCounting,
  watchdogMs,
} from '../helpers/vcpus.js';

const O_CLOEXEC = 0o2000000;

/** Whether the kernel closes a file descriptor of this process when a program is started. */
function isCloexec(fd: number): boolean {
  const [, flags = ''] = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
  return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
}

const nameOf = (fd: number): string => readlinkSync(`/proc/self/fd/${fd}`);

/** Starts a program that inherits a file descriptor as its number 3, and returns what the program prints. */
function inherited(kind: string, fd: number): unknown {
  const script = fileURLToPath(new URL('../helpers/scripts/inherited-fd.mjs', import.meta.url));
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { error, stdout, stderr } = spawnSync(process.execPath, [script], {
    cwd: projectRoot,
    env: { ...env, KIND: kind },
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
    timeout: watchdogMs,
  });
  if (error) throw error;
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** A VM that this package has not created as a `Vm`. The caller closes the file descriptor. */
function foreignVm(): number {
  using device = Device.open('/dev/kvm', bindings);
  return device.ioctl(bindings.KVM_CREATE_VM, 0);
}

/** Adds memory to a VM, which then is its only user. Returns the address of the memory in this process. */
function memoryOf(vm: Vm): bigint {
  using memory = GuestMemory.create(0x3000);
  vm.addMemory({ memory, guestAddress: 0x1000 });
  return memory.address;
}

/** Removes the slot of `memoryOf` as another user of the VM: this package cannot remove it any more. */
function removeSlotOf(vm: Vm): void {
  const { KVM_SET_USER_MEMORY_REGION: request, KvmUserspaceMemoryRegion } = bindings;
  const region = Object.assign(allocate(KvmUserspaceMemoryRegion), { guest_phys_addr: 0x1000n });
  const { $$view: view, $$offset: offset } = region;
  expect(addon().vmIoctlView(vmContext(vm).record, request.request, view, offset, request.size)).toBe(0);
}

describe.skipIf(!hasKvm)(`duplicateFd ${needsKvm}`, () => {
  it('duplicateFd of every class returns a file descriptor that stays open after close', () => {
    const before = openFiles();
    const kvm = Kvm.open();
    const vm = kvm.createVm();
    const vcpu = vm.createVcpu();
    const memfd = vm.createGuestMemfd(0x1000);
    const stats = vm.stats();
    const device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    const event = EventFd.create();
    const other = Device.open('/dev/null', bindings);
    const objects = [kvm, vm, vcpu, memfd, stats, device, event, other];
    const names = objects.map(({ fd }) => nameOf(fd));
    const fds = objects.map((object) => [object.duplicateFd(), object.duplicateFd({ cloexec: false })]);
    for (const object of objects.toReversed()) object.close();
    expect(fds.map(([fd = -1]) => nameOf(fd))).toEqual(names);
    for (const [closed = -1, kept = -1] of fds) expect([isCloexec(closed), isCloexec(kept)]).toEqual([true, false]);
    for (const fd of fds.flat()) closeSync(fd);
    expect(openFiles()).toBe(before);
    for (const object of objects) expect(() => object.duplicateFd()).toThrow(/closed/);
  });

  it('no file descriptor of this package stays open in a program that is started', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    using memfd = vm.createGuestMemfd(0x1000);
    using stats = vm.stats();
    using vcpuStats = vcpu.stats();
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    using event = EventFd.create();
    using memory = GuestMemory.create(0x1000, { memfd: 'guest' });
    const objects = { kvm, vm, vcpu, memfd, stats, vcpuStats, device, event, memory };
    const open = Object.entries(objects).filter(([, { fd }]) => !isCloexec(fd as number));
    expect(open.map(([name]) => name)).toEqual([]);
  });

  it('duplicateFd of memory returns a file descriptor of its memfd, and anonymous memory has none', () => {
    using memory = GuestMemory.create(0x1000, { memfd: 'guest' });
    const fd = memory.duplicateFd();
    expect(nameOf(fd)).toBe('/memfd:guest (deleted)');
    closeSync(fd);
    using anonymous = GuestMemory.create(0x1000);
    expect(() => anonymous.duplicateFd()).toThrow(/^GuestMemory.duplicateFd: this memory has no file descriptor; /);
  });

  it('duplicateFd and open refuse wrong options', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    for (const object of [kvm, vm, vcpu]) {
      expect(() => object.duplicateFd({ cloexec: 1 as unknown as boolean })).toThrow(
        /duplicateFd: cloexec 1; it must be true or false$/,
      );
      expect(() => object.duplicateFd({ cloExec: true } as object)).toThrow(/unknown option 'cloExec'/);
    }
    expect(() => Kvm.open({ cloexec: 'no' as unknown as boolean })).toThrow(/^Kvm.open: cloexec 'no'; /);
  });

  it('open makes a file descriptor that a started program does not get, unless cloexec is false', () => {
    using closed = Kvm.open();
    using kept = Kvm.open({ cloexec: false });
    expect([isCloexec(closed.fd), isCloexec(kept.fd)]).toEqual([true, false]);
    const { stdout } = spawnSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    const inheritedNumbers = [...stdout.matchAll(/ (\d+) -> \/dev\/kvm$/gm)].map(([, fd]) => Number(fd));
    expect(inheritedNumbers).toEqual([kept.fd]);
  });
});

describe.skipIf(!hasKvm)(`fromFd ${needsKvm}`, () => {
  it('a program uses the /dev/kvm that its parent process has opened', () => {
    using kvm = Kvm.open();
    expect(inherited('kvm', kvm.fd)).toEqual({
      result: { reason: bindings.KVM_EXIT_IO, port: 0x3f8, data: [0x41] },
    });
  });

  // Shows: security 32
  it.each(['vm', 'vcpu', 'device'] as const)(
    'a program cannot use the %s of its parent process, and the error says so',
    (kind) => {
      using vm = createVm();
      using vcpu = vm.createVcpu();
      using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
      const { fd } = { vm, vcpu, device }[kind];
      expect(inherited(kind, fd)).toEqual({
        name: 'KvmError',
        code: 'EIO',
        message: expect.stringMatching(
          /fd 3 belongs to a VM of another process.*only the process that created a VM can use it$/,
        ),
      });
    },
  );

  // Shows: security 31
  it('every class refuses file descriptors of all other kinds, closed numbers and values that are not numbers', () => {
    const before = openFiles();
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu(2);
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    using memfd = vm.createGuestMemfd(0x1000);
    using event = EventFd.create();
    using stats = vm.stats();
    using vcpuStats = vcpu.stats();
    using memory = GuestMemory.create(0x1000, { memfd: 'anon_inode:kvm-vm' });
    const folder = openSync('/', 'r');
    const all = { kvm, vm, vcpu, device, memfd, event, stats, vcpuStats, memory, folder: { fd: folder } };
    const classes: Readonly<Record<string, (fd: number) => Disposable>> = {
      kvm: (fd) => Kvm.fromFd(fd),
      vm: (fd) => Vm.fromFd(fd, kvm),
      vcpu: (fd) => Vcpu.fromFd(fd, vm),
      device: (fd) => VmDevice.fromFd(fd, vm),
      memfd: (fd) => GuestMemfd.fromFd(fd),
      event: (fd) => EventFd.fromFd(fd),
    };
    const open = openFiles();
    for (const [name, fromFd] of Object.entries(classes)) {
      for (const [other, { fd }] of Object.entries(all)) {
        if (other === name) fromFd(fd as number)[Symbol.dispose]();
        else {
          expect(() => fromFd(fd as number), `${name} of ${other}`).toThrow(KvmArgumentError);
          expect(() => fromFd(fd as number)).toThrow(`fd ${fd} is ${nameOf(fd as number)}; it must be`);
        }
      }
      for (const wrong of [-1, 1.5, Number.NaN, 2 ** 31, '3', null, undefined, {}, 3n << 40n]) {
        expect(() => fromFd(wrong as number)).toThrow(KvmArgumentError);
      }
      expect(() => fromFd(1_000_000)).toThrow(/fd 1000000; this process has no open file with this number$/);
    }
    expect(openFiles()).toBe(open);
    closeSync(folder);
    expect(before).toBeLessThan(open);
  });

  it('fromFd refuses other objects in place of a Kvm or a Vm, and unknown options', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    for (const wrong of [vm, {}, null, { ...kvm }, Object.create(kvm)]) {
      expect(() => Vm.fromFd(vm.fd, wrong as Kvm)).toThrow(/^Vm.fromFd: kvm an object of |^Vm.fromFd: kvm null/);
    }
    for (const wrong of [kvm, {}, null, Object.create(vm)]) {
      expect(() => Vcpu.fromFd(vcpu.fd, wrong as Vm)).toThrow(KvmArgumentError);
      expect(() => VmDevice.fromFd(vcpu.fd, wrong as Vm)).toThrow(KvmArgumentError);
    }
    expect(() => Kvm.fromFd(kvm.fd, { path: '/dev/kvm' } as object)).toThrow(/unknown option 'path'/);
    expect(() => VmDevice.fromFd(vm.fd, vm, { kind: 4 } as object)).toThrow(/unknown option 'kind'/);
  });

  it('the file descriptor stays that of the caller, and close closes only the duplicate', () => {
    const kvm = Kvm.open();
    const fd = kvm.duplicateFd();
    const adopted = Kvm.fromFd(fd);
    expect(adopted.fd).not.toBe(fd);
    expect(isCloexec(adopted.fd)).toBe(true);
    kvm.close();
    adopted.close();
    expect(nameOf(fd)).toBe('/dev/kvm');
    closeSync(fd);
  });
});

describe.skipIf(!hasKvm)(`a VM from a file descriptor ${needsKvm}`, () => {
  it('a VM of this package is the same VM, with the same slots and vCPUs', () => {
    using kvm = Kvm.open();
    const vm = kvm.createVm();
    const other = Vm.fromFd(vm.fd, kvm);
    expect(other.share()).toEqual(vm.share());
    using memory = GuestMemory.create(0x2000);
    expect(vm.addMemory({ memory, guestAddress: 0 })).toBe(0);
    expect(other.addMemory({ memory, guestAddress: 0x1_0000 })).toBe(1);
    vm.close();
    // The other object still has the VM, and its slots.
    expect(() => other.addMemory({ memory, guestAddress: 0x1000 })).toThrow(/overlap/);
    other.removeMemory(0);
    other.close();
  });

  it('a VM that this package has not created runs a guest', () => {
    using kvm = Kvm.open();
    const fd = foreignVm();
    using vm = Vm.fromFd(fd, kvm);
    using machine = realMode.out.load(vm);
    closeSync(fd);
    expect(run(machine)).toBe(`exit ${bindings.KVM_EXIT_IO}`);
    expect(run(machine)).toBe(`exit ${bindings.KVM_EXIT_HLT}`);
  });

  // Shows: security 33
  it.each(['created and duplicated', 'adopted'])('the last close removes the slots of a VM that was %s', (how) => {
    using kvm = Kvm.open();
    const created = how === 'adopted' ? undefined : kvm.createVm();
    const fd = created?.duplicateFd() ?? foreignVm();
    const vm = created ?? Vm.fromFd(fd, kvm);
    const memory = GuestMemory.create(0x3000);
    const { address } = memory;
    vm.addMemory({ memory, guestAddress: 0x1000 });
    const vcpu = vm.createVcpu();
    memory.close();
    vm.close();
    expect(mappingAt(address)?.memory).toBe(true);
    vcpu.close();
    expect(mappingAt(address)?.memory ?? false).toBe(false);
    // The kernel would refuse this slot if the slot of the first object were there.
    using again = Vm.fromFd(fd, kvm);
    using other = GuestMemory.create(0x5000);
    expect(again.addMemory({ slot: 0, memory: other, guestAddress: 0x2000 })).toBe(0);
    closeSync(fd);
  });

  // Shows: security 33
  it('memory stays mapped when its slot cannot be removed', () => {
    using kvm = Kvm.open();
    const fd = foreignVm();
    const vm = Vm.fromFd(fd, kvm);
    const address = memoryOf(vm);
    removeSlotOf(vm);
    vm.close();
    expect(mappingAt(address)?.memory).toBe(true);
    closeSync(fd);
  });
});

describe.skipIf(!hasKvm)(`a vCPU from a file descriptor ${needsKvm}`, () => {
  it('a vCPU that this package has not created runs, and one of another VM is refused', () => {
    using machine = load(realMode.out);
    const { vm } = machine;
    const fd = vm.ioctl(bindings.KVM_CREATE_VCPU, 7);
    using vcpu = Vcpu.fromFd(fd, vm, { mechanism: 'signal_mask' });
    vcpu.setRegs(machine.vcpu.getRegs());
    vcpu.setSregs(machine.vcpu.getSregs());
    closeSync(fd);
    const { reason } = vcpu.run({ timeout: watchdogMs });
    expect(reason).toBe(bindings.KVM_EXIT_IO);
    using other = createVm();
    expect(() => Vcpu.fromFd(machine.vcpu.fd, other)).toThrow(/^Vcpu.fromFd: fd \d+ belongs to another VM; /);
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    expect(() => VmDevice.fromFd(device.fd, other)).toThrow(/^VmDevice.fromFd: fd \d+ belongs to another VM; /);
  });

  // Shows: security 33
  it('the last close removes the slots of a VM that has a vCPU of the generic ioctl', () => {
    const vm = createVm();
    const address = memoryOf(vm);
    const fd = vm.ioctl(bindings.KVM_CREATE_VCPU, 7);
    // The memory stays because its slot cannot be removed. So the close has tried it.
    removeSlotOf(vm);
    vm.close();
    expect(mappingAt(address)?.memory).toBe(true);
    closeSync(fd);
  });

  // Shows: security 34
  it('two objects of one vCPU have one kick: a kick through either interrupts the run of the other', async () => {
    using machine = load(realMode.spin);
    const { vm, vcpu } = machine;
    const fd = vcpu.duplicateFd();
    using first = Vcpu.fromFd(fd, vm);
    using second = Vcpu.fromFd(fd, vm);
    closeSync(fd);
    expect(first.share()).toEqual(vcpu.share());
    expect(second.share()).toEqual(vcpu.share());
    await using helper = await Helper.start();
    for (const kicker of [first, second, vcpu]) {
      const outcomes = helper.do('run', { vcpu: first.share(), timeout: watchdogMs });
      await untilCounting(machine);
      expect(() => second.getRegs()).toThrow(/EBUSY/);
      kicker.kick();
      expect(await outcomes).toEqual(['interrupted by kick']);
    }
    expect(counterOf(machine)).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasKvm)(`other files from a file descriptor ${needsKvm}`, () => {
  it('an EventFd of a file descriptor has the same counter', () => {
    using event = EventFd.create();
    using other = EventFd.fromFd(event.fd);
    event.signal();
    expect(other.take()).toBe(1n);
    expect(event.take()).toBe(0n);
  });

  it('an eventfd that blocks its readers is refused', async () => {
    // eventfd2 of x86-64. The first free number of the program is 3.
    const before = ['perl', '-e', 'my $fd = syscall(290, 0, 0); $fd == 3 or die $fd; exec @ARGV'];
    expect(await runScript('inherited-fd', { before, env: { KIND: 'eventfd' } })).toEqual({
      name: 'KvmArgumentError',
      code: 'ERR_KVM_INVALID_ARGUMENT',
      message: expect.stringMatching(/^EventFd.fromFd: fd 3 is an eventfd that blocks its readers; create it with/),
    });
  });

  it('a GuestMemfd of a file descriptor has its size, and a slot takes it', () => {
    using vm = createVm();
    using memfd = vm.createGuestMemfd(0x8000);
    using other = GuestMemfd.fromFd(memfd.fd);
    expect(other.size).toBe(0x8000);
    using memory = GuestMemory.create(0x4000);
    expect(vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd: other } })).toBe(0);
  });

  it('a VmDevice of a file descriptor knows the lengths of its attributes if it gets its type', () => {
    using kvm = Kvm.open();
    const fd = foreignVm();
    using vm = Vm.fromFd(fd, kvm);
    closeSync(fd);
    const create = allocate(bindings.KvmCreateDevice);
    create.type = bindings.KVM_DEV_TYPE_VFIO;
    expect(vm.ioctl(bindings.KVM_CREATE_DEVICE, create)).toBe(0);
    const which = { group: bindings.KVM_DEV_VFIO_FILE, attr: bindings.KVM_DEV_VFIO_FILE_ADD };
    using untyped = VmDevice.fromFd(create.fd, vm);
    expect(untyped.hasDeviceAttr(which)).toBe(true);
    expect(() => untyped.setDeviceAttr(which, Uint8Array.of(255, 255, 255, 255, 0))).toThrow(/EBADF/);
    using typed = VmDevice.fromFd(create.fd, vm, { type: create.type });
    expect(typed.share()).toEqual(untyped.share());
    expect(() => typed.setDeviceAttr(which, Uint8Array.of(255, 255, 255, 255, 0))).toThrow(/has 4 bytes/);
    closeSync(create.fd);
  });

  it('a Device of a file descriptor makes the ioctls of its bindings, and is never a file of KVM', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using device = Device.fromFd(kvm.fd, bindings);
    expect(device.path).toBe('/dev/kvm');
    expect(device.ioctl(bindings.KVM_GET_API_VERSION)).toBe(12);
    expect(fstatSync(device.fd).rdev).toBe(fstatSync(kvm.fd).rdev);
    expect(() => Device.fromFd(vm.fd, bindings)).toThrow(DeviceArgumentError);
    expect(() => Device.fromFd(vm.fd, bindings)).toThrow(/anon_inode:kvm-vm; it must be the file descriptor of a char/);
    expect(() => Device.fromFd(1_000_000, bindings)).toThrow(/no open file with this number$/);
    expect(() => Device.fromFd(-1, bindings)).toThrow(DeviceArgumentError);
  });
});

/** Ioctls of devices whose structs have addresses. The kernel does not have them for /dev/null, so it fails with ENOTTY. */

import { beforeAll, describe, expect, it } from 'vitest';
import { Device, DeviceArgumentError, DeviceError, GuestMemory } from '../../../runtime/index.js';
import type { View } from '../../../support/index.js';
import { type InstalledBindings, installedBindings } from '../../helpers/installed-bindings.js';

type Members = View & Record<string, unknown>;

function make(bindings: InstalledBindings, name: string, values: object, bytes = 256): Members {
  const type = bindings[name] as new (view: DataView) => Members;
  return Object.assign(new type(new DataView(new ArrayBuffer(bytes))), values);
}

let vhost: InstalledBindings;
let vfio: InstalledBindings;

beforeAll(async () => {
  [vhost, vfio] = await Promise.all([installedBindings('linux/vhost.h'), installedBindings('linux/vfio.h')]);
});

/** Makes an ioctl on /dev/null, and returns its error. */
function errorOf(bindings: InstalledBindings, name: string, argument?: unknown, memory?: unknown): Error {
  using device = Device.open('/dev/null', bindings);
  try {
    (device.ioctl as (...given: unknown[]) => number)(bindings[name], argument, memory);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${name} succeeded on /dev/null`);
}

function expectMade(error: Error): void {
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as DeviceError).code).toBe('ENOTTY');
}

function expectRefused(error: Error, message: RegExp): void {
  expect(error).toBeInstanceOf(DeviceArgumentError);
  expect(error.message).toMatch(message);
}

/** A table with one region at an address. */
function tableAt(address: bigint, bytes: bigint): Members {
  const table = make(vhost, 'VhostMemory', { nregions: 1 });
  const { regions } = table as Members & { readonly regions: { get(index: number): Members } };
  Object.assign(regions.get(0), { userspace_addr: address, memory_size: bytes });
  return table;
}

describe('an ioctl whose struct has addresses', () => {
  it('the ioctl is made if every address leads to the given memory', () => {
    using memory = GuestMemory.create(0x4000);
    using other = GuestMemory.create(0x4000);
    expectMade(errorOf(vhost, 'VHOST_SET_MEM_TABLE', tableAt(memory.address, 0x4000n), memory));
    expectMade(errorOf(vhost, 'VHOST_SET_MEM_TABLE', tableAt(other.address + 0x1000n, 0x3000n), [memory, other]));
    expectMade(errorOf(vhost, 'VHOST_SET_MEM_TABLE', make(vhost, 'VhostMemory', {}), memory));
    const map = { argsz: 32, vaddr: memory.address, size: 0x1000n, iova: 0n };
    expectMade(errorOf(vfio, 'VFIO_IOMMU_MAP_DMA', make(vfio, 'VfioIommuType1DmaMap', map), memory));
  });

  it('the ioctl is refused if an address is not inside the memory, or if no memory is given', () => {
    using memory = GuestMemory.create(0x4000);
    const outside = /0x[0-9a-f]+, are not inside the given memory/;
    for (const [address, bytes] of [
      [memory.address, 0x4001n],
      [memory.address - 1n, 1n],
      [memory.address + 0x4000n, 1n],
      [1n, 1n],
      [0n, 0x1001n],
      [0n, 2n ** 47n],
      [0n, 2n ** 64n - 1n],
    ] as const) {
      const error = errorOf(vhost, 'VHOST_SET_MEM_TABLE', tableAt(address, bytes), memory);
      expectRefused(error, outside);
      expect(error.message).toContain('regions[0].userspace_addr');
    }
    const table = tableAt(memory.address, 1n);
    expectRefused(errorOf(vhost, 'VHOST_SET_MEM_TABLE', table), /has addresses of this process; pass the memory/);
  });

  it('the ioctl is refused if its addresses are not in members of the struct', () => {
    using memory = GuestMemory.create(0x4000);
    const feature = make(vfio, 'VfioDeviceFeature', { argsz: 8 });
    expectRefused(
      errorOf(vfio, 'VFIO_DEVICE_FEATURE', feature, memory),
      /addresses that the members of its struct do not show/,
    );
  });
});

describe('an ioctl whose struct holds its own size', () => {
  it('the ioctl is made if the view has as many bytes as argsz says', () => {
    for (const argsz of [16, 100, 256]) {
      expectMade(errorOf(vfio, 'VFIO_DEVICE_GET_REGION_INFO', make(vfio, 'VfioRegionInfo', { argsz })));
    }
    expectMade(errorOf(vfio, 'VFIO_DEVICE_SET_IRQS', make(vfio, 'VfioIrqSet', { argsz: 24 })));
    expectMade(errorOf(vfio, 'VFIO_GROUP_GET_STATUS', make(vfio, 'VfioGroupStatus', { argsz: 8 })));
  });

  it('the ioctl is refused if argsz is larger than the view', () => {
    const view = make(vfio, 'VfioRegionInfo', { argsz: 257 });
    expectRefused(errorOf(vfio, 'VFIO_DEVICE_GET_REGION_INFO', view), /the kernel accesses 257 bytes/);
  });

  it('the ioctl is refused if its struct must not have a tail', () => {
    const unmap = (argsz: number): Members => make(vfio, 'VfioIommuType1DmaUnmap', { argsz });
    expectMade(errorOf(vfio, 'VFIO_IOMMU_UNMAP_DMA', unmap(24)));
    expectRefused(errorOf(vfio, 'VFIO_IOMMU_UNMAP_DMA', unmap(48)), /argsz is 48; it must be 24/);
  });

  it('an ioctl that takes bytes needs a view with all of them', () => {
    const short = make(vfio, 'VfioGroupStatus', {}, 4095);
    expectRefused(errorOf(vfio, 'VFIO_GROUP_GET_DEVICE_FD', short), /4096 bytes/);
    expectMade(errorOf(vfio, 'VFIO_GROUP_GET_DEVICE_FD', make(vfio, 'VfioGroupStatus', {}, 4096)));
  });
});

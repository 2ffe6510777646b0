/** Adds to KVM_GET_DEVICE_ATTR and KVM_SET_DEVICE_ATTR what the kernel facts say about the values of attributes. */

import { type AttributeValue, type DeviceAttributeRow, deviceAttributeRows } from '../kernel/device-attributes.js';
import type { DeviceAttribute, Ioctl, RecordType } from '../model/model.js';
import type { Target } from '../targets/target.js';

/** The header that defines the ioctls, and the ioctls. */
const header = 'linux/kvm.h';
const names = ['KVM_GET_DEVICE_ATTR', 'KVM_SET_DEVICE_ATTR'];

/** A constant or an enumerator. */
interface Value {
  readonly name: string;
  readonly value: number | bigint | string;
}

/** The headers of one architecture and of one kernel version have some of the constants of the facts. */
export function withDeviceAttributes(
  ioctls: readonly Ioctl[],
  records: readonly RecordType[],
  values: readonly Value[],
  target: Target,
): Ioctl[] {
  if (!ioctls.some(isOne)) return [...ioctls];
  const numbers = new Map(values.map(({ name, value }) => [name, Number(value)]));
  const sizes = new Map(records.map(({ cName, size }) => [cName, size]));
  const sizeOf = (value: AttributeValue): number | 'attr' | undefined =>
    value.startsWith('struct ') ? sizes.get(value) : scalarSize(value, target);
  const found = new Map<string, DeviceAttribute>();
  for (const row of deviceAttributeRows) {
    const size = sizeOf(row.value);
    if (size === undefined) continue;
    for (const attribute of attributesOf(row, size, numbers)) {
      const { fd, device, group, attr } = attribute;
      const key = [fd, device, group, attr].join();
      if (!found.has(key)) found.set(key, attribute);
    }
  }
  const all = [...found.values()];
  return ioctls.map((ioctl) => {
    const attributes = isOne(ioctl) ? all.filter(({ fd }) => ioctl.fds?.includes(fd)) : [];
    return attributes.length > 0 ? { ...ioctl, attributes } : ioctl;
  });
}

function isOne({ name, location }: Ioctl): boolean {
  return names.includes(name) && location.header === header;
}

/** The attributes of a row whose constants the headers have. */
function* attributesOf(
  { fd, devices, group, attrs, value }: DeviceAttributeRow,
  size: number | 'attr',
  numbers: ReadonlyMap<string, number>,
): Generator<DeviceAttribute> {
  const groupNumber = typeof group === 'number' ? group : numbers.get(group);
  if (groupNumber === undefined) return;
  const described = { type: value, size };
  for (const device of devices ?? [undefined]) {
    const type = device === undefined ? undefined : numbers.get(device);
    if (device !== undefined && type === undefined) continue;
    const place = { fd, ...(type === undefined ? {} : { device: type }), group: groupNumber };
    if (attrs === undefined) yield { name: String(group), ...place, ...described };
    for (const name of attrs ?? []) {
      const attr = numbers.get(name);
      if (attr !== undefined) yield { name, ...place, attr, ...described };
    }
  }
}

/** The size of a value in bytes, `attr` if it is the number of the attribute, or undefined for a struct. */
function scalarSize(value: AttributeValue, target: Target): number | 'attr' | undefined {
  switch (value) {
    case 'none':
      return 0;
    case 'u8':
      return 1;
    case 'u32':
    case 'int':
      return 4;
    case 'u64':
      return 8;
    case 'unsigned long':
      return target.pointer.size;
    case 'bytes of attr':
      return 'attr';
    default:
      return undefined;
  }
}

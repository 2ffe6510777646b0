/** The ioctls of a VM and a vCPU of a Xen guest (KVM_CAP_XEN_HVM). */

import type {
  KvmIrqRoutingXenEvtchn,
  KvmXenHvmAttr,
  KvmXenHvmConfig,
  KvmXenVcpuAttr,
} from '../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import { AddressedArgument, type AddressedData, type MemoryRange, type Place, placeIn } from '../addressed-ioctl.js';
import { isBytes } from '../arguments.js';
import type { VcpuContext, VmContext } from '../context.js';
import { KvmArgumentError } from '../errors.js';
import { requireView } from '../ioctl.js';
import { GuestMemory } from '../memory.js';
import { setMember } from '../numbers.js';
import { type KnownKeys, requireKnownKeys } from '../options.js';
import type { Bindings } from './bindings.js';

/** The hypercall pages of `Vm.xenHvmConfig`. Each has a multiple of 4096 bytes, at most 255 pages. */
export interface XenHypercallPages {
  /** The pages for a guest in 32-bit mode. */
  readonly blob_addr_32?: AddressedData;
  /** The pages for a guest in 64-bit mode. */
  readonly blob_addr_64?: AddressedData;
}

/** An event channel of a Xen guest, for `Vm.xenHvmEvtchnSend`. */
export interface XenEvtchn {
  /** The number of the event channel. */
  readonly port: number;
  /** The id of the vCPU that gets the event. */
  readonly vcpu: number;
  /** The priority. By default `KVM_IRQ_ROUTING_XEN_EVTCHN_PRIO_2LEVEL`, which is the only one that the kernel accepts. */
  readonly priority?: number;
}

const pagesKeys: KnownKeys<XenHypercallPages> = { blob_addr_32: true, blob_addr_64: true };

/** KVM_XEN_HVM_CONFIG. The kernel reads the pages when the guest writes to the MSR, so the VM keeps them. */
export function xenHvmConfig(vm: VmContext<Bindings>, config: KvmXenHvmConfig, pages: XenHypercallPages): void {
  const { KvmXenHvmConfig, KVM_XEN_HVM_CONFIG: ioctl } = vm.bindings;
  requireView(ioctl.name, config, KvmXenHvmConfig);
  requireKnownKeys<XenHypercallPages>(ioctl.name, pages, pagesKeys);
  const { members } = KvmXenHvmConfig.$layout;
  const argument = new AddressedArgument(ioctl.name, config, KvmXenHvmConfig);
  const copies: GuestMemory[] = [];
  try {
    for (const [name, count] of [
      ['blob_addr_32', members.blob_size_32],
      ['blob_addr_64', members.blob_size_64],
    ] as const) {
      const { elementSize: unit } = members[name].address;
      const data = pages[name];
      const at = { at: members[name], count, unit };
      argument.link(0, at, data === undefined ? 0 : addPages(ioctl.name, argument, name, data, unit, copies));
    }
    argument.invoke(vm, ioctl, true);
  } finally {
    for (const copy of copies) copy.close();
  }
}

/** Adds hypercall pages to an argument. Bytes of JavaScript are copied to memory that the VM can keep. */
function addPages(
  operation: string,
  argument: AddressedArgument,
  name: string,
  data: AddressedData,
  unit: number,
  copies: GuestMemory[],
): number {
  const most = 255;
  const given = isBytes(data) ? { memory: copied(operation, name, data, unit, copies) } : data;
  const { number, length } = argument.data(name, given, false);
  if (length % unit === 0 && length <= most * unit) return number;
  throw new KvmArgumentError(operation, `${name} has ${length} bytes; ${rule(unit)}`);
}

function rule(unit: number): string {
  return `it must have 1 to 255 pages of ${unit} bytes`;
}

function copied(operation: string, name: string, bytes: Uint8Array, unit: number, copies: GuestMemory[]): GuestMemory {
  if (bytes.length === 0 || bytes.length % unit !== 0) {
    throw new KvmArgumentError(operation, `${name} has ${bytes.length} bytes; ${rule(unit)}`);
  }
  const memory = GuestMemory.create(bytes.length);
  copies.push(memory);
  memory.write(0, bytes);
  return memory;
}

/** KVM_XEN_HVM_GET_ATTR. */
export function xenHvmGetAttr(vm: VmContext<Bindings>, type: number, into?: KvmXenHvmAttr): KvmXenHvmAttr {
  const { KvmXenHvmAttr, KVM_XEN_HVM_GET_ATTR: ioctl } = vm.bindings;
  const attr = into ?? allocate(KvmXenHvmAttr);
  requireView(ioctl.name, attr, KvmXenHvmAttr);
  setMember(ioctl.name, attr, 'type', 'type', type);
  vm.ioctl(ioctl, attr);
  return attr;
}

/** KVM_XEN_VCPU_GET_ATTR. */
export function xenVcpuGetAttr(vcpu: VcpuContext<Bindings>, type: number, into?: KvmXenVcpuAttr): KvmXenVcpuAttr {
  const { KvmXenVcpuAttr, KVM_XEN_VCPU_GET_ATTR: ioctl } = vcpu.bindings;
  const attr = into ?? allocate(KvmXenVcpuAttr);
  requireView(ioctl.name, attr, KvmXenVcpuAttr);
  setMember(ioctl.name, attr, 'type', 'type', type);
  vcpu.ioctl(ioctl, attr);
  return attr;
}

/** KVM_XEN_HVM_SET_ATTR. */
export function xenHvmSetAttr(vm: VmContext<Bindings>, attr: KvmXenHvmAttr, memory?: MemoryRange): void {
  const { KVM_XEN_HVM_SET_ATTR: ioctl, KvmXenHvmAttr } = vm.bindings;
  requireView(ioctl.name, attr, KvmXenHvmAttr);
  const argument = new AddressedArgument(ioctl.name, attr, KvmXenHvmAttr);
  linkHva(ioctl.name, argument, attr, sharedInfoPlace(vm.bindings), memory);
  argument.invoke(vm, ioctl, true);
}

/** KVM_XEN_VCPU_SET_ATTR. */
export function xenVcpuSetAttr(vcpu: VcpuContext<Bindings>, attr: KvmXenVcpuAttr, memory?: MemoryRange): void {
  const { KVM_XEN_VCPU_SET_ATTR: ioctl, KvmXenVcpuAttr } = vcpu.bindings;
  requireView(ioctl.name, attr, KvmXenVcpuAttr);
  const argument = new AddressedArgument(ioctl.name, attr, KvmXenVcpuAttr);
  linkHva(ioctl.name, argument, attr, vcpuInfoPlace(vcpu.bindings), memory);
  argument.invoke(vcpu, ioctl, true);
}

/** The address in the attributes of one type. */
interface HvaPlace {
  readonly at: Place;
  readonly unit: number;
  /** The number of the type, and its name. */
  readonly type: number;
  readonly name: string;
}

/** Undefined for bindings of older headers, which do not have the attribute. */
function sharedInfoPlace(bindings: Partial<Bindings>): HvaPlace | undefined {
  const { KvmXenHvmAttr, KvmXenHvmAttrU, KvmXenHvmAttrUSharedInfo, KVM_XEN_ATTR_TYPE_SHARED_INFO_HVA: type } = bindings;
  if (!(KvmXenHvmAttr && KvmXenHvmAttrU && KvmXenHvmAttrUSharedInfo) || type === undefined) return undefined;
  const { hva } = KvmXenHvmAttrUSharedInfo.$layout.members;
  const outer = KvmXenHvmAttr.$layout.members.u.offset + KvmXenHvmAttrU.$layout.members.shared_info.offset;
  const at = { offset: outer + hva.offset, size: hva.size };
  return { at, unit: hva.address.elementSize, type, name: 'KVM_XEN_ATTR_TYPE_SHARED_INFO_HVA' };
}

/** Undefined for bindings of older headers, which do not have the attribute. */
function vcpuInfoPlace(bindings: Partial<Bindings>): HvaPlace | undefined {
  const { KvmXenVcpuAttr, KvmXenVcpuAttrU, KVM_XEN_VCPU_ATTR_TYPE_VCPU_INFO_HVA: type } = bindings;
  if (!(KvmXenVcpuAttr && KvmXenVcpuAttrU) || type === undefined) return undefined;
  const { hva } = KvmXenVcpuAttrU.$layout.members;
  const at = { offset: KvmXenVcpuAttr.$layout.members.u.offset + hva.offset, size: hva.size };
  return { at, unit: hva.address.elementSize, type, name: 'KVM_XEN_VCPU_ATTR_TYPE_VCPU_INFO_HVA' };
}

/** Makes the address in an attribute point to guest memory. In attributes of other types these bytes are not an address. */
function linkHva(
  operation: string,
  argument: AddressedArgument,
  attr: KvmXenHvmAttr | KvmXenVcpuAttr,
  place: HvaPlace | undefined,
  memory: MemoryRange | undefined,
): void {
  if (memory !== undefined && attr.type !== place?.type) {
    const which = place === undefined ? 'no attribute of these bindings has' : `only ${place.name} has`;
    throw new KvmArgumentError(operation, `memory for an attribute of type ${attr.type}; ${which} an address`);
  }
  if (place === undefined) return;
  const { at, unit } = place;
  const only = { member: placeIn(attr.$$layout, 'type'), value: place.type };
  argument.link(0, { at, unit, only }, memory === undefined ? 0 : memoryAt(operation, argument, memory, unit));
}

function memoryAt(operation: string, argument: AddressedArgument, memory: MemoryRange, unit: number): number {
  const { number, length } = argument.data('memory', memory, false);
  if (!isBytes(memory) && length >= unit) return number;
  throw new KvmArgumentError(operation, `memory of ${length} bytes; it must be ${unit} bytes of a GuestMemory`);
}

/** KVM_XEN_HVM_EVTCHN_SEND. */
export function xenHvmEvtchnSend(vm: VmContext<Bindings>, event: XenEvtchn): void {
  const { KvmIrqRoutingXenEvtchn, KVM_XEN_HVM_EVTCHN_SEND: ioctl } = vm.bindings;
  const { KVM_IRQ_ROUTING_XEN_EVTCHN_PRIO_2LEVEL } = vm.bindings;
  requireKnownKeys<XenEvtchn>(ioctl.name, event, { port: true, vcpu: true, priority: true });
  const { port, vcpu, priority = KVM_IRQ_ROUTING_XEN_EVTCHN_PRIO_2LEVEL } = event;
  const argument: KvmIrqRoutingXenEvtchn = allocate(KvmIrqRoutingXenEvtchn);
  setMember(ioctl.name, argument, 'port', 'port', port);
  setMember(ioctl.name, argument, 'vcpu', 'vcpu', vcpu);
  setMember(ioctl.name, argument, 'priority', 'priority', priority);
  vm.ioctl(ioctl, argument);
}

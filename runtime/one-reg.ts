/** A register by its id, as KVM_GET_ONE_REG and KVM_SET_ONE_REG take it. */

import { allocate } from '../support/index.js';
import { describe } from './arguments.js';
import type { Bindings, VcpuContext } from './context.js';
import { KvmArgumentError } from './errors.js';
import { ioctlOfValue } from './ioctl.js';
import { requireU64 } from './numbers.js';

type OneRegIoctl = Bindings['KVM_GET_ONE_REG'] | Bindings['KVM_SET_ONE_REG'];

/**
 * Makes the ioctl with the value of a register. The bytes have the byte order of the architecture. If the ioctl reads the register,
 * it overwrites the bytes.
 */
export function bytesOfOneReg(
  vcpu: VcpuContext,
  request: OneRegIoctl,
  id: bigint,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  const { KvmOneReg } = vcpu.bindings;
  const reg = allocate(KvmOneReg);
  reg.id = id;
  const { offset: at } = KvmOneReg.$layout.members.addr;
  ioctlOfValue(vcpu.target, request, reg, { at }, new DataView(bytes.buffer));
}

/** The size of a register in bytes, which is in its id. @throws KvmArgumentError for an id that is not an integer of 64 bits. */
function sizeOfOneReg({ bindings }: VcpuContext, { name }: OneRegIoctl, id: bigint): number {
  const { KVM_REG_SIZE_MASK, KVM_REG_SIZE_SHIFT } = bindings;
  return 1 << Number((requireU64(name, 'id', id) & KVM_REG_SIZE_MASK) >> BigInt(KVM_REG_SIZE_SHIFT));
}

/** Makes the ioctl with an integer. Returns the integer after it. @throws KvmArgumentError for a wrong id or value. */
export function oneReg(vcpu: VcpuContext, request: OneRegIoctl, id: bigint, value: bigint): bigint {
  const { name } = request;
  const bytes = sizeOfOneReg(vcpu, request, id);
  if (typeof value !== 'bigint' || BigInt.asUintN(8 * bytes, value) !== value) {
    const shown = typeof value === 'bigint' ? `0x${(value as bigint).toString(16)}` : describe(value);
    throw new KvmArgumentError(name, `value ${shown}; it must be a bigint that has ${bytes} bytes and no sign`);
  }
  const place = new Uint8Array(bytes);
  const turn = (): unknown => vcpu.bindings.$target.byteOrder === 'little' || place.reverse();
  for (let at = 0, rest = value; at < bytes; at++, rest >>= 8n) place[at] = Number(rest & 0xffn);
  turn();
  bytesOfOneReg(vcpu, request, requireU64(name, 'id', id), place);
  turn();
  return place.reduceRight((high, byte) => (high << 8n) | BigInt(byte), 0n);
}

/** Registers whose width is known: the value is a number up to 32 bits, a bigint for 64 bits, and bytes for more. */

import { describe } from './arguments.js';
import type { Bindings, VcpuContext } from './context.js';
import { KvmArgumentError } from './errors.js';
import { bytesOfOneReg, oneReg } from './one-reg.js';
import type { Register } from './registers/register.js';

/** KVM_GET_ONE_REG. */
export function namedOneReg(
  vcpu: VcpuContext,
  request: Bindings['KVM_GET_ONE_REG'],
  { id, bits }: Register,
): number | bigint | Uint8Array {
  if (bits > 64) {
    const bytes = new Uint8Array(bits / 8);
    bytesOfOneReg(vcpu, request, id, bytes);
    return bytes;
  }
  const value = oneReg(vcpu, request, id, 0n);
  return bits < 64 ? Number(value) : value;
}

/** KVM_SET_ONE_REG. @throws KvmArgumentError for a value of another type than the width has, or that is too long. */
export function setNamedOneReg(
  vcpu: VcpuContext,
  request: Bindings['KVM_SET_ONE_REG'],
  { id, bits }: Register,
  value: unknown,
): void {
  if (bits > 64) {
    const length = bits / 8;
    if (!(value instanceof Uint8Array) || value.length !== length) {
      throw new KvmArgumentError(request.name, `value ${describe(value)}; it must be a Uint8Array of ${length} bytes`);
    }
    // A copy, because another thread can change or shrink the bytes.
    const bytes = new Uint8Array(length);
    bytes.set(value);
    bytesOfOneReg(vcpu, request, id, bytes);
    return;
  }
  if (bits === 64) {
    oneReg(vcpu, request, id, value as bigint);
    return;
  }
  if (!(typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** bits)) {
    throw new KvmArgumentError(
      request.name,
      `value ${describe(value)}; it must be an integer from 0 to ${2 ** bits - 1}`,
    );
  }
  oneReg(vcpu, request, id, BigInt(value));
}

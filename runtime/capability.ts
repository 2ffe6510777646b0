/** Capabilities by name or number: asked for, and enabled. */

import { allocate } from '../generated/views.js';
import type { KvmEnableCap } from '../generated/x86_64/linux/kvm.js';
import type { Bindings } from './context.js';
import { KvmArgumentError, KvmError, KvmUnsupportedError } from './errors.js';

/** The names of capabilities that the bindings know. */
export type CapabilityName = Extract<keyof Bindings, `KVM_CAP_${string}`>;
/** `'KVM_CAP_SPLIT_IRQCHIP'`, or its number. */
export type Capability = CapabilityName | number;

/** The number of a capability. @throws KvmArgumentError for a name that the bindings do not have. */
export function capabilityNumber(bindings: Bindings, capability: Capability): number {
  if (typeof capability === 'number') return capability;
  const { [capability]: number } = bindings as Readonly<Record<string, unknown>>;
  if (typeof number === 'number' && capability.startsWith('KVM_CAP_')) return number;
  throw new KvmArgumentError(`${capability}: the bindings have no capability of this name`);
}

/** The name of a capability, for people. */
export function capabilityName(bindings: Bindings, capability: Capability): string {
  if (typeof capability === 'string') return capability;
  const found = Object.entries(bindings).find(([name, value]) => value === capability && name.startsWith('KVM_CAP_'));
  return found?.[0] ?? `capability ${capability}`;
}

/** Whether a kernel has a capability; one that the bindings do not know is taken for there. */
export function hasCapability(bindings: Bindings, name: string, check: (capability: number) => number): boolean {
  const { [name]: number } = bindings as Readonly<Record<string, unknown>>;
  return typeof number !== 'number' || check(number) > 0;
}

/**
 * KVM_ENABLE_CAP of a VM or a vCPU.
 *
 * @throws KvmUnsupportedError naming the capability when the kernel does not have it.
 */
export function enableCapability(on: Enabling, capability: Capability, args: readonly (number | bigint)[]): void {
  const { bindings } = on;
  const { KVM_ENABLE_CAP: request, KvmEnableCap } = bindings;
  const enable = allocate(KvmEnableCap);
  if (args.length > enable.args.length) {
    throw new KvmArgumentError(`${request.name}: ${args.length} arguments; there are at most ${enable.args.length}`);
  }
  const number = capabilityNumber(bindings, capability);
  enable.cap = number;
  enable.args.assign(args.map(BigInt));
  try {
    on.ioctl(request, enable);
  } catch (error) {
    if (!(error instanceof KvmError && error.code === 'EINVAL')) throw error;
    requireCapability(on, capability, request.name);
    throw error;
  }
}

/** @throws KvmUnsupportedError naming the capability when the kernel does not have it. */
export function requireCapability(on: Asked, capability: Capability, operation: string = 'KVM_CHECK_EXTENSION'): void {
  if (on.checkExtension(capabilityNumber(on.bindings, capability)) > 0) return;
  const name = capabilityName(on.bindings, capability);
  throw new KvmUnsupportedError(operation, 'absent', `this kernel does not have ${name}`, name);
}

/** What can be asked for capabilities: the system, a VM, a vCPU. */
export interface Asked {
  readonly bindings: Bindings;
  checkExtension(capability: number): number;
}

/** What can be told to enable one: a VM, a vCPU. */
export interface Enabling extends Asked {
  readonly ioctl: (request: Bindings['KVM_ENABLE_CAP'], argument: KvmEnableCap) => number;
}

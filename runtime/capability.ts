/** Capabilities of KVM: whether the kernel has one, and how a VM or a vCPU enables one. No other file checks this. */

import type * as x86_64 from '../generated/x86_64/linux/kvm.js';
import { allocate, type IoctlByPointer, type IoctlRequest } from '../support/index.js';
import type { Bindings, CapabilityContext, FdKind, IoctlTarget } from './context.js';
import { KvmArgumentError, KvmError, KvmUnsupportedError, type UapiErrorDetails } from './errors.js';
import { requireInteger, requireU64 } from './numbers.js';

/** The names of the capabilities of all architectures. The header of x86-64 has all of them. */
export type CapabilityName = Extract<keyof typeof x86_64, `KVM_CAP_${string}`>;
/** A capability of bindings: its name, or its number. */
export type CapabilityOf<B> = Extract<keyof B, `KVM_CAP_${string}`> | number;
/** A capability of any architecture. */
type Capability = string | number;

/** The number of a capability. @throws KvmArgumentError for a name that the bindings do not have, and for a wrong number. */
function capabilityNumber(operation: string, bindings: Bindings, capability: Capability): number {
  const number = numberOf(bindings, capability);
  if (number === undefined) {
    throw new KvmArgumentError(operation, `${capability}: the bindings do not have a capability of this name`);
  }
  return requireInteger(operation, 'capability', number, 0xffff_ffff);
}

function numberOf(bindings: Bindings, capability: string | number): number | undefined {
  if (typeof capability !== 'string') return capability;
  const { [capability]: number } = bindings as Readonly<Record<string, unknown>>;
  return typeof number === 'number' && capability.startsWith('KVM_CAP_') ? number : undefined;
}

/**
 * Whether the kernel has a capability. The answer is yes for a name that the bindings do not have: the runtime cannot ask
 * for it, so it lets the kernel refuse what depends on it.
 */
function hasCapability(context: CapabilityContext, capability: string | number): boolean {
  const number = numberOf(context.bindings, capability);
  return number === undefined || context.checkExtension(number) > 0;
}

/**
 * The number that KVM_CHECK_EXTENSION returns for a capability, which the capability defines. It is 0 where the kernel does
 * not have the capability, or where the bindings do not have its name.
 */
export function capabilityValue(context: CapabilityContext, capability: CapabilityName): number {
  const number = numberOf(context.bindings, capability);
  return number === undefined ? 0 : context.checkExtension(number);
}

/** An ioctl of the bindings, which have the capability that announces it. */
export type AnnouncedIoctl = Pick<IoctlRequest, 'name' | 'capability'>;

/** The capability that announces an ioctl on a kind of file descriptor; null where none does. */
export function capabilityOf({ capability }: AnnouncedIoctl, kind: FdKind): string | null {
  return (typeof capability === 'object' ? capability[kind] : capability) ?? null;
}

/** What an ioctl is announced to: the kind of a file descriptor, and the kernel that is asked. */
type CapabilityTarget = Pick<IoctlTarget, 'kind' | 'capabilities'>;

/** The capability that announces an ioctl, if the kernel does not have that capability; otherwise null. */
export function missingCapability({ kind, capabilities }: CapabilityTarget, ioctl: AnnouncedIoctl): string | null {
  const capability = capabilityOf(ioctl, kind);
  return capability === null || hasCapability(capabilities, capability) ? null : capability;
}

/** @throws KvmUnsupportedError when the kernel does not have the capability, which it names. */
export function requireCapability(context: CapabilityContext, capability: string | number, operation: string): void {
  if (hasCapability(context, capability)) return;
  throw unsupportedError(operation, nameOf(context.bindings, capability));
}

/** @throws KvmUnsupportedError when the kernel does not have the capability that announces the ioctl. */
export function requireIoctl(target: CapabilityTarget, ioctl: AnnouncedIoctl): void {
  const capability = missingCapability(target, ioctl);
  if (capability !== null) throw unsupportedError(ioctl.name, capability);
}

/**
 * The capabilities of `/dev/kvm` whose value can change while the file is open: processors go online and offline, and the process
 * requests permissions for guests (KVM_CHECK_EXTENSION in `arch/x86/kvm/x86.c`).
 */
const changing: readonly CapabilityName[] = ['KVM_CAP_NR_VCPUS', 'KVM_CAP_XSAVE2'];

/** Returns the `checkExtension` of `/dev/kvm`. `ask` asks the kernel, once for each capability whose value cannot change. */
export function rememberedAnswers(
  bindings: Bindings,
  ask: (capability: number) => number,
): (capability: number) => number {
  const asked = new Set(changing.map((name) => numberOf(bindings, name)));
  const answers = new Map<number, number>();
  return (capability) => {
    const known = answers.get(capability);
    if (known !== undefined) return known;
    const answer = ask(capability);
    if (!asked.has(capability)) answers.set(capability, answer);
    return answer;
  };
}

/** The method `checkExtension` of `Kvm`, `Vm` and `Vcpu`. @throws KvmArgumentError for an unknown name. */
export function checkExtension(context: CapabilityContext, capability: Capability): number {
  return context.checkExtension(capabilityNumber('KVM_CHECK_EXTENSION', context.bindings, capability));
}

/**
 * The method `requireExtension` of `Kvm`, `Vm` and `Vcpu`.
 *
 * @throws KvmUnsupportedError when the kernel does not have the capability, KvmArgumentError for an unknown name.
 */
export function requireExtension(context: CapabilityContext, capability: Capability): void {
  const operation = 'KVM_CHECK_EXTENSION';
  requireCapability(context, capabilityNumber(operation, context.bindings, capability), operation);
}

/**
 * The error of an operation that needs a capability that the kernel does not have. `details` are those of the kernel's
 * refusal, if it has refused.
 */
export function unsupportedError(
  operation: string,
  capability: string,
  details?: UapiErrorDetails,
): KvmUnsupportedError {
  return new KvmUnsupportedError(operation, `this kernel does not have ${capability}`, capability, details);
}

function nameOf(bindings: Bindings, capability: string | number): string {
  if (typeof capability === 'string') return capability;
  const found = Object.entries(bindings).find(([name, value]) => value === capability && name.startsWith('KVM_CAP_'));
  return found?.[0] ?? `capability ${capability}`;
}

/** The vCPUs of some architectures do not have it. */
type EnableCap = IoctlByPointer<x86_64.KvmEnableCap, 'vm' | 'vcpu', 'write', 'KVM_ENABLE_CAP'>;

/** What a capability is enabled on: a VM or a vCPU. */
interface EnablingContext extends CapabilityContext {
  readonly ioctl: (request: EnableCap, argument: x86_64.KvmEnableCap) => number;
}

/**
 * KVM_ENABLE_CAP of a VM or a vCPU.
 *
 * @throws KvmUnsupportedError when the kernel does not have the capability, which it names.
 */
export function enableCapability(
  context: EnablingContext,
  capability: Capability,
  args: readonly (number | bigint)[],
): void {
  const { KVM_ENABLE_CAP: request, KvmEnableCap } = context.bindings;
  const enable = allocate(KvmEnableCap);
  if (args.length > enable.args.length) {
    throw new KvmArgumentError(request.name, `${args.length} arguments; there are at most ${enable.args.length}`);
  }
  enable.cap = capabilityNumber(request.name, context.bindings, capability);
  for (const [index, value] of args.entries()) enable.args.set(index, requireU64(request.name, 'argument', value));
  try {
    context.ioctl(request as EnableCap, enable);
  } catch (error) {
    if (error instanceof KvmError && error.code === 'EINVAL') requireCapability(context, capability, request.name);
    throw error;
  }
}

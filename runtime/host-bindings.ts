/** Checks that bindings are those of the machine that the process runs on. Node names the machine. */

import { endianness } from 'node:os';
import { $target as own } from '../generated/x86_64/linux/kvm.js';
import type { ByteOrder } from '../support/layout.js';
import { describe } from './arguments.js';
import { KvmArgumentError } from './errors.js';

/** Bindings of any header: a generated module. */
export interface AnyBindings {
  /** The architecture that the bindings are for. */
  readonly $target: {
    readonly name: string;
    readonly byteOrder: ByteOrder;
    /** `process.arch` of Node on such a machine; null where Node has no port. */
    readonly nodeArch: string | null;
  };
}

/** A machine as Node describes it: `process.arch`, and the byte order, because `ppc64` has two. */
export interface Machine {
  readonly nodeArch: string;
  readonly byteOrder: ByteOrder;
}

/** This process's own. */
const host: Machine = { nodeArch: process.arch, byteOrder: endianness() === 'LE' ? 'little' : 'big' };

function isFor($target: AnyBindings['$target'], { nodeArch, byteOrder }: Machine): boolean {
  return $target.nodeArch === nodeArch && $target.byteOrder === byteOrder;
}

/** The architecture of a machine: by our name where the package's own bindings are for it, else as Node names it. */
function nameOf(machine: Machine): string {
  return isFor(own, machine) ? own.name : `${machine.nodeArch} (${machine.byteOrder}-endian)`;
}

/** The architecture of this process, for errors. */
export const hostArchitecture: string = nameOf(host);

/** Returns what is wrong with the bindings, or undefined if they are bindings of the machine's architecture. */
export function wrongArchitecture(bindings: AnyBindings, machine: Machine = host): string | undefined {
  const $target = (bindings as Partial<AnyBindings> | null | undefined)?.$target;
  if (typeof $target !== 'object' || $target === null)
    return 'the bindings are not a generated module (import * as bindings from …)';
  if (!('nodeArch' in $target)) return 'the bindings are from an earlier version and do not name their machine';
  if (isFor($target, machine)) return undefined;
  return `the bindings are of ${describeName($target.name)}, and this process is of ${nameOf(machine)}`;
}

function describeName(name: unknown): string {
  return typeof name === 'string' ? name : describe(name);
}

/** @throws KvmArgumentError when the bindings are of another architecture. `operation` is the method that takes them. */
export function checkBindings(operation: string, bindings: AnyBindings, machine: Machine = host): void {
  const wrong = wrongArchitecture(bindings, machine);
  if (wrong === undefined) return;
  const module = isFor(own, machine) ? `kvm-uapi/${own.name}/linux/kvm` : 'linux/kvm for this architecture';
  throw new KvmArgumentError(operation, `${wrong}; pass { bindings } of ${module}`);
}

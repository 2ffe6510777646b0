/** Which bindings are right here: those of the machine that the process runs on, as Node names it. */

import { endianness } from 'node:os';
import { $target as own } from '../generated/x86_64/linux/kvm.js';
import type { ByteOrder } from '../support/layout.js';
import { KvmArgumentError } from './errors.js';

/** Bindings of any header: a generated module. */
export interface AnyBindings {
  readonly $target: {
    readonly name: string;
    readonly byteOrder: ByteOrder;
    /** `process.arch` of Node on such a machine; null where Node has no port. */
    readonly nodeArch: string | null;
  };
}

/** A machine by what Node says of it: `process.arch`, and the byte order, as `ppc64` has two. */
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

/** What is wrong with bindings of another architecture: every offset and request would be; undefined for the machine's. */
export function wrongArchitecture({ $target }: AnyBindings, machine: Machine = host): string | undefined {
  if (!('nodeArch' in $target)) return 'the bindings are from an earlier version and do not name their machine';
  if (isFor($target, machine)) return undefined;
  return `the bindings are of ${$target.name}, and this process is of ${nameOf(machine)}`;
}

/** @throws KvmArgumentError when the bindings are of another architecture. */
export function checkBindings(bindings: AnyBindings, machine: Machine = host): void {
  const wrong = wrongArchitecture(bindings, machine);
  if (wrong === undefined) return;
  const module = isFor(own, machine) ? `kvm-uapi/${own.name}/linux/kvm` : 'linux/kvm for this architecture';
  throw new KvmArgumentError(`${wrong}; give it { bindings } of ${module}`);
}

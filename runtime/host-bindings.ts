/** Checks that bindings are those of the machine that the process runs on. Node names the machine. */

import { endianness } from 'node:os';
import type { ByteOrder } from '../support/layout.js';
import { describe } from './arguments.js';
import type { AnyBindings } from './context.js';
import { KvmArgumentError, KvmUnsupportedError } from './errors.js';

/** The architectures that have an entry of their own: `kvm-uapi/x86_64`. */
const entries: readonly Entry[] = [
  { name: 'x86_64', nodeArch: 'x64', byteOrder: 'little' },
  { name: 'arm64', nodeArch: 'arm64', byteOrder: 'little' },
  { name: 'riscv64', nodeArch: 'riscv64', byteOrder: 'little' },
];

/** The name of an architecture that has an entry. */
export type ArchitectureName = 'x86_64' | 'arm64' | 'riscv64';

interface Entry extends Machine {
  readonly name: ArchitectureName;
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

function entryOf(machine: Machine): ArchitectureName | undefined {
  return entries.find((entry) => isFor(entry, machine))?.name;
}

/** The architecture of a machine: by our name where the package has an entry for it, else as Node names it. */
function nameOf(machine: Machine): string {
  return entryOf(machine) ?? `${machine.nodeArch} (${machine.byteOrder}-endian)`;
}

/** The entry of this process's architecture, or undefined if the package has none. */
export const hostEntry: ArchitectureName | undefined = entryOf(host);

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
  const entry = entryOf(machine);
  const module = entry === undefined ? 'linux/kvm for this architecture' : `kvm-uapi/${entry}/linux/kvm`;
  throw new KvmArgumentError(operation, `${wrong}; pass { bindings } of ${module}`);
}

/** @throws KvmUnsupportedError when the machine is of another architecture than the entry. The error names the right entry. */
export function checkEntry(operation: string, entry: ArchitectureName, machine: Machine = host): void {
  const right = entryOf(machine);
  if (right === entry) return;
  const remedy =
    right === undefined
      ? `the package has entries for ${entries.map(({ name }) => name).join(', ')}`
      : `import 'kvm-uapi/${right}'`;
  throw new KvmUnsupportedError(
    operation,
    `this is the method of 'kvm-uapi/${entry}', and this process is of ${nameOf(machine)}; ${remedy}`,
  );
}

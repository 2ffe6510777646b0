/** Which architecture's bindings are right here: those of the machine that the process runs as. */

import { endianness } from 'node:os';
import type { Bindings } from './context.js';
import { KvmArgumentError } from './errors.js';

/** Bindings of any header: a generated module. */
export interface AnyBindings {
  readonly $target: { readonly name: string };
}

const architectures: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  ia32: 'i386',
  loong64: 'loongarch64',
};

/** Our name for what Node calls an architecture: `x86_64` for `x64`. */
export function architectureOf(arch: string, byteOrder: 'LE' | 'BE'): string {
  if (arch === 'ppc64') return byteOrder === 'LE' ? 'ppc64le' : 'ppc64';
  return architectures[arch] ?? arch;
}

/** This process's own. */
export const hostArchitecture: string = architectureOf(process.arch, endianness());

/** What is wrong with bindings of another architecture: every offset and request would be; undefined for the host's. */
export function wrongArchitecture({ $target }: AnyBindings, host: string = hostArchitecture): string | undefined {
  return $target.name === host ? undefined : `the bindings are of ${$target.name}, and this process is of ${host}`;
}

/** @throws KvmArgumentError when the bindings are of another architecture. */
export function checkBindings(bindings: Bindings, host: string = hostArchitecture): void {
  const wrong = wrongArchitecture(bindings, host);
  if (wrong !== undefined) throw new KvmArgumentError(`${wrong}; give it { bindings } of kvm-uapi/${host}/linux/kvm`);
}

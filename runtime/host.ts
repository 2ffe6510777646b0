/** The architecture of this process. Its bindings are the right ones. */

import { endianness } from 'node:os';
import type { Bindings } from './context.js';
import { KvmArgumentError } from './errors.js';

/** The bindings of any header: a generated module. */
export interface AnyBindings {
  readonly $target: { readonly name: string };
}

const architectures: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  ia32: 'i386',
  loong64: 'loongarch64',
};

/** The name of an architecture in this project for its name in Node: `x86_64` for `x64`. */
export function architectureOf(arch: string, byteOrder: 'LE' | 'BE'): string {
  if (arch === 'ppc64') return byteOrder === 'LE' ? 'ppc64le' : 'ppc64';
  return architectures[arch] ?? arch;
}

/** The architecture of this process. */
export const hostArchitecture: string = architectureOf(process.arch, endianness());

/** What is wrong with bindings of another architecture, or undefined. All their offsets and requests would be wrong. */
export function wrongArchitecture({ $target }: AnyBindings, host: string = hostArchitecture): string | undefined {
  return $target.name === host ? undefined : `the bindings are of ${$target.name}, and this process is of ${host}`;
}

/** @throws KvmArgumentError when the bindings are of another architecture. */
export function checkBindings(bindings: Bindings, host: string = hostArchitecture): void {
  const wrong = wrongArchitecture(bindings, host);
  if (wrong !== undefined) throw new KvmArgumentError(`${wrong}; give it { bindings } of kvm-uapi/${host}/linux/kvm`);
}

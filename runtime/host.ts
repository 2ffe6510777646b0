/** Which architecture's bindings are right here: those of the machine that the process runs as. */

import { endianness } from 'node:os';
import type * as x86_64 from '../generated/x86_64/linux/kvm.js';
import { KvmArgumentError } from './errors.js';

/** The bindings that the runtime takes every offset and request number from. */
export type Bindings = typeof x86_64;

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

/** @throws KvmArgumentError when the bindings are of another architecture: every offset and request would be wrong. */
export function checkBindings({ $target }: Bindings, host: string = architectureOf(process.arch, endianness())): void {
  const name: string = $target.name;
  if (name === host) return;
  throw new KvmArgumentError(
    `the bindings are of ${name}, and this process is of ${host}; give it { bindings } of kvm-uapi/${host}/linux/kvm`,
  );
}

/** Makes Debian packages and header folders for tests. Some of them are hostile. */

import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { temporaryFolder } from './cli.js';

/** An entry of a tar archive: the content of a file, or another kind of entry. */
type Entry =
  | string
  | { readonly link: string }
  | { readonly hardLink: string }
  | { readonly device: true }
  | { readonly folder: true };

export type Entries = readonly (readonly [path: string, entry: Entry])[];

export function tarOf(entries: Entries): Promise<Uint8Array> {
  return packTar(
    entries.map(([name, entry]) => {
      if (typeof entry === 'string') return { header: { name, size: Buffer.byteLength(entry) }, body: entry };
      if ('link' in entry) return { header: { name, size: 0, type: 'symlink', linkname: entry.link } };
      if ('hardLink' in entry) return { header: { name, size: 0, type: 'link', linkname: entry.hardLink } };
      return { header: { name, size: 0, type: 'device' in entry ? 'fifo' : 'directory' } };
    }),
  );
}

/** Writes files and links below a new temporary folder. */
export function folderWith(entries: Entries): string {
  const folder = temporaryFolder();
  for (const [name, entry] of entries) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof entry === 'string') writeFileSync(path, entry);
    else if ('link' in entry) symlinkSync(entry.link, path);
    else if ('folder' in entry) mkdirSync(path, { recursive: true });
    else throw new Error(`${name}: no such entry can be made in a folder`);
  }
  return folder;
}

/** Makes an `ar` archive. */
export function arOf(members: readonly (readonly [name: string, data: string | Uint8Array])[]): Buffer {
  const parts = members.map(([name, data]) => {
    const bytes = Buffer.from(data as string);
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`;
    return Buffer.concat([Buffer.from(header), bytes, Buffer.from(bytes.length % 2 === 0 ? '' : '\n')]);
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

const control = 'Package: linux-libc-dev\nVersion: 6.9.3-1\nArchitecture: amd64\nDescription: for a test\n';

export interface DebParts {
  readonly data: Entries;
  /** The control files by name. The default is the control file of linux-libc-dev 6.9.3-1. */
  readonly control?: Entries;
  /** Compresses the data. The default is gzip. */
  readonly compression?: { readonly suffix: string; readonly pack: (tar: Uint8Array) => Uint8Array };
}

export async function debOf({ data, control: files, compression }: DebParts): Promise<Buffer> {
  const { suffix, pack } = compression ?? { suffix: '.gz', pack: gzipSync };
  return arOf([
    ['debian-binary', '2.0\n'],
    ['control.tar.gz', gzipSync(await tarOf(files ?? [['./control', control]]))],
    [`data.tar${suffix}`, pack(await tarOf(data))],
  ]);
}

/** A line of the file md5sums of a package. */
export function md5Line(path: string, content: string): string {
  return `${createHash('md5').update(content).digest('hex')}  ${path}\n`;
}

/** A small header set: Linux 6.9.3 for x86. The keys are the names in an #include. */
export const smallSet: {
  readonly common: Readonly<Record<string, string>>;
  readonly asm: Readonly<Record<string, string>>;
} = {
  common: {
    'linux/kvm.h': '#include <asm/kvm.h>\nstruct kvm_run { unsigned char immediate_exit; struct regs regs; };\n',
    'linux/version.h': '#define LINUX_VERSION_CODE 395523\n',
    'linux/netfilter/xt_mark.h': '#define XT_MARK 1\n',
    'asm-generic/types.h': 'typedef unsigned int __u32;\n',
  },
  asm: {
    'asm/kvm.h': '#include <asm-generic/types.h>\nstruct regs { __u32 a; __u32 b; };\n',
    'asm/ptrace.h': 'struct pt_regs { long orig_eax; };\n',
  },
};

const below = (folder: string, files: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(files).map(([name, text]) => [`${folder}${name}`, text]);

/** The small set in each form of a header set. The links are relative, as in Debian. */
export const smallSetIn: Readonly<Record<'plain' | 'multiarch' | 'all architectures' | 'cross', Entries>> = {
  plain: [...below('include/', smallSet.common), ...below('include/', smallSet.asm)],
  multiarch: [
    ...below('./usr/include/', smallSet.common),
    ...below('./usr/include/x86_64-linux-gnu/', smallSet.asm),
    ['./usr/share/doc/linux-libc-dev/copyright', 'MIT\n'],
  ],
  'all architectures': [
    ['./', { folder: true }],
    ['./usr/', { folder: true }],
    ...below('./usr/include/', smallSet.common),
    ...Object.keys(smallSet.asm).map((name) => {
      const link = { link: `../../../lib/linux/uapi/x86/${name}` };
      return [`./usr/include/x86_64-linux-gnu/${name}`, link] as const;
    }),
    ...below('./usr/lib/linux/uapi/x86/', smallSet.asm),
  ],
  cross: [
    ...below('./usr/x86_64-linux-gnu/include/', smallSet.common),
    ...below('./usr/x86_64-linux-gnu/include/', smallSet.asm),
  ],
};

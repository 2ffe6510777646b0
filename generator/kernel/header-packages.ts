/** Which Debian package has a header, and which headers are the kernel's. */

/** The folders that `make headers_install` makes, beside `asm`, Linux 5.10 to 7.3. */
export const kernelFolders = [
  'asm-generic',
  'cxl',
  'drm',
  'fwctl',
  'linux',
  'misc',
  'mtd',
  'rdma',
  'regulator',
  'scsi',
  'sound',
  'video',
  'xen',
] as const;

const owners: readonly (readonly [RegExp, string])[] = [
  [/^asm\/kvm\.h$/, 'linux-libc-dev (of an architecture that has KVM)'],
  [new RegExp(`^(?:asm|${kernelFolders.join('|')})/`), 'linux-libc-dev'],
  [/^(?:std(?:arg|bool|def|int|atomic|align|noreturn)|float|limits|iso646)\.h$/, 'gcc'],
  [/^(?:sys|bits|gnu|net|netinet|arpa|rpc|protocols)\//, 'libc6-dev'],
  [/^[a-z_]+\.h$/, 'libc6-dev'],
];

export function debianPackageOf(header: string): string | undefined {
  return owners.find(([pattern]) => pattern.test(header))?.[1];
}

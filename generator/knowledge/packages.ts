/** Which Debian package has a header: asked only when a header is missing, to say what to install. */

const owners: readonly (readonly [RegExp, string])[] = [
  [/^asm\/kvm\.h$/, 'linux-libc-dev (of an architecture that has KVM)'],
  [/^(?:linux|asm|asm-generic|drm|mtd|rdma|scsi|sound|video|xen|misc|cxl|fwctl|regulator)\//, 'linux-libc-dev'],
  [/^(?:std(?:arg|bool|def|int|atomic|align|noreturn)|float|limits|iso646)\.h$/, 'gcc'],
  [/^(?:sys|bits|gnu|net|netinet|arpa|rpc|protocols)\//, 'libc6-dev'],
  [/^[a-z_]+\.h$/, 'libc6-dev'],
];

export function debianPackageOf(header: string): string | undefined {
  return owners.find(([pattern]) => pattern.test(header))?.[1];
}

/** Maps a header to the Debian package that contains it, and lists the kernel's header folders. */

/** The folders that `make headers_install` makes, except `asm`, in Linux 5.10 to 7.3. */
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
  [/^asm\/kvm\.h$/, 'linux-libc-dev (for an architecture with KVM)'],
  [new RegExp(`^(?:asm|${kernelFolders.join('|')})/`), 'linux-libc-dev'],
  [/^(?:std(?:arg|bool|def|int|atomic|align|noreturn)|float|limits|iso646)\.h$/, 'gcc'],
  [/^(?:sys|bits|gnu|net|netinet|arpa|rpc|protocols)\//, 'libc6-dev'],
  [libcHeader(), 'libc6-dev'],
];

/** Returns an expression for the headers of the C library that are in no folder. C and POSIX name most of them. */
function libcHeader(): RegExp {
  const names = [
    ...['assert', 'byteswap', 'complex', 'cpio', 'ctype', 'dirent', 'dlfcn', 'elf', 'endian', 'err', 'errno', 'error'],
    ...[
      'fcntl',
      'features',
      'fenv',
      'fnmatch',
      'ftw',
      'getopt',
      'glob',
      'grp',
      'iconv',
      'ifaddrs',
      'inttypes',
      'langinfo',
    ],
    ...['libgen', 'link', 'locale', 'malloc', 'math', 'memory', 'mntent', 'monetary', 'mqueue', 'netdb', 'nl_types'],
    ...[
      'paths',
      'poll',
      'pthread',
      'pwd',
      'regex',
      'resolv',
      'sched',
      'search',
      'semaphore',
      'setjmp',
      'shadow',
      'signal',
    ],
    ...['spawn', 'stdio', 'stdlib', 'string', 'strings', 'stropts', 'syslog', 'tar', 'termios', 'tgmath', 'threads'],
    ...['time', 'uchar', 'ucontext', 'ulimit', 'unistd', 'utime', 'utmp', 'utmpx', 'values', 'wait', 'wchar', 'wctype'],
    ...['wordexp'],
  ];
  return new RegExp(`^(?:${names.join('|')})\\.h$`);
}

export function debianPackageOf(header: string): string | undefined {
  return owners.find(([pattern]) => pattern.test(header))?.[1];
}

/**
 * Headers of libraries that the generator was not written for, from Debian's packages. They are downloaded into the
 * cache, and they are not in this repository.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../generator/targets/target.js';
import { cache, type DebianPackage, debOf, download, unpack } from './debian-packages.js';

export interface ForeignHeader {
  /** Spelled as in an `#include`. */
  readonly header: string;
  /** The package that contains the header. */
  readonly package: string;
  /** The C names for which people include the header. Each of them must be in the model. */
  readonly names: readonly string[];
  /** The ioctls for which people include the header. Some of them are enumerators. */
  readonly ioctls?: readonly string[];
}

/** The compiler has the text of `stdatomic.h`. */
export const foreignHeaders: readonly ForeignHeader[] = [
  { header: 'sys/stat.h', package: 'libc6-dev', names: ['struct stat', 'S_IFDIR', 'UTIME_NOW'] },
  { header: 'time.h', package: 'libc6-dev', names: ['struct timespec', 'struct tm', 'CLOCK_MONOTONIC'] },
  { header: 'signal.h', package: 'libc6-dev', names: ['struct sigaction', 'siginfo_t', 'SIGINT', 'SA_SIGINFO'] },
  { header: 'stdatomic.h', package: 'libc6-dev', names: ['memory_order', 'memory_order_seq_cst', 'atomic_flag'] },
  {
    header: 'liburing.h',
    package: 'liburing-dev',
    names: ['struct io_uring', 'struct io_uring_sq', 'LIBURING_UDATA_TIMEOUT'],
  },
  {
    header: 'linux/android/binder.h',
    package: 'linux-libc-dev',
    names: ['struct binder_write_read', 'BINDER_WRITE_READ'],
    ioctls: ['BINDER_WRITE_READ', 'BC_TRANSACTION', 'BR_REPLY'],
  },
  { header: 'xenctrl.h', package: 'libxen-dev', names: ['struct xen_domctl_getdomaininfo', 'XC_PAGE_SHIFT'] },
  { header: 'infiniband/verbs.h', package: 'libibverbs-dev', names: ['struct ibv_send_wr', 'IBV_WR_RDMA_WRITE'] },
  { header: 'uv.h', package: 'libuv1-dev', names: ['struct uv_loop_s', 'UV_EOF'] },
  {
    header: 'i915_drm.h',
    package: 'libdrm-dev',
    names: ['struct drm_i915_gem_create'],
    ioctls: ['DRM_IOCTL_I915_GETPARAM'],
  },
  { header: 'sqlite3.h', package: 'libsqlite3-dev', names: ['SQLITE_OK', 'struct sqlite3_module'] },
  { header: 'bpf/libbpf.h', package: 'libbpf-dev', names: ['struct bpf_object_open_opts', 'LIBBPF_STRICT_ALL'] },
];

/** Packages that the headers above include. */
const included = ['libc6-dev', 'linux-libc-dev'];

/** Folders of `/usr/include` whose headers are included without the folder, as `pkg-config` says. */
const ownFolders = ['libdrm'];

export interface ForeignFolders {
  /** The include folders of the packages that Debian has for the target, in search order. */
  readonly folders: readonly string[];
  /** The packages that Debian does not have for the target. */
  readonly absent: readonly string[];
}

/** Downloads and unpacks the packages for a target. @throws if Debian's mirror cannot be reached. */
export function foreignFolders({ debian }: Target): ForeignFolders {
  const names = [...new Set([...included, ...foreignHeaders.map((each) => each.package)])];
  const wanted = names.map(
    (name): DebianPackage => ({
      name: `bookworm-${debian.architecture}-${name}`,
      suites: ['bookworm'],
      package: name,
      port: debian.architecture,
    }),
  );
  download(wanted);
  const roots = wanted.flatMap((each) => {
    const deb = debOf(each);
    const root = join(cache, 'foreign', each.name);
    if (deb !== undefined && !existsSync(root)) unpack(deb, root);
    return deb === undefined ? [] : [join(root, 'usr', 'include')];
  });
  const folders = roots.flatMap((root) => [
    join(root, debian.multiarch),
    root,
    ...ownFolders.map((own) => join(root, own)),
  ]);
  return {
    folders: folders.filter((folder) => existsSync(folder)),
    absent: wanted.filter((each) => debOf(each) === undefined).map((each) => each.package),
  };
}

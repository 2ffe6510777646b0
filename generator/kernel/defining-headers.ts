/**
 * Maps a name to the header that defines it, for names that headers use without including their definition. Such
 * headers expect that their user includes the definition first. Each row is its own source: the header defines these
 * names, and a test checks this. If two rows have the same name, the first row with a readable header is used.
 */

import { requestMacros } from './request-macros.js';
import { rowsByKey } from './rows-by-key.js';

export interface DefiningHeader {
  readonly header: string;
  /** Names of macros, typedefs and enumerators. A tag includes its keyword. */
  readonly names: readonly string[];
  /**
   * The kernel's name of the only architecture whose header defines the names. If it is absent, the header defines them
   * on every architecture.
   */
  readonly architecture?: string;
  /** Whether the header defines only one of the names on each architecture. */
  readonly isEither?: true;
}

/** The defining headers, in reading order. */
export const definingHeaders: readonly DefiningHeader[] = [
  { header: 'stddef.h', names: ['NULL', 'offsetof', 'ptrdiff_t', 'size_t', 'wchar_t'] },
  {
    header: 'stdint.h',
    names: [
      ...[8, 16, 32, 64].flatMap((width) => [`int${width}_t`, `uint${width}_t`]),
      ...['intptr_t', 'uintptr_t', 'intmax_t', 'uintmax_t'],
    ],
  },
  { header: 'stdbool.h', names: ['bool', 'true', 'false'] },
  { header: 'limits.h', names: ['INT_MAX', 'INT_MIN', 'UINT_MAX', 'LONG_MAX', 'LONG_MIN', 'ULONG_MAX'] },
  // The C library comes before the kernel. If a C library exists, programs use its definitions. The two definitions
  // conflict.
  { header: 'sys/time.h', names: ['struct timespec', 'struct timeval'] },
  { header: 'sys/socket.h', names: ['SOL_ATM', 'struct sockaddr', 'struct sockaddr_storage'] },
  { header: 'asm/byteorder.h', names: ['__LITTLE_ENDIAN_BITFIELD', '__BIG_ENDIAN_BITFIELD'], isEither: true },
  { header: 'asm/bitsperlong.h', names: ['__BITS_PER_LONG', '__BITS_PER_LONG_LONG'] },
  { header: 'asm/ioctls.h', names: ['FIONREAD', 'TIOCOUTQ'] },
  { header: 'asm/param.h', names: ['HZ'] },
  { header: 'asm/sigcontext.h', names: ['struct sigcontext'] },
  { header: 'asm/sigcontext.h', names: ['_sigregs'], architecture: 's390' },
  { header: 'asm/signal.h', names: ['sigset_t', 'stack_t'] },
  { header: 'asm/termbits.h', names: ['struct termios', 'struct termios2'] },
  { header: 'asm/termios.h', names: ['struct termio', 'struct winsize'] },
  { header: 'asm/unistd.h', names: ['__X32_SYSCALL_BIT'] },
  { header: 'linux/atm.h', names: ['struct atmif_sioc'] },
  { header: 'linux/atmdev.h', names: ['struct atm_cirange'] },
  { header: 'linux/atmioc.h', names: ['ATMIOC_PHYTYP'] },
  { header: 'linux/bits.h', names: ['__GENMASK', '__GENMASK_ULL'] },
  { header: 'linux/blktrace_api.h', names: ['struct blk_user_trace_setup', 'struct blk_user_trace_setup2'] },
  { header: 'linux/const.h', names: ['_AC', '_AT', '_UL', '_ULL', '_BITUL', '_BITULL', '_BIT128'] },
  { header: 'linux/errno.h', names: ['E2BIG', 'EFAULT', 'EINVAL', 'ENODEV', 'EOPNOTSUPP', 'EPERM'] },
  { header: 'linux/fcntl.h', names: ['O_ACCMODE', 'O_CLOEXEC', 'O_RDWR'] },
  { header: 'linux/fiemap.h', names: ['struct fiemap'] },
  { header: 'linux/filter.h', names: ['struct sock_fprog'] },
  {
    header: 'linux/fs.h',
    names: [
      ...['BLOCK_SIZE', 'FS_IOC_GETFLAGS', 'FS_IOC_SETFLAGS', 'FS_IOC_GETVERSION', 'FS_IOC_SETVERSION'],
      ...['FS_IOC_GETFSLABEL', 'FS_IOC_SETFSLABEL'],
    ],
  },
  { header: 'linux/if.h', names: ['IFNAMSIZ', 'struct ifconf', 'struct ifreq'] },
  { header: 'linux/if_arp.h', names: ['struct arpreq'] },
  {
    header: 'linux/ioctl.h',
    names: [
      ...requestMacros,
      ...['_IOC_NONE', '_IOC_READ', '_IOC_WRITE'],
      ...['_IOC_DIR', '_IOC_TYPE', '_IOC_NR', '_IOC_SIZE'],
    ],
  },
  { header: 'linux/ip.h', names: ['IPTOS_TOS_MASK'] },
  { header: 'linux/kvm.h', names: ['KVM_REG_SIZE_U64', 'KVM_REG_X86'] },
  { header: 'linux/limits.h', names: ['NAME_MAX', 'PATH_MAX'] },
  { header: 'linux/major.h', names: ['MD_MAJOR'] },
  { header: 'linux/netfilter.h', names: ['NF_REPEAT'] },
  { header: 'linux/netfilter/nf_conntrack_common.h', names: ['IP_CT_IS_REPLY'] },
  { header: 'linux/netfilter_bridge/ebtables.h', names: ['EBT_802_3'] },
  {
    header: 'linux/netlink.h',
    names: ['NLA_F_NESTED', 'NLA_F_NET_BYTEORDER', 'NLMSG_ALIGN', 'NLMSG_MIN_TYPE', 'NLMSG_PAYLOAD'],
  },
  { header: 'linux/route.h', names: ['struct rtentry'] },
  { header: 'linux/rtnetlink.h', names: ['RTNH_F_DEAD', 'RTNH_F_ONLINK'] },
  {
    header: 'linux/serial.h',
    names: ['struct serial_icounter_struct', 'struct serial_iso7816', 'struct serial_rs485', 'struct serial_struct'],
  },
  { header: 'linux/sockios.h', names: ['SIOCDEVPRIVATE', 'SIOCGMIIPHY', 'SIOCPROTOPRIVATE'] },
  { header: 'linux/stat.h', names: ['S_IFMT'] },
  { header: 'linux/time.h', names: ['struct timespec', 'struct timeval'] },
  { header: 'linux/usb/ch9.h', names: ['USB_RECIP_DEVICE', 'USB_RECIP_OTHER', 'USB_TYPE_CLASS'] },
  {
    header: 'linux/v4l2-controls.h',
    names: ['V4L2_CID_USER_MEYE_BASE', 'V4L2_CID_USER_RKISP1_BASE', 'V4L2_CID_USER_UVC_BASE'],
  },
  { header: 'linux/videodev2.h', names: ['BASE_VIDIOC_PRIVATE', 'V4L2_EVENT_PRIVATE_START'] },
  { header: 'linux/zorro.h', names: ['ZORRO_ID'] },
  { header: 'scsi/fc/fc_fs.h', names: ['FC_MAX_PAYLOAD', 'FC_MIN_MAX_PAYLOAD'] },
  { header: 'sound/asound.h', names: ['SNDRV_PROTOCOL_VERSION'] },
  { header: 'sys/types.h', names: ['caddr_t', 'u_char', 'u_int', 'u_long', 'u_short'] },
  { header: 'xen/interface/grant_table.h', names: ['grant_ref_t'] },
  { header: 'xen/interface/xen.h', names: ['domid_t'] },
];

/** Maps a name to the headers that define it, in the order of the rows. */
export const definingHeadersOf: ReadonlyMap<string, readonly DefiningHeader[]> = rowsByKey(
  definingHeaders,
  ({ names }) => names,
);

/** Headers with an `#error` that allows only one other header to include them. */
export const onlyWithin: ReadonlyMap<string, string> = new Map([['linux/patchkey.h', 'linux/soundcard.h']]);

/** Headers that other headers need but that header packages do not contain, with the reason. */
export const absentHeaders: ReadonlyMap<string, string> = new Map([
  ['drm/drm.h', 'older versions of linux-libc-dev do not contain the folder drm'],
  ['xen/interface/grant_table.h', "only the kernel's source tree contains it"],
  ['xen/interface/xen.h', "only the kernel's source tree contains it"],
]);

/**
 * A sample of the corpus with several examples of each construct. `npm run oracle -- --corpus` does the same with all
 * headers.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { targetCalled } from '../../../generator/targets/targets.js';
import { isInstalled } from '../../../tools/lib/compilers.js';
import { headerSet, libcName, whyMissing } from '../../../tools/lib/header-sets.js';
import { call } from '../../../tools/lib/programs.js';
import { judgeCorpus, openCorpus } from '../../../tools/oracle/corpus.js';
import { exceptions, sortFindings } from '../../../tools/oracle/exceptions.js';

/** Difficult constructs, a header with each of them, and how the construct is found in the header. */
const traps: readonly (readonly [construct: string, header: string, shows: RegExp])[] = [
  ['#pragma pack', 'linux/batadv_packet.h', /#pragma pack\(2\)/],
  ['bit-fields by byte order', 'linux/batadv_packet.h', /__BIG_ENDIAN_BITFIELD/],
  ['packed and aligned together', 'linux/adfs_fs.h', /packed, aligned\(4\)/],
  ['aligned beyond any type', 'linux/acrn.h', /aligned\(256\)/],
  ['requests without linux/ioctl.h', 'linux/acrn.h', /^(?![\s\S]*#include <linux\/ioctl\.h>)[\s\S]*_IOW\(/],
  [
    'an aligned member of a packed struct',
    'linux/target_core_user.h',
    /__aligned__\(ALIGN_SIZE\)\)\);\s+\} __attribute__\(\(packed/,
  ],
  ['__struct_group', 'linux/ip.h', /__struct_group\(/],
  ['__DECLARE_FLEX_ARRAY', 'linux/in.h', /__DECLARE_FLEX_ARRAY\(/],
  ['tails of [0]', 'linux/bpf.h', /\w\[0\];/],
  ['tails of [1]', 'linux/cdrom.h', /\w\[1\];/],
  ['enums of X-macros', 'linux/bpf.h', /enum \w+ \{\s+_*BPF_FUNC_MAPPER\(/],
  ['macros of their own names', 'linux/if.h', /#define IFF_UP\s+IFF_UP\b/],
  ['macros that name members', 'asm-generic/siginfo.h', /#define si_pid\s+_sifields/],
  ['macros that hide members', 'linux/phonet.h', /#define pn_submsg_id\s+pn_msg_u/],
  ['macros that are types', 'linux/cciss_defs.h', /#define BYTE __u8/],
  ['macros with declarations in them', 'asm-generic/siginfo.h', /#define __SIGINFO\s+\\\s+struct/],
  ['constants through inline functions', 'linux/if_tunnel.h', /__cpu_to_be16\(/],
  ['sizeof in dimensions', 'asm-generic/ipcbuf.h', /\[4 - sizeof\(/],
  ['sizeof of members in dimensions', 'linux/socket.h', /\[_K_SS_MAXSIZE - sizeof\(/],
  ['requests with pointers', 'linux/agpgart.h', /_IOR \(AGPIOC_BASE, 0, struct agp_info\*\)/],
  ['requests with arrays', 'linux/dvb/dmx.h', /_IOR\('o', 47, __u16\[5\]\)/],
  ['requests of types that the architecture lacks', 'linux/kvm.h', /struct kvm_ppc_/],
  ['constants whose sign their type decides', 'linux/capability.h', /#define VFS_CAP_FLAGS_MASK\s+~/],
  ['a union of bit-fields as wide as their type', 'linux/hdreg.h', /unsigned all\s+: 16;/],
  ['volatile arrays', 'linux/wmi.h', /__volatile__ __u32 \w+\[/],
  ['const arrays', 'linux/sed-opal.h', /const __u8 table_uid\[/],
  ['typedefs of arrays', 'linux/cdrom.h', /typedef __u8 dvd_key\[/],
  ['lists of strings', 'linux/atmdev.h', /#define ATM_VS2TXT_MAP\s+\\\s+"/],
];

const others = [
  ...['asm/ptrace.h', 'asm/sigcontext.h', 'asm/signal.h', 'asm/stat.h', 'asm/termbits.h', 'asm/ucontext.h'],
  ...['linux/aio_abi.h', 'linux/ax25.h', 'linux/blktrace_api.h', 'linux/btrfs.h', 'linux/can.h', 'linux/cxl_mem.h'],
  ...['linux/dvb/video.h', 'linux/elf.h', 'linux/errqueue.h', 'linux/fuse.h', 'linux/icmpv6.h', 'linux/if_pppox.h'],
  ...['linux/input.h', 'linux/io_uring.h', 'linux/jffs2.h', 'linux/mei.h', 'linux/nbd.h', 'linux/netlink.h'],
  ...[
    'linux/perf_event.h',
    'linux/rtc.h',
    'linux/sctp.h',
    'linux/soundcard.h',
    'linux/seccomp.h',
    'linux/tcp.h',
    'linux/ublk_cmd.h',
  ],
  ...['linux/usb/ch9.h', 'linux/vhost.h', 'linux/virtio_ring.h', 'linux/wireless.h', 'linux/xfrm.h'],
  ...['mtd/mtd-abi.h', 'rdma/ib_user_verbs.h', 'sound/asound.h', 'video/edid.h'],
];

const sample = [...new Set([...traps.map(([, header]) => header), ...others])];

const noSet = whyMissing('newest');
const noReadelf = call('readelf', ['--version']).error ? "there is no 'readelf'" : undefined;

function whyNot(architecture: string): string | undefined {
  const target = targetCalled(architecture);
  const noCompiler = isInstalled(target) ? undefined : `there is no ${target.compiler.command[0]}`;
  return noSet ?? noReadelf ?? noCompiler ?? whyMissing(libcName(target));
}

describe('the sample', () => {
  it('the sample has at least 60 headers, each once', () => {
    expect(sample.length).toBeGreaterThanOrEqual(60);
    expect(new Set(sample).size).toBe(sample.length);
  });

  it.skipIf(noSet !== undefined)(`the sample has every difficult construct (${noSet ?? 'newest'})`, async () => {
    const { root } = await headerSet('newest');
    const text = (header: string): string => readFileSync(join(root, 'usr/include', header), 'utf8');
    expect(traps.filter(([, header, shows]) => !shows.test(text(header)))).toEqual([]);
  });
});

describe.each([
  ['x86_64', sample],
  ['s390x', sample],
  // On this architecture, a u64 has an alignment of 4, and the compiler's own headers use __float128.
  ['i386', ['linux/kvm.h', 'linux/quota.h', 'scsi/fc/fc_els.h']],
] as const)('the sample on %s', (architecture, headers) => {
  const missing = whyNot(architecture);

  it.skipIf(missing !== undefined)(
    `the models agree with the compiler and are complete${missing ? ` (${missing})` : ''}`,
    async () => {
      const corpus = openCorpus(await headerSet('newest'), targetCalled(architecture));
      expect(headers.filter((header) => !corpus.headers.includes(header))).toEqual([]);
      const { findings, inventory, comparisons } = await judgeCorpus(corpus, headers);
      const { unexpected } = sortFindings(findings, { architecture, release: 'newest' }, exceptions);
      expect(unexpected.map(({ header, text }) => `<${header}> ${text}`)).toEqual([]);
      expect(comparisons).toBeGreaterThan(headers.length * 100);
      expect(Object.values(inventory)).not.toContain(0);
    },
    300_000,
  );
});

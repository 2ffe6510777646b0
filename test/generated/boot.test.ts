/** The committed bindings of the headers that describe how a guest is started and its devices, against other sources. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as bootparam from '../../generated/x86_64/asm/bootparam.js';
import * as e820 from '../../generated/x86_64/asm/e820.js';
import * as startInfo from '../../generated/x86_64/xen/hvm/start_info.js';
import { headerSet, whyMissing } from '../../tools/lib/header-sets.js';
import { projectRoot } from '../helpers/cli.js';

interface Layout {
  readonly size: number;
  readonly members: Readonly<Record<string, { readonly offset: number; readonly size: number }>>;
}

/** The offset and the size of each member. */
const membersOf = ({ members }: Layout): Record<string, readonly [number, number]> =>
  Object.fromEntries(Object.entries(members).map(([name, { offset, size }]) => [name, [offset, size]]));

describe('xen/hvm/start_info.h', () => {
  it('the structs have the layout of the diagrams in the header of Xen', () => {
    const { HvmStartInfo, HvmModlistEntry, HvmMemmapTableEntry } = startInfo;
    expect([HvmStartInfo.$size, HvmModlistEntry.$size, HvmMemmapTableEntry.$size]).toEqual([56, 32, 24]);
    expect(membersOf(HvmStartInfo.$layout)).toEqual({
      magic: [0, 4],
      version: [4, 4],
      flags: [8, 4],
      nr_modules: [12, 4],
      modlist_paddr: [16, 8],
      cmdline_paddr: [24, 8],
      rsdp_paddr: [32, 8],
      memmap_paddr: [40, 8],
      memmap_entries: [48, 4],
      reserved: [52, 4],
    });
    expect(membersOf(HvmModlistEntry.$layout)).toEqual({
      paddr: [0, 8],
      size: [8, 8],
      cmdline_paddr: [16, 8],
      reserved: [24, 8],
    });
    expect(membersOf(HvmMemmapTableEntry.$layout)).toEqual({
      addr: [0, 8],
      size: [8, 8],
      type: [16, 4],
      reserved: [20, 4],
    });
  });

  it('the magic is "xEn3" with the highest bit of the second character', () => {
    const bytes = new Uint8Array(Uint32Array.of(startInfo.XEN_HVM_START_MAGIC_VALUE).buffer);
    expect(String.fromCharCode(...bytes.map((byte) => byte & 0x7f))).toBe('xEn3');
  });

  it('the types of the memory map are those of E820, because both are those of ACPI', () => {
    const { XEN_HVM_MEMMAP_TYPE_RAM, XEN_HVM_MEMMAP_TYPE_RESERVED, XEN_HVM_MEMMAP_TYPE_PMEM } = startInfo;
    expect([XEN_HVM_MEMMAP_TYPE_RAM, XEN_HVM_MEMMAP_TYPE_RESERVED, XEN_HVM_MEMMAP_TYPE_PMEM]).toEqual([
      e820.E820_RAM,
      e820.E820_RESERVED,
      e820.E820_PMEM,
    ]);
  });
});

describe('asm/bootparam.h', () => {
  it('struct boot_params has the offsets of zero-page.rst, and the setup header those of boot.rst', () => {
    const { BootParams, SetupHeader } = bootparam;
    const page = membersOf(BootParams.$layout);
    expect(BootParams.$size).toBe(4096);
    expect({ ...page }).toMatchObject({
      acpi_rsdp_addr: [0x70, 8],
      ext_ramdisk_image: [0xc0, 4],
      ext_ramdisk_size: [0xc4, 4],
      ext_cmd_line_ptr: [0xc8, 4],
      e820_entries: [0x1e8, 1],
      e820_table: [0x2d0, 128 * 20],
    });
    const at = BootParams.$layout.members.hdr.offset;
    expect(at).toBe(0x1f1);
    const header = Object.entries(membersOf(SetupHeader.$layout)).map(([name, [offset]]) => [name, at + offset]);
    expect(Object.fromEntries(header)).toMatchObject({
      boot_flag: 0x1fe,
      jump: 0x200,
      header: 0x202,
      version: 0x206,
      type_of_loader: 0x210,
      ramdisk_image: 0x218,
      ramdisk_size: 0x21c,
      cmd_line_ptr: 0x228,
      initrd_addr_max: 0x22c,
      xloadflags: 0x236,
      cmdline_size: 0x238,
      init_size: 0x260,
      kernel_info_offset: 0x268,
    });
  });
});

const missing = whyMissing('newest');

describe('the models of these headers', () => {
  const title = missing === undefined ? '' : ` (${missing})`;
  it.skipIf(missing !== undefined)(`are what the C compiler says, fact by fact${title}`, async () => {
    const { root } = await headerSet('newest');
    const own = join(projectRoot, 'headers/boot/include/xen/hvm/start_info.h');
    const virtio = ['blk', 'config', 'console', 'ids', 'mmio', 'ring'].map((name) => `linux/virtio_${name}.h`);
    const headers = ['asm/bootparam.h', 'asm/e820.h', 'asm/processor-flags.h', own, 'linux/serial_reg.h', ...virtio];
    const script = join(projectRoot, 'dist/bin/kvm-uapi.js');
    const options = [...headers.flatMap((header) => ['--header', header]), '--from', root, '--arch', 'x86_64'];
    const { status, stdout } = spawnSync(process.execPath, [script, 'verify', ...options], { encoding: 'utf8' });
    const counts = [...stdout.matchAll(/: (\d+) of (\d+) assertions hold/g)].map(([, held, total]) => [held, total]);
    expect(counts).toHaveLength(headers.length);
    expect(counts.every(([held, total]) => held === total && Number(total) > 20)).toBe(true);
    expect(status).toBe(0);
  });
});

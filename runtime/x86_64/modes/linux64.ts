/** The 64-bit boot protocol of Linux on x86. */

import {
  BootParams,
  E820_MAX_ENTRIES_ZEROPAGE,
  SetupHeader,
  XLF_CAN_BE_LOADED_ABOVE_4G,
  XLF_KERNEL_64,
} from '../../../generated/x86_64/asm/bootparam.js';
import { describe, requireBytes } from '../../arguments.js';
import { KvmArgumentError } from '../../errors.js';
import type { GuestMemory } from '../../memory.js';
import { type KnownKeys, requireKnownKeys } from '../../options.js';
import type { Vcpu } from '../vcpu.js';
import { type BootBlob, type MemoryMapEntry, requireMemoryMap, requireRange, requireText } from './boot-data.js';
import { type EntryOptions, enter, entryKeys, sregsOf } from './entry.js';
import { LongMode, type LongModeTables, tablesKeys } from './long-mode.js';
import { type Part, requireAddress } from './placed-memory.js';

/** The options of `enterLinux64`. */
export interface Linux64Options extends EntryOptions, LongModeTables {
  /** The 64-bit entry of the kernel: 0x200 after the load address of a bzImage, or the entry of the ELF file `vmlinux`. */
  readonly entry: number | bigint;
  /** The file of a bzImage, or at least its first 1024 bytes, for its setup header. Leave it out for `vmlinux`. */
  readonly bzImage?: Uint8Array;
  /** The address of `struct boot_params`, the zero page: a multiple of 4096, by default 0x7000. */
  readonly zeroPage?: number | bigint;
  /** The command line, by default empty. */
  readonly commandLine?: string;
  /** The address of the command line, by default 0x20000. */
  readonly commandLineAddress?: number | bigint;
  /** The initial ramdisk, which the caller writes to memory. */
  readonly initrd?: BootBlob;
  /** The memory map, at most 128 entries. */
  readonly memoryMap: Iterable<MemoryMapEntry>;
  /** The address of the root table of ACPI (RSDP), if there is one. */
  readonly rsdp?: number | bigint;
}

const keys: KnownKeys<Linux64Options> = {
  ...entryKeys,
  ...tablesKeys,
  bzImage: true,
  zeroPage: true,
  commandLine: true,
  commandLineAddress: true,
  initrd: true,
  memoryMap: true,
  rsdp: true,
};

/** Numbers of the protocol that no header has: Documentation/arch/x86/boot.rst, "Details of Header Fields". */
const protocol = {
  bootFlag: 0xaa55,
  signature: 0x5372_6448, // 'HdrS'
  /** The first version with `xloadflags`, so with a 64-bit entry. */
  leastVersion: 0x20c,
  /** A boot loader without a number of its own. */
  unknownLoader: 0xff,
} as const;
/** The longest command line of a kernel whose setup header is not known. Linux on x86 has 2048 bytes with the NUL. */
const longestCommandLine = 2047;
const most32 = 0xffff_ffff;
const pageBytes = 4096;

/**
 * Makes the vCPU begin as the 64-bit boot protocol of Linux says: in long mode with identity page tables, with the segments of the
 * protocol (0x10 and 0x18), and with rsi at `struct boot_params`. Writes the tables, the zero page and the command line. The
 * caller has written the kernel and the initrd to memory. Sets the general, segment and control registers and EFER, and no others.
 *
 * @param vcpu the vCPU.
 * @param memory the memory for the tables, the zero page and the command line.
 * @param options the entry, and what the zero page says.
 * @throws KvmArgumentError for wrong options, and for a bzImage without a 64-bit entry. KvmBusyError while another thread runs the
 * vCPU. KvmError when the kernel refuses.
 * @example
 * const setupBytes = ((bzImage[0x1f1] || 4) + 1) * 512;
 * memory.write(0x100_0000, bzImage.subarray(setupBytes));
 * enterLinux64(vcpu, memory, {
 *   entry: 0x100_0200,
 *   bzImage,
 *   commandLine: 'console=ttyS0',
 *   memoryMap: [{ address: 0, size: 0x9_fc00 }, { address: 0x10_0000, size: memory.size - 0x10_0000 }],
 * });
 * @see Documentation/arch/x86/boot.rst of the kernel, "64-bit Boot Protocol"
 */
export function enterLinux64(vcpu: Vcpu, memory: GuestMemory, options: Linux64Options): void {
  const operation = 'enterLinux64';
  requireKnownKeys(operation, options, keys);
  const longMode = new LongMode(operation, memory, options);
  const rip = longMode.requireMapped('entry', options.entry);
  const { stack = 0 } = options;
  const rsp = requireAddress(operation, 'stack', stack, { most: longMode.mapped });
  const zeroPage = new ZeroPage(operation, longMode, options);
  longMode.require(zeroPage.parts);
  const sregs = sregsOf(operation, vcpu);
  longMode.write(sregs, false);
  zeroPage.write(longMode);
  enter(vcpu, sregs, { rip: BigInt(rip), rsp: BigInt(rsp), rsi: BigInt(zeroPage.address) });
}

/** `struct boot_params` and the command line. */
class ZeroPage {
  readonly address: number;
  readonly parts: readonly [page: Part, text: Part];
  readonly #header: SetupHeader;
  readonly #text: Uint8Array;
  readonly #initrd: { readonly address: number; readonly size: number } | undefined;
  readonly #memoryMap: ReturnType<typeof requireMemoryMap>;
  readonly #rsdp: number;

  constructor(operation: string, longMode: LongMode, options: Linux64Options) {
    const { zeroPage = 0x7000, commandLine = '', commandLineAddress = 0x2_0000, initrd, memoryMap, rsdp = 0 } = options;
    const { bzImage } = options;
    this.#header = bzImage === undefined ? headerOfElf() : headerOf(operation, bzImage);
    const longest = bzImage === undefined ? longestCommandLine : this.#header.cmdline_size;
    this.#text = requireText(operation, 'commandLine', commandLine, longest);
    const page = requireAddress(operation, 'zeroPage', zeroPage, { alignment: pageBytes });
    this.address = longMode.requireMapped('zeroPage', page);
    this.parts = [
      { what: 'zeroPage', address: page, length: BootParams.$size },
      {
        what: 'commandLine',
        address: longMode.requireMapped('commandLineAddress', commandLineAddress),
        length: this.#text.length,
      },
    ];
    this.#initrd =
      initrd === undefined ? undefined : requireInitrd(operation, initrd, this.#header, bzImage !== undefined);
    this.#memoryMap = requireMemoryMap(operation, memoryMap);
    if (this.#memoryMap.length > E820_MAX_ENTRIES_ZEROPAGE) {
      const rule = `the zero page has room for ${E820_MAX_ENTRIES_ZEROPAGE}`;
      throw new KvmArgumentError(operation, `memoryMap has ${this.#memoryMap.length} entries; ${rule}`);
    }
    this.#rsdp = requireAddress(operation, 'rsdp', rsdp);
  }

  write(longMode: LongMode): void {
    const [page, text] = this.parts;
    const bytes = longMode.cleared(text);
    new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).set(this.#text);
    const params = new BootParams(longMode.cleared(page));
    params.hdr = this.#header;
    params.hdr.type_of_loader = protocol.unknownLoader;
    [params.hdr.cmd_line_ptr, params.ext_cmd_line_ptr] = halves(text.address);
    if (this.#initrd !== undefined) {
      [params.hdr.ramdisk_image, params.ext_ramdisk_image] = halves(this.#initrd.address);
      [params.hdr.ramdisk_size, params.ext_ramdisk_size] = halves(this.#initrd.size);
    }
    params.acpi_rsdp_addr = BigInt(this.#rsdp);
    params.e820_entries = this.#memoryMap.length;
    for (const [index, { address, size, type }] of this.#memoryMap.entries()) {
      Object.assign(params.e820_table.get(index), { addr: BigInt(address), size: BigInt(size), type });
    }
  }
}

/** The lower and the upper 32 bits. */
function halves(value: number): [number, number] {
  return [value % 2 ** 32, Math.floor(value / 2 ** 32)];
}

/** What an ELF kernel reads of the setup header, which its file does not have. */
function headerOfElf(): SetupHeader {
  const header = new SetupHeader(new DataView(new ArrayBuffer(SetupHeader.$size)));
  return Object.assign(header, {
    boot_flag: protocol.bootFlag,
    header: protocol.signature,
    version: protocol.leastVersion,
    cmdline_size: longestCommandLine,
  });
}

/** Returns a copy of the setup header of a bzImage. @throws KvmArgumentError unless the kernel has a 64-bit entry. */
function headerOf(operation: string, bzImage: Uint8Array): SetupHeader {
  requireBytes(operation, bzImage, 'bzImage');
  const { hdr } = BootParams.$layout.members;
  const copy = new Uint8Array(BootParams.$size);
  copy.set(bzImage.subarray(0, Math.min(bzImage.length, hdr.offset + SetupHeader.$size)));
  const params = new BootParams(new DataView(copy.buffer));
  const { header, version, xloadflags, jump } = params.hdr;
  if (header !== protocol.signature) {
    throw new KvmArgumentError(
      operation,
      `bzImage ${describe(bzImage)} of ${bzImage.length} bytes has no setup header`,
    );
  }
  if (version < protocol.leastVersion || (xloadflags & XLF_KERNEL_64) === 0) {
    const problem = `the protocol version 0x${version.toString(16)} and xloadflags 0x${xloadflags.toString(16)}`;
    throw new KvmArgumentError(operation, `bzImage has ${problem}; it must have version 0x20c and XLF_KERNEL_64`);
  }
  // The second byte of the jump says where the header ends. Members after this end are code of the kernel.
  const members = SetupHeader.$layout.members;
  const end = members.header.offset + (jump >> 8);
  new Uint8Array(copy.buffer).fill(0, hdr.offset + Math.min(end, SetupHeader.$size));
  return params.hdr;
}

/** Returns the range of the initrd. @throws KvmArgumentError if the kernel cannot use it. */
function requireInitrd(
  operation: string,
  initrd: BootBlob,
  { initrd_addr_max, xloadflags }: SetupHeader,
  isLimited: boolean,
): { readonly address: number; readonly size: number } {
  requireKnownKeys<BootBlob>(operation, initrd, { address: true, size: true });
  const range = requireRange(operation, 'initrd', initrd);
  const highest = (xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G) !== 0 ? undefined : Math.min(initrd_addr_max, most32);
  if (!isLimited || highest === undefined || range.address + range.size - 1 <= highest) return range;
  const last = (range.address + range.size - 1).toString(16);
  throw new KvmArgumentError(
    operation,
    `the last byte of initrd is at 0x${last}; this kernel needs it at 0x${highest.toString(16)} or below`,
  );
}

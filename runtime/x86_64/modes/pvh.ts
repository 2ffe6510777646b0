/** The PVH boot protocol, which Xen has defined. QEMU and other monitors start ELF kernels with it. */

import { X86_CR0_ET, X86_CR0_PE } from '../../../generated/x86_64/asm/processor-flags.js';
import {
  HvmMemmapTableEntry,
  HvmModlistEntry,
  HvmStartInfo,
  XEN_HVM_START_MAGIC_VALUE,
} from '../../../generated/x86_64/xen/hvm/start_info.js';
import { requireList } from '../../arguments.js';
import { KvmArgumentError } from '../../errors.js';
import type { GuestMemory } from '../../memory.js';
import { type KnownKeys, requireKnownKeys } from '../../options.js';
import type { Vcpu } from '../vcpu.js';
import { type BootBlob, type MemoryMapEntry, requireMemoryMap, requireRange, requireText } from './boot-data.js';
import { type EntryOptions, enter, entryKeys, type PlacementOptions, placementKeys, sregsOf } from './entry.js';
import { type Part, PlacedMemory, requireAddress } from './placed-memory.js';
import { protectedSegments, setSegments } from './segments.js';

/** A module of a PVH kernel, such as an initrd, which the caller writes to memory. */
export interface PvhModule extends BootBlob {
  /** The text that belongs to the module. */
  readonly commandLine?: string;
}

/** The options of `enterPvh`. */
export interface PvhOptions extends EntryOptions, PlacementOptions {
  /** The entry of the kernel: the 32-bit address in its ELF note XEN_ELFNOTE_PHYS32_ENTRY. */
  readonly entry: number | bigint;
  /** The address of the start info: a multiple of 8, not 0. By default 0x6000. The data to which it points follows it. */
  readonly startInfo?: number | bigint;
  /** The command line of the kernel. */
  readonly commandLine?: string;
  /** The modules. The first one is the initrd of Linux. */
  readonly modules?: Iterable<PvhModule>;
  /** The memory map. Linux needs one. */
  readonly memoryMap?: Iterable<MemoryMapEntry>;
  /** The address of the root table of ACPI (RSDP), if there is one. */
  readonly rsdp?: number | bigint;
}

const keys: KnownKeys<PvhOptions> = {
  ...entryKeys,
  ...placementKeys,
  startInfo: true,
  commandLine: true,
  modules: true,
  memoryMap: true,
  rsdp: true,
};

const most32 = 0xffff_ffff;
/** The protocol has no limit. This one keeps a mistake from filling the memory. */
const longestText = 0xffff;
/** The version of the start info that has a memory map. */
const startInfoVersion = 1;

/**
 * Makes the vCPU begin as the PVH boot protocol says: in 32-bit protected mode without paging, with ebx at the start info. Writes
 * the start info, and after it the modules, the memory map and the texts. The caller has written the kernel and the modules to
 * memory. There is no descriptor table: the kernel loads its own. Sets the general, segment and control registers, and no others.
 *
 * @param vcpu the vCPU.
 * @param memory the memory for the start info.
 * @param options the entry, and what the start info says.
 * @returns the address of the first byte after the written data.
 * @throws KvmArgumentError for wrong options, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
 * @example
 * enterPvh(vcpu, memory, {
 *   entry: 0x100_0000,
 *   commandLine: 'console=ttyS0',
 *   modules: [{ address: 0x800_0000, size: initrd.length }],
 *   memoryMap: [{ address: 0, size: 0x9_fc00 }, { address: 0x10_0000, size: memory.size - 0x10_0000 }],
 * });
 * @see docs/misc/pvh.pandoc of Xen, "x86/HVM direct boot ABI"
 */
export function enterPvh(vcpu: Vcpu, memory: GuestMemory, options: PvhOptions): number {
  const operation = 'enterPvh';
  requireKnownKeys(operation, options, keys);
  const rip = requireAddress(operation, 'entry', options.entry, { most: most32 });
  const { stack = 0, guestAddress } = options;
  const rsp = requireAddress(operation, 'stack', stack, { most: most32 });
  const placed = new PlacedMemory(operation, memory, guestAddress);
  const data = new StartInfo(operation, options);
  placed.require([data.part]);
  const sregs = sregsOf(operation, vcpu);
  data.write(placed.cleared(data.part));
  setSegments(sregs, protectedSegments);
  for (const table of [sregs.gdt, sregs.idt]) Object.assign(table, { base: 0n, limit: 0 });
  Object.assign(sregs, { cr0: X86_CR0_PE | X86_CR0_ET, cr3: 0n, cr4: 0n, efer: 0n });
  enter(vcpu, sregs, { rip: BigInt(rip), rsp: BigInt(rsp), rbx: BigInt(data.part.address) });
  return data.part.address + data.part.length;
}

/** The start info and the data to which it points. */
class StartInfo {
  readonly part: Part;
  readonly #rsdp: number;
  readonly #memoryMap: ReturnType<typeof requireMemoryMap>;
  readonly #modules: readonly { readonly address: number; readonly size: number; readonly text?: Uint8Array }[];
  readonly #text: Uint8Array | undefined;

  constructor(operation: string, options: PvhOptions) {
    const { startInfo = 0x6000, commandLine, modules = [], memoryMap = [], rsdp = 0 } = options;
    const address = requireAddress(operation, 'startInfo', startInfo, { most: most32, alignment: 8 });
    if (address === 0) throw new KvmArgumentError(operation, 'startInfo 0; 0 means that there is no start info');
    this.#rsdp = requireAddress(operation, 'rsdp', rsdp);
    this.#memoryMap = requireMemoryMap(operation, memoryMap);
    this.#text =
      commandLine === undefined ? undefined : requireText(operation, 'commandLine', commandLine, longestText);
    this.#modules = requireList(operation, 'modules', modules).map((module, index) => {
      const what = `modules[${index}]`;
      requireKnownKeys<PvhModule>(operation, module, { address: true, size: true, commandLine: true });
      const { commandLine: own } = module;
      const text = own === undefined ? {} : { text: requireText(operation, `${what}.commandLine`, own, longestText) };
      return { ...requireRange(operation, what, module), ...text };
    });
    const texts = [this.#text, ...this.#modules.map(({ text }) => text)];
    const length =
      HvmStartInfo.$size +
      this.#modules.length * HvmModlistEntry.$size +
      this.#memoryMap.length * HvmMemmapTableEntry.$size +
      texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
    this.part = { what: 'startInfo', address, length };
  }

  write(bytes: DataView): void {
    let end = HvmStartInfo.$size;
    /** Reserves bytes for a struct or a text, and returns their offset. An address of 0 says that there are none. */
    const reserve = (length: number): number => {
      end += length;
      return end - length;
    };
    const addressOf = (offset: number): bigint => BigInt(this.part.address + offset);
    const info = new HvmStartInfo(bytes);
    const modules = reserve(this.#modules.length * HvmModlistEntry.$size);
    const memoryMap = reserve(this.#memoryMap.length * HvmMemmapTableEntry.$size);
    const place = (text: Uint8Array | undefined): bigint => {
      if (text === undefined) return 0n;
      const offset = reserve(text.length);
      new Uint8Array(bytes.buffer, bytes.byteOffset + offset, text.length).set(text);
      return addressOf(offset);
    };
    Object.assign(info, {
      magic: XEN_HVM_START_MAGIC_VALUE,
      version: startInfoVersion,
      rsdp_paddr: BigInt(this.#rsdp),
    });
    info.cmdline_paddr = place(this.#text);
    info.nr_modules = this.#modules.length;
    info.modlist_paddr = this.#modules.length === 0 ? 0n : addressOf(modules);
    for (const [index, { address, size, text }] of this.#modules.entries()) {
      const entry = new HvmModlistEntry(bytes, modules + index * HvmModlistEntry.$size);
      Object.assign(entry, { paddr: BigInt(address), size: BigInt(size), cmdline_paddr: place(text) });
    }
    info.memmap_entries = this.#memoryMap.length;
    info.memmap_paddr = this.#memoryMap.length === 0 ? 0n : addressOf(memoryMap);
    for (const [index, { address, size, type }] of this.#memoryMap.entries()) {
      const entry = new HvmMemmapTableEntry(bytes, memoryMap + index * HvmMemmapTableEntry.$size);
      Object.assign(entry, { addr: BigInt(address), size: BigInt(size), type });
    }
  }
}

/** Reads a static program: an ELF file for x86-64 whose addresses are fixed. elf(5) describes the format. */

/** A part of the program that has a fixed address. */
export interface Segment {
  readonly address: number;
  /** The size in memory. After the bytes of the file there are zeros. */
  readonly size: number;
  readonly bytes: Uint8Array;
}

export interface Program {
  readonly entry: number;
  readonly segments: readonly Segment[];
}

/** Values of the members of the headers. */
const magic = 0x7f45_4c46;
const is64LittleEndian = 0x0201;
const executable = 2;
const x86_64 = 62;
const load = 1;

/** The file is untrusted too, so every number in it is checked. @throws RangeError for a file that is not such a program. */
export function readElf(file: Uint8Array): Program {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const require = (isRight: boolean, rule: string): void => {
    if (!isRight) throw new RangeError(`not a static program for x86-64: ${rule}`);
  };
  const u16 = (offset: number): number => view.getUint16(offset, true);
  const u64 = (offset: number): number => {
    const value = view.getBigUint64(offset, true);
    require(value <= 0xffff_ffffn, `0x${value.toString(16)} at offset ${offset} is not below 4 GiB`);
    return Number(value);
  };
  require(file.length >= 64 && view.getUint32(0) === magic, 'the file does not begin with an ELF header');
  require(view.getUint16(4) === is64LittleEndian && u16(18) === x86_64, 'the header says another processor');
  require(u16(16) === executable, 'its addresses are not fixed; link it with -static and -no-pie');
  const [table, entrySize, count] = [u64(32), u16(54), u16(56)];
  require(entrySize >= 56 && table + entrySize * count <= file.length, 'the table of segments is not in the file');
  const segments: Segment[] = [];
  for (let header = table; header < table + entrySize * count; header += entrySize) {
    if (view.getUint32(header, true) !== load) continue;
    const [offset, address, inFile, size] = [u64(header + 8), u64(header + 16), u64(header + 32), u64(header + 40)];
    require(inFile <= size &&
      offset + inFile <= file.length, `the segment at 0x${address.toString(16)} is not in the file`);
    segments.push({ address, size, bytes: file.subarray(offset, offset + inFile) });
  }
  return { entry: u64(24), segments };
}

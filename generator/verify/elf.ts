/** Reads the sections of an ELF object file of either class and either byte order. */

import * as r from 'restructure';
import type { ByteOrder } from '../../support/layout.js';
import { GeneratorError } from '../errors.js';
import { uint64be, uint64le } from './uint64.js';

/** The bytes are not an ELF file, or the ELF file is inconsistent. */
export class ElfError extends GeneratorError {
  override readonly name = 'ElfError';
}

export interface ElfSections {
  readonly bits: 32 | 64;
  readonly byteOrder: ByteOrder;
  /** The sections by name, as views of the file's bytes. A name without a section is absent. */
  readonly sections: ReadonlyMap<string, Uint8Array>;
}

/** Reads the sections with the given names. */
export function readSections(file: Uint8Array, names: readonly string[]): ElfSections {
  const { bits, byteOrder } = identify(file);
  try {
    const reader = new SectionReader(file, layoutOf(bits, byteOrder));
    return { bits, byteOrder, sections: reader.named(new Set(names)) };
  } catch (error) {
    // restructure throws a RangeError at the end of the bytes. Our 64-bit field throws it for an offset that is too
    // large for a file.
    if (error instanceof RangeError) throw new ElfError(`the ELF file is incomplete or damaged: ${error.message}`);
    throw error;
  }
}

const MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const CLASSES: Readonly<Record<number, 32 | 64>> = { 1: 32, 2: 64 };
const BYTE_ORDERS: Readonly<Record<number, ByteOrder>> = { 1: 'little', 2: 'big' };

/** Reads the first bytes, which give the class and the byte order of the file. */
function identify(file: Uint8Array): { readonly bits: 32 | 64; readonly byteOrder: ByteOrder } {
  if (!MAGIC.every((byte, index) => file[index] === byte)) throw new ElfError('not an ELF file: no ELF magic number');
  const bits = CLASSES[file[4] ?? 0];
  const byteOrder = BYTE_ORDERS[file[5] ?? 0];
  if (!bits) throw new ElfError(`the ELF file has the unknown class ${file[4]}`);
  if (!byteOrder) throw new ElfError(`the ELF file has the unknown byte order ${file[5]}`);
  return { bits, byteOrder };
}

interface FileHeader {
  /** The offset of the section headers. 0 if there are none. */
  readonly shoff: number;
  readonly shentsize: number;
  readonly shnum: number;
  /** The index of the section that contains the names of the sections. */
  readonly shstrndx: number;
}

interface SectionHeader {
  /** The offset in the section of names. */
  readonly name: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

interface Layout {
  readonly file: r.FixedDecoder<FileHeader>;
  readonly section: r.FixedDecoder<SectionHeader>;
}

/** The names are the names of the ELF specification without their prefixes. */
function layoutOf(bits: 32 | 64, byteOrder: ByteOrder): Layout {
  const isLittle = byteOrder === 'little';
  const uint16 = isLittle ? r.uint16le : r.uint16be;
  const uint32 = isLittle ? r.uint32le : r.uint32be;
  const uint64 = isLittle ? uint64le : uint64be;
  const word = bits === 64 ? uint64 : uint32;
  const file = new r.Struct({
    ident: new r.Reserved(r.uint8, 16),
    type: uint16,
    machine: uint16,
    version: uint32,
    entry: word,
    phoff: word,
    shoff: word,
    flags: uint32,
    ehsize: uint16,
    phentsize: uint16,
    phnum: uint16,
    shentsize: uint16,
    shnum: uint16,
    shstrndx: uint16,
  });
  const section = new r.Struct({
    name: uint32,
    type: uint32,
    flags: new r.Reserved(word, 1),
    addr: new r.Reserved(word, 1),
    offset: word,
    size: word,
    link: uint32,
    info: uint32,
    addralign: new r.Reserved(word, 1),
    entsize: new r.Reserved(word, 1),
  });
  return { file, section };
}

/** A section with a size in memory but without bytes in the file. */
const SHT_NOBITS = 8;
/** A value of `shstrndx`: the index is too large for the field and is stored elsewhere. */
const SHN_XINDEX = 0xffff;

class SectionReader {
  readonly #file: Uint8Array;
  readonly #stream: r.DecodeStream;
  readonly #headers: readonly SectionHeader[];
  readonly #names: SectionHeader | undefined;

  constructor(file: Uint8Array, layout: Layout) {
    this.#file = file;
    this.#stream = new r.DecodeStream(file);
    const header = layout.file.decode(this.#stream);
    this.#headers = this.#readHeaders(header, layout.section);
    // Numbers that are too large for the file header are in the first section header. That header describes no section.
    const index = header.shstrndx === SHN_XINDEX ? this.#headers[0]?.link : header.shstrndx;
    this.#names = this.#headers[index ?? 0];
  }

  named(names: ReadonlySet<string>): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    for (const header of this.#headers.slice(1)) {
      const name = this.#nameOf(header);
      if (!names.has(name)) continue;
      if (found.has(name)) throw new ElfError(`two sections are called ${name}`);
      found.set(name, this.#bytesOf(header, name));
    }
    return found;
  }

  #readHeaders(header: FileHeader, section: r.FixedDecoder<SectionHeader>): SectionHeader[] {
    if (header.shoff === 0) return [];
    if (header.shentsize !== section.size()) {
      throw new ElfError(`the section headers have ${header.shentsize} bytes; expected ${section.size()}`);
    }
    this.#stream.pos = header.shoff;
    const count = header.shnum === 0 ? section.decode(this.#stream).size : header.shnum;
    if (header.shoff + count * section.size() > this.#file.length) {
      throw new ElfError('the ELF file is incomplete or damaged: it ends before the end of its section headers');
    }
    this.#stream.pos = header.shoff;
    return new r.Array(section, count).decode(this.#stream);
  }

  #nameOf(header: SectionHeader): string {
    if (!this.#names || header.name >= this.#names.size) throw new ElfError('a section has no name');
    this.#stream.pos = this.#names.offset + header.name;
    return new r.String(null, 'utf8').decode(this.#stream);
  }

  #bytesOf(header: SectionHeader, name: string): Uint8Array {
    const end = header.offset + header.size;
    if (header.type === SHT_NOBITS) throw new ElfError(`section ${name} has no bytes in the file`);
    if (end > this.#file.length) throw new ElfError(`section ${name} ends after the end of the file`);
    return this.#file.subarray(header.offset, end);
  }
}

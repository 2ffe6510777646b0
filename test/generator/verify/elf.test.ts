import { describe, expect, it } from 'vitest';
import { ElfError, readSections } from '../../../generator/verify/elf.js';

interface Section {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly type?: number;
}

interface Kind {
  readonly bits: 32 | 64;
  readonly byteOrder: 'little' | 'big';
}

/**
 * Writes the fields of an object file that this test needs. With `large`, the counts are in the first section header.
 */
function objectFile({ bits, byteOrder }: Kind, sections: readonly Section[], large = false): Uint8Array {
  const isLittle = byteOrder === 'little';
  const word = bits / 8;
  const headerSize = bits === 64 ? 64 : 52;
  const entrySize = bits === 64 ? 64 : 40;
  const names = `\0${[...sections.map(({ name }) => name), '.shstrtab'].join('\0')}\0`;
  const all = [...sections, { name: '.shstrtab', bytes: [...new TextEncoder().encode(names)] }];
  const headersAt = headerSize + all.reduce((size, { bytes }) => size + bytes.length, 0);
  const view = new DataView(new ArrayBuffer(headersAt + (all.length + 1) * entrySize));
  let at = 0;
  const put = (size: number, value: number): void => {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, isLittle);
    else if (size === 4) view.setUint32(at, value, isLittle);
    else view.setBigUint64(at, BigInt(value), isLittle);
    at += size;
  };
  const putAll = (fields: readonly (readonly [size: number, value: number])[]): void => {
    for (const [size, value] of fields) put(size, value);
  };
  for (const byte of [0x7f, 0x45, 0x4c, 0x46, bits / 32, isLittle ? 1 : 2, 1]) put(1, byte);
  at = 16;
  putAll([
    [2, 1],
    [2, 0],
    [4, 1],
    [word, 0],
    [word, 0],
    [word, headersAt],
    [4, 0],
    [2, headerSize],
    [2, 0],
    [2, 0],
  ]);
  putAll([
    [2, entrySize],
    [2, large ? 0 : all.length + 1],
    [2, large ? 0xffff : all.length],
  ]);
  const offsets = all.map(({ bytes }) => {
    const start = at;
    for (const byte of bytes) put(1, byte);
    return start;
  });
  const putHeader = (name: number, type: number, offset: number, size: number, link: number): void =>
    putAll([
      [4, name],
      [4, type],
      [word, 0],
      [word, 0],
      [word, offset],
      [word, size],
      [4, link],
      [4, 0],
      [word, 1],
      [word, 0],
    ]);
  putHeader(0, 0, 0, large ? all.length + 1 : 0, large ? all.length : 0);
  for (const [index, { name, bytes, type = 1 }] of (all as readonly Section[]).entries()) {
    putHeader(names.indexOf(`\0${name}\0`) + 1, type, offsets[index] ?? 0, bytes.length, 0);
  }
  return new Uint8Array(view.buffer);
}

const KINDS: Kind[] = [
  { bits: 64, byteOrder: 'little' },
  { bits: 64, byteOrder: 'big' },
  { bits: 32, byteOrder: 'little' },
  { bits: 32, byteOrder: 'big' },
];

const SECTIONS: Section[] = [
  { name: '.text', bytes: [0xc3] },
  { name: '.bits.1', bytes: [1, 2, 3] },
  { name: '.bits.10', bytes: [4, 5] },
];

describe('readSections', () => {
  describe.each(KINDS)('$bits-bit, $byteOrder-endian', (kind) => {
    it('readSections reads the requested sections', () => {
      const { bits, byteOrder, sections } = readSections(objectFile(kind, SECTIONS), [
        '.bits.1',
        '.bits.10',
        '.absent',
      ]);
      expect({ bits, byteOrder }).toEqual(kind);
      expect([...sections].map(([name, bytes]) => [name, [...bytes]])).toEqual([
        ['.bits.1', [1, 2, 3]],
        ['.bits.10', [4, 5]],
      ]);
    });

    it('readSections reads counts that do not fit into the file header', () => {
      const { sections } = readSections(objectFile(kind, SECTIONS, true), ['.bits.10']);
      expect([...(sections.get('.bits.10') ?? [])]).toEqual([4, 5]);
    });

    it('readSections refuses a file that is cut off at any byte', () => {
      const file = objectFile(kind, SECTIONS);
      for (let length = 0; length < file.length; length++) {
        expect(() => readSections(file.subarray(0, length), ['.bits.1'])).toThrow(ElfError);
      }
    });
  });

  it('readSections reads a file that does not start at the start of its buffer', () => {
    const file = objectFile({ bits: 64, byteOrder: 'little' }, SECTIONS);
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    const { sections } = readSections(shifted.subarray(3), ['.bits.1']);
    expect([...(sections.get('.bits.1') ?? [])]).toEqual([1, 2, 3]);
  });

  const altered = (change: (view: DataView) => void): Uint8Array => {
    const file = objectFile({ bits: 64, byteOrder: 'little' }, SECTIONS);
    change(new DataView(file.buffer));
    return file;
  };

  it('readSections returns no sections without section headers', () => {
    const file = altered((view) => view.setBigUint64(0x28, 0n, true));
    expect(readSections(file, ['.text']).sections.size).toBe(0);
  });

  it.each([
    ['nothing', new Uint8Array(), 'not an ELF file'],
    ['text', new TextEncoder().encode('#!/bin/sh'), 'not an ELF file'],
    ['an unknown class', altered((view) => view.setUint8(4, 3)), 'unknown class 3'],
    ['an unknown byte order', altered((view) => view.setUint8(5, 0)), 'unknown byte order 0'],
    [
      'section headers of another size',
      altered((view) => view.setUint16(0x3a, 40, true)),
      'section headers have 40 bytes',
    ],
    [
      'offsets that are too large for a file',
      altered((view) => view.setBigUint64(0x28, 2n ** 60n, true)),
      'larger than 2\\^53',
    ],
    ['section headers after the end', altered((view) => view.setBigUint64(0x28, 9999n, true)), 'incomplete or damaged'],
    ['a missing section of names', altered((view) => view.setUint16(0x3e, 99, true)), 'has no name'],
  ])('readSections refuses %s', (_, file, message) => {
    expect(() => readSections(file, ['.text'])).toThrow(ElfError);
    expect(() => readSections(file, ['.text'])).toThrow(new RegExp(message));
  });

  it.each([
    ['without bytes in the file', [{ name: '.bits', bytes: [], type: 8 }], 'has no bytes'],
    [
      'of the same name',
      [
        { name: '.bits', bytes: [] },
        { name: '.bits', bytes: [] },
      ],
      'two sections are called .bits',
    ],
  ])('readSections refuses sections %s', (_, sections, message) => {
    const file = objectFile({ bits: 64, byteOrder: 'little' }, sections);
    expect(() => readSections(file, ['.bits'])).toThrow(message);
  });

  it('readSections refuses a section that ends after the end of the file', () => {
    const file = objectFile({ bits: 64, byteOrder: 'little' }, SECTIONS);
    const view = new DataView(file.buffer);
    const text = Number(view.getBigUint64(0x28, true)) + 64;
    view.setBigUint64(text + 32, 100_000n, true);
    expect(() => readSections(file, ['.text'])).toThrow('section .text ends after the end of the file');
  });
});

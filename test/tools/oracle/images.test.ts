/**
 * Compares bit-fields of big-endian targets with memory from their compilers. An object file has objects with one
 * bit-field set each. The objects of s390x are committed, so they can be compared without the compiler.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import type { Model } from '../../../generator/model/model.js';
import { targets } from '../../../generator/targets/targets.js';
import { standard } from '../../../generator/verify/compile.js';
import { readSections } from '../../../generator/verify/elf.js';
import { compilerOf, isInstalled } from '../../../tools/lib/compilers.js';
import { type Bindings, classCalled, importBindings } from '../../../tools/lib/imported-bindings.js';
import { run } from '../../../tools/lib/programs.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';
import { shapesHeaders, shapesModel } from '../../helpers/committed-models.js';

/** An object in which only the bits of one bit-field can be set. */
interface Image {
  /** `shape_bits.low` */
  readonly field: string;
  /** The value that C assigns. */
  readonly value: string;
  /** The bytes in hexadecimal. */
  readonly bytes: string;
}

const records = ['shape_bits', 'shape_packed_bits', 'shape_packed_end'];
const committed = JSON.parse(
  readFileSync(fileURLToPath(new URL('./s390x-images.json', import.meta.url)), 'utf8'),
) as readonly Image[];

interface Assignment {
  readonly record: string;
  readonly member: string;
  readonly value: bigint;
}

/** Each bit-field gets the largest value, the smallest value except zero, and a value that is not symmetric. */
function assignments({ types }: Model): Assignment[] {
  return types
    .filter(({ tag }) => records.includes(tag))
    .flatMap(({ tag, members }) =>
      members.flatMap(({ name, bit, shape }): Assignment[] => {
        if (name === null || !bit) return [];
        const signed = shape.is.startsWith('s');
        const all = 2n ** BigInt(bit.width) - 1n;
        const values = [all, 1n, 0x1234_5678_9abc_def1n & all];
        const assigned = values.map((value) => (signed ? BigInt.asIntN(bit.width, value) : value));
        return [...new Set(assigned)].map((value) => ({ record: tag, member: name, value }));
      }),
    );
}

function imagesBy(target: (typeof targets)[number], list: readonly Assignment[]): Image[] {
  const { cc, flags } = compilerOf(target);
  const lines = list.map(
    ({ record, member, value }, index) =>
      `const struct ${record} image_${index} __attribute__((section(".image.${index}"), used)) = { .${member} = ${value === -(2n ** 63n) ? `${value + 1n}LL - 1` : `${value}${value > 2n ** 63n ? 'ULL' : 'LL'}`} };`,
  );
  return inTemporaryFolder({ ...shapesHeaders, 'images.c': `#include <shapes.h>\n${lines.join('\n')}\n` }, (folder) => {
    const object = join(folder, 'images.o');
    run(cc, [...flags, standard, '-w', '-I', folder, '-c', '-o', object, join(folder, 'images.c')]);
    const names = list.map((_, index) => `.image.${index}`);
    const { byteOrder, sections } = readSections(readFileSync(object), names);
    expect(byteOrder).toBe(target.byteOrder);
    return list.map(({ record, member, value }, index) => ({
      field: `${record}.${member}`,
      value: String(value),
      bytes: Buffer.from(sections.get(names[index] as string) as Uint8Array).toString('hex'),
    }));
  });
}

for (const target of targets.filter(({ byteOrder }) => byteOrder === 'big')) {
  const isHere = isInstalled(target);
  describe.skipIf(!isHere && target.name !== 's390x')(`bit-fields of ${target.name} in memory`, () => {
    let bindings: Bindings;
    let images: readonly Image[];

    beforeAll(async () => {
      const model = shapesModel(target);
      images = isHere ? imagesBy(target, assignments(model)) : committed;
      bindings = await importBindings({ model, files: filesFor([model]) });
    });

    if (target.name === 's390x')
      it.runIf(isHere)('the committed images equal those of the compiler', () => {
        expect(images).toEqual(committed);
      });

    it('all bit-fields are compared, with several values each', () => {
      expect(images.map(({ field, value }) => [field, value])).toEqual(
        assignments(bindings.model).map(({ record, member, value }) => [`${record}.${member}`, String(value)]),
      );
      expect(new Set(images.map(({ field }) => field)).size).toBeGreaterThan(15);
    });

    it('bit-fields are read as C wrote them, without bits of others', () => {
      for (const { field, value, bytes } of images) {
        const { view, member } = viewOf(bindings, field, Buffer.from(bytes, 'hex'));
        expect([field, BigInt(view[member] as number)]).toEqual([field, BigInt(value)]);
        const others = bitFieldsOf(bindings.model, field).filter((name) => name !== member);
        expect(others.filter((name) => BigInt(view[name] as number) !== 0n)).toEqual([]);
      }
    });

    it('bit-fields are written as C writes them, over zeros and over ones', () => {
      const masks = new Map<string, Buffer>();
      // In the first value of a field, all bits are set.
      for (const { field, bytes } of images) if (!masks.has(field)) masks.set(field, Buffer.from(bytes, 'hex'));
      for (const { field, value, bytes } of images) {
        const image = Buffer.from(bytes, 'hex');
        const mask = masks.get(field) ?? image;
        for (const fill of [0, 0xff]) {
          const memory = Buffer.alloc(image.length, fill);
          const { view, member } = viewOf(bindings, field, memory);
          const { [member]: before } = view;
          view[member] =
            typeof before === 'boolean' ? value !== '0' : typeof before === 'bigint' ? BigInt(value) : Number(value);
          const expected = Array.from(image, (byte, index) => byte | (fill & ~(mask[index] as number)));
          expect([field, ...memory]).toEqual([field, ...expected]);
        }
      }
    });
  });
}

function viewOf(
  { exports }: Bindings,
  field: string,
  memory: Buffer,
): { view: Record<string, unknown>; member: string } {
  const [record = '', member = ''] = field.split('.');
  const names: Readonly<Record<string, string>> = {
    shape_bits: 'ShapeBits',
    shape_packed_bits: 'ShapePackedBits',
    shape_packed_end: 'ShapePackedEnd',
  };
  const type = classCalled(exports, names[record] as string);
  if (!type) throw new Error(`class of ${record} not found`);
  const view = new type(new DataView(memory.buffer, memory.byteOffset, memory.length));
  return { view: view as unknown as Record<string, unknown>, member };
}

function bitFieldsOf({ types }: Model, field: string): string[] {
  const members = types.find(({ tag }) => tag === field.split('.')[0])?.members ?? [];
  return members.flatMap(({ name, bit }) => (name !== null && bit ? [name] : []));
}

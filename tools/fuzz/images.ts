/**
 * Compares views with memory that a compiler made. An object file has objects in which only one field is not zero.
 * Values for every target can be compared in this way, because no program must run. A view must read the value that C
 * assigned, and must write the same bytes as C.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesFor } from '../../generator/cli/generate.js';
import type { Member, Model } from '../../generator/model/model.js';
import type { Target } from '../../generator/targets/target.js';
import { standard } from '../../generator/verify/compile.js';
import { readSections } from '../../generator/verify/elf.js';
import type { View } from '../../support/index.js';
import { compilerOf } from '../lib/compilers.js';
import { importBindings } from '../lib/imported-bindings.js';
import { run } from '../lib/programs.js';
import {
  attempt,
  type Case,
  casesOf,
  expectedOf,
  forms,
  formsToWrite,
  type Leaf,
  leavesOf,
  numberOf,
  read,
  rootClasses,
  write,
} from '../lib/round-trip.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';

/** A case of a model, and the bytes of the object in which C assigned the value. */
interface Image {
  readonly of: Case;
  readonly bytes: Uint8Array;
}

export interface ImageVerdict {
  /** The problems, by the C type name of the record. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
  /** The number of values that were read and written. */
  readonly values: number;
}

/** Compares the views of a model with the memory of a C text that declares the same types. */
export async function judgeImages(text: string, model: Model, target: Target): Promise<ImageVerdict> {
  const tails = new Map(model.types.map((type) => [type.cName, tailOf(type.members)]));
  const leaves = leavesOf(model).leaves.filter((leaf) => hasInitializer(leaf, tails.get(leaf.root) ?? null));
  const images = imagesOf(text, casesOf(leaves), model, target);
  const roots = rootClasses(await importBindings({ model, files: filesFor([model]) }));
  const problems = new Map<string, string[]>();
  const masks = new Map<Leaf, Uint8Array>();
  for (const { of, bytes } of images) {
    const { leaf, value } = of;
    // In the first value of a field, no byte is zero. In the first value of a bit-field, no bit is zero.
    const mask = masks.get(leaf) ?? (leaf.isBits ? bytes : bytes.map((byte) => (byte === 0 ? 0 : 0xff)));
    masks.set(leaf, mask);
    const view = (memory: Uint8Array): View => roots(leaf, { view: new DataView(memory.buffer), offset: 0 });
    for (const fill of [0, 0xff]) {
      const whole = bytes.map((byte, at) => byte | (fill & ~(mask[at] ?? 0)));
      for (const problem of [...readProblems(of, whole, view), ...writeProblems(of, whole, fill, view)]) {
        const list = problems.get(leaf.root) ?? [];
        problems.set(leaf.root, [...list, `${leaf.item} = ${value} within 0x${fill.toString(16)}: ${problem}`]);
      }
    }
  }
  return { problems, values: images.length };
}

function tailOf(members: readonly Member[]): string | null {
  const last = members.at(-1);
  return last?.dims?.[0] === null ? last.name : null;
}

/**
 * Whether C can initialise a field. C cannot initialise a part of a value. Of arrays without elements, C can initialise
 * only the array at the end of a record.
 */
function hasInitializer({ byte, ends }: Leaf, tail: string | null): boolean {
  return byte === undefined && ends.every((end) => end === `${tail}[2]`);
}

function imagesOf(text: string, cases: readonly Case[], model: Model, target: Target): Image[] {
  const sizes = new Map(model.types.map((type) => [type.cName, type.size]));
  // Each record has one array. A record with a flexible array cannot be an element of an array.
  const groups = new Map<string, Case[]>();
  for (const [index, each] of cases.entries()) {
    const { root, ends } = each.leaf;
    const group = ends.length === 0 ? root : `${index}`;
    groups.set(group, [...(groups.get(group) ?? []), each]);
  }
  const objects = [...groups.values()].map((group, index) => {
    const [{ leaf }] = group as [Case];
    const section = `__attribute__((section("${sectionName(index)}"), used))`;
    const initializers = group.map((each) => `{ .${each.leaf.path} = ${literal(each)} }`);
    return leaf.ends.length === 0
      ? `const ${leaf.root} image_${index}[] ${section} = { ${initializers.join(', ')} };`
      : `const ${leaf.root} image_${index} ${section} = ${initializers.join()};`;
  });
  const sections = compiledSections(`${text}\n${objects.join('\n')}\n`, objects.length, target);
  return [...groups.values()].flatMap((group, index): Image[] => {
    const [{ leaf }] = group as [Case];
    const bytes = sections.get(sectionName(index)) ?? new Uint8Array();
    const size = leaf.ends.length === 0 ? (sizes.get(leaf.root) as number) : bytes.length;
    const all = size * group.length;
    // Some assemblers round up the end of a section. Any other difference of the sizes shows in the images.
    const fits = bytes.length >= all && bytes.length < all + 16;
    const pitch = fits ? size : Math.floor(bytes.length / group.length);
    return group.map((of, at) => ({ of, bytes: bytes.slice(at * pitch, (at + 1) * pitch) }));
  });
}

function sectionName(index: number): string {
  return `.image.${index}`;
}

function compiledSections(text: string, count: number, target: Target): ReadonlyMap<string, Uint8Array> {
  const { cc, flags } = compilerOf(target);
  return inTemporaryFolder({ 'images.c': text }, (folder) => {
    const object = join(folder, 'images.o');
    run(cc, [...flags, standard, '-w', '-c', '-o', object, join(folder, 'images.c')]);
    const { sections } = readSections(
      readFileSync(object),
      Array.from({ length: count }, (_, index) => sectionName(index)),
    );
    return sections;
  });
}

function literal({ leaf, value }: Case): string {
  if (typeof value === 'string') return value;
  return leaf.kind === 'pointer' ? `(void *)${value}UL` : `${value}ULL`;
}

/** Returns the value that C assigned, after the conversion to the type of the field, as C prints it. */
function assigned({ leaf: { kind, width }, value }: Case): string {
  if (typeof value === 'string') return String(kind === 'f32' ? Math.fround(Number(value)) : Number(value));
  return String(kind.startsWith('s') ? BigInt.asIntN(width, value) : value);
}

function readProblems(of: Case, whole: Uint8Array, view: (memory: Uint8Array) => View): string[] {
  const { leaf } = of;
  const text = assigned(of);
  return forms.flatMap((form) => {
    const expected = form === 'value' ? expectedOf(leaf, text) : numberOf(leaf, text);
    const found = attempt(() => read(view(whole.slice()), leaf.steps, form));
    return Object.is(found, expected) ? [] : [`read as ${form}: C reads ${expected}, the view reads ${found}`];
  });
}

function writeProblems(of: Case, whole: Uint8Array, fill: number, view: (memory: Uint8Array) => View): string[] {
  return formsToWrite(of.leaf, of.value, assigned(of)).flatMap(([form, value]) => {
    const memory = new Uint8Array(whole.length).fill(fill);
    const error = attempt(() => write(view(memory), of.leaf.steps, form, value));
    const expected = Buffer.from(whole).toString('hex');
    const found = error ?? Buffer.from(memory).toString('hex');
    return found === expected ? [] : [`written as ${form}: C writes ${expected}, the view writes ${found}`];
  });
}

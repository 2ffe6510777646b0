/**
 * Compares memory: C writes a field and the view reads it, then the view writes a field and C reads it. This is done
 * for every leaf of every type. A leaf is a member with a value of its own, with its whole path from a named type. Of
 * an array, the leaves are the first and the last element of every dimension. Of a flexible array, the leaves are the
 * first two elements.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Member, Model, ScalarKind, Shape } from '../../generator/model/model.js';
import type { ArrayView, View } from '../../support/index.js';
import type { Difference } from './emitted-facts.js';
import { classesOf, type NamedMember, promoted } from './expected-classes.js';
import { type Bindings, classCalled } from './imported-bindings.js';
import { compileProgram, type Subject } from './oracle-compiler.js';
import { run } from './programs.js';

type Step = string | number;

export interface Leaf {
  /** The name of the leaf: `struct kvm_cpuid2.entries[1].eax`. */
  readonly item: string;
  /** The C type name of the root. */
  readonly root: string;
  /** The C expression after `root->`. */
  readonly path: string;
  /** The path for a view of the root: properties and indices. */
  readonly steps: readonly Step[];
  readonly kind: Exclude<ScalarKind, 'opaque'>;
  /** In bits. */
  readonly width: number;
  readonly isBits: boolean;
  /** The byte order of the value, such as `be32`, if it does not depend on the target. Otherwise empty. */
  readonly order: string;
  /** The ends of the flexible arrays on the path, as paths. */
  readonly ends: readonly string[];
  /** The members that must contain the length of these arrays, which is two. */
  readonly counts: readonly Count[];
  /** The index of a byte, if the leaf is one byte of a value that has no type in C or in TypeScript. */
  readonly byte?: number;
}

/** A member that contains a number of elements. */
type Count = Pick<Leaf, 'steps' | 'order'>;

export interface Leaves {
  readonly leaves: readonly Leaf[];
  /** Every member that is a leaf or contains a leaf. */
  readonly members: ReadonlySet<Member>;
}

export function leavesOf(model: Model): Leaves {
  const walk = new LeafWalk(model);
  for (const { cName: root, members } of model.types) {
    walk.visit(members, { item: root, root, path: '', steps: [], ends: [], counts: [] });
  }
  return walk;
}

type Place = Pick<Leaf, 'item' | 'root' | 'path' | 'steps' | 'ends' | 'counts'>;

class LeafWalk implements Leaves {
  readonly leaves: Leaf[] = [];
  readonly members: Set<Member> = new Set();
  readonly #records: ReadonlyMap<string, Model['types'][number]>;
  readonly #pointerSize: number;

  constructor(model: Model) {
    this.#records = new Map(model.types.map((type) => [type.cName, type]));
    this.#pointerSize = model.pointerSize;
  }

  record(cName: string): Model['types'][number] {
    return this.#records.get(cName) as Model['types'][number];
  }

  /** `siblings` are the members of the whole class. Members of anonymous members also see them. */
  visit(members: readonly Member[], place: Place, siblings: readonly NamedMember[] = promoted(members)): void {
    for (const member of members) {
      // A record without members has nothing to access.
      if (member.members?.length === 0) continue;
      this.members.add(member);
      if (member.name === null) this.visit(member.members ?? [], place, siblings);
      else for (const indices of corners(member.dims ?? [])) this.#element(member, siblings, indices, place);
    }
  }

  #element(member: Member, siblings: readonly NamedMember[], indices: readonly number[], place: Place): void {
    const name = member.name as string;
    const counter = siblings.find((sibling) => sibling.name === member.countedBy);
    const subscripts = indices.map((index) => `[${index}]`).join('');
    const dot = place.path === '' ? '' : '.';
    const path = `${place.path}${dot}${name}`;
    const flexible = member.dims?.[0] === null || member.dims?.[0] === 0;
    const inside: Place = {
      item: `${place.item}.${name}${subscripts}`,
      root: place.root,
      path: path + subscripts,
      steps: [...place.steps, name, ...indices],
      ends: flexible ? [...place.ends, `${path}[2]`] : place.ends,
      counts: counter
        ? [...place.counts, { steps: [...place.steps, counter.name], order: orderOf(counter.shape) }]
        : place.counts,
    };
    const { shape } = member;
    if ('cName' in shape) {
      this.visit(member.members ?? this.record(shape.cName as string).members, inside);
    } else if (shape.is === 'opaque') {
      const size = member.elementSize ?? member.size;
      for (const byte of [0, size - 1]) {
        const steps = [...inside.steps, byte];
        this.leaves.push({
          ...inside,
          item: `${inside.item}<${byte}>`,
          steps,
          kind: 'u8',
          width: 8,
          isBits: false,
          order: '',
          byte,
        });
      }
    } else {
      const size = shape.is === 'pointer' ? this.#pointerSize : scalarSizes[shape.is];
      const width = member.bit?.width ?? size * 8;
      this.leaves.push({ ...inside, kind: shape.is, width, isBits: member.bit !== undefined, order: orderOf(shape) });
    }
  }
}

/** Returns the byte order of the value in glibc's notation: `be32`. */
function orderOf(shape: Shape): string {
  if (!('byteOrder' in shape)) return '';
  return `${shape.byteOrder === 'big' ? 'be' : 'le'}${shape.is.slice(1)}`;
}

const scalarSizes: Readonly<Record<Exclude<Leaf['kind'], 'pointer'>, number>> = {
  ...{ u8: 1, s8: 1, bool: 1, u16: 2, s16: 2, u32: 4, s32: 4, f32: 4, u64: 8, s64: 8, f64: 8 },
};

/**
 * Returns the first and the last index of every dimension. If a dimension has no length, returns the first two indices.
 */
function corners(dims: readonly (number | null)[]): number[][] {
  const [length, ...inner] = dims;
  if (length === undefined) return [[]];
  const indices = length === null || length === 0 ? [0, 1] : length === 1 ? [0] : [0, length - 1];
  return indices.flatMap((index) => corners(inner).map((rest) => [index, ...rest]));
}

// Values

/** A value that C assigns to a leaf. */
export interface Case {
  readonly leaf: Leaf;
  /** For an integer, the value as an unsigned 64-bit integer. For a float, the literal. */
  readonly value: bigint | string;
}

/**
 * Returns the values of the leaves. No byte of an integer is zero, and the sign bit of a signed integer is set.
 * Bit-fields are set and cleared.
 */
export function casesOf(leaves: readonly Leaf[]): Case[] {
  return leaves.flatMap((leaf, index) => valuesFor(leaf, index).map((value) => ({ leaf, value })));
}

function valuesFor({ kind, width, isBits }: Leaf, index: number): (bigint | string)[] {
  if (kind === 'bool') return [1n, 0n];
  if (kind === 'f32' || kind === 'f64') return [realFor(kind, index)];
  const top = 1n << BigInt(width - 1);
  if (isBits) return [...new Set([2n * top - 1n, top | 1n, top - 1n, 0n])];
  const signed = kind.startsWith('s');
  const pattern = patternOf(index) & (2n * top - 1n);
  const value = signed ? pattern | top : pattern;
  if (width < 64) return [value];
  // One value that a number cannot hold, and one value that it can hold.
  const safe = (pattern & 0x1f_ffff_ffff_ffffn) | (1n << 48n);
  return [value | top, signed ? 2n * top - safe : safe];
}

/** Returns a literal without a zero byte. */
function realFor(kind: 'f32' | 'f64', index: number): string {
  const [digits, exponent, array] = kind === 'f32' ? [1234567, 21, Float32Array] : [1234567890123, 210, Float64Array];
  for (let more = index; ; more++) {
    const literal = `${index % 2 === 0 ? '-' : ''}1.${digits + more}e-${exponent}`;
    if (!new Uint8Array(array.of(Number(literal)).buffer).includes(0)) return literal;
  }
}

/** Returns eight different bytes that are not zero. */
function patternOf(index: number): bigint {
  let pattern = 0n;
  for (let byte = 0; byte < 8; byte++) pattern = (pattern << 8n) | BigInt(1 + ((index * 41 + byte * 37) % 127));
  return pattern;
}

/** The bytes in memory before a view writes to it. Every bit is set in one of them and clear in the other. */
const fills: readonly number[] = [0xa5, 0x5a];

// The program

/** The memory after C assigned a case in zeroed memory. */
export interface Reading {
  /** The size of the memory: the size of the root, or the end of the flexible arrays. */
  readonly size: number;
  /** The value that C reads from the leaf. */
  readonly text: string;
  /** The offset and the value of every byte that is not zero. */
  readonly bytes: readonly (readonly [offset: number, value: number])[];
}

/** The result of C for memory that a view has written. */
interface Verdict {
  /** The value that C reads from the leaf. */
  readonly text: string;
  /** The value that C reads after writing it itself. */
  readonly expected: string;
  /** The first byte that differs from C's memory. -1 if no byte differs. */
  readonly byte: number;
}

export class MemoryOracle {
  readonly cases: readonly Case[];
  readonly readings: readonly Reading[];
  readonly #folder: string;
  readonly #program: string;

  /** Compiles the program into a folder. The folder must exist as long as the oracle is used. */
  constructor(folder: string, leaves: readonly Leaf[], { header, include }: Subject) {
    this.cases = casesOf(leaves);
    this.#folder = folder;
    this.#program = compileProgram(folder, programFor(leaves, this.cases, header), include);
    this.readings = lines<Reading>(run(this.#program, []));
  }

  /** Returns the values that views read differently from C. */
  readDifferences(bindings: Bindings): Difference[] {
    const roots = rootClasses(bindings);
    return this.cases.flatMap(({ leaf }, index) => {
      const { size, text, bytes } = this.readings[index] as Reading;
      const room = new Room(size, 0);
      for (const [offset, value] of bytes) room.memory[offset] = value;
      return forms.flatMap((form): Difference[] => {
        const found = attempt(() => read(roots(leaf, room), leaf.steps, form));
        const expected = form === 'value' ? expectedOf(leaf, text) : numberOf(leaf, text);
        return Object.is(found, expected) ? [] : [{ item: leaf.item, what: `read as ${form}`, expected, found }];
      });
    });
  }

  /** Returns the values that C reads differently after a view wrote them, and the other bytes that views changed. */
  writeDifferences(bindings: Bindings): { readonly writes: number; readonly differences: Difference[] } {
    const roots = rootClasses(bindings);
    const images: Uint8Array[] = [];
    const asked: { readonly item: string; readonly what: string }[] = [];
    const differences: Difference[] = [];
    for (const [index, { leaf, value }] of this.cases.entries()) {
      const { size, text } = this.readings[index] as Reading;
      for (const [form, written] of formsToWrite(leaf, value, text)) {
        for (const fill of fills) {
          const room = new Room(size, fill);
          const what = `written as ${form} over 0x${fill.toString(16)}`;
          const failure = attempt(() => {
            const root = roots(leaf, room);
            for (const { steps } of leaf.counts) setCount(root, steps);
            write(root, leaf.steps, form, written);
            return room.isUntouchedAround(fill) ? undefined : 'other bytes around it';
          });
          if (failure !== undefined) differences.push({ item: leaf.item, what, expected: undefined, found: failure });
          else {
            images.push(new Uint8Array(Uint32Array.of(index, fill).buffer), room.memory);
            asked.push({ item: leaf.item, what });
          }
        }
      }
    }
    const file = join(this.#folder, 'images');
    writeFileSync(file, Buffer.concat(images));
    const verdicts = lines<Verdict>(run(this.#program, [file]));
    if (verdicts.length !== asked.length) throw new Error(`${verdicts.length} verdicts for ${asked.length} images`);
    for (const [index, { text, expected, byte }] of verdicts.entries()) {
      const { item, what } = asked[index] as (typeof asked)[number];
      if (text !== expected) differences.push({ item, what, expected, found: text });
      else if (byte !== -1)
        differences.push({
          item,
          what: `${what}: byte ${byte}`,
          expected: 'the byte that C writes',
          found: 'another byte',
        });
    }
    return { writes: asked.length, differences };
  }
}

function lines<T>(output: string): T[] {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

function programFor(leaves: readonly Leaf[], cases: readonly Case[], header: string): string {
  const numbers = new Map(leaves.map((leaf, index) => [leaf, index]));
  return `#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <${header}>

#define INTEGER(value) ((value) < 0 ? sprintf(text, "%lld", (long long)(value)) \\
  : sprintf(text, "%llu", (unsigned long long)(value)))
#define ADDRESS(value) INTEGER((unsigned long)(value))
#define REAL(value) sprintf(text, "%.17g", (double)(value))
#define BIGGER(a, b) ((a) > (b) ? (a) : (b))

union value { unsigned long long integer; double real; };
static char text[64];

${leaves.map(leafFunction).join('\n')}

static const struct { void (*leaf)(char *, int, union value); size_t size; union value value; } cases[] = {
${cases.map(({ leaf, value }) => caseLine(numbers.get(leaf) as number, leaf, value)).join('\n')}
};

static void print_reading(size_t index) {
  size_t size = cases[index].size;
  char *memory = calloc(1, size);
  cases[index].leaf(memory, 1, cases[index].value);
  printf("{\\"size\\":%zu,\\"text\\":\\"%s\\",\\"bytes\\":[", size, text);
  const char *comma = "";
  for (size_t at = 0; at < size; at++) {
    if (memory[at] == 0) continue;
    printf("%s[%zu,%d]", comma, at, (unsigned char)memory[at]);
    comma = ",";
  }
  printf("]}\\n");
  free(memory);
}

static void print_verdict(size_t index, int fill, char *image) {
  size_t size = cases[index].size, at = 0;
  char *expected = malloc(size), expected_text[sizeof text];
  memset(expected, fill, size);
  cases[index].leaf(expected, 1, cases[index].value);
  strcpy(expected_text, text);
  while (at < size && expected[at] == image[at]) at++;
  cases[index].leaf(image, 0, cases[index].value);
  printf("{\\"text\\":\\"%s\\",\\"expected\\":\\"%s\\",\\"byte\\":%ld}\\n", text, expected_text, at < size ? (long)at : -1);
  free(expected);
}

int main(int argc, char **argv) {
  if (argc == 1) {
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) print_reading(index);
    return 0;
  }
  FILE *images = fopen(argv[1], "rb");
  unsigned int head[2];
  if (!images) return 1;
  while (fread(head, sizeof head, 1, images) == 1) {
    char *image = malloc(cases[head[0]].size);
    if (fread(image, cases[head[0]].size, 1, images) != 1) return 1;
    print_verdict(head[0], head[1], image);
    free(image);
  }
  return 0;
}
`;
}

/** Returns a C function that optionally sets the leaf and prints its value. */
function leafFunction({ root, path, kind, order, counts, byte }: Leaf, index: number): string {
  const place = byte === undefined ? `p->${path}` : `((unsigned char *)&p->${path})[${byte}]`;
  const set = counts.map((count) => `p->${cPath(count.steps)} = ${stored('2', count.order)}; `).join('');
  const real = kind === 'f32' || kind === 'f64';
  const value = kind === 'pointer' ? '(void *)value.integer' : real ? 'value.real' : 'value.integer';
  const print = kind === 'pointer' ? 'ADDRESS' : real ? 'REAL' : 'INTEGER';
  const head = `static void leaf_${index}(char *memory, int set, union value value)`;
  return `${head} { ${root} *p = (void *)memory; ${set}if (set) ${place} = ${stored(value, order)}; ${print}(${loaded(place, order)}); }`;
}

function stored(value: string, order: string): string {
  return order === '' ? value : `hto${order}(${value})`;
}

function loaded(place: string, order: string): string {
  return order === '' ? place : `${order}toh(${place})`;
}

function cPath(steps: readonly Step[]): string {
  return steps
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);
}

function caseLine(number: number, { root, ends }: Leaf, value: bigint | string): string {
  const sizes = ends.map((path) => `__builtin_offsetof(${root}, ${path})`);
  const size = sizes.reduce((bigger, end) => `BIGGER(${bigger}, ${end})`, `sizeof(${root})`);
  const literal = typeof value === 'bigint' ? `.integer = ${value}ull` : `.real = ${value}`;
  return `  { leaf_${number}, ${size}, { ${literal} } },`;
}

// The views

/** The value itself, or the number form of a 64-bit integer. */
export const forms = ['value', 'number'] as const;
export type Form = (typeof forms)[number];

/** Memory that is neither at the start of its DataView nor at the end of its buffer. */
class Room {
  readonly memory: Uint8Array;
  readonly view: DataView;
  /** The offset of the memory in the view. */
  readonly offset = 24;
  readonly #all: Uint8Array;

  constructor(size: number, fill: number) {
    const viewOffset = 8;
    const after = 16;
    this.#all = new Uint8Array(viewOffset + this.offset + size + after).fill(fill);
    this.view = new DataView(this.#all.buffer, viewOffset, this.offset + size);
    this.memory = this.#all.subarray(viewOffset + this.offset, viewOffset + this.offset + size);
  }

  isUntouchedAround(fill: number): boolean {
    const start = this.memory.byteOffset;
    const around = [this.#all.subarray(0, start), this.#all.subarray(start + this.memory.byteLength)];
    return around.every((bytes) => bytes.every((byte) => byte === fill));
  }
}

type RootOf = (leaf: Leaf, place: { readonly view: DataView; readonly offset: number }) => View;

export function rootClasses({ model, exports }: Bindings): RootOf {
  const classes = new Map(classesOf(model).map(({ title, className }) => [title, classCalled(exports, className)]));
  return ({ root }, { view, offset }) => {
    const type = classes.get(root);
    if (!type) throw new Error(`class of ${root} not found`);
    return new type(view, offset);
  };
}

function isWide({ kind, width }: Leaf): boolean {
  return kind === 'u64' || kind === 's64' || (kind === 'pointer' && width === 64);
}

/** Returns the value that the view must return for the value that C reads. */
export function expectedOf(leaf: Leaf, text: string): unknown {
  if (leaf.kind === 'bool') return text !== '0';
  return isWide(leaf) ? BigInt(text) : Number(text);
}

/**
 * Returns the expected number form: undefined if there is no number form, or an error if a number cannot hold the
 * value.
 */
export function numberOf(leaf: Leaf, text: string): unknown {
  if (!isWide(leaf) || (leaf.isBits && leaf.width > 53)) return undefined;
  return Number.isSafeInteger(Number(text)) ? Number(text) : 'RangeError';
}

/**
 * Returns the values to assign: the value that C reads back, the same bits as an unsigned integer, and the number form
 * if it exists.
 */
export function formsToWrite(
  leaf: Leaf,
  value: bigint | string,
  text: string,
): (readonly [form: Form, value: unknown])[] {
  const same = expectedOf(leaf, text);
  const written: (readonly [Form, unknown])[] = [['value', same]];
  if (typeof value === 'bigint' && typeof same !== 'boolean' && text !== String(value)) {
    written.push(['value', isWide(leaf) ? value : Number(value)]);
  }
  const number = numberOf(leaf, text);
  return typeof number === 'number' ? [...written, ['number', number]] : written;
}

/** Returns the result of an action, or the name of the error that it threw. */
export function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

type Fields = Record<string, unknown>;

function follow(root: View, steps: readonly Step[]): unknown {
  return steps.reduce<unknown>(
    (value, step) => (typeof step === 'number' ? (value as ArrayView<unknown>).get(step) : (value as Fields)[step]),
    root,
  );
}

interface NumberArray {
  getNumber?(index: number): number;
  setNumber?(index: number, value: number): void;
}

export function read(root: View, steps: readonly Step[], form: Form): unknown {
  if (form === 'value') return follow(root, steps);
  const holder = follow(root, steps.slice(0, -1));
  const last = steps.at(-1) as Step;
  return typeof last === 'number' ? (holder as NumberArray).getNumber?.(last) : (holder as Fields)[`$${last}`];
}

export function write(root: View, steps: readonly Step[], form: Form, value: unknown): void {
  const holder = follow(root, steps.slice(0, -1));
  const last = steps.at(-1) as Step;
  if (typeof last === 'number') {
    if (form === 'value') (holder as ArrayView<unknown>).set(last, value);
    else (holder as NumberArray).setNumber?.(last, value as number);
  } else (holder as Fields)[form === 'value' ? last : `$${last}`] = value;
}

/** Sets the length of a flexible array to two. */
function setCount(root: View, steps: readonly Step[]): void {
  const wide = typeof follow(root, steps) === 'bigint';
  write(root, steps, 'value', wide ? 2n : 2);
}

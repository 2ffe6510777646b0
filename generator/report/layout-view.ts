/**
 * Prints records as C text. Each member has its offset and size, and holes are marked. The format is the format of
 * `pahole`.
 */

import { UsageError } from '../errors.js';
import type { EnumType, Member, Model, RecordType } from '../model/model.js';
import { closestTo } from '../model/suggestions.js';
import { type Body, bodyOf, elementSize, type Gap } from './holes.js';

/** A requested type is not in the model. */
export class UnknownTypeError extends UsageError {
  /** Up to three similar type names, the most similar first. */
  readonly suggestions: readonly string[];

  constructor(wanted: string, header: string, suggestions: readonly string[]) {
    const hint = suggestions.length > 0 ? `; did you mean ${suggestions.join(', ')}?` : '';
    super(`${header} has no type called ${wanted}${hint}`);
    this.suggestions = suggestions;
  }
}

/** Adds colours or other terminal styles to the parts of a line. */
export interface Paint {
  /** The C text of a line. */
  code(text: string): string;
  /** The offsets and sizes beside it, and the summary of a type. */
  figures(text: string): string;
  /** A hole. */
  hole(text: string): string;
}

export interface SelectedTypes {
  readonly types: readonly RecordType[];
  readonly enums: readonly EnumType[];
}

/**
 * Returns the types with the given names (`kvm_run` or `struct kvm_run`), each once, in the model's order. Without
 * names, returns all types.
 */
export function selectTypes(model: Model, names: readonly string[]): SelectedTypes {
  if (names.length === 0) return { types: model.types, enums: model.enums };
  for (const name of names) {
    if (!hasType(model, name)) throw new UnknownTypeError(name, model.header, closestTypes([model], name));
  }
  return typesCalled(model, names);
}

/** Whether a model has a type of this name. */
export function hasType({ types, enums }: Model, name: string): boolean {
  return [...types, ...enums].some((type) => isCalled(type, name));
}

/** Returns the types of a model with the given names. A name can be missing. */
export function typesCalled({ types, enums }: Model, names: readonly string[]): SelectedTypes {
  const isWanted = (type: RecordType | EnumType): boolean => names.some((name) => isCalled(type, name));
  return { types: types.filter(isWanted), enums: enums.filter(isWanted) };
}

export function layoutView(model: Model, names: readonly string[], paint?: Paint): string {
  return typesView(selectTypes(model, names), paint);
}

/** Prints types as `layoutView` prints them. */
export function typesView({ types, enums }: SelectedTypes, paint: Paint = PLAIN): string {
  const blocks = [...types.map(recordLines), ...enums.map(enumLines)];
  return blocks.map((lines) => render(lines, paint)).join('\n');
}

const PLAIN: Paint = { code: (text) => text, figures: (text) => text, hole: (text) => text };

// --- names -----------------------------------------------------------------------------------------------------------

function isCalled(type: RecordType | EnumType, name: string): boolean {
  return type.tag !== null && (name === type.tag || name === type.cName);
}

/** Returns up to three types whose names are similar. */
export function closestTypes(models: readonly Model[], wanted: string): string[] {
  const [bare = wanted] = wanted.split(' ').slice(-1);
  const byTag = new Map(
    models
      .flatMap(({ types, enums }) => [...types, ...enums])
      .flatMap(({ tag, cName }) => (tag === null || cName === null ? [] : [[tag, cName] as const])),
  );
  return closestTo(bare, [...byTag.keys()]).map((tag) => byTag.get(tag) ?? tag);
}

// --- lines -----------------------------------------------------------------------------------------------------------

export interface LayoutLine {
  /** C text, indented. */
  readonly code: string;
  /** The comment beside it. */
  readonly figures?: string;
  readonly hole?: string;
}

const INDENT = '    ';

/** Renders the lines. All comments start in the same column. */
function render(lines: readonly LayoutLine[], paint: Paint): string {
  const column = Math.max(0, ...lines.map((line) => (line.figures === undefined ? 0 : line.code.length)));
  return lines.map((line) => `${renderLine(line, column, paint)}\n`).join('');
}

function renderLine({ code, figures, hole }: LayoutLine, column: number, paint: Paint): string {
  if (hole !== undefined) return code + paint.hole(`/* ${hole} */`);
  if (figures === undefined) return code.trim() === '' ? '' : paint.code(code);
  const comment = paint.figures(`/* ${figures} */`);
  return code.trim() === '' ? code + comment : `${paint.code(code.padEnd(column))} ${comment}`;
}

/** Returns the lines of a struct, union or enum, without the alignment of their comments. */
export function typeLines(type: RecordType | EnumType): LayoutLine[] {
  return 'enumerators' in type ? enumLines(type) : recordLines(type);
}

function recordLines(record: RecordType): LayoutLine[] {
  const { opening, closing } = bracketsOf(record.kind, record);
  const body = bodyOf(record.kind, record.members, record.size);
  return [
    { code: opening },
    ...memberLines(body, 0, INDENT),
    { code: '' },
    ...summaryOf(record, body).map((figures): LayoutLine => ({ code: INDENT, figures })),
    { code: closing },
  ];
}

function memberLines(body: Body, base: number, indent: string): LayoutLine[] {
  const types = body.slots.map(({ member }) => (member.members ? 0 : member.type.length));
  const typeWidth = Math.min(MAX_TYPE_WIDTH, Math.max(0, ...types));
  const lines = body.slots.flatMap((slot) => [
    ...gapLines(slot.gap, indent),
    ...linesOf(slot.member, base, indent, typeWidth),
  ]);
  return lines;
}

/** The widest type that the alignment of names considers. A longer type moves only its own name to the right. */
const MAX_TYPE_WIDTH = 32;

function linesOf(member: Member, base: number, indent: string, typeWidth: number): LayoutLine[] {
  const figures = figuresOf(member, base);
  if (!member.members) return [{ code: indent + declaration(member, typeWidth), figures }];
  const kind = member.shape.is === 'union' ? 'union' : 'struct';
  const body = bodyOf(kind, member.members, elementSize(member));
  const name = member.name === null ? '' : ` ${member.name}${dimensions(member)}`;
  const inner = indent + INDENT;
  return [
    { code: `${indent}${kind} {` },
    ...memberLines(body, base + member.offset, inner),
    ...(body.padding > 0 ? [{ code: inner, hole: `XXX ${count(body.padding, 'byte')} padding` }] : []),
    { code: `${indent}}${name};`, figures },
  ];
}

function gapLines(gap: Gap, indent: string): LayoutLine[] {
  const holes = [
    ...(gap.bits > 0 ? [`XXX ${count(gap.bits, 'bit')} hole, try to pack`] : []),
    ...(gap.bytes > 0 ? [`XXX ${count(gap.bytes, 'byte')} hole, try to pack`] : []),
  ];
  if (holes.length === 0) return [];
  return [{ code: '' }, ...holes.map((hole): LayoutLine => ({ code: indent, hole })), { code: '' }];
}

function declaration(member: Member, typeWidth: number): string {
  const name = `${member.name ?? ''}${dimensions(member)}${member.bit ? `:${member.bit.width}` : ''}`;
  // The name of a pointer to a function or an array is inside its type.
  if (member.type.includes('(*)')) return `${member.type.replace('(*)', `(*${name})`)};`;
  return `${member.type.padEnd(typeWidth)} ${name};`;
}

function dimensions(member: Member): string {
  return (member.dims ?? []).map((length) => `[${length ?? ''}]`).join('');
}

/**
 * Returns the offset from the start of the outermost record, and the size. A bit-field also has its bit within the
 * storage unit.
 */
function figuresOf(member: Member, base: number): string {
  const offset = String(base + member.offset).padStart(5);
  if (!member.bit) return `${offset} ${String(member.size).padStart(5)}`;
  return `${offset}:${String(member.bit.offset).padStart(2)} ${String(member.size).padStart(2)}`;
}

function summaryOf(record: RecordType, body: Body): string[] {
  const { sums } = body;
  const holes = sums.holes > 0 ? `, holes: ${sums.holes}, sum holes: ${sums.holeBytes}` : '';
  const bitHoles =
    sums.bitHoles > 0 ? `, bit holes: ${sums.bitHoles}, sum bit holes: ${count(sums.holeBits, 'bit')}` : '';
  return [
    `size: ${record.size}, align: ${record.align}, members: ${record.members.length}`,
    ...(holes ? [`sum members: ${sums.memberBytes}${holes}`] : []),
    ...(sums.memberBits > 0 ? [`sum bit-field members: ${count(sums.memberBits, 'bit')}${bitHoles}`] : []),
    ...(body.padding > 0 ? [`padding: ${body.padding}`] : []),
    ...(body.bitPadding > 0 ? [`bit padding: ${count(body.bitPadding, 'bit')}`] : []),
  ];
}

/**
 * Returns the first and the last line of a definition. If only a typedef names the type, the name is in the last line.
 */
function bracketsOf(
  keyword: string,
  { tag, cName }: RecordType | EnumType,
): { readonly opening: string; readonly closing: string } {
  const isTypedef = cName !== null && cName === tag;
  return isTypedef
    ? { opening: `typedef ${keyword} {`, closing: `} ${tag};` }
    : { opening: `${cName ?? keyword} {`, closing: '};' };
}

function enumLines(enumeration: EnumType): LayoutLine[] {
  const { enumerators, size } = enumeration;
  const width = Math.max(0, ...enumerators.map(({ name }) => name.length));
  const { opening, closing } = bracketsOf('enum', enumeration);
  return [
    { code: opening },
    ...enumerators.map(({ name, value }): LayoutLine => ({ code: `${INDENT}${name.padEnd(width)} = ${value},` })),
    { code: '' },
    { code: INDENT, figures: `size: ${size}, enumerators: ${enumerators.length}` },
    { code: closing },
  ];
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

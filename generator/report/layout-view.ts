/**
 * Records as C text with the offset and size of every member beside it, holes included: what `pahole` shows, for a
 * model.
 */

import { UsageError } from '../errors.js';
import type { EnumType, Member, Model, RecordType } from '../model/model.js';
import { closestTo } from '../model/suggestions.js';

/** A type that was asked for and is not in the model. */
export class UnknownTypeError extends UsageError {
  /** Up to three names that are, the closest first. */
  readonly suggestions: readonly string[];

  constructor(wanted: string, header: string, suggestions: readonly string[]) {
    const hint = suggestions.length > 0 ? `; did you mean ${suggestions.join(', ')}?` : '';
    super(`${header} has no type called ${wanted}${hint}`);
    this.suggestions = suggestions;
  }
}

/** Puts colour, or whatever a terminal has, on the parts of a line. */
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

/** The types of the given names, `kvm_run` or `struct kvm_run`, each once and in the model's order; all for no name. */
export function selectTypes(model: Model, names: readonly string[]): SelectedTypes {
  if (names.length === 0) return { types: model.types, enums: model.enums };
  for (const name of names) {
    const isKnown =
      model.types.some((type) => isCalled(type, name)) || model.enums.some((type) => isCalled(type, name));
    if (!isKnown) throw new UnknownTypeError(name, model.header, closestNames(model, name));
  }
  const isWanted = (type: RecordType | EnumType): boolean => names.some((name) => isCalled(type, name));
  return { types: model.types.filter(isWanted), enums: model.enums.filter(isWanted) };
}

export function layoutView(model: Model, names: readonly string[], paint: Paint = PLAIN): string {
  const { types, enums } = selectTypes(model, names);
  const blocks = [...types.map(recordLines), ...enums.map(enumLines)];
  return blocks.map((lines) => render(lines, paint)).join('\n');
}

const PLAIN: Paint = { code: (text) => text, figures: (text) => text, hole: (text) => text };

// --- names -----------------------------------------------------------------------------------------------------------

function isCalled(type: RecordType | EnumType, name: string): boolean {
  return type.tag !== null && (name === type.tag || name === type.cName);
}

function closestNames(model: Model, wanted: string): string[] {
  const [bare = wanted] = wanted.split(' ').slice(-1);
  const byTag = new Map(
    [...model.types, ...model.enums].flatMap(({ tag, cName }) =>
      tag === null || cName === null ? [] : [[tag, cName] as const],
    ),
  );
  return closestTo(bare, [...byTag.keys()]).map((tag) => byTag.get(tag) ?? tag);
}

// --- lines -----------------------------------------------------------------------------------------------------------

interface Line {
  /** C text, indented. */
  readonly code: string;
  /** The comment beside it. */
  readonly figures?: string;
  readonly hole?: string;
}

const INDENT = '    ';

/** The comments stand in one column, however deep the member. */
function render(lines: readonly Line[], paint: Paint): string {
  const column = Math.max(0, ...lines.map((line) => (line.figures === undefined ? 0 : line.code.length)));
  return lines.map((line) => `${renderLine(line, column, paint)}\n`).join('');
}

function renderLine({ code, figures, hole }: Line, column: number, paint: Paint): string {
  if (hole !== undefined) return code + paint.hole(`/* ${hole} */`);
  if (figures === undefined) return code.trim() === '' ? '' : paint.code(code);
  const comment = paint.figures(`/* ${figures} */`);
  return code.trim() === '' ? code + comment : `${paint.code(code.padEnd(column))} ${comment}`;
}

function recordLines(record: RecordType): Line[] {
  const { opening, closing } = bracketsOf(record.kind, record);
  const body = bodyOf(record.kind, record.members, record.size);
  return [
    { code: opening },
    ...memberLines(body, 0, INDENT),
    { code: '' },
    ...summaryOf(record, body).map((figures): Line => ({ code: INDENT, figures })),
    { code: closing },
  ];
}

function memberLines(body: Body, base: number, indent: string): Line[] {
  const types = body.slots.map(({ member }) => (member.members ? 0 : member.type.length));
  const typeWidth = Math.min(MAX_TYPE_WIDTH, Math.max(0, ...types));
  const lines = body.slots.flatMap((slot) => [
    ...gapLines(slot.gap, indent),
    ...linesOf(slot.member, base, indent, typeWidth),
  ]);
  return lines;
}

/** A longer type pushes its own name to the right, not those of all its neighbours. */
const MAX_TYPE_WIDTH = 32;

function linesOf(member: Member, base: number, indent: string, typeWidth: number): Line[] {
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

function gapLines(gap: Gap, indent: string): Line[] {
  const holes = [
    ...(gap.bits > 0 ? [`XXX ${count(gap.bits, 'bit')} hole, try to pack`] : []),
    ...(gap.bytes > 0 ? [`XXX ${count(gap.bytes, 'byte')} hole, try to pack`] : []),
  ];
  if (holes.length === 0) return [];
  return [{ code: '' }, ...holes.map((hole): Line => ({ code: indent, hole })), { code: '' }];
}

function declaration(member: Member, typeWidth: number): string {
  const name = `${member.name ?? ''}${dimensions(member)}${member.bit ? `:${member.bit.width}` : ''}`;
  // The name of a pointer to a function or an array stands within its type.
  if (member.type.includes('(*)')) return `${member.type.replace('(*)', `(*${name})`)};`;
  return `${member.type.padEnd(typeWidth)} ${name};`;
}

function dimensions(member: Member): string {
  return (member.dims ?? []).map((length) => `[${length ?? ''}]`).join('');
}

/** Offset from the start of the outermost record, and size; for a bit-field also the bit within its storage unit. */
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

/** The first and the last line of a definition; a type that only a typedef names has its name at the end. */
function bracketsOf(
  keyword: string,
  { tag, cName }: RecordType | EnumType,
): { readonly opening: string; readonly closing: string } {
  const isTypedef = cName !== null && cName === tag;
  return isTypedef
    ? { opening: `typedef ${keyword} {`, closing: `} ${tag};` }
    : { opening: `${cName ?? keyword} {`, closing: '};' };
}

function enumLines(enumeration: EnumType): Line[] {
  const { enumerators, size } = enumeration;
  const width = Math.max(0, ...enumerators.map(({ name }) => name.length));
  const { opening, closing } = bracketsOf('enum', enumeration);
  return [
    { code: opening },
    ...enumerators.map(({ name, value }): Line => ({ code: `${INDENT}${name.padEnd(width)} = ${value},` })),
    { code: '' },
    { code: INDENT, figures: `size: ${size}, enumerators: ${enumerators.length}` },
    { code: closing },
  ];
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

// --- holes -----------------------------------------------------------------------------------------------------------

/** What is left free before a member: bits of a storage unit that was begun, then whole bytes. */
interface Gap {
  readonly bits: number;
  readonly bytes: number;
}

/** A member and the free room before it. */
interface Slot {
  readonly member: Member;
  readonly gap: Gap;
}

/** The members of one record, with the room between them. */
interface Body {
  readonly slots: readonly Slot[];
  /** Whole bytes after the last member. */
  readonly padding: number;
  /** Bits of the last storage unit after the last bit-field. */
  readonly bitPadding: number;
  readonly sums: Sums;
}

interface Sums {
  readonly memberBytes: number;
  readonly memberBits: number;
  readonly holes: number;
  readonly holeBytes: number;
  readonly bitHoles: number;
  readonly holeBits: number;
}

function bodyOf(kind: 'struct' | 'union', members: readonly Member[], size: number): Body {
  return kind === 'union' ? unionBody(members) : structBody(members, size);
}

/** The members of a union lie over each other; there is nothing between them. */
function unionBody(members: readonly Member[]): Body {
  const slots = members.map((member): Slot => ({ member, gap: NO_GAP }));
  return { slots, padding: 0, bitPadding: 0, sums: sumsOf([]) };
}

const NO_GAP: Gap = { bits: 0, bytes: 0 };

function structBody(members: readonly Member[], size: number): Body {
  let end = 0;
  let unitEnd = 0;
  const slots: Slot[] = [];
  for (const member of members) {
    slots.push({ member, gap: gapBetween(end, unitEnd, firstBit(member)) });
    end = Math.max(end, lastBit(member));
    unitEnd = member.bit ? (member.offset + member.size) * 8 : end;
  }
  const rest = gapBetween(end, unitEnd, size * 8);
  return { slots, padding: rest.bytes, bitPadding: rest.bits, sums: sumsOf(slots) };
}

function firstBit(member: Member): number {
  return member.offset * 8 + (member.bit?.offset ?? 0);
}

function lastBit(member: Member): number {
  return firstBit(member) + (member.bit?.width ?? member.size * 8);
}

/** `unitEnd` is where the storage unit of a preceding bit-field ends: up to there the room belongs to it. */
function gapBetween(end: number, unitEnd: number, start: number): Gap {
  const free = Math.max(0, start - end);
  const inUnit = Math.min(free, Math.max(0, unitEnd - end));
  const bytes = Math.floor((free - inUnit) / 8);
  return { bits: free - bytes * 8, bytes };
}

function sumsOf(slots: readonly Slot[]): Sums {
  const sum = (measure: (slot: Slot) => number): number => slots.reduce((total, slot) => total + measure(slot), 0);
  return {
    memberBytes: sum(({ member }) => (member.bit ? 0 : member.size)),
    memberBits: sum(({ member }) => member.bit?.width ?? 0),
    holes: sum(({ gap }) => (gap.bytes > 0 ? 1 : 0)),
    holeBytes: sum(({ gap }) => gap.bytes),
    bitHoles: sum(({ gap }) => (gap.bits > 0 ? 1 : 0)),
    holeBits: sum(({ gap }) => gap.bits),
  };
}

/** Of an unnamed record: the model gives the size over all elements, and 0 where there are none. */
function elementSize(member: Member): number {
  const elements = (member.dims ?? []).reduce<number>((product, length) => product * (length ?? 0), 1);
  if (elements > 0) return member.size / elements;
  const end = Math.max(0, ...(member.members ?? []).map(lastBit));
  const align = 'align' in member.shape ? member.shape.align : 1;
  return Math.ceil(end / 8 / align) * align;
}

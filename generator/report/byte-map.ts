/** Draws a struct or union as a map of its bytes: a span for each member, hole and padding, and the arms of unions over each other. */

import type { Member, RecordType } from '../model/model.js';
import { elementSize, firstBit, lastBit } from './holes.js';
import { wrapped } from './wrap.js';

/** The bytes of a cache line of nearly all processors. */
const cacheLine = 64;

type SpanKind = 'member' | 'union' | 'hole' | 'padding';

export interface MapOptions {
  /** The width of the drawing in columns. */
  readonly columns: number;
  /** Adds colours to a span. `index` counts the members of a struct, so that neighbours can differ. */
  paint?(text: string, kind: SpanKind, index: number): string;
}

/** A part of a struct: whole bytes, counted from the start of the outermost record. */
interface Span {
  readonly kind: SpanKind;
  readonly start: number;
  readonly end: number;
  readonly label: string;
  /** Details that do not fit into the span: the bit-fields of a storage unit. */
  readonly note?: string;
}

/** The arms of a union, each with its spans. */
interface Union {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly arms: readonly { readonly name: string; readonly plane: Plane }[];
}

/** Spans that do not overlap, and the unions among them. */
interface Plane {
  readonly spans: readonly Span[];
  readonly unions: readonly Union[];
}

/** Draws a type. Rows have 8 bytes, or 16 bytes if the columns suffice. Long arrays take two rows. */
export function byteMap(type: RecordType, options: MapOptions): string {
  const { size, align, kind, members } = type;
  const lines = Math.max(1, Math.ceil(size / cacheLine));
  const heading = `${type.cName ?? kind}: ${count(size, 'byte')}, alignment ${align}, ${count(lines, 'cache line')}`;
  const grid = gridFor(options.columns);
  const body =
    kind === 'union'
      ? unionLines({ name: '', start: 0, end: size, arms: armsOf(members, 0) }, grid, options)
      : planeLines(planeOf(members, 0, size, true), grid, options);
  return [...wrapped(heading, options.columns), ...body].join('\n');
}

// --- spans -----------------------------------------------------------------------------------------------------------

/** Returns the plane of a struct at an offset. `isWhole`: the rest of the struct is padding. */
function planeOf(members: readonly Member[], base: number, size: number, isWhole: boolean, prefix = ''): Plane {
  const spans: Span[] = [];
  const unions: Union[] = [];
  let end = 0;
  for (const unit of unitsOf(members)) {
    const [first] = unit;
    if (!first) continue;
    const start = Math.floor(firstBit(first) / 8);
    if (start > end) spans.push(free('hole', base + end, base + start));
    end = Math.max(end, Math.ceil(Math.max(...unit.map(lastBit)) / 8));
    const inner = unit.length > 1 || first.bit ? bitPlane(unit, base, prefix) : memberPlane(first, base, prefix);
    spans.push(...inner.spans);
    unions.push(...inner.unions);
  }
  if (isWhole && size > end) spans.push(free('padding', base + end, base + size));
  return { spans, unions };
}

function free(kind: 'hole' | 'padding', start: number, end: number): Span {
  return { kind, start, end, label: `(${kind}, ${count(end - start, 'byte')})` };
}

/** Groups bit-fields that share a byte. Every other member is a group of its own. */
function unitsOf(members: readonly Member[]): Member[][] {
  const units: Member[][] = [];
  let end = -1;
  for (const member of members) {
    const unit = units.at(-1);
    if (member.bit && unit?.[0]?.bit && Math.floor(firstBit(member) / 8) < Math.ceil(end / 8)) unit.push(member);
    else units.push([member]);
    end = lastBit(member);
  }
  return units;
}

function bitPlane(unit: readonly Member[], base: number, prefix: string): Plane {
  const start = Math.floor(Math.min(...unit.map(firstBit)) / 8);
  const end = Math.ceil(Math.max(...unit.map(lastBit)) / 8);
  const range = (member: Member): string => {
    const first = firstBit(member) - start * 8;
    const last = lastBit(member) - 1 - start * 8;
    return `${prefix}${member.name ?? '(unnamed)'} ${first === last ? `bit ${first}` : `bits ${first}..${last}`}`;
  };
  const [only] = unit;
  const label = unit.length === 1 ? `${prefix}${only?.name ?? ''}:${only?.bit?.width}` : 'bit-fields';
  const span: Span = { kind: 'member', start: base + start, end: base + end, label, note: unit.map(range).join(', ') };
  return { spans: [span], unions: [] };
}

function memberPlane(member: Member, base: number, prefix: string): Plane {
  const start = base + member.offset;
  const isArray = (member.dims ?? []).length > 0;
  const name = `${prefix}${member.name ?? ''}`;
  if (member.members && !isArray) {
    const inner = member.name === null ? prefix : `${name}.`;
    if (member.shape.is !== 'union') return planeOf(member.members, start, member.size, true, inner);
    const arms = armsOf(member.members, start);
    const label = `${name === '' || member.name === null ? 'union' : name} (${count(arms.length, 'arm')})`;
    const end = start + member.size;
    const union: Union = { name: member.name === null ? '' : name, start, end, arms };
    return { spans: [{ kind: 'union', start, end, label }], unions: [union] };
  }
  const dims = (member.dims ?? []).map((length) => `[${length ?? ''}]`).join('');
  if (member.size === 0) {
    const element = elementSize(member);
    const note = `${name}${dims} begins here${element > 0 ? `; an element has ${count(element, 'byte')}` : ''}`;
    return { spans: [{ kind: 'member', start, end: start, label: `${name}${dims}`, note }], unions: [] };
  }
  return { spans: [{ kind: 'member', start, end: start + member.size, label: `${name}${dims}` }], unions: [] };
}

/** The arms of a union. An anonymous arm is named by its members. */
function armsOf(members: readonly Member[], base: number): Union['arms'] {
  return members.map((member, index) => {
    if (member.members && member.shape.is !== 'union' && (member.dims ?? []).length === 0) {
      const plane = planeOf(member.members, base + member.offset, member.size, true);
      return { name: member.name ?? `arm ${index + 1}`, plane };
    }
    return { name: member.name ?? `arm ${index + 1}`, plane: memberPlane(member, base, '') };
  });
}

// --- drawing ---------------------------------------------------------------------------------------------------------

interface Grid {
  readonly bytes: number;
  /** The columns of one byte. */
  readonly cell: number;
  readonly columns: number;
}

const gutter = 8;

function gridFor(columns: number): Grid {
  const bytes = columns - gutter - 1 >= 16 * 9 ? 16 : 8;
  const cell = Math.max(3, Math.min(12, Math.floor((columns - gutter - 1) / bytes)));
  return { bytes, cell, columns };
}

function planeLines({ spans, unions }: Plane, grid: Grid, options: MapOptions): string[] {
  return [...rowLines(spans, grid, options), ...unions.flatMap((union) => unionLines(union, grid, options))];
}

function unionLines(union: Union, grid: Grid, options: MapOptions): string[] {
  const { name, start, end, arms } = union;
  const subject = `union${name === '' ? '' : ` ${name}`}`;
  return [
    '',
    ...wrapped(`${subject}, bytes ${start}..${Math.max(start, end - 1)}: each arm is over the others`, grid.columns),
    ...arms.flatMap((arm) => [`  ${arm.name}`, ...planeLines(arm.plane, grid, options)]),
  ];
}

/** Draws the rows of spans. A row in which a span of earlier rows goes on, and nothing else is, is left out. */
function rowLines(spans: readonly Span[], { bytes, cell, columns }: Grid, options: MapOptions): string[] {
  const lines: string[] = [];
  const first = Math.min(...spans.map(({ start }) => start));
  const end = Math.max(...spans.map((span) => Math.max(span.end, span.start + 1)));
  let line = -1;
  for (let row = Math.floor(first / bytes) * bytes; row < end; row += bytes) {
    const inRow = spans.filter((span) => span.start < row + bytes && span.end > row);
    const begins = spans.filter(({ start }) => start >= row && start < row + bytes);
    const [only] = inRow;
    const isMiddle = begins.length === 0 && only !== undefined && only.end >= row + bytes && only.start < row - bytes;
    if (isMiddle) {
      const rows = Math.floor((only.end - row) / bytes);
      lines.push(`${' '.repeat(gutter)}${cut(`: ${only.label} goes on to byte ${only.end - 1}`, columns - gutter)}`);
      row += (rows - 1) * bytes;
      continue;
    }
    const number = Math.floor(row / cacheLine);
    if (number !== line && end > cacheLine) lines.push(`${'-'.repeat(gutter)} cache line ${number}`);
    line = number;
    const text = inRow.map((span) => spanText(span, row, bytes, cell, options, spans.indexOf(span)));
    const lead = inRow.length === 0 ? 0 : Math.max(0, (inRow[0] as Span).start - row);
    if (inRow.length > 0)
      lines.push(`${String(row).padStart(gutter - 2)}  ${' '.repeat(lead * cell)}${text.join('')}|`);
    for (const { note } of begins) {
      if (note !== undefined)
        lines.push(...wrapped(note, columns - gutter - 2).map((each) => `${' '.repeat(gutter)}^ ${each}`));
    }
  }
  return lines;
}

function spanText(span: Span, row: number, bytes: number, cell: number, options: MapOptions, index: number): string {
  const from = Math.max(span.start, row);
  const to = Math.min(span.end, row + bytes);
  const room = (to - from) * cell - 1;
  const label = span.start < row ? `… ${span.label}` : span.label;
  const text = cut(label, room).padEnd(room);
  return `|${options.paint ? options.paint(text, span.kind, index) : text}`;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

/**
 * A header as data, its C text, and its layout on x86-64. Each declaration has an id that mutations keep, so that a
 * comparison by ids knows what a mutation did. The layout follows the rules of C for integers with a fixed width and uses
 * nothing of the generator.
 */

/** An integer type, a typedef or a record. The number is the id of the typedef or the record. */
export type FieldType = { readonly scalar: string } | { readonly typedef: number } | { readonly record: number };

export interface Field {
  readonly id: number;
  name: string;
  type: FieldType;
  /** The number of elements. Absent if the member is not an array. */
  count?: number;
  /** Whether the member has a name of padding. */
  readonly isPadding?: true;
}

/** An anonymous struct or union. */
export interface Group {
  readonly keyword: 'struct' | 'union';
  readonly items: Item[];
}

export type Item = Field | Group;

export interface DeclaredRecord extends Group {
  readonly id: number;
  tag: string;
}

interface Typedef {
  readonly id: number;
  name: string;
  scalar: string;
}

interface Macro {
  readonly id: number;
  name: string;
  value: number;
  /** Whether `asm/own.h` defines it instead of `linux/own.h`. */
  isInAsm: boolean;
}

/** An enumerator without a value has the value after the one before it. */
interface DeclaredEnumerator {
  readonly id: number;
  name: string;
  value?: number;
}

export interface DeclaredEnum {
  readonly id: number;
  tag: string;
  readonly enumerators: DeclaredEnumerator[];
}

export interface DeclaredIoctl {
  readonly id: number;
  name: string;
  direction: 1 | 2 | 3;
  nr: number;
  /** The id of the record that is its argument. */
  record: number;
}

export interface DeclaredHeader {
  readonly typedefs: Typedef[];
  readonly records: DeclaredRecord[];
  readonly macros: Macro[];
  readonly enums: DeclaredEnum[];
  readonly ioctls: DeclaredIoctl[];
  comment: string;
}

/** The sizes of the integer types, which are also their alignments. */
export const scalarSizes: Readonly<Record<string, number>> = {
  __u8: 1,
  __s8: 1,
  __u16: 2,
  __s16: 2,
  __u32: 4,
  __s32: 4,
  __u64: 8,
  __s64: 8,
};

export interface Placed {
  readonly field: Field;
  readonly offset: number;
  readonly size: number;
  /** The keywords of the anonymous groups around the member, outermost first. */
  readonly within: string;
}

export interface Layout {
  readonly size: number;
  readonly align: number;
  readonly placed: readonly Placed[];
}

export function isGroup(item: Item): item is Group {
  return 'items' in item;
}

function found<T extends { readonly id: number }>(items: readonly T[], id: number): T {
  const item = items.find((each) => each.id === id);
  if (!item) throw new Error(`no declaration has the id ${id}`);
  return item;
}

export function recordOf(header: DeclaredHeader, id: number): DeclaredRecord {
  return found(header.records, id);
}

/** Returns the integer type of a member, or undefined if it is a record. */
export function scalarOf(type: FieldType, header: DeclaredHeader): string | undefined {
  if ('record' in type) return undefined;
  return 'scalar' in type ? type.scalar : found(header.typedefs, type.typedef).scalar;
}

export function layoutOf(group: Group, header: DeclaredHeader, within = ''): Layout {
  let [end, align] = [0, 1];
  const placed: Placed[] = [];
  for (const item of group.items) {
    const own = isGroup(item) ? layoutOf(item, header, `${within} ${item.keyword}`) : fieldLayout(item, header);
    const start = group.keyword === 'union' ? 0 : roundedUp(end, own.align);
    align = Math.max(align, own.align);
    end = group.keyword === 'union' ? Math.max(end, own.size) : start + own.size;
    if ('placed' in own) placed.push(...own.placed.map((each) => ({ ...each, offset: start + each.offset })));
    else placed.push({ field: item as Field, offset: start, size: own.size, within });
  }
  return { size: roundedUp(end, align), align, placed };
}

function fieldLayout({ type, count = 1 }: Field, header: DeclaredHeader): { size: number; align: number } {
  if ('record' in type) {
    const { size, align } = layoutOf(recordOf(header, type.record), header);
    return { size: size * count, align };
  }
  const size = scalarSizes[scalarOf(type, header) as string] as number;
  return { size: size * count, align: size };
}

function roundedUp(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

export function recordName({ keyword, tag }: DeclaredRecord): string {
  return `${keyword} ${tag}`;
}

/** Returns the request number of an ioctl with the magic number `x`. */
export function requestOf({ direction, nr, record }: DeclaredIoctl, header: DeclaredHeader): number {
  const { size } = layoutOf(recordOf(header, record), header);
  return direction * 2 ** 30 + size * 2 ** 16 + 0x78 * 2 ** 8 + nr;
}

/** Returns the values of the enumerators, by id. */
export function valuesOf({ enumerators }: DeclaredEnum): Map<number, number> {
  let next = 0;
  return new Map(
    enumerators.map(({ id, value = next }) => {
      next = value + 1;
      return [id, value];
    }),
  );
}

const directions = { 1: '_IOW', 2: '_IOR', 3: '_IOWR' } as const;

/** Returns the C texts of the header, by their spelling in an `#include`. The first one is the header itself. */
export function textsOf(header: DeclaredHeader): Record<string, string> {
  const macro = ({ name, value }: Macro): string => `#define ${name} ${value}`;
  return {
    'linux/own.h': [
      '#include <linux/types.h>',
      '#include <asm/own.h>',
      header.comment,
      ...header.typedefs.map(({ name, scalar }) => `typedef ${scalar} ${name};`),
      ...header.records.map((record) => `${recordName(record)} {\n${itemsText(record, header)}};`),
      ...header.enums.map(({ tag, enumerators }) => {
        const list = enumerators.map(({ name, value }) => (value === undefined ? name : `${name} = ${value}`));
        return `enum ${tag} { ${list.join(', ')} };`;
      }),
      ...header.macros.filter(({ isInAsm }) => !isInAsm).map(macro),
      ...header.ioctls.map(({ name, direction, nr, record }) => {
        const argument = recordName(recordOf(header, record));
        return `#define ${name} ${directions[direction]}('x', ${nr}, ${argument})`;
      }),
      '',
    ].join('\n'),
    'asm/own.h': `${header.macros
      .filter(({ isInAsm }) => isInAsm)
      .map(macro)
      .join('\n')}\n`,
  };
}

function itemsText({ items }: Group, header: DeclaredHeader): string {
  return items
    .map((item) => {
      if (isGroup(item)) return `${item.keyword} {\n${itemsText(item, header)}};\n`;
      return `${typeText(item.type, header)} ${item.name}${item.count === undefined ? '' : `[${item.count}]`};\n`;
    })
    .join('');
}

export function typeText(type: FieldType, header: DeclaredHeader): string {
  if ('record' in type) return recordName(recordOf(header, type.record));
  return 'scalar' in type ? type.scalar : found(header.typedefs, type.typedef).name;
}

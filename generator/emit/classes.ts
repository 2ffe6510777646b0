/** One class per struct or union: its layout as data, and accessors for its members. */

import type { Member } from '../model.js';
import { accessors, counterOf, elementSize } from './accessors.js';
import { bytes, docLines, withComment } from './docs.js';
import { isFlexible, type PlacedMember, promotedMembers, type References } from './members.js';
import { memberProperty } from './names.js';

/** A record to emit: one with a name in C, or an unnamed one that a member gives its type. */
export interface ClassSource {
  readonly className: string;
  /** `struct kvm_run`; for an unnamed one a description of where it is. */
  readonly title: string;
  readonly size: number;
  readonly align: number;
  readonly at: string | null;
  readonly members: readonly Member[];
  readonly comment?: string | undefined;
  /** Further lines, of data. */
  readonly data?: readonly string[];
}

/** The unnamed records inside of a record that get a class of their own, outermost first. */
export function unnamedWithin(members: readonly Member[], title: string, references: References): ClassSource[] {
  return members.flatMap((member) => {
    if (!member.members || member.shape.is === 'opaque' || !('tag' in member.shape)) return [];
    if (member.name === null) return unnamedWithin(member.members, title, references);
    if (member.members.length === 0) return [];
    const path = `${title}.${member.name}`;
    const align = 'align' in member.shape ? member.shape.align : 1;
    const own = {
      className: references.classOf(member),
      title: path,
      size: references.sizeOf(member),
      align,
      at: null,
      members: member.members,
      comment: member.comment,
    };
    return [own, ...unnamedWithin(member.members, path, references)];
  });
}

export function emitClass(source: ClassSource, references: References): string[] {
  const { className, title, size, align, at } = source;
  const members = promotedMembers(source.members);
  const place = at === null ? '' : ` ${at}`;
  return [
    '',
    ...docLines(withComment(`\`${title}\`: ${bytes(size)}, aligned to ${align}.${place}`, source.comment)),
    `export class ${className} implements ${references.view('View')} {`,
    `  static readonly $size = ${size};`,
    `  static readonly $align = ${align};`,
    ...flexibleTail(members, references),
    ...layoutData(source, members, references),
    ...(source.data ?? []),
    `  declare readonly $$type: '${title}';`,
    // Declared only: a field that is defined and then assigned costs ten times as much as one that is assigned.
    '  declare readonly $$view: DataView;',
    '  declare readonly $$offset: number;',
    '',
    '  constructor(view: DataView, offset = 0) {',
    // A branch would keep V8 from doing without the view; reading the last byte throws just as well.
    ...(size === 0 ? [] : [`    view.getUint8(offset${size === 1 ? '' : ` + ${size - 1}`});`]),
    '    this.$$view = view;',
    '    this.$$offset = offset;',
    '  }',
    '',
    '  /** As `$layout` of the class. */',
    `  get $$layout(): typeof ${className}.$layout {`,
    `    return ${className}.$layout;`,
    '  }',
    ...members.flatMap((member) => accessors(member, references, members)),
    '}',
  ];
}

function layoutData(
  { title, size, align }: ClassSource,
  members: readonly PlacedMember[],
  { target }: References,
): string[] {
  return [
    '  static readonly $layout = {',
    `    name: '${title}',`,
    `    size: ${size},`,
    `    align: ${align},`,
    `    byteOrder: '${target.byteOrder}',`,
    '    members: {',
    ...members.map(({ member, offset }) => {
      const dims = member.dims ? `, dims: [${member.dims.map(String).join(', ')}]` : '';
      const bit = member.bit ? `, bit: [${member.bit.offset}, ${member.bit.width}]` : '';
      const facts = `offset: ${offset}, size: ${member.size}, type: '${member.type}'${scalar(member)}${dims}${bit}${names(member)}`;
      return `      ${memberProperty(member.name)}: { ${facts} },`;
    }),
    '    },',
    '  } as const;',
  ];
}

/** How the value of a scalar is read; nothing of a record. */
function scalar({ shape }: Member): string {
  if ('tag' in shape) return '';
  return `, is: '${shape.is}'${shape.byteOrder === undefined ? '' : `, byteOrder: '${shape.byteOrder}'`}`;
}

/** What the values are called. */
function names({ named }: Member): string {
  return named === undefined ? '' : `, ${named.flags ? 'flags' : 'names'}: '${named.prefix}'`;
}

/** What `allocate` must know to make room for a flexible array: there is exactly one, and nothing behind it. */
function flexibleTail(members: readonly PlacedMember[], references: References): string[] {
  const [tail, ...more] = members.filter(({ member }) => isFlexible(member));
  if (!tail || more.length > 0 || members.some(({ offset, member }) => offset >= tail.offset && member.size > 0))
    return [];
  const { member, offset } = tail;
  const counter = counterOf(member, members);
  const countedBy = counter === undefined ? 'null' : `'${memberProperty(counter.name)}'`;
  const [, ...inner] = member.dims ?? [];
  const row = elementSize(member, references) * inner.reduce<number>((product, length) => product * (length ?? 0), 1);
  const facts = `member: '${memberProperty(member.name)}', offset: ${offset}, elementSize: ${row}, countedBy: ${countedBy}`;
  return [`  static readonly $flexible = { ${facts} } as const;`];
}

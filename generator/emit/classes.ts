/** Emits one class for each struct or union: its layout as data, and accessors for its members. */

import type { Member } from '../model/model.js';
import { accessors, counterOf } from './accessors.js';
import { bytes, type DocumentedItem, docstring, documented, quoted } from './docs.js';
import { memberProperty } from './export-names.js';
import type { References } from './module-context.js';
import { elementSizeOf, elementsOf, isFlexible, type PlacedMember, promotedMembers } from './placed-members.js';

/** A record to emit: a named record, or an unnamed record that is the type of a member. */
export interface ClassSource extends DocumentedItem {
  readonly className: string;
  /** The C name, such as `struct kvm_run`. For an unnamed record, a description of its location. */
  readonly title: string;
  readonly size: number;
  readonly align: number;
  readonly members: readonly Member[];
  /** Additional lines with data. */
  readonly data?: string;
}

/** Returns the classes of the unnamed records inside a record, outermost first. */
export function emitUnnamed(members: readonly Member[], title: string, references: References): string {
  let text = '';
  for (const member of members) {
    if (!member.members || !('cName' in member.shape)) continue;
    if (member.name === null) {
      text += emitUnnamed(member.members, title, references);
    } else if (member.members.length > 0) {
      const path = `${title}.${member.name}`;
      const own = {
        className: references.classOf(member),
        title: path,
        size: elementSizeOf(member),
        align: 'align' in member.shape ? member.shape.align : 1,
        members: member.members,
        since: member.since,
        comment: member.comment,
      };
      text += emitClass(own, references) + emitUnnamed(member.members, path, references);
    }
  }
  return text;
}

export function emitClass(source: ClassSource, references: References): string {
  const { className, title, size, align } = source;
  const members = promotedMembers(source.members);
  const check = size === 0 ? '' : boundsCheck(className, size, references);
  let properties = '';
  let values = '';
  for (const placed of members) {
    const own = accessors(placed, references, members);
    // A record without members has no property.
    if (own === '') continue;
    const name = memberProperty(placed.member.name);
    properties += own;
    values += `      ${name}: this.${name},\n`;
  }
  // The fields are only declared. Defining and then assigning a field is ten times slower than assigning it.
  return `
${docstring(documented(`\`${title}\`: ${bytes(size)}, aligned to ${align}.`, source))}
export class ${className} implements ${references.view('View')} {
  static readonly $size = ${size};
  static readonly $align = ${align};
${flexibleTail(members)}${layoutData(source, members, references)}${source.data ?? ''}\
  declare readonly $$type: ${quoted(title)};
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  declare readonly $$uncloneable: symbol;

  constructor(view: DataView, offset = 0) {
${check}    this.$$view = view;
    this.$$offset = offset;
    this.$$uncloneable = ${references.uncloneable()};
  }

  /** The \`$layout\` of the class. */
  get $$layout(): typeof ${className}.$layout {
    return ${className}.$layout;
  }

  /** The members for \`JSON.stringify\`, with bigints as decimal strings. */
  toJSON(): object {
    return ${references.view('toJson')}(this);
  }

  /** The values of all members, for \`toObject\`. */
  $$values(): object {
    return {${values === '' ? '' : `\n${values}    `}};
  }
${properties}}
`;
}

/**
 * Returns the check of the constructor. A branch would prevent V8 from removing the view. Reading the last byte throws in the
 * same cases. `try` costs nothing, because optimized code does not contain the handler.
 */
function boundsCheck(className: string, size: number, references: References): string {
  return `    try {
      view.getUint8(offset${size === 1 ? '' : ` + ${size - 1}`});
    } catch (error) {
      throw ${references.view('outOfBounds')}(error, view, offset, ${className});
    }
`;
}

function layoutData(
  { title, size, align }: ClassSource,
  members: readonly PlacedMember[],
  references: References,
): string {
  const { target } = references;
  let facts = '';
  for (const { member, offset } of members) {
    const dims = member.dims ? `, dims: [${member.dims.map(String).join(', ')}]` : '';
    const bit = member.bit ? `, bit: [${member.bit.offset}, ${member.bit.width}]` : '';
    facts += `      ${memberProperty(member.name)}: { offset: ${offset}, size: ${member.size}, type: ${quoted(member.type)}${scalar(member)}${dims}${bit}${addressed(member, references)}${names(member, references)} },\n`;
  }
  return `  static readonly $layout = {
    name: ${quoted(title)},
    size: ${size},
    align: ${align},
    byteOrder: '${target.byteOrder}',
    members: {
${facts}    },
  } as const;
`;
}

/** Returns how the value of a scalar is read. Returns an empty text for a record. */
function scalar({ shape }: Member): string {
  if ('cName' in shape) return '';
  return `, is: '${shape.is}'${shape.byteOrder === undefined ? '' : `, byteOrder: '${shape.byteOrder}'`}`;
}

/** Returns the length of the memory at an address. It is null if it is unknown, or if the kernel also follows addresses there. */
function addressed({ address }: Member, references: References): string {
  if (!address) return '';
  const { countedBy, elementSize, type } = address;
  const isDeep = type !== undefined && references.hasPointers({ is: 'struct', cName: type });
  const count = countedBy === undefined ? 'null' : quoted(memberProperty(countedBy));
  return `, address: { countedBy: ${count}, elementSize: ${isDeep ? null : (elementSize ?? null)} }`;
}

/** Returns the prefix of the constants for the member's values, or the export with its enumerators. */
function names(member: Member, references: References): string {
  const { named } = member;
  if (named !== undefined) return `, ${named.flags ? 'flags' : 'names'}: '${named.prefix}'`;
  const enumeration = references.enumNameOf(member);
  return enumeration === undefined ? '' : `, enum: '${enumeration}'`;
}

/** Returns the data that `allocate` needs for a flexible array. The record has exactly one, and nothing is after it. */
function flexibleTail(members: readonly PlacedMember[]): string {
  const tail = members.find(({ member }) => isFlexible(member));
  if (!tail) return '';
  const { member, offset } = tail;
  const isAfter = (other: PlacedMember): boolean => other.offset >= offset && other.member.size > 0;
  if (members.some((other) => isAfter(other) || (other !== tail && isFlexible(other.member)))) return '';
  const counter = counterOf(member, members);
  const countedBy = counter === undefined ? 'null' : `'${memberProperty(counter.name)}'`;
  const row = elementSizeOf(member) * elementsOf((member.dims ?? []).slice(1));
  const facts = `member: '${memberProperty(member.name)}', offset: ${offset}, elementSize: ${row}, countedBy: ${countedBy}`;
  return `  static readonly $flexible = { ${facts} } as const;\n`;
}

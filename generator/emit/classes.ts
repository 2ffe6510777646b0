/** One class per struct or union: its layout as data, and accessors for its members. */

import type { Member } from '../model/model.js';
import { accessors, counterOf } from './accessors.js';
import { bytes, docstring, withComment } from './docs.js';
import { memberProperty } from './export-names.js';
import type { References } from './module-context.js';
import { elementSizeOf, elementsOf, isFlexible, type PlacedMember, promotedMembers } from './placed-members.js';

/** A record to emit: one with a name in C, or an unnamed one that a member gives its type. */
export interface ClassSource {
  readonly className: string;
  /** `struct kvm_run`; for an unnamed one a description of where it is. */
  readonly title: string;
  readonly size: number;
  readonly align: number;
  readonly members: readonly Member[];
  readonly comment?: string | undefined;
  /** Further lines, of data. */
  readonly data?: string;
}

/** The classes of the unnamed records inside of a record, outermost first. */
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
  // A branch would keep V8 from doing without the view; reading the last byte throws just as well.
  const check = size === 0 ? '' : `    view.getUint8(offset${size === 1 ? '' : ` + ${size - 1}`});\n`;
  let properties = '';
  for (const member of members) properties += accessors(member, references, members);
  // The fields are declared only: one that is defined and then assigned costs ten times as much as one that is assigned.
  return `
${docstring(withComment(`\`${title}\`: ${bytes(size)}, aligned to ${align}.`, source.comment))}
export class ${className} implements ${references.view('View')} {
  static readonly $size = ${size};
  static readonly $align = ${align};
${flexibleTail(members)}${layoutData(source, members, references)}${source.data ?? ''}\
  declare readonly $$type: '${title}';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;

  constructor(view: DataView, offset = 0) {
${check}    this.$$view = view;
    this.$$offset = offset;
  }

  /** As \`$layout\` of the class. */
  get $$layout(): typeof ${className}.$layout {
    return ${className}.$layout;
  }
${properties}}
`;
}

function layoutData(
  { title, size, align }: ClassSource,
  members: readonly PlacedMember[],
  { target }: References,
): string {
  let facts = '';
  for (const { member, offset } of members) {
    const dims = member.dims ? `, dims: [${member.dims.map(String).join(', ')}]` : '';
    const bit = member.bit ? `, bit: [${member.bit.offset}, ${member.bit.width}]` : '';
    facts += `      ${memberProperty(member.name)}: { offset: ${offset}, size: ${member.size}, type: '${member.type}'${scalar(member)}${dims}${bit}${names(member)} },\n`;
  }
  return `  static readonly $layout = {
    name: '${title}',
    size: ${size},
    align: ${align},
    byteOrder: '${target.byteOrder}',
    members: {
${facts}    },
  } as const;
`;
}

/** How the value of a scalar is read; nothing of a record. */
function scalar({ shape }: Member): string {
  if ('cName' in shape) return '';
  return `, is: '${shape.is}'${shape.byteOrder === undefined ? '' : `, byteOrder: '${shape.byteOrder}'`}`;
}

/** What the values are called. */
function names({ named }: Member): string {
  return named === undefined ? '' : `, ${named.flags ? 'flags' : 'names'}: '${named.prefix}'`;
}

/** What `allocate` must know to make room for a flexible array: there is exactly one, and nothing after it. */
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

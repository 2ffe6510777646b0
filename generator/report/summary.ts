/** Formats what a run has read and made. */

import { originText } from '../model/locations.js';
import type { Member, Model } from '../model/model.js';
import { omissionNames } from './omissions.js';

/** Returns one line with the header, the target and the source of the header. */
export function headingOf({ header, target, kernel, origins, selection }: Model): string {
  const from = origins.map(originText).join(', ');
  const part = selection ? '; selection only' : '';
  return `<${header}> for ${target}: ${kernel === null ? 'kernel version unknown' : `Linux ${kernel}`}, ${from}${part}`;
}

/** Returns the heading and the counts of a model's contents and omissions. */
export function summaryOf(model: Model): string {
  const { types, enums, constants, ioctls, functions, omissions, coveredHeaders, sources, selection } = model;
  const { define = {}, requiredIncludes = [] } = model;
  const macros = Object.entries(define).map(([name, value]) => `${name}=${value}`);
  const records = countRecords(types);
  return [
    headingOf(model),
    `  read      ${sources.length} headers; covered: ${coveredHeaders.join(', ')}`,
    ...(macros.length > 0 ? [`  with      ${macros.join(', ')}`] : []),
    ...(requiredIncludes.length > 0
      ? [`  after     ${requiredIncludes.join(', ')}, which the header needs but does not include`]
      : []),
    ...(selection ? [`  selected  ${[...selection.types, ...selection.constants].join(', ')}`] : []),
    `  types     ${records.structs} structs and ${records.unions} unions, ${records.fields} fields, ${enums.length} enums`,
    `  macros    ${constants.length} constants, ${ioctls.length} of them ioctls; ${functions.length} functions`,
    ...omittedLines(omissions),
  ].join('\n');
}

/** Returns the number of omissions and their names. */
function omittedLines(omissions: Model['omissions']): string[] {
  if (omissions.length === 0) return ['  omitted   nothing'];
  const { lines, more } = omissionNames(omissions);
  return [
    `  omitted   ${omissions.length} declarations:`,
    ...lines.map((line) => `            ${line}`),
    `            ${more > 0 ? `and ${more} more; ` : ''}'kvm-uapi omissions' lists them with the reasons`,
  ];
}

export interface RecordCounts {
  readonly structs: number;
  readonly unions: number;
  readonly fields: number;
}

/**
 * Counts as a compiler counts: every definition of a record, including unnamed records, and every member of each
 * record.
 */
export function countRecords(types: Model['types']): RecordCounts {
  let structs = 0;
  let unions = 0;
  let fields = 0;
  const visit = (kind: string, members: readonly Member[]): void => {
    if (kind === 'struct') structs++;
    else unions++;
    fields += members.length;
    for (const member of members) if (member.members) visit(member.shape.is, member.members);
  };
  for (const type of types) visit(type.kind, type.members);
  return { structs, unions, fields };
}

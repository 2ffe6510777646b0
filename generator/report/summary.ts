/** What a run has read and what it has made, for people. */

import { originText } from '../model/locations.js';
import type { Member, Model } from '../model/model.js';

/** One line: the header, the target and where the header comes from. */
export function headingOf({ header, target, kernel, origins, selection }: Model): string {
  const from = origins.map(originText).join(', ');
  const part = selection ? '; only what was selected of it' : '';
  return `<${header}> for ${target}: ${kernel === null ? 'kernel version unknown' : `Linux ${kernel}`}, ${from}${part}`;
}

/** The same, and counts of what the model has and omits. */
export function summaryOf(model: Model): string {
  const { types, enums, constants, ioctls, functions, omissions, coveredHeaders, sources, selection } = model;
  const { requiredIncludes = [] } = model;
  const records = countRecords(types);
  const reasons = new Map<string, number>();
  for (const { kind, reason } of omissions) {
    const key = `${kind}: ${reason.replace(/'[^']*'|(?:struct|union|enum) \w+/, '…')}`;
    reasons.set(key, (reasons.get(key) ?? 0) + 1);
  }
  return [
    headingOf(model),
    `  read      ${sources.length} headers, of which covered: ${coveredHeaders.join(', ')}`,
    ...(requiredIncludes.length > 0
      ? [`  after     ${requiredIncludes.join(', ')}, which it needs and does not include`]
      : []),
    ...(selection ? [`  selected  ${[...selection.types, ...selection.constants].join(', ')}`] : []),
    `  types     ${records.structs} structs and ${records.unions} unions, ${records.fields} fields, ${enums.length} enums`,
    `  macros    ${constants.length} constants, ${ioctls.length} of them ioctls; ${functions.length} functions`,
    `  omitted   ${omissions.length} declarations`,
    ...[...reasons].map(([reason, count]) => `            ${String(count).padStart(4)} ${reason}`),
  ].join('\n');
}

export interface RecordCounts {
  readonly structs: number;
  readonly unions: number;
  readonly fields: number;
}

/** Counts as a compiler does: every definition of a record, unnamed ones included, and every member of each. */
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

/** Records of which a part holds at a time: which one, as data of the class, and as a type that narrows. */

import type { Constant, RecordType, Selection } from '../model/model.js';
import { memberProperty } from './export-names.js';
import { promotedMembers } from './placed-members.js';

/** A value of the member that decides. */
export interface Case {
  readonly constant: Constant;
  /** The members that hold with it, as properties. */
  readonly members: readonly string[];
}

/** Those that are known, in the order of their values. */
export function casesOf(record: RecordType, selected: Selection, constants: ReadonlyMap<string, Constant>): Case[] {
  const properties = new Map<string, string[]>();
  for (const { member } of promotedMembers(record.members)) {
    for (const name of member.when ?? []) {
      const holding = properties.get(name);
      if (holding) holding.push(memberProperty(member.name));
      else properties.set(name, [memberProperty(member.name)]);
    }
  }
  for (const name of selected.alone) if (!properties.has(name)) properties.set(name, []);
  const cases = [...properties].flatMap(([name, members]) => {
    // A part of a header can be without its constants.
    const constant = constants.get(name);
    if (!constant) return [];
    if (typeof constant.value !== 'number') throw new Error(`${record.tag}: ${name} is no number`);
    return [{ constant, members }];
  });
  return cases.toSorted((a, b) => Number(a.constant.value) - Number(b.constant.value));
}

/** Lines of the class. */
export function selectionData({ by, property }: Selection, cases: readonly Case[]): string {
  const lines = cases.map(({ constant: { name, value }, members }) => {
    const list = members.map((member) => `'${member}'`).join(', ');
    return `      { name: '${name}', value: ${value}, members: [${list}] },\n`;
  });
  return `  static readonly $selected = {
    by: '${memberProperty(by)}',
    property: '${property}',
    cases: [
${lines.join('')}    ],
  } as const;
`;
}

/** The type of what a class of this name is seen as. */
export function selectionType(
  typeName: string,
  className: string,
  { by, property }: Selection,
  cases: readonly Case[],
  exportOf: (constant: string) => string,
): string {
  const alternatives = cases.map(({ constant: { name }, members }) => {
    const holding = members.map((member) => `readonly ${member}: ${className}['${member}']`);
    return alternative([`readonly ${property}: typeof ${exportOf(name)}`, ...holding]);
  });
  return `
/**
 * What holds of a \`${className}\`: \`switch (view.${property})\` narrows to it. A value of \`${by}\` of which these bindings
 * know nothing is null here.
 */
export type ${typeName} =
${alternatives.join('')}  | { readonly ${property}: null; readonly ${by}: number };
`;
}

function alternative(members: readonly string[]): string {
  const line = `  | { ${members.join('; ')} }`;
  return line.length <= 120 ? `${line}\n` : `  | {\n${members.map((member) => `      ${member};\n`).join('')}    }\n`;
}

/**
 * Emits the discriminator of a record: data of the class, and a type that narrows to the selected members of the union.
 */

import type { Constant, Discriminator, RecordType } from '../model/model.js';
import { memberProperty } from './export-names.js';
import { promotedMembers } from './placed-members.js';

/** A value of the discriminator. */
export interface Case {
  readonly constant: Constant;
  /** The selected members, as properties. */
  readonly members: readonly string[];
}

/** Returns the known cases in the order of their values. */
export function casesOf(
  record: RecordType,
  discriminator: Discriminator,
  constants: ReadonlyMap<string, Constant>,
): Case[] {
  const properties = new Map<string, string[]>();
  for (const { member } of promotedMembers(record.members)) {
    for (const name of member.when ?? []) {
      const holding = properties.get(name);
      if (holding) holding.push(memberProperty(member.name));
      else properties.set(name, [memberProperty(member.name)]);
    }
  }
  for (const name of discriminator.selectsNone) if (!properties.has(name)) properties.set(name, []);
  const cases = [...properties].flatMap(([name, members]) => {
    // A part of a header can lack the constants.
    const constant = constants.get(name);
    if (!constant) return [];
    if (typeof constant.value !== 'number') throw new Error(`${record.cName}: ${name} is not a number`);
    return [{ constant, members }];
  });
  return cases.toSorted((a, b) => Number(a.constant.value) - Number(b.constant.value));
}

/** Returns the lines of the class. */
export function discriminatorData({ member, property }: Discriminator, cases: readonly Case[]): string {
  const lines = cases.map(({ constant: { name, value }, members }) => {
    const list = members.map((member) => `'${member}'`).join(', ');
    return `      { name: '${name}', value: ${value}, members: [${list}] },\n`;
  });
  return `  static readonly $discriminator = {
    member: '${memberProperty(member)}',
    property: '${property}',
    cases: [
${lines.join('')}    ],
  } as const;
`;
}

/** Returns the type of the view that narrows. */
export function discriminatorType(
  typeName: string,
  className: string,
  { member, property }: Discriminator,
  cases: readonly Case[],
  exportOf: (constant: string) => string,
): string {
  const alternatives = cases.map(({ constant: { name }, members }) => {
    const selected = members.map((each) => `readonly ${each}: ${className}['${each}']`);
    return alternative([`readonly ${property}: typeof ${exportOf(name)}`, ...selected]);
  });
  return `
/**
 * The members of a \`${className}\` that its \`${member}\` selects. \`switch (view.${property})\` narrows to these members.
 * \`${property}\` is null if these bindings do not know the value of \`${member}\`.
 */
export type ${typeName} =
${alternatives.join('')}  | { readonly ${property}: null; readonly ${member}: number };
`;
}

function alternative(members: readonly string[]): string {
  const line = `  | { ${members.join('; ')} }`;
  return line.length <= 120 ? `${line}\n` : `  | {\n${members.map((member) => `      ${member};\n`).join('')}    }\n`;
}

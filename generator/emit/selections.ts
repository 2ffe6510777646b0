/** Records of which a part holds at a time: which one, as data of the class, and as a type that narrows. */

import type { Constant, RecordType, Selection } from '../model.js';
import { promotedMembers } from './members.js';
import { memberProperty } from './names.js';

/** A value of the member that decides. */
export interface Case {
  readonly constant: Constant;
  /** The members that hold with it, as properties. */
  readonly members: readonly string[];
}

/** Those that are known, in the order of their values. */
export function casesOf(record: RecordType, selected: Selection, constants: ReadonlyMap<string, Constant>): Case[] {
  const members = promotedMembers(record.members).map(({ member }) => member);
  const names = new Set([...members.flatMap(({ when = [] }) => when), ...selected.alone]);
  const cases = [...names].flatMap((name) => {
    // A part of a header can be without its constants.
    const constant = constants.get(name);
    if (!constant) return [];
    if (typeof constant.value !== 'number') throw new Error(`${record.tag}: ${name} is no number`);
    const holding = members.filter(({ when }) => when?.includes(name));
    return [{ constant, members: holding.map((member) => memberProperty(member.name)) }];
  });
  return cases.toSorted((a, b) => Number(a.constant.value) - Number(b.constant.value));
}

/** Lines of the class. */
export function selectionData({ by, property }: Selection, cases: readonly Case[]): string[] {
  return [
    '  static readonly $selected = {',
    `    by: '${memberProperty(by)}',`,
    `    property: '${property}',`,
    '    cases: [',
    ...cases.map(({ constant: { name, value }, members }) => {
      const list = members.map((member) => `'${member}'`).join(', ');
      return `      { name: '${name}', value: ${value}, members: [${list}] },`;
    }),
    '    ],',
    '  } as const;',
  ];
}

/** The type of what a class of this name is seen as. */
export function selectionType(
  typeName: string,
  className: string,
  { by, property }: Selection,
  cases: readonly Case[],
  exportOf: (constant: string) => string,
): string[] {
  return [
    '',
    '/**',
    ` * What holds of a \`${className}\`: \`switch (… .${property})\` narrows to it. A value of \`${by}\` of which these bindings`,
    ' * know nothing is null here.',
    ' */',
    `export type ${typeName} =`,
    ...cases.flatMap(({ constant: { name }, members }) => {
      const holding = members.map((member) => `readonly ${member}: ${className}['${member}']`);
      return alternative([`readonly ${property}: typeof ${exportOf(name)}`, ...holding]);
    }),
    `  | { readonly ${property}: null; readonly ${by}: number };`,
  ];
}

function alternative(members: readonly string[]): string[] {
  const line = `  | { ${members.join('; ')} }`;
  return line.length <= 120 ? [line] : ['  | {', ...members.map((member) => `      ${member};`), '    }'];
}

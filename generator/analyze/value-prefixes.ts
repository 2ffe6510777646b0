/** Finds the prefix of the constants that name a member's values, if the model has such constants. */

import { namedValuesIn } from '../kernel/value-prefixes.js';
import type { Constant, Enumerator, Member, RecordType } from '../model/model.js';

export function withValuePrefixes(
  types: readonly RecordType[],
  constants: readonly (Constant | Enumerator)[],
): RecordType[] {
  const names = constants.map(({ name }) => `\n${name}`).join('');
  return types.map((type) => {
    const rows = (namedValuesIn.get(type.tag) ?? []).filter(
      ({ header, prefix }) => type.location.header === header && names.includes(`\n${prefix}`),
    );
    if (rows.length === 0) return type;
    const named = (members: readonly Member[], path: string): readonly Member[] =>
      members.map((member) => {
        const own = member.name === null ? path : `${path}.${member.name}`;
        const row = rows.find((each) => each.member === own);
        return {
          ...member,
          ...(row ? { named: { prefix: row.prefix, ...(row.flags ? { flags: row.flags } : {}) } } : {}),
          ...(member.members ? { members: named(member.members, own) } : {}),
        };
      });
    return { ...type, members: named(type.members, type.tag) };
  });
}

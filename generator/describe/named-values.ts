/** What the values of members are called, where constants of the model are called so. */

import { namedValues } from '../knowledge/values.js';
import type { Constant, Enumerator, Member, RecordType } from '../model.js';

export function withNamedValues(
  types: readonly RecordType[],
  constants: readonly (Constant | Enumerator)[],
): RecordType[] {
  const known = namedValues.filter(({ prefix }) => constants.some(({ name }) => name.startsWith(prefix)));
  return types.map((type) => {
    const rows = known.filter(({ header }) => type.at.startsWith(`${header}:`));
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
    return rows.some(({ member }) => member.startsWith(`${type.tag}.`))
      ? { ...type, members: named(type.members, type.tag) }
      : type;
  });
}

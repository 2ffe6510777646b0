/** Compares enums as types. Their enumerators are compared as values. */

import type { EnumType, Model } from '../model/model.js';
import type { ChangeOf, EnumFacts } from './changes.js';
import type { Symbols } from './symbols.js';

type NamedEnum = EnumType & { readonly cName: string };

export interface EnumChanges {
  readonly changes: readonly ChangeOf<'enum'>[];
  /** The new names of the enums that have another name. */
  readonly renamed: ReadonlyMap<string, string>;
}

export function enumChanges(before: Model, after: Model, symbols: { before: Symbols; after: Symbols }): EnumChanges {
  const [old, now] = [namedEnums(before), namedEnums(after)];
  const gone = [...old.values()].filter(({ cName }) => !now.has(cName));
  const added = [...now.values()].filter(({ cName }) => !old.has(cName));
  // Enumerators have names that are unique in a header, so the same enumerators show that it is the same enum.
  const byEnumerators = new Map(added.map((type) => [enumeratorsOf(type), type]));
  const renames = new Map(gone.flatMap((type) => pair(type, byEnumerators.get(enumeratorsOf(type)))));
  const newNames = new Set(renames.values());
  const changes: ChangeOf<'enum'>[] = [
    ...gone.map((type): ChangeOf<'enum'> => {
      const other = renames.get(type);
      return {
        ...{ class: 'removed', breaking: true, kind: 'enum', name: type.cName, before: factsOf(type) },
        after: other ? factsOf(other) : null,
        differs: other ? ['name'] : [],
        ...(other ? { renamed: { name: other.cName, because: 'both have the same enumerators' } } : {}),
        symbols: { before: symbols.before.enumeration(type), after: other ? symbols.after.enumeration(other) : [] },
      };
    }),
    ...added
      .filter((type) => !newNames.has(type))
      .map(
        (type): ChangeOf<'enum'> => ({
          ...{ class: 'addition', breaking: false, kind: 'enum', name: type.cName, before: null, after: factsOf(type) },
          ...{ differs: [], symbols: { before: [], after: symbols.after.enumeration(type) } },
        }),
      ),
    ...[...old.values()].flatMap((type) => {
      const other = now.get(type.cName);
      return other ? bothChange(type, other, symbols) : [];
    }),
  ];
  return { changes, renamed: new Map([...renames].map(([from, to]) => [from.cName, to.cName])) };
}

function bothChange(
  before: NamedEnum,
  after: NamedEnum,
  symbols: { before: Symbols; after: Symbols },
): ChangeOf<'enum'>[] {
  const [old, now] = [factsOf(before), factsOf(after)];
  const differs = (['size', 'header'] as const).filter((key) => old[key] !== now[key]);
  if (differs.length === 0) return [];
  const isResized = old.size !== now.size;
  const reason = isResized ? undefined : `<${now.header}> defines it instead of <${old.header}>`;
  return [
    {
      ...{ class: isResized ? 'size' : 'none', breaking: isResized, kind: 'enum', name: after.cName },
      ...{ before: old, after: now, differs },
      ...(reason === undefined ? {} : { reason }),
      symbols: { before: symbols.before.enumeration(before), after: symbols.after.enumeration(after) },
    },
  ];
}

function namedEnums({ enums }: Model): Map<string, NamedEnum> {
  return new Map(enums.filter(isNamed).map((type) => [type.cName, type]));
}

function isNamed(type: EnumType): type is NamedEnum {
  return type.cName !== null;
}

function factsOf({ size, location: { header } }: EnumType): EnumFacts {
  return { size, header };
}

function enumeratorsOf({ enumerators }: EnumType): string {
  return enumerators.map(({ name }) => name).join();
}

function pair(from: NamedEnum, to: NamedEnum | undefined): [NamedEnum, NamedEnum][] {
  return to && from.enumerators.length > 0 ? [[from, to]] : [];
}

/** The classes that a model must give, and their types in C. This file follows only the documented rules. */

import type { Member, Model } from '../../generator/model/model.js';

export type NamedMember = Member & { readonly name: string };

/** A type with its own class. */
export interface ClassInC {
  /** The name of the type: `struct kvm_run`, `struct kvm_run.io`. */
  readonly title: string;
  readonly className: string;
  readonly keyword: 'struct' | 'union';
  /** A C type name. For an unnamed type, an expression with `__typeof__`. */
  readonly type: string;
  /** The members, including the members of anonymous members. */
  readonly members: readonly NamedMember[];
}

/** Returns every type of a model that has a class: the named types, and the unnamed types of named members. */
export function classesOf(model: Model): ClassInC[] {
  return model.types.flatMap((record) => {
    const type = record.cName;
    return withUnnamed({ title: type, className: pascalCase(record.tag), keyword: record.kind, type }, record.members);
  });
}

function withUnnamed(own: Omit<ClassInC, 'members'>, declared: readonly Member[]): ClassInC[] {
  const members = promoted(declared);
  const inner = members.flatMap((member) => {
    if (!member.members || member.members.length === 0 || !('cName' in member.shape)) return [];
    return withUnnamed(
      {
        title: `${own.title}.${member.name}`,
        className: own.className + pascalCase(member.name),
        keyword: member.shape.is,
        type: `__typeof__(${elementOf(own.type, member)})`,
      },
      member.members,
    );
  });
  return [{ ...own, members }, ...inner];
}

/** Returns the members that C code can access with a dot. */
export function promoted(members: readonly Member[]): NamedMember[] {
  return members.flatMap((member) => (hasName(member) ? [member] : promoted(member.members ?? [])));
}

function hasName(member: Member): member is NamedMember {
  return member.name !== null;
}

/** Returns a C expression for a member. For an array, it is the first element. */
export function elementOf(type: string, member: NamedMember): string {
  return `((${type} *)0)->${member.name}${'[0]'.repeat(member.dims?.length ?? 0)}`;
}

/** Applies the documented rule for the name of a class: `kvm_s390_io_info` → `KvmS390IoInfo`. */
export function pascalCase(name: string): string {
  return name.replace(/(?:^|_)([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

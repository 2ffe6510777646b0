/** The classes that a model must give, and how C speaks of the same types. Written from the documented rules alone. */

import type { Member, Model } from '../../generator/model/model.js';

export type NamedMember = Member & { readonly name: string };

/** A type that has a class of its own. */
export interface ClassInC {
  /** `struct kvm_run`, `struct kvm_run.io` */
  readonly title: string;
  readonly className: string;
  readonly keyword: 'struct' | 'union';
  /** A C type name; for an unnamed type made with `__typeof__`. */
  readonly type: string;
  /** With those of anonymous members, as C sees them from outside. */
  readonly members: readonly NamedMember[];
}

/** Every type of a model that has a class: those with a name, and those that a named member gives a path. */
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

/** The members that C lets be named after the dot. */
export function promoted(members: readonly Member[]): NamedMember[] {
  return members.flatMap((member) => (hasName(member) ? [member] : promoted(member.members ?? [])));
}

function hasName(member: Member): member is NamedMember {
  return member.name !== null;
}

/** A C expression for a member; of an array, for its first element. */
export function elementOf(type: string, member: NamedMember): string {
  return `((${type} *)0)->${member.name}${'[0]'.repeat(member.dims?.length ?? 0)}`;
}

/** The documented rule for the name of a class: `kvm_s390_io_info` → `KvmS390IoInfo`. */
export function pascalCase(name: string): string {
  return name.replace(/(?:^|_)([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The changes between two models of one header on one target. They are plain data, and `kvm-uapi diff --json` prints
 * exactly this data. docs/compatibility.md defines each class: where it begins and ends, and what it means for C, for
 * TypeScript and for bytes.
 */

import type {
  EnumType,
  FunctionMacro,
  IntegerValue,
  Ioctl,
  Member,
  Omission,
  OmissionKind,
  RecordType,
} from '../model/model.js';

/**
 * The classes of changes, the worst first.
 *
 * - `removed`: the name is gone. The change of a name is also of this class.
 * - `moved`: a member has another position in its record.
 * - `size`: a record, a member or an enum has another size, or an ioctl has another number because its argument has
 *   another size.
 * - `type`: the same bytes are read in another way.
 * - `value`: a constant, an enumerator, a function-like macro or the number of an ioctl has another value.
 * - `padding`: bytes that had no meaning became a member, or padding has another name or form. Nothing else moves.
 * - `addition`: the name is new.
 * - `none`: C code, TypeScript code and bytes are not affected.
 */
export const changeClasses = ['removed', 'moved', 'size', 'type', 'value', 'padding', 'addition', 'none'] as const;

export type ChangeClass = (typeof changeClasses)[number];

/** The facts of a struct or union. `header` is its defining header. */
export type RecordFacts = Pick<RecordType, 'size' | 'align' | 'discriminator'> & { readonly header: string };

/**
 * The facts of a member as in the model, except that `offset` counts from the start of the named record, as C's
 * `offsetof(struct kvm_run, io.port)` does. `within` lists the anonymous structs and unions that contain the member,
 * outermost first. The members of an unnamed record are items of their own.
 */
export type MemberFacts = Omit<Member, 'members' | 'comment' | 'since' | 'name'> & {
  readonly name: string;
  readonly within: readonly ('struct' | 'union')[];
};

export type EnumFacts = Pick<EnumType, 'size'> & { readonly header: string };

/** The facts of a constant or an enumerator. */
export interface ValueFacts {
  readonly value: IntegerValue;
  readonly type: string;
  readonly header: string;
  /** The C name of the enum of an enumerator. Null if the enum has no name. Absent for a macro or a variable. */
  readonly enum?: string | null;
  readonly isVariable?: true;
  readonly aliasOf?: string;
}

export type IoctlFacts = Omit<Ioctl, 'name' | 'location' | 'comment' | 'since'> & { readonly header: string };

export type FunctionFacts = Pick<FunctionMacro, 'parameters' | 'value'> & { readonly header: string };

export type OmissionFacts = Omit<Omission, 'name' | 'location'> & { readonly header: string };

/** The facts of a whole header that only one side has. `items` is the number of its items. */
export interface HeaderFacts {
  readonly items: number;
}

/** The facts of each kind of item. */
export interface FactsByKind {
  readonly header: HeaderFacts;
  readonly struct: RecordFacts;
  readonly union: RecordFacts;
  readonly member: MemberFacts;
  readonly enum: EnumFacts;
  readonly enumerator: ValueFacts;
  readonly constant: ValueFacts;
  readonly ioctl: IoctlFacts;
  readonly function: FunctionFacts;
  /** A declaration that neither side can express. */
  readonly omission: OmissionFacts;
}

export type ItemKind = keyof FactsByKind;

/** A name of an emitted module: an export, or a property of the instances of an exported class or of an exported enum object. */
export interface EmittedSymbol {
  /** The header of the module. `modulePath` returns the path of the module in the output folder. */
  readonly header: string;
  readonly export: string;
  /** What the export is. A `view` is a type that narrows by a discriminator. */
  readonly is: 'class' | 'view' | 'enum' | 'constant' | 'ioctl' | 'function';
  /** The accessor of a member, or the key in an enum object. Absent for the export itself. */
  readonly property?: string;
}

/** The padding and the holes whose bytes a member took or became. */
export interface PaddingUse {
  /** The padding members before and after. A member without a change in one list is also in the other list. */
  readonly before: readonly MemberFacts[];
  readonly after: readonly MemberFacts[];
  /** Present if some of the bytes were a hole: bytes without a member. */
  readonly hole?: true;
}

/** A change of a name. Nothing in a header states it. It is guessed from the bytes or the value, and from the use. */
export interface Rename {
  /** The other name, in the form of the `name` of a change. */
  readonly name: string;
  /** What is equal, as a clause: `both have the value 136, and the names are similar`. */
  readonly because: string;
}

/** What all kinds of changes have. */
export interface ChangeOf<K extends ItemKind> {
  readonly class: ChangeClass;
  /** Whether correct code that uses the item, or data with the old layout, becomes wrong. */
  readonly breaking: boolean;
  readonly kind: K;
  /**
   * The name in C: `struct kvm_run`, `struct kvm_run.io.port`, `enum color`, `KVM_RUN`. For a header, its spelling in an
   * `#include`. An omission has the name of its declaration.
   */
  readonly name: string;
  /** The facts before. Null if the side does not have the item. */
  readonly before: FactsByKind[K] | null;
  /** The facts after. With `renamed`, the facts of the new name. */
  readonly after: FactsByKind[K] | null;
  /** The keys of the facts that differ. Empty if one side does not have the item. */
  readonly differs: readonly string[];
  /** Why it changed or why the class is this one, as a clause: `the size of struct kvm_foo is 16 instead of 8`. */
  readonly reason?: string;
  /** The `name` of the change that has this change as its consequence. Text shows such a change below its cause. */
  readonly causedBy?: string;
  /** Present for a change of a name, which is always a guess. */
  readonly renamed?: Rename;
  /** Present if a member took or became padding. */
  readonly padding?: PaddingUse;
  /** Present if the side without the item has it as an omission: the kind and the reason. */
  readonly omitted?: { readonly kind: OmissionKind; readonly reason: string; readonly skipped?: true };
  /**
   * Present if the kind of the item changed and its C name did not: `#define X 1` became `enum { X = 1 }`. `kind` is the
   * kind after, and this is the kind before.
   */
  readonly kindBefore?: ItemKind;
  /**
   * The names of the item in the emitted modules on each side. A name in `before` that `after` does not have is gone. A
   * record has its class, its view and the classes of its unnamed records. A member has its accessors.
   */
  readonly symbols: { readonly before: readonly EmittedSymbol[]; readonly after: readonly EmittedSymbol[] };
}

/** One change of one item. */
export type Change = { readonly [K in ItemKind]: ChangeOf<K> }[ItemKind];

/** A change, the targets that have it, and the compared headers that have it. Two headers can include the same third header. */
export type ChangeOnTargets = Change & { readonly targets: readonly string[]; readonly headers: readonly string[] };

/** The changes of one header on one target. */
export interface ChangesOf {
  readonly target: string;
  readonly header: string;
  readonly changes: readonly Change[];
}

/**
 * The step of the version of a package that ships the bindings: `major` if something breaks, `minor` if something is new
 * or changed without a break, `patch` if only texts can differ, and `none` without changes.
 */
export type SemverStep = 'major' | 'minor' | 'patch' | 'none';

/** Returns the step that changes need. Omissions are not in the bindings, so they need no more than `patch`. */
export function semverStep(changes: readonly Pick<Change, 'class' | 'breaking' | 'kind'>[]): SemverStep {
  if (changes.some(({ breaking }) => breaking)) return 'major';
  if (changes.some((change) => change.class !== 'none' && change.kind !== 'omission')) return 'minor';
  return changes.length > 0 ? 'patch' : 'none';
}

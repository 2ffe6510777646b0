/** The class of the change of one member that both sides have. */

import type { Member } from '../model/model.js';
import type { ChangeClass, MemberFacts } from './changes.js';
import type { ScopeMember } from './scope.js';

/** What the classes need of the whole comparison. */
export interface TypeChanges {
  /** The new name of a record or typedef, if a rename was recognised. */
  renamed(type: string): string | undefined;
  /** Whether a named record has another size after. */
  isResized(cName: string): boolean;
}

export interface Judged {
  readonly class: ChangeClass;
  readonly breaking: boolean;
  readonly differs: readonly string[];
  readonly reason?: string;
  readonly causedBy?: string;
}

/** The facts that are compared. The offset is compared in the scope, because a record can move as a whole. */
const compared = [
  'size',
  'type',
  'dims',
  'elementSize',
  'bit',
  'shape',
  'enum',
  'unit',
  'countedBy',
  'address',
  'when',
  'named',
  'within',
] as const satisfies readonly (keyof MemberFacts)[];

/** Returns the class of a change, or undefined if the member did not change. */
export function judgeMember(before: ScopeMember, after: ScopeMember, types: TypeChanges): Judged | undefined {
  const differs: string[] = before.offset === after.offset ? [] : ['offset'];
  for (const key of compared) if (!isSame(before.facts[key], after.facts[key], key)) differs.push(key);
  if (differs.length === 0) return undefined;
  const has = (...keys: readonly string[]): boolean => keys.some((key) => differs.includes(key));
  const [old, now] = [before.facts, after.facts];
  if (before.bits.start !== after.bits.start) return { class: 'moved', breaking: true, differs };
  if (before.bits.end !== after.bits.end) return { class: 'size', breaking: true, differs, ...grownRecord(now, types) };
  const isBitField = [old, now].map(({ bit }) => bit !== undefined);
  if (isBitField[0] !== isBitField[1] || has('elementSize') || (has('dims') && !isSameLength(old, now))) {
    return { class: 'type', breaking: true, differs };
  }
  if (has('shape')) return judgeShape(old, now, differs, types);
  if (has('type') && old.shape.is === 'opaque') return { class: 'type', breaking: true, differs };
  if (has('type') && old.shape.is === 'pointer' && bare(old.type) !== bare(now.type)) {
    return { class: 'type', breaking: false, differs, reason: 'the pointer has another type' };
  }
  if (has('when')) return judgeSelection(old, now, differs);
  if (has('enum', 'countedBy', 'address', 'named')) return { class: 'type', breaking: false, differs };
  if (has('within')) return { class: 'none', breaking: false, differs, reason: withinReason(now) };
  const isTypedefRenamed = has('type') && types.renamed(old.type) === now.type;
  // The storage unit of a bit-field says nothing about its bits.
  return {
    ...(isTypedefRenamed ? { causedBy: old.type } : {}),
    class: 'none',
    breaking: false,
    differs,
    reason: spellingReason(old, now, differs),
  };
}

function isSame(before: unknown, after: unknown, key: string): boolean {
  if (before === after) return true;
  const [old, now] = key === 'shape' ? [withoutAlign(before), withoutAlign(after)] : [before, after];
  return JSON.stringify(old) === JSON.stringify(now);
}

/** The members of an unnamed record are compared one by one, and its alignment shows in their positions. */
function withoutAlign(shape: unknown): unknown {
  return typeof shape === 'object' && shape !== null && 'align' in shape ? { ...shape, align: null } : shape;
}

function grownRecord({ shape }: MemberFacts, types: TypeChanges): Pick<Judged, 'causedBy' | 'reason'> {
  if (!('cName' in shape) || shape.cName === null || !types.isResized(shape.cName)) return {};
  return { causedBy: shape.cName, reason: `${shape.cName} has another size` };
}

function judgeShape(old: MemberFacts, now: MemberFacts, differs: readonly string[], types: TypeChanges): Judged {
  const [from, to] = [old.shape, now.shape];
  const isRecord = 'cName' in from && 'cName' in to;
  if (isRecord && from.cName === null && to.cName === null) {
    return { class: 'none', breaking: false, differs, reason: `it is a ${to.is} instead of a ${from.is}` };
  }
  if (isRecord && from.cName !== null && types.renamed(from.cName) === to.cName) {
    return { class: 'type', breaking: false, differs, causedBy: from.cName, reason: `${from.cName} has another name` };
  }
  return { class: 'type', breaking: true, differs };
}

/** A union's member that fewer constants select is missing in a view that narrows. */
function judgeSelection(old: MemberFacts, now: MemberFacts, differs: readonly string[]): Judged {
  const left = (old.when ?? []).filter((name) => now.when?.includes(name) !== true);
  const reason = left.length > 0 ? `${left.join(', ')} no longer selects it` : 'other constants select it';
  return { class: 'type', breaking: left.length > 0, differs, reason };
}

/** Whether only a flexible array `[]` became `[0]` or the reverse. */
function isSameLength(old: MemberFacts, now: MemberFacts): boolean {
  const [a, b] = [old.dims, now.dims].map((dims) => dims?.map((length) => length ?? 0).join());
  return a === b;
}

function bare(type: string): string {
  return type
    .replace(/\b(?:const|volatile)\b/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function withinReason({ within }: MemberFacts): string {
  const around = within.at(-1);
  return around === undefined ? 'no anonymous group contains it' : `an anonymous ${around} contains it`;
}

function spellingReason(old: MemberFacts, now: MemberFacts, differs: readonly string[]): string {
  if (differs.includes('type')) return `the type is spelled ${now.type} instead of ${old.type}`;
  if (differs.includes('dims')) return 'a flexible array is spelled in another way';
  if (differs.includes('unit')) return 'the comment states another unit';
  return 'the storage unit is another one';
}

/**
 * Returns what is the same in the bytes of two members, as a text. Members with equal texts can be one member with two names.
 * `nameOf` returns the name of a record on the other side.
 */
export function bytesOf(member: Member, offset: number, nameOf = (cName: string): string => cName): string {
  const inner = member.members?.map((each) => [each.name, bytesOf(each, each.offset, nameOf)]);
  const { size, bit, dims, shape } = member;
  const type =
    'cName' in shape && shape.cName !== null ? { ...shape, cName: nameOf(shape.cName) } : withoutAlign(shape);
  return JSON.stringify([offset, size, bit, dims, type, inner]);
}

/** Compares the members of a record, and of its unnamed records. */

import type { RecordType } from '../model/model.js';
import type { ChangeOf, PaddingUse } from './changes.js';
import { bytesOf, judgeMember, type TypeChanges } from './member-class.js';
import { paddingChanges } from './padding.js';
import { isPadding, type Scope, type ScopeMember, scopeOf } from './scope.js';
import type { Symbols } from './symbols.js';

export type MemberChange = ChangeOf<'member'>;

export interface Context extends TypeChanges {
  readonly before: Symbols;
  readonly after: Symbols;
}

/** Returns the changes of the members of a record that both sides have. */
export function memberChanges(before: RecordType, after: RecordType, context: Context): MemberChange[] {
  const old = scopeOf(before.members, before.size, 0, context.before.classOf(before));
  const now = scopeOf(after.members, after.size, 0, context.after.classOf(after));
  return new ScopeComparison(after.cName, old, now, context).changes();
}

class ScopeComparison {
  readonly #path: string;
  readonly #old: Scope;
  readonly #now: Scope;
  readonly #context: Context;

  constructor(path: string, old: Scope, now: Scope, context: Context) {
    this.#path = path;
    this.#old = old;
    this.#now = now;
    this.#context = context;
  }

  changes(): MemberChange[] {
    const padding = paddingChanges(this.#old, this.#now);
    const changes: MemberChange[] = [];
    const gone = [...this.#old.members.values()].filter(({ facts: { name } }) => !this.#now.members.has(name));
    const added = [...this.#now.members.values()].filter(({ facts: { name } }) => !this.#old.members.has(name));
    const renamed = this.#renames(gone, added);
    const newNames = new Set(renamed.values());
    for (const member of gone) {
      const other = renamed.get(member);
      if (other) changes.push(this.#renamed(member, other));
      else if (!padding.absorbed.has(member.facts.name)) changes.push(this.#gone(member, padding.of(member)));
    }
    for (const member of added) {
      if (newNames.has(member) || padding.absorbed.has(member.facts.name)) continue;
      changes.push(this.#added(member, padding.of(member)));
    }
    for (const [name, before] of this.#old.members) {
      const after = this.#now.members.get(name);
      if (!after) continue;
      if (!padding.absorbed.has(name)) changes.push(...this.#both(before, after, padding.own.has(name)));
      changes.push(...this.#inside(before, after));
    }
    return withCauses(changes);
  }

  #base(name: string): Pick<MemberChange, 'kind' | 'name'> {
    return { kind: 'member', name: `${this.#path}.${name}` };
  }

  #oldSymbols({ member }: ScopeMember): MemberChange['symbols']['before'] {
    return this.#context.before.member(member, this.#old.symbol);
  }

  #newSymbols({ member }: ScopeMember): MemberChange['symbols']['after'] {
    return this.#context.after.member(member, this.#now.symbol);
  }

  #gone(member: ScopeMember, use: PaddingUse | 'free' | undefined): MemberChange {
    const isFree = use === 'free';
    return {
      ...this.#base(member.facts.name),
      class: isFree ? 'padding' : 'removed',
      breaking: !isPadding(member),
      before: member.facts,
      after: null,
      differs: [],
      ...(isFree ? { reason: 'the padding is gone, and its bytes have no other meaning' } : {}),
      ...(use === undefined || isFree ? {} : { padding: use }),
      symbols: { before: this.#oldSymbols(member), after: [] },
    };
  }

  #added(member: ScopeMember, use: PaddingUse | 'free' | undefined): MemberChange {
    return {
      ...this.#base(member.facts.name),
      class: use === undefined ? 'addition' : 'padding',
      breaking: false,
      before: null,
      after: member.facts,
      differs: [],
      ...(use === 'free' ? { reason: 'the padding is new, and its bytes had no other meaning' } : {}),
      ...(use === undefined || use === 'free' ? {} : { padding: use }),
      symbols: { before: [], after: this.#newSymbols(member) },
    };
  }

  #renamed(before: ScopeMember, after: ScopeMember): MemberChange {
    const isFree = isPadding(before) && isPadding(after);
    return {
      ...this.#base(before.facts.name),
      class: isFree ? 'padding' : 'removed',
      breaking: !isFree,
      before: before.facts,
      after: after.facts,
      differs: ['name'],
      renamed: { name: `${this.#path}.${after.facts.name}`, because: 'both have the same bytes and the same type' },
      symbols: { before: this.#oldSymbols(before), after: this.#newSymbols(after) },
    };
  }

  #both(before: ScopeMember, after: ScopeMember, isPaddingOnly: boolean): MemberChange[] {
    const judged = judgeMember(before, after, this.#context);
    if (!judged) return [];
    const isFree = isPadding(before) && isPadding(after);
    const own = { ...this.#base(after.facts.name), before: before.facts, after: after.facts };
    const symbols = { before: this.#oldSymbols(before), after: this.#newSymbols(after) };
    // An anonymous group around padding has no effect.
    if (isPaddingOnly && judged.class !== 'none') {
      const { differs } = judged;
      return [{ ...own, class: 'padding', breaking: false, differs, reason: 'the padding has another form', symbols }];
    }
    return [{ ...own, ...judged, breaking: judged.breaking && !isFree, symbols }];
  }

  /** Compares the members of an unnamed record that both sides have. */
  #inside(before: ScopeMember, after: ScopeMember): MemberChange[] {
    const [old, now] = [before.member, after.member];
    if (!old.members || !now.members) return [];
    const [size, newSize] = [old.elementSize ?? old.size, now.elementSize ?? now.size];
    const [oldSymbol, newSymbol] = [
      old.members.length > 0 ? this.#context.before.unnamedClass(old, this.#old.symbol) : this.#old.symbol,
      now.members.length > 0 ? this.#context.after.unnamedClass(now, this.#now.symbol) : this.#now.symbol,
    ];
    return new ScopeComparison(
      `${this.#path}.${after.facts.name}`,
      scopeOf(old.members, size, before.facts.offset, oldSymbol),
      scopeOf(now.members, newSize, after.facts.offset, newSymbol),
      this.#context,
    ).changes();
  }

  /** Pairs members that have the same bytes under two names, if the pair is the only one with these bytes. */
  #renames(gone: readonly ScopeMember[], added: readonly ScopeMember[]): Map<ScopeMember, ScopeMember> {
    const newName = (cName: string): string => this.#context.renamed(cName) ?? cName;
    const [old, now] = [byBytes(gone, newName), byBytes(added)];
    const pairs = new Map<ScopeMember, ScopeMember>();
    for (const [bytes, [before, ...others]] of old) {
      const [after, ...more] = now.get(bytes) ?? [];
      if (before && after && others.length + more.length === 0 && isPadding(before) === isPadding(after)) {
        pairs.set(before, after);
      }
    }
    return pairs;
  }
}

function byBytes(members: readonly ScopeMember[], nameOf?: (cName: string) => string): Map<string, ScopeMember[]> {
  const found = new Map<string, ScopeMember[]>();
  for (const each of members) {
    if (each.bits.end === each.bits.start) continue;
    const bytes = bytesOf(each.member, each.offset, nameOf);
    found.set(bytes, [...(found.get(bytes) ?? []), each]);
  }
  return found;
}

/** Names the change that moved a member: the nearest one before it in the record that takes or gives bytes. */
function withCauses(changes: readonly MemberChange[]): MemberChange[] {
  const place = ({ before, after }: MemberChange): number => (after ?? before)?.offset ?? 0;
  const sorted = changes.toSorted((a, b) => place(a) - place(b));
  const causes = new Map<MemberChange, string>();
  let cause: string | undefined;
  for (const change of sorted) {
    if (change.class === 'moved') {
      if (cause !== undefined) causes.set(change, cause);
    } else if (change.class !== 'none' && change.class !== 'padding') cause = change.name;
  }
  return changes.map((change) => {
    const found = causes.get(change);
    return found === undefined ? change : { ...change, causedBy: found };
  });
}

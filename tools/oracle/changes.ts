/** Compares the changes between two models with the compiler's facts about both headers, in both directions. */

import type { Change, OmissionFacts } from '../../generator/diff/changes.js';
import type { CompiledFact, CompiledFacts } from './compiled-facts.js';

/** The compiler's facts before and after. */
export interface BothFacts {
  readonly before: CompiledFacts;
  readonly after: CompiledFacts;
}

export interface ChangesVerdict {
  /** The number of changes that the compiler confirms, with their class. */
  readonly confirmed: number;
  /** The number of changes about which the compiler has no facts: omissions, and items without a place or a value. */
  readonly unchecked: number;
  /** The number of names that the compiler finds different. */
  readonly different: number;
  readonly findings: readonly string[];
}

export function judgeChanges(changes: readonly Change[], facts: BothFacts): ChangesVerdict {
  const findings: string[] = [];
  let unchecked = 0;
  for (const change of changes) {
    if (isUnchecked(change)) unchecked++;
    else findings.push(...problemsOf(change, facts).map((text) => `${change.class} ${change.name}: ${text}`));
  }
  const wrong = new Set(findings.map((finding) => finding.replace(/: .*/, ''))).size;
  const different = [...new Set([...facts.before.keys(), ...facts.after.keys()])].filter(
    (name) => !isSame(facts.before.get(name), facts.after.get(name)),
  );
  const explains = explanations(changes);
  const unexplained = different.filter((name) => !explains(name)).map((name) => `${name}: no change says it`);
  return {
    confirmed: changes.length - unchecked - wrong,
    unchecked,
    different: different.length,
    findings: [...findings, ...unexplained],
  };
}

/**
 * The compiler's facts do not have headers, variables, functions and typedefs. A typedef can be the only name of an enum.
 */
function isUnchecked({ kind, name, before, after }: Change): boolean {
  if (kind === 'header') return true;
  if (kind === 'enum') return !name.startsWith('enum ');
  const facts = before ?? after;
  if (facts !== null && 'reason' in facts) return !isMacro(facts);
  return facts !== null && 'isVariable' in facts;
}

function isMacro({ kind }: OmissionFacts): boolean {
  return kind === 'macro' || kind === 'ioctl';
}

function problemsOf(change: Change, { before, after }: BothFacts): string[] {
  const newName = change.renamed?.name ?? change.name;
  const [old, now] = [before.get(change.name), after.get(newName)];
  const problems = [
    ...sideProblems('before', change, change.before, old),
    ...sideProblems('after', change, change.after, now),
  ];
  if (change.renamed && (after.has(change.name) || before.has(newName))) problems.push('one side has both names');
  if (problems.length === 0 && !isOfClass(change, old, now)) problems.push('the facts do not fit the class');
  return problems;
}

function sideProblems(
  side: string,
  change: Change,
  facts: Change['before'],
  compiled: CompiledFact | undefined,
): string[] {
  if (facts === null) {
    return compiled && !change.omitted ? [`${side}: the compiler has it, and the change does not`] : [];
  }
  // The target lacks the declaration, so the compiler lacks it too.
  const isSkipped = 'skipped' in facts && facts.skipped === true;
  if (isSkipped) return compiled ? [`${side}: the compiler has it, and the change says that it is skipped`] : [];
  if (!compiled) return [`${side}: the compiler does not have it`];
  const [said, known] = [saidFact(change, facts), compiled];
  const isEqual =
    (said.size === undefined || said.size === known.size) &&
    (said.bits === undefined || said.bits.join() === known.bits?.join()) &&
    (said.value === undefined || (known.value !== undefined && isSameValue(said.value, known.value)));
  return isEqual ? [] : [`${side}: ${text(said)} for the change, ${text(known)} for the compiler`];
}

/** Returns what a change says, in the form of the compiler's facts. */
function saidFact(change: Change, facts: NonNullable<Change['before']>): CompiledFact {
  if ('offset' in facts) {
    const { offset, size, bit } = facts;
    return { bits: [offset * 8 + (bit?.offset ?? 0), bit?.width ?? size * 8] };
  }
  if ('request' in facts) return { value: BigInt(facts.request) };
  if ('align' in facts) return { size: facts.size };
  const isInteger = 'value' in facts && change.kind !== 'function' && /^-?\d+$/.test(String(facts.value));
  return isInteger && 'type' in facts && !facts.type.startsWith('char[')
    ? { value: BigInt(facts.value as string) }
    : {};
}

/** A request number has 32 bits. A compiler extends its sign. */
function isSameValue(a: bigint, b: bigint): boolean {
  return BigInt.asUintN(64, a) === BigInt.asUintN(64, b) || (a >> 32n === 0n && a === BigInt.asUintN(32, b));
}

function text({ size, bits, value }: CompiledFact): string {
  return bits ? `bits ${bits.join('+')}` : String(value ?? `${size} bytes`);
}

/** Whether the compiler's facts fit the class of a change. */
function isOfClass(change: Change, old: CompiledFact | undefined, now: CompiledFact | undefined): boolean {
  const { class: is, before, after, renamed, kind, differs } = change;
  if (is === 'addition') return before === null;
  if (is === 'removed') return after === null || renamed !== undefined;
  if (before === null || after === null) return is === 'padding';
  const isSamePlace = old?.bits?.join() === now?.bits?.join();
  if (is === 'moved') return old?.bits?.[0] !== now?.bits?.[0];
  if (is === 'size') {
    if (kind === 'member') return old?.bits?.[1] !== now?.bits?.[1];
    if (kind === 'ioctl') return old?.value !== now?.value;
    return old?.size !== now?.size || differs.includes('align');
  }
  if (is === 'value') return old?.value !== now?.value || kind === 'function' || typeof factValue(before) === 'string';
  if (is === 'padding') return kind === 'member';
  // A target can lack a macro that neither side expresses.
  if (kind === 'omission') return is === 'none';
  // An unnamed record moves as a whole, and its members say only what else changed.
  const isInside = change.name.split('.').length > 2;
  return isInside || (isSamePlace && old?.size === now?.size && (is === 'type' || old?.value === now?.value));
}

function factValue(facts: NonNullable<Change['before']>): unknown {
  return 'value' in facts ? facts.value : undefined;
}

function isSame(old: CompiledFact | undefined, now: CompiledFact | undefined): boolean {
  if (!old || !now) return old === now;
  return (
    old.size === now.size && old.value === now.value && old.type === now.type && old.bits?.join() === now.bits?.join()
  );
}

/** Returns whether a change says that a name is different. The members of a record that is new, gone or moved follow it. */
function explanations(changes: readonly Change[]): (name: string) => boolean {
  const names = new Set<string>();
  const whole = new Set<string>();
  for (const change of changes) {
    const own = [change.name, ...(change.renamed ? [change.renamed.name] : [])];
    for (const name of own) names.add(name);
    const record = change.name.slice(0, change.name.lastIndexOf('.'));
    for (const { name } of [...(change.padding?.before ?? []), ...(change.padding?.after ?? [])])
      names.add(`${record}.${name}`);
    // A record without a name can get one. Its members are then those of the named record.
    const isOther = change.kind === 'member' && change.differs.includes('shape');
    const isWhole =
      change.before === null || change.after === null || change.renamed || change.class === 'moved' || isOther;
    if (isWhole) for (const name of own) whole.add(name);
  }
  return (name) => {
    if (names.has(name)) return true;
    for (let end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1))
      if (whole.has(name.slice(0, end))) return true;
    return false;
  };
}

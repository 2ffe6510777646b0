/** Which architectures have what a name stands for, and why the others do not. */

import type { At, LedgerEntry, Model } from '../model/model.js';

export interface Availability {
  /** As C spells it; of a type with its keyword: `struct kvm_run`. */
  readonly name: string;
  readonly kind: 'ioctl' | 'constant' | 'function-like macro' | 'enumerator' | 'type';
  /** One for each model, in their order. */
  readonly targets: readonly TargetAvailability[];
}

export interface TargetAvailability {
  readonly target: string;
  /** Where it is declared; null where it is not at all. */
  readonly at: At | null;
  /** Why the target has not got it; null where it has. */
  readonly reason: string | null;
}

/** What `name` stands for in models of one header; undefined where none of them has heard of it. */
export function availabilityOf(name: string, models: readonly Model[]): Availability | undefined {
  const found = models.map((model) => ({ model, item: itemCalled(name, model), noted: notedIn(name, model) }));
  const known =
    found.find(({ item }) => item)?.item ?? found.map(({ noted }) => noted && nameless(noted)).find(Boolean);
  if (!known) return undefined;
  const header = headerOf(found.flatMap(({ item, noted }) => item?.at ?? noted?.at ?? [])[0] as At);
  return {
    name: known.name,
    kind: known.kind,
    targets: found.map(({ model, item, noted }) => ({
      target: model.target,
      at: item?.at ?? noted?.at ?? null,
      reason: item ? null : (noted?.reason ?? undeclared(header, model)),
    })),
  };
}

type Item = Pick<Availability, 'name' | 'kind'> & { readonly at: At };

function itemCalled(name: string, { types, enums, ioctls, constants, functions }: Model): Item | undefined {
  const called = (item: { readonly name: string }): boolean => item.name === name;
  const records = types.map(({ kind, tag, typedef, at }) => ({ name: typedef ? tag : `${kind} ${tag}`, tag, at }));
  const named = enums.map(({ tag, typedef, at }) => ({ name: typedef ? `${tag}` : `enum ${tag}`, tag, at }));
  const type = [...records, ...named].find((each) => each.name === name || each.tag === name);
  if (type) return { name: type.name, kind: 'type', at: type.at };
  const ioctl = ioctls.find(called);
  if (ioctl) return { name, kind: 'ioctl', at: ioctl.at };
  const constant = constants.find(called);
  if (constant) return { name, kind: constant.aliasOf === undefined ? 'constant' : 'ioctl', at: constant.at };
  const macro = functions.find(called);
  if (macro) return { name, kind: 'function-like macro', at: macro.at };
  const enumerator = enums.flatMap(({ enumerators }) => enumerators).find(called);
  return enumerator && { name, kind: 'enumerator', at: enumerator.at };
}

function notedIn(name: string, { ledger }: Model): LedgerEntry | undefined {
  return ledger.find((entry) => entry.name === name || (entry.kind === 'type' && entry.name.split(' ')[1] === name));
}

/** Of something that no architecture has. */
function nameless({ name, kind, parameters, at }: LedgerEntry): Item {
  if (parameters) return { name, kind: 'function-like macro', at };
  return { name, kind: kind === 'macro' ? 'constant' : kind, at };
}

function undeclared(header: string, { target, sources }: Model): string {
  const isRead = sources.some(({ name }) => name === header);
  return isRead ? `<${header}> of ${target} does not declare it` : `${target} has no <${header}>`;
}

function headerOf(at: At): string {
  return at.slice(0, at.lastIndexOf(':'));
}

/** On a few lines: where it is, and for each reason where it is not. */
export function availabilityView({ name, kind, targets }: Availability): string {
  const lines = new Map<string, string[]>();
  for (const { target, at, reason } of targets) {
    // The same reason on several targets is said once.
    const said =
      reason === null
        ? `in ${headerOf(at as At)}`
        : `not there: ${reason.replaceAll(` for ${target}`, '').replaceAll(` of ${target}`, '')}`;
    lines.set(said, [...(lines.get(said) ?? []), target]);
  }
  return [`${name} (${kind})`, ...[...lines].map(([said, names]) => `  ${names.join(', ')}: ${said}`)].join('\n');
}

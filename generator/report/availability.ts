/** Which architectures have what a name stands for, and why the others do not. */

import type { Location, Model, Omission } from '../model/model.js';

export interface Availability {
  /** As C spells it; of a type with its keyword: `struct kvm_run`. */
  readonly name: string;
  readonly kind: 'ioctl' | 'constant' | 'function-like macro' | 'enumerator' | 'type';
  /** One for each model, in their order. */
  readonly targets: readonly TargetAvailability[];
}

interface TargetAvailability {
  readonly target: string;
  /** Where it is declared; null where nothing declares it. */
  readonly location: Location | null;
  /** Why the target does not have it; null where it does. */
  readonly reason: string | null;
}

/** What `name` stands for in models of one header; undefined where none of them has it or omits it. */
export function availabilityOf(name: string, models: readonly Model[]): Availability | undefined {
  const found = models.map((model) => ({ model, item: itemCalled(name, model), omission: omissionOf(name, model) }));
  const known =
    found.find(({ item }) => item)?.item ??
    found.map(({ omission }) => omission && itemOmitted(omission)).find(Boolean);
  if (!known) return undefined;
  const { header } = known.location;
  return {
    name: known.name,
    kind: known.kind,
    targets: found.map(({ model, item, omission }) => ({
      target: model.target,
      location: item?.location ?? omission?.location ?? null,
      reason: item ? null : (omission?.reason ?? undeclared(header, model)),
    })),
  };
}

type Item = Pick<Availability, 'name' | 'kind'> & { readonly location: Location };

function itemCalled(name: string, { types, enums, ioctls, constants, functions }: Model): Item | undefined {
  const called = (item: { readonly name: string }): boolean => item.name === name;
  const type = [...types, ...enums].find(({ cName, tag }) => cName === name || tag === name);
  if (type) return { name: type.cName ?? name, kind: 'type', location: type.location };
  const ioctl = ioctls.find(called);
  if (ioctl) return { name, kind: 'ioctl', location: ioctl.location };
  const constant = constants.find(called);
  if (constant)
    return { name, kind: constant.aliasOf === undefined ? 'constant' : 'ioctl', location: constant.location };
  const macro = functions.find(called);
  if (macro) return { name, kind: 'function-like macro', location: macro.location };
  const enumerator = enums.flatMap(({ enumerators }) => enumerators).find(called);
  return enumerator && { name, kind: 'enumerator', location: enumerator.location };
}

function omissionOf(name: string, { omissions }: Model): Omission | undefined {
  return omissions.find((each) => each.name === name || (each.kind === 'type' && each.name.split(' ')[1] === name));
}

/** The item that an omission stands for. */
function itemOmitted({ name, kind, parameters, location }: Omission): Item {
  if (parameters) return { name, kind: 'function-like macro', location };
  return { name, kind: kind === 'macro' ? 'constant' : kind, location };
}

function undeclared(header: string, { target, sources }: Model): string {
  const isRead = sources.some(({ name }) => name === header);
  return isRead ? `<${header}> of ${target} does not declare it` : `${target} has no <${header}>`;
}

/** The same on a few lines: where it is, and for each reason where it is not. */
export function availabilityView({ name, kind, targets }: Availability): string {
  const lines = new Map<string, string[]>();
  for (const { target, location, reason } of targets) {
    // Targets with the same reason share a line.
    const text =
      reason === null
        ? `in ${location?.header}`
        : `not there: ${reason.replaceAll(` for ${target}`, '').replaceAll(` of ${target}`, '')}`;
    lines.set(text, [...(lines.get(text) ?? []), target]);
  }
  return [`${name} (${kind})`, ...[...lines].map(([text, names]) => `  ${names.join(', ')}: ${text}`)].join('\n');
}

/** Finds which architectures have a name, and why the others do not have it. */

import type { Location, Member, Model, Omission, OmissionKind, RecordType, Since } from '../model/model.js';
import { sinceText } from '../model/since.js';

export interface Availability {
  /** The name in C. A type includes its keyword: `struct kvm_run`. A member follows its type: `struct kvm_run.io.port`. */
  readonly name: string;
  readonly kind: Exclude<OmissionKind, 'macro'> | 'constant' | 'function-like macro' | 'enumerator' | 'member';
  /** One entry for each model, in the order of the models. */
  readonly targets: readonly TargetAvailability[];
}

interface TargetAvailability {
  readonly target: string;
  /** The location of the declaration. Null if nothing declares the name. */
  readonly location: Location | null;
  /** The reason why the target does not have the name. Null if the target has it. */
  readonly reason: string | null;
  /** The first kernel version with the name on the target. Absent if it is unknown. */
  readonly since?: Since;
}

/**
 * Returns what `name` means in several models of one header. Returns undefined if no model declares or omits the name.
 */
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
      ...(item?.since ? { since: item.since } : {}),
    })),
  };
}

type Item = Pick<Availability, 'name' | 'kind'> & { readonly location: Location; readonly since?: Since | undefined };

function itemCalled(name: string, { types, enums, ioctls, constants, functions }: Model): Item | undefined {
  const called = (item: { readonly name: string }): boolean => item.name === name;
  const type = [...types, ...enums].find(({ cName, tag }) => cName === name || tag === name);
  if (type) return { name: type.cName ?? name, kind: 'type', location: type.location, since: type.since };
  const ioctl = ioctls.find(called);
  if (ioctl) return { name, kind: 'ioctl', location: ioctl.location, since: ioctl.since };
  const constant = constants.find(called);
  if (constant) {
    const { aliasOf, location, since } = constant;
    return { name, kind: aliasOf === undefined ? 'constant' : 'ioctl', location, since };
  }
  const macro = functions.find(called);
  if (macro) return { name, kind: 'function-like macro', location: macro.location, since: macro.since };
  const enumerator = enums.flatMap(({ enumerators }) => enumerators).find(called);
  if (enumerator) return { name, kind: 'enumerator', location: enumerator.location, since: enumerator.since };
  return name.includes('.') ? memberCalled(name, types) : undefined;
}

/** Finds a member by the name of its type and its path: `kvm_run.io.port`. */
function memberCalled(name: string, types: readonly RecordType[]): Item | undefined {
  const [owner, ...path] = name.split('.');
  const type = types.find(({ cName, tag }) => cName === owner || tag === owner);
  let found: Member | undefined;
  for (const part of path) {
    found = promotedMember(part, found ? (found.members ?? []) : (type?.members ?? []));
    if (!found) return undefined;
  }
  if (!type || !found) return undefined;
  return { name: [type.cName, ...path].join('.'), kind: 'member', location: type.location, since: found.since };
}

/** Finds a member by its name, also in anonymous members. */
function promotedMember(name: string, members: readonly Member[]): Member | undefined {
  for (const member of members) {
    if (member.name === name) return member;
    const inner = member.name === null ? promotedMember(name, member.members ?? []) : undefined;
    if (inner) return inner;
  }
  return undefined;
}

/** Says what a name is that is not a type. Returns undefined for a type, and for a name that the model does not have. */
export function describeName(name: string, model: Model): string | undefined {
  const { ioctls, constants, functions, enums } = model;
  const ioctl = ioctls.find((each) => each.name === name);
  if (ioctl) {
    const argument = ioctl.argument === null ? 'without an argument' : `with the argument ${ioctl.argument}`;
    return `it is the ioctl 0x${ioctl.request.toString(16)} ${argument}`;
  }
  const constant = constants.find((each) => each.name === name);
  if (constant) return `it is a constant of type ${constant.type} with the value ${constant.value}`;
  if (functions.some((each) => each.name === name)) return 'it is a macro with parameters';
  for (const { cName, enumerators } of enums) {
    const found = enumerators.find((each) => each.name === name);
    if (found) return `it is an enumerator of ${cName ?? 'an enum without a name'} with the value ${found.value}`;
  }
  const omission = omissionOf(name, model);
  return omission && `it is an omission: ${omission.reason}`;
}

function omissionOf(name: string, { omissions }: Model): Omission | undefined {
  return omissions.find((each) => each.name === name || (each.kind === 'type' && each.name.split(' ')[1] === name));
}

/** Returns the item that an omission describes. */
function itemOmitted({ name, kind, parameters, location }: Omission): Item {
  if (parameters) return { name, kind: 'function-like macro', location };
  return { name, kind: kind === 'macro' ? 'constant' : kind, location };
}

function undeclared(header: string, { target, sources }: Model): string {
  const isRead = sources.some(({ name }) => name === header);
  return isRead ? `<${header}> of ${target} does not declare it` : `${target} has no <${header}>`;
}

/** Formats an availability as text: one line for each location or reason. */
export function availabilityView({ name, kind, targets }: Availability): string {
  const lines = new Map<string, string[]>();
  for (const { target, location, reason, since } of targets) {
    // Targets with the same reason share a line.
    const text =
      reason === null
        ? `in ${location?.header}${since === undefined ? '' : `, ${sinceText(since)}`}`
        : `not available: ${reason.replaceAll(` for ${target}`, '').replaceAll(` of ${target}`, '')}`;
    lines.set(text, [...(lines.get(text) ?? []), target]);
  }
  return [`${name} (${kind})`, ...[...lines].map(([text, names]) => `  ${names.join(', ')}: ${text}`)].join('\n');
}

/** Returns all names that `availabilityOf` finds in a model. */
export function namesIn({ types, enums, constants, functions, omissions }: Model): string[] {
  return [
    ...[...types, ...enums].flatMap(({ tag }) => tag ?? []),
    ...[...constants, ...functions, ...enums.flatMap(({ enumerators }) => enumerators)].map(({ name }) => name),
    ...omissions.map(({ name }) => name.slice(name.indexOf(' ') + 1)),
  ];
}

/**
 * Selects a part of a model: the requested types and constants, and the items that they need. A record needs the
 * records and enums of its members. An ioctl needs its argument and those of its commands. Another name of an ioctl needs the ioctl. A type that is only
 * pointed to is not needed.
 */

import { GeneratorError } from '../errors.js';
import { locationText } from './locations.js';
import type { Constant, EnumType, Ioctl, Location, Member, Model, RecordType, Shape } from './model.js';
import { closestTo } from './suggestions.js';

/** A name as in C, or a regular expression. A string between slashes is also a regular expression: `/^IFF_/`. */
export type Pattern = string | RegExp;

/**
 * Without both lists, everything is selected. Otherwise only the named items and the items that they need are selected.
 */
export interface Selection {
  /** Structs, unions and enums: `ifreq` or `struct ifreq`. */
  readonly types?: readonly Pattern[];
  /** Macros of every kind (integers, strings, ioctls, functions) and enumerators. */
  readonly constants?: readonly Pattern[];
}

/** A pattern matches no name. */
export class SelectionError extends GeneratorError {
  override readonly name = 'SelectionError';
  /** The key of the pattern: `types[2]`. */
  readonly key: string;
  /** The message without the key. */
  readonly problem: string;

  constructor(key: string, problem: string) {
    super(`${key}: ${problem}`);
    this.key = key;
    this.problem = problem;
  }
}

type Matches = (names: readonly string[]) => boolean;

/**
 * Reduces models to the selected items. The models of one target are reduced together, so that two headers give the
 * same result for a shared header.
 *
 * @throws SelectionError if a pattern matches no name in any of the models.
 */
export function select(models: readonly Model[], selection: Selection): Model[] {
  const { types, constants } = selection;
  if (types === undefined && constants === undefined) return [...models];
  for (const key of ['types', 'constants'] as const) {
    for (const [index, pattern] of (selection[key] ?? []).entries()) {
      requireMatch(`${key}[${index}]`, key, pattern, models);
    }
  }
  return selectWithin(models, selection);
}

/** Selects as `select` does, but a pattern may match no name. This happens if some of the headers are missing. */
export function selectWithin(models: readonly Model[], { types, constants }: Selection): Model[] {
  if (types === undefined && constants === undefined) return [...models];
  const [isType, isConstant] = [matcher(types ?? []), matcher(constants ?? [])];
  const wanted = new Map<string, Set<string>>();
  for (const model of models) {
    const items = wanted.get(model.target) ?? new Set<string>();
    wanted.set(model.target, items);
    for (const item of wantedOf(model, isType, isConstant)) items.add(item);
  }
  const fact = { types: (types ?? []).map(String), constants: (constants ?? []).map(String) };
  return models.map((model) => ({ ...cutDown(model, wanted.get(model.target) as Set<string>), selection: fact }));
}

function matcher(patterns: readonly Pattern[]): Matches {
  const names = new Set(patterns.filter((pattern) => typeof pattern === 'string' && !isExpression(pattern)));
  const expressions = patterns.flatMap((pattern) => expressionOf(pattern) ?? []);
  return (candidates) =>
    candidates.some((name) => names.has(name) || expressions.some((expression) => expression.test(name)));
}

function isExpression(pattern: string): boolean {
  return pattern.startsWith('/');
}

/**
 * Returns the regular expression of a pattern, or undefined for a name. @throws SyntaxError for an invalid regular
 * expression.
 */
export function expressionOf(pattern: Pattern): RegExp | undefined {
  if (typeof pattern !== 'string') return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  if (!isExpression(pattern)) return undefined;
  const end = pattern.lastIndexOf('/');
  if (end === 0) throw new SyntaxError("the '/' at its end is missing");
  return new RegExp(pattern.slice(1, end), pattern.slice(end + 1).replace(/[gy]/g, ''));
}

function namesOfType({ tag, cName }: RecordType | EnumType): string[] {
  return tag === null || cName === null ? [] : [tag, cName];
}

/** Identifies an item by its kind, name and location: `type ifreq linux/if.h:234`. */
function idOf(kind: string, name: string | null, location: Location): string {
  return `${kind} ${name} ${locationText(location)}`;
}

function wantedOf(model: Model, isType: Matches, isConstant: Matches): Set<string> {
  const wanted = new Set<string>();
  const records = new Map(model.types.map((type) => [type.cName, type]));
  const enums = new Map(model.enums.map((type) => [type.cName, type]));
  const ioctls = new Map(model.ioctls.map((ioctl) => [ioctl.name, ioctl]));
  const wantRecord = (type: RecordType): void => {
    const id = idOf('type', type.tag, type.location);
    if (wanted.has(id)) return;
    wanted.add(id);
    for (const member of membersWithin(type.members)) {
      wantShape(member.shape);
      const enumeration = member.enum === undefined ? undefined : enums.get(member.enum);
      if (enumeration) wantEnum(enumeration);
    }
  };
  const wantShape = (shape: Shape): void => {
    const type = 'cName' in shape && shape.cName !== null ? records.get(shape.cName) : undefined;
    if (type) wantRecord(type);
  };
  const wantIoctl = ({ name, location, shape, commands = [] }: Ioctl): void => {
    for (const kind of ['macro', 'enumerator']) wanted.add(idOf(kind, name, location));
    if (shape) wantShape(shape);
    for (const { carrier, argument } of commands) {
      for (const cName of [carrier, argument]) if (cName !== null) wantShape({ is: 'struct', cName });
    }
  };
  const wantValue = ({ name, aliasOf }: Pick<Constant, 'name' | 'aliasOf'>): void => {
    const ioctl = ioctls.get(aliasOf ?? name);
    if (ioctl) wantIoctl(ioctl);
  };
  const wantEnum = ({ tag, location, enumerators }: EnumType): void => {
    wanted.add(idOf('enum', tag, location));
    enumerators.forEach(wantValue);
  };
  for (const type of model.types) if (isType(namesOfType(type))) wantRecord(type);
  for (const type of model.enums) {
    if (isType(namesOfType(type))) wantEnum(type);
    for (const enumerator of type.enumerators) {
      if (!isConstant([enumerator.name])) continue;
      wanted.add(idOf('enumerator', enumerator.name, enumerator.location));
      wantValue(enumerator);
    }
  }
  for (const constant of model.constants) {
    if (!isConstant([constant.name])) continue;
    wanted.add(idOf('macro', constant.name, constant.location));
    wantValue(constant);
  }
  for (const { name, location } of model.functions) if (isConstant([name])) wanted.add(idOf('macro', name, location));
  return wanted;
}

/** Returns members and the members of the unnamed records inside them. */
function membersWithin(members: readonly Member[]): Member[] {
  return members.flatMap((member) => [member, ...membersWithin(member.members ?? [])]);
}

function cutDown(model: Model, wanted: ReadonlySet<string>): Model {
  const isMacro = ({ name, location }: { readonly name: string; readonly location: Location }): boolean =>
    wanted.has(idOf('macro', name, location));
  const types = model.types.filter(({ tag, location }) => wanted.has(idOf('type', tag, location)));
  const constants = model.constants.filter(isMacro);
  const enums = model.enums.flatMap((type): EnumType[] => {
    if (wanted.has(idOf('enum', type.tag, type.location))) return [type];
    const enumerators = type.enumerators.filter(({ name, location }) => wanted.has(idOf('enumerator', name, location)));
    // An enum with only a part of its enumerators is not the enum that the tag names.
    return enumerators.length > 0 ? [{ ...type, tag: null, cName: null, enumerators }] : [];
  });
  const functions = model.functions.filter(isMacro);
  const filled = new Set([...types, ...constants, ...enums, ...functions].map(({ location }) => location.header));
  const coveredHeaders = model.coveredHeaders.filter((header) => header === model.header || filled.has(header));
  return {
    ...model,
    coveredHeaders,
    uses: usesAmong(coveredHeaders, model.uses),
    types,
    enums,
    constants,
    ioctls: model.ioctls.filter(isMacro),
    functions,
  };
}

/** Returns which remaining headers use each other, also through headers that are left out. */
function usesAmong(coveredHeaders: readonly string[], uses: Model['uses']): Model['uses'] {
  const entries = coveredHeaders.map((header): [string, string[]] => {
    const [seen, found] = [new Set<string>([header]), new Set<string>()];
    const waiting = [...(uses[header] ?? [])];
    for (let other = waiting.pop(); other !== undefined; other = waiting.pop()) {
      if (seen.has(other)) continue;
      seen.add(other);
      if (coveredHeaders.includes(other)) found.add(other);
      else waiting.push(...(uses[other] ?? []));
    }
    return [header, coveredHeaders.filter((other) => found.has(other))];
  });
  return Object.fromEntries(entries.filter(([, others]) => others.length > 0));
}

function requireMatch(key: string, list: 'types' | 'constants', pattern: Pattern, models: readonly Model[]): void {
  const matches = matcher([pattern]);
  const named = (model: Model): string[][] => (list === 'types' ? typeNames(model) : constantNames(model));
  if (models.some((model) => named(model).some(matches))) return;
  const other = list === 'types' ? 'constants' : 'types';
  const isOther = models.some((model) => (other === 'types' ? typeNames(model) : constantNames(model)).some(matches));
  const omitted = models
    .flatMap(({ omissions }) => omissions)
    .find(({ name }) => matches([name, name.split(' ')[1] ?? name]));
  const headers = [...new Set(models.map(({ header }) => `<${header}>`))].join(', ');
  const close = closestTo(
    String(pattern),
    models.flatMap(named).flatMap(([name]) => name ?? []),
  );
  const hint = isOther
    ? `; move it to '${other}', because it is one of them`
    : omitted
      ? `; ${omitted.name} is an omission: ${omitted.reason}`
      : close.length > 0
        ? `; did you mean ${close.join(', ')}?`
        : '';
  throw new SelectionError(key, `'${String(pattern)}' matches none of the ${list} of ${headers}${hint}`);
}

function typeNames({ types, enums }: Model): string[][] {
  return [...types, ...enums].map(namesOfType);
}

function constantNames({ enums, constants, functions }: Model): string[][] {
  return [...enums.flatMap(({ enumerators }) => enumerators), ...constants, ...functions].map(({ name }) => [name]);
}

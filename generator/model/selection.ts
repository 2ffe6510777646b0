/**
 * A part of a model: the types and constants that are asked for, and what these need. A record needs the records that its
 * members are made of, an ioctl its argument, another name of an ioctl that ioctl; what is only pointed to is not needed.
 */

import { GeneratorError } from '../errors.js';
import { locationText } from './locations.js';
import type { EnumType, Ioctl, Location, Member, Model, RecordType, Shape } from './model.js';
import { closestTo } from './suggestions.js';

/** A name as C spells it, or a regular expression; a string between slashes is one too: `/^IFF_/`. */
export type Pattern = string | RegExp;

/** With neither, everything is selected; with one of them, only what it names and what that needs. */
export interface Selection {
  /** Structs, unions and enums: `ifreq` or `struct ifreq`. */
  readonly types?: readonly Pattern[];
  /** Macros of every kind (integers, strings, ioctls, functions) and enumerators. */
  readonly constants?: readonly Pattern[];
}

/** A pattern names nothing. */
export class SelectionError extends GeneratorError {
  override readonly name = 'SelectionError';
  /** Which one: `types[2]`. */
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
 * Cuts models down to what is selected, those of one target together: what two headers bring comes out the same from both.
 *
 * @throws SelectionError when a pattern names nothing in any of the models.
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

/** The same where a pattern may name nothing, as when some of the headers are not here. */
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

/** The regular expression that a pattern is; undefined for a name. @throws SyntaxError when it is a wrong one. */
export function expressionOf(pattern: Pattern): RegExp | undefined {
  if (typeof pattern !== 'string') return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  if (!isExpression(pattern)) return undefined;
  const end = pattern.lastIndexOf('/');
  if (end === 0) throw new SyntaxError("has no '/' at its end");
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
  const ioctls = new Map(model.ioctls.map((ioctl) => [ioctl.name, ioctl]));
  const wantRecord = (type: RecordType): void => {
    const id = idOf('type', type.tag, type.location);
    if (wanted.has(id)) return;
    wanted.add(id);
    for (const shape of shapesOf(type.members)) wantShape(shape);
  };
  const wantShape = (shape: Shape): void => {
    const type = 'cName' in shape && shape.cName !== null ? records.get(shape.cName) : undefined;
    if (type) wantRecord(type);
  };
  const wantIoctl = ({ name, location, shape }: Ioctl): void => {
    wanted.add(idOf('macro', name, location));
    if (shape) wantShape(shape);
  };
  for (const type of model.types) if (isType(namesOfType(type))) wantRecord(type);
  for (const type of model.enums) {
    if (isType(namesOfType(type))) wanted.add(idOf('enum', type.tag, type.location));
    for (const { name, location } of type.enumerators) {
      if (isConstant([name])) wanted.add(idOf('enumerator', name, location));
    }
  }
  for (const { name, location, aliasOf } of model.constants) {
    if (!isConstant([name])) continue;
    wanted.add(idOf('macro', name, location));
    const ioctl = ioctls.get(aliasOf ?? name);
    if (ioctl) wantIoctl(ioctl);
  }
  for (const { name, location } of model.functions) if (isConstant([name])) wanted.add(idOf('macro', name, location));
  return wanted;
}

function shapesOf(members: readonly Member[]): Shape[] {
  return members.flatMap((member) => [member.shape, ...shapesOf(member.members ?? [])]);
}

function cutDown(model: Model, wanted: ReadonlySet<string>): Model {
  const isMacro = ({ name, location }: { readonly name: string; readonly location: Location }): boolean =>
    wanted.has(idOf('macro', name, location));
  const types = model.types.filter(({ tag, location }) => wanted.has(idOf('type', tag, location)));
  const constants = model.constants.filter(isMacro);
  const enums = model.enums.flatMap((type): EnumType[] => {
    if (wanted.has(idOf('enum', type.tag, type.location))) return [type];
    const enumerators = type.enumerators.filter(({ name, location }) => wanted.has(idOf('enumerator', name, location)));
    // An enum with only some of its enumerators is not the enum that the tag names.
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

/** What the remaining headers use of each other, also through headers that are left out. */
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
    ? `; it is one of the ${other}`
    : omitted
      ? `; ${omitted.name} is an omission: ${omitted.reason}`
      : close.length > 0
        ? `; did you mean ${close.join(', ')}?`
        : '';
  throw new SelectionError(key, `${String(pattern)} names none of the ${list} of ${headers}${hint}`);
}

function typeNames({ types, enums }: Model): string[][] {
  return [...types, ...enums].map(namesOfType);
}

function constantNames({ enums, constants, functions }: Model): string[][] {
  return [...enums.flatMap(({ enumerators }) => enumerators), ...constants, ...functions].map(({ name }) => [name]);
}

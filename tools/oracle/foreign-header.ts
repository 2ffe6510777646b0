/** Compares one header of a library with the compiler, and sorts what the model leaves out. */

import { GeneratorError } from '../../generator/errors.js';
import { locationText } from '../../generator/model/locations.js';
import type { Model, Omission } from '../../generator/model/model.js';
import type { Compiler } from '../lib/compilers.js';
import type { ForeignHeader } from '../lib/foreign-headers.js';
import { compiledDeclarations, type Declaration } from './declarations.js';
import { judge, type Verdict } from './judge.js';
import { functionsWithValues, preprocessed } from './macros.js';

/** Omissions with the same cause. */
interface Cause {
  readonly text: string;
  readonly names: readonly string[];
}

export interface ForeignVerdict {
  readonly coveredHeaders: readonly string[];
  /** The number of declarations of the covered headers, as the compiler lists them. */
  readonly declarations: number;
  /** The number of compared facts. */
  readonly comparisons: number;
  /** The facts that differ. */
  readonly differences: readonly string[];
  /** The declarations that are neither in the model nor an omission. */
  readonly silent: readonly string[];
  /** The omissions that have neither a layout nor a value for the compiler, by kind. */
  readonly withoutFacts: ReadonlyMap<string, number>;
  /** The omissions for which the compiler has a layout or a value. */
  readonly causes: readonly Cause[];
}

/** Compares a header. `wanted` are names that the model must have. @throws GeneratorError if one side refuses it. */
export async function judgeForeign(
  model: Model,
  compiler: Compiler,
  wanted: Pick<ForeignHeader, 'names' | 'ioctls'>,
): Promise<ForeignVerdict> {
  const { macros } = await preprocessed(compiler, model);
  const declared = await compiledDeclarations(compiler, model);
  const verdict = await judge(model, compiler);
  const { inventory, compared } = verdict;
  const here = model.omissions.filter(({ skipped }) => !skipped);
  const valued = await valuedOmissions(here, declared, model, compiler);
  const { types, members, enums, enumerators } = inventory;
  const lists = [types, members, enums, enumerators, [...macros.keys()], declared];
  return {
    coveredHeaders: model.coveredHeaders,
    declarations: lists.reduce((sum, { length }) => sum + length, 0),
    comparisons: compared.assertions + compared.types + compared.macros,
    differences: verdict.findings.filter(({ missing }) => !missing).map(({ text }) => text),
    silent: [
      ...missingIn(verdict, model),
      ...declared.filter((each) => !knows(model, each)).map(({ kind, name, at }) => `${at}: ${kind} ${name}`),
      ...lackingIn(model, wanted),
    ],
    withoutFacts: countsOf(here.filter((each) => !valued.includes(each)).map(kindOf)),
    causes: causesOf(valued),
  };
}

/** Describes what only the compiler has. A type without a name is listed by its location alone, as an omission. */
function missingIn({ findings }: Verdict, { omissions }: Model): string[] {
  const types = omissions.filter(({ kind }) => kind === 'type');
  const listed = types.map(({ name, location }) => `${name} at ${locationText(location)}`);
  const isListed = (item: string): boolean => listed.some((each) => item === each || item.startsWith(`${each}.`));
  return findings.filter(({ item, missing }) => missing && !isListed(item)).map(({ text }) => text);
}

function namesOf({ types, enums, constants, ioctls, functions }: Model): Set<string> {
  const enumerators = enums.flatMap((each) => each.enumerators);
  const named = [...types, ...enums].flatMap(({ cName }) => (cName === null ? [] : [cName]));
  return new Set([...named, ...[...constants, ...ioctls, ...functions, ...enumerators].map(({ name }) => name)]);
}

/** Describes the wanted names that a model does not have. */
function lackingIn(model: Model, { names, ioctls = [] }: Pick<ForeignHeader, 'names' | 'ioctls'>): string[] {
  const known = namesOf(model);
  const requests = new Set(model.ioctls.map(({ name }) => name));
  return [
    ...names.filter((name) => !known.has(name)).map((name) => `${name}: the model of <${model.header}> must have it`),
    ...ioctls.filter((name) => !requests.has(name)).map((name) => `${name}: must be an ioctl in <${model.header}>`),
  ];
}

/** Whether a model has a declaration, or an omission of its kind. */
function knows({ types, enums, constants, omissions }: Model, { kind, name }: Declaration): boolean {
  if (omissions.some((each) => each.kind === kind && each.name === name)) return true;
  if (kind === 'variable') return constants.some((each) => each.name === name);
  return kind === 'typedef' && [...types, ...enums].some(({ cName }) => cName === name);
}

/** Returns the omissions for which the compiler has a layout or a value. The judge compares the object-like macros. */
async function valuedOmissions(
  omissions: readonly Omission[],
  declared: readonly Declaration[],
  model: Model,
  compiler: Compiler,
): Promise<Omission[]> {
  const functions = omissions.filter(({ parameters }) => parameters !== undefined);
  const values = await functionsWithValues(compiler, model, functions);
  const variables = new Set(declared.filter(({ hasValue }) => hasValue).map(({ name }) => name));
  return omissions.filter(({ kind, name }) => {
    if (kind === 'type') return true;
    if (kind === 'macro') return values.has(name);
    return kind === 'variable' && variables.has(name);
  });
}

function kindOf({ kind, parameters }: Omission): string {
  return parameters === undefined ? kind : `${kind} with parameters`;
}

function countsOf(kinds: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function causesOf(omissions: readonly Omission[]): Cause[] {
  const causes = new Map<string, string[]>();
  for (const { kind, name, reason, location } of omissions) {
    const text = `${kind}: ${reason}`;
    causes.set(text, [...(causes.get(text) ?? []), `${name} (${locationText(location)})`]);
  }
  return [...causes].map(([text, names]) => ({ text, names }));
}

/** The largest share of the declarations that may be omissions with a layout or a value. */
const largestShare = 0.01;

/** Whether everything holds. */
export function isGood({ differences, silent, causes, declarations }: ForeignVerdict): boolean {
  const omitted = causes.flatMap(({ names }) => names).length;
  return differences.length === 0 && silent.length === 0 && omitted <= largestShare * declarations;
}

/** Returns the verdict on a header that the generator refuses. If the compiler refuses it too, that is the cause. */
export async function judgeRefused(model: Model, compiler: Compiler, error: GeneratorError): Promise<ForeignVerdict> {
  const nothing = { coveredHeaders: [], comparisons: 0, differences: [], withoutFacts: new Map<string, number>() };
  try {
    const { macros } = await preprocessed(compiler, model);
    const declared = await compiledDeclarations(compiler, model);
    return { ...nothing, declarations: macros.size + declared.length, silent: [error.message], causes: [] };
  } catch (refusal) {
    if (!(refusal instanceof GeneratorError)) throw refusal;
    const cause = { text: `the compiler refuses the header: ${refusal.message}`, names: [model.header] };
    return { ...nothing, declarations: 0, silent: [], causes: [cause] };
  }
}

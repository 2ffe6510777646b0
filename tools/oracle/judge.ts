/** A model held against the compiler of its target, in both directions. */

import { GeneratorError } from '../../generator/errors.js';
import { locationText } from '../../generator/model/locations.js';
import type { Constant, Model } from '../../generator/model/model.js';
import { type VerifyResult, verify } from '../../generator/verify/verify.js';
import type { Compiler } from '../lib/compilers.js';
import { type Difference, type Listed, type Listing, listingDifferences } from './listing.js';
import { type Macro, preprocessed, requestNames, type ValueKind, valueKinds } from './macros.js';
import { compiledTypes, modelledTypes, noTypes } from './types.js';

/** Something that does not hold. */
export interface Finding {
  /** The header that the item stands in. */
  readonly header: string;
  /** `struct kvm_run.io`, `KVM_RUN`; empty for the header as a whole. */
  readonly item: string;
  /** Whether the compiler has the item and the model does not; otherwise they say different things of it. */
  readonly missing: boolean;
  readonly text: string;
}

/** What the compiler has in a header and in those that its model covers: each item by its location. */
export interface Inventory {
  /** Structs and unions. */
  readonly types: readonly string[];
  readonly members: readonly string[];
  readonly enums: readonly string[];
  readonly enumerators: readonly string[];
  readonly integers: readonly string[];
  readonly ioctls: readonly string[];
}

export interface Verdict {
  /** How many of each have been compared. */
  readonly compared: { readonly assertions: number; readonly types: number; readonly macros: number };
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
}

/** The verdict; where the compiler cannot judge at all, that is what does not hold. */
export async function judge(model: Model, compiler: Compiler): Promise<Verdict> {
  try {
    return await judged(model, compiler);
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    const finding = { header: model.header, item: '', missing: false, text: error.message };
    const inventory = { types: [], members: [], enums: [], enumerators: [], integers: [], ioctls: [] };
    return { compared: { assertions: 1, types: 0, macros: 0 }, inventory, findings: [finding] };
  }
}

async function judged(model: Model, compiler: Compiler): Promise<Verdict> {
  const { macros, hasTypes } = await preprocessed(compiler, model);
  const types = hasTypes ? await compiledTypes(compiler, model) : noTypes;
  const kinds = await compiledKinds(macros, model, compiler);
  const [typesHere, kindsHere] = [modelledTypes(model), modelledKinds(model)];
  const { total, failures } = await assertionsOf(model, compiler);
  const headerOf = (item: string): string => {
    const listing = [kinds, types.items, kindsHere, typesHere].find((each) => each.has(item));
    return listing?.get(item)?.at.replace(/:\d+$/, '') ?? model.header;
  };
  const refused = failures.map(({ item, expected, message }) => ({
    item: itemOf(item),
    missing: false,
    text: `${item}: the model says ${expected}; ${message}`,
  }));
  const different = [...listingDifferences(types.items, typesHere), ...listingDifferences(kinds, kindsHere)];
  const skipped = model.omissions.filter((entry) => entry.skipped && macros.has(entry.name));
  const found = [
    ...refused,
    ...different.map(described),
    ...skipped.map(({ name }) => ({
      item: name,
      missing: true,
      text: `${name}: defined for the compiler, skipped here`,
    })),
  ];
  const known = (text: RegExp): string[] =>
    [...kinds].filter(([, listed]) => text.test(listed.text)).map(([name, { at }]) => `${at} ${name}`);
  return {
    compared: { assertions: total, types: types.items.size, macros: macros.size },
    inventory: { ...types.inventory, integers: known(/^an integer/), ioctls: known(/^an integer, a request$/) },
    findings: found.map((finding) => ({ header: headerOf(finding.item), ...finding })),
  };
}

const noValue: ValueKind = 'no value';

function described({ item, compiled, modelled }: Difference): Omit<Finding, 'header'> {
  const [there, here] = [compiled, modelled].map((listed) => (listed ? `${listed.text} at ${listed.at}` : 'not there'));
  const missing = !modelled || (modelled.text.startsWith(noValue) && compiled?.text.startsWith(noValue) === false);
  return { item, missing, text: `${item}: ${there} for the compiler, ${here} here` };
}

/** `struct kvm_run.immediate_exit: offset` is said of `struct kvm_run.immediate_exit`. */
function itemOf(check: string): string {
  return check.replace(/: [^:]*$/, '').replace(/^enumerator |\(\)$/g, '');
}

/** A compiler has no answer where there is no question. */
async function assertionsOf(model: Model, compiler: Compiler): Promise<Pick<VerifyResult, 'total' | 'failures'>> {
  const { types, enums, constants, functions, omissions } = model;
  const others = omissions.filter(({ parameters }) => parameters !== undefined);
  if ([types, enums, constants, functions, others].every(({ length }) => length === 0))
    return { total: 0, failures: [] };
  return verify(model, { ...compiler, includeDirs: compiler.include });
}

/** What the compiler takes each macro for. */
async function compiledKinds(macros: ReadonlyMap<string, Macro>, model: Model, compiler: Compiler): Promise<Listing> {
  // What the model has a value for is asked by the assertions.
  const known = new Map(model.constants.map((constant) => [constant.name, kindOf(constant)]));
  const objects = [...macros.values()].filter(({ parameters }) => parameters === null);
  const asked = objects.filter(({ name, body }) => body !== '' && !known.has(name)).map(({ name }) => name);
  const answers = await valueKinds(compiler, model, asked);
  const requests = await requestNames(compiler, model, objects);
  const textOf = ({ name, parameters }: Macro): string => {
    if (parameters !== null) return `a function of ${parameters.join()}`;
    const kind = known.get(name) ?? answers.get(name) ?? 'no value';
    return requests.has(name) ? `${kind}, a request` : kind;
  };
  return new Map([...macros].map(([name, macro]) => [name, { at: macro.at, text: textOf(macro) }]));
}

/** The same of a model, its omissions included. */
function modelledKinds({ constants, functions, ioctls, omissions }: Model): Listing {
  const requests = new Set(ioctls.map(({ name }) => name));
  const omitted = omissions.filter(({ kind, skipped }) => kind !== 'type' && !skipped);
  return new Map([
    ...constants.map((constant): [string, Listed] => {
      const { name, location } = constant;
      return [
        name,
        { at: locationText(location), text: `${kindOf(constant)}${requests.has(name) ? ', a request' : ''}` },
      ];
    }),
    ...[...functions, ...omitted].map((macro): [string, Listed] => {
      const { name, parameters } = macro;
      const at = locationText(macro.location);
      if (parameters) return [name, { at, text: `a function of ${parameters.join()}` }];
      return [name, { at, text: 'kind' in macro && macro.kind === 'ioctl' ? 'no value, a request' : 'no value' }];
    }),
  ]);
}

function kindOf({ type }: Constant): ValueKind {
  return type.startsWith('char[') ? 'a string' : 'an integer';
}

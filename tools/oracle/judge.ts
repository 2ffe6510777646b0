/** Compares a model with the compiler of its target, in both directions. */

import { GeneratorError } from '../../generator/errors.js';
import { locationText } from '../../generator/model/locations.js';
import type { Constant, Model } from '../../generator/model/model.js';
import { type VerifyResult, verify } from '../../generator/verify/verify.js';
import type { Compiler } from '../lib/compilers.js';
import { type Difference, type Listed, type Listing, listingDifferences } from './listing.js';
import { type Macro, preprocessed, requestNames, type ValueKind, valueKinds } from './macros.js';
import { compiledTypes, modelledTypes, noTypes } from './types.js';

/** A fact that does not hold. */
export interface Finding {
  /** The header of the item. */
  readonly header: string;
  /** The name of the item, such as `struct kvm_run.io` or `KVM_RUN`. Empty for the whole header. */
  readonly item: string;
  /** Whether only the compiler has the item. Otherwise the two sides have different facts about it. */
  readonly missing: boolean;
  readonly text: string;
}

/** The compiler's items of a header and of its covered headers. Each item is identified by its location. */
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
  /** The number of comparisons of each kind. */
  readonly compared: { readonly assertions: number; readonly types: number; readonly macros: number };
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
}

/** Returns the verdict. If the compiler cannot compile the header, the verdict has this as a finding. */
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
      text: `${name}: the compiler defines it, but the model skips it`,
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
  const [there, here] = [compiled, modelled].map((listed) => (listed ? `${listed.text} at ${listed.at}` : 'missing'));
  const missing = !modelled || (modelled.text.startsWith(noValue) && compiled?.text.startsWith(noValue) === false);
  return { item, missing, text: `${item}: ${there} for the compiler, ${here} for the model` };
}

/**
 * Returns the item of a check: `struct kvm_run.immediate_exit: offset` is a check of `struct kvm_run.immediate_exit`.
 */
function itemOf(check: string): string {
  return check.replace(/: [^:]*$/, '').replace(/^enumerator |\(\)$/g, '');
}

/** Checks the model by assertions. A model without checkable facts is not compiled. */
async function assertionsOf(model: Model, compiler: Compiler): Promise<Pick<VerifyResult, 'total' | 'failures'>> {
  const { types, enums, constants, functions, omissions } = model;
  const others = omissions.filter(({ parameters }) => parameters !== undefined);
  if ([types, enums, constants, functions, others].every(({ length }) => length === 0))
    return { total: 0, failures: [] };
  return verify(model, { ...compiler, includeDirs: compiler.include });
}

/** Returns the kind of each macro for the compiler. */
async function compiledKinds(macros: ReadonlyMap<string, Macro>, model: Model, compiler: Compiler): Promise<Listing> {
  // The assertions already check the macros with a value in the model.
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

/** Returns the kind of each macro of a model, including its omissions. */
function modelledKinds({ constants, functions, ioctls, omissions }: Model): Listing {
  const requests = new Set(ioctls.flatMap(({ name, plainNumber }) => (plainNumber ? [] : [name])));
  const omitted = omissions.filter(({ kind, skipped }) => (kind === 'macro' || kind === 'ioctl') && !skipped);
  return new Map([
    ...constants
      .filter(({ isVariable }) => !isVariable)
      .map((constant): [string, Listed] => {
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

/**
 * The model is complete: every item that the compiler lists for the covered headers is in the model or in the
 * omissions.
 */

import { beforeAll, expect, it } from 'vitest';
import { locationText } from '../../../generator/model/locations.js';
import type { Model, Omission } from '../../../generator/model/model.js';
import { countRecords } from '../../../generator/report/summary.js';
import { generateBindings } from '../../../tools/lib/generated-bindings.js';
import { cc, kvm } from '../../../tools/lib/oracle-compiler.js';
import { listingDifferences } from '../../../tools/oracle/listing.js';
import { type Macro, preprocessed, requestNames, valueKinds } from '../../../tools/oracle/macros.js';
import { compiledTypes, modelledTypes, type TypeList } from '../../../tools/oracle/types.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

describeWithCompiler("completeness against the compiler's debug information", ['readelf'], () => {
  let model: Model;
  let compiled: TypeList;

  beforeAll(async () => {
    ({ model } = await generateBindings(kvm));
    compiled = await compiledTypes(cc, model);
  });

  it('the compiler lists as many types, members and enumerators as the model, and more than none', () => {
    const { structs, unions, fields } = countRecords(model.types);
    expect(compiled.counts).toMatchObject({ structs, unions, fields, enums: model.enums.length });
    expect(compiled.counts.enumerators).toBe(model.enums.flatMap(({ enumerators }) => enumerators).length);
    expect(compiled.items.size).toBe(modelledTypes(model).size);
    expect(compiled.items.size).toBeGreaterThan(structs + fields / 2);
  });

  it('the compiler agrees on the size, offset, bits, type and location of every type, member and enumerator', () => {
    const omitted = model.omissions.filter(({ kind, skipped }) => kind === 'type' && !skipped);
    const noted = new Set(omitted.map(({ name }) => name));
    const expected = new Map([...compiled.items].filter(([item]) => !noted.has(item.split('.')[0] as string)));
    expect(listingDifferences(expected, modelledTypes(model))).toEqual([]);
  });

  it('the counts equal the known counts of Linux 6.1', ({ skip }) => {
    if (!model.kernel?.startsWith('6.1.')) skip(`the headers here are of Linux ${model.kernel}`);
    expect(compiled.counts).toEqual({
      structs: 202,
      unions: 27,
      unnamed: 94,
      fields: 869,
      bitFields: 8,
      enums: 6,
      enumerators: 55,
    });
  });
});

/** Returns the macros in the omissions that the compiler also has. */
function notedMacros({ omissions }: Model): Omission[] {
  return omissions.filter(({ kind, skipped }) => (kind === 'macro' || kind === 'ioctl') && !skipped);
}

describeWithCompiler("completeness against the compiler's list of macros", [], () => {
  let model: Model;
  let macros: ReadonlyMap<string, Macro>;
  let objects: readonly Macro[];
  let integers: ReadonlySet<string>;
  let requests: ReadonlySet<string>;

  beforeAll(async () => {
    ({ model } = await generateBindings(kvm));
    ({ macros } = await preprocessed(cc, model));
    objects = [...macros.values()].filter(({ parameters }) => parameters === null);
    const names = objects.map(({ name }) => name);
    const kinds = await valueKinds(cc, model, names);
    integers = new Set(names.filter((name) => kinds.get(name) === 'an integer'));
    requests = await requestNames(cc, model, objects);
  });

  it('every macro is in the model or in the omissions, with the same location, and no other macro is', () => {
    const modelled = [...model.constants, ...model.functions, ...notedMacros(model)];
    const here = modelled.map(({ name, location }) => [name, { at: locationText(location), text: '' }] as const);
    const there = [...macros.values()].map(({ name, at }) => [name, { at, text: '' }] as const);
    expect(macros.size).toBeGreaterThan(0);
    expect(macros.size).toBe(modelled.length);
    expect(listingDifferences(new Map(there), new Map(here))).toEqual([]);
  });

  it('the constants are the macros that are integers for the compiler', () => {
    const constants = model.constants.filter(({ type }) => !type.startsWith('char['));
    expect(constants.map(({ name }) => name).sort()).toEqual([...integers].sort());
  });

  it('the omissions are the object-like macros that are not integers or strings', () => {
    const others = objects.filter(({ name }) => !integers.has(name)).map(({ name }) => name);
    const strings = model.constants.filter(({ type }) => type.startsWith('char[')).map(({ name }) => name);
    const objectLike = notedMacros(model).filter(({ parameters }) => !parameters);
    const noted = objectLike.map(({ name }) => name);
    expect([...noted, ...strings].sort()).toEqual(others.sort());
    expect(noted.length).toBeGreaterThan(0);
  });

  it('the ioctls are the uses of _IO and similar macros, and function-like macros have their parameters', () => {
    const noted = notedMacros(model).filter(({ kind }) => kind === 'ioctl');
    expect([...model.ioctls, ...noted].map(({ name }) => name).sort()).toEqual([...requests].sort());
    expect(model.ioctls.length).toBeGreaterThan(0);
    const functions = [...macros.values()].filter(({ parameters }) => parameters !== null);
    const modelled = [...model.functions, ...notedMacros(model)].filter(({ parameters }) => parameters);
    const spelled = ({ name, parameters }: Pick<Macro, 'name' | 'parameters'>): string => `${name}(${parameters})`;
    expect(modelled.map(({ name, parameters = null }) => spelled({ name, parameters })).sort()).toEqual(
      functions.map(spelled).sort(),
    );
  });

  it('the counts of macros equal the known counts of Linux 6.1', ({ skip }) => {
    if (!model.kernel?.startsWith('6.1.')) skip(`the headers here are of Linux ${model.kernel}`);
    const known = [...requests].filter((name) => integers.has(name));
    expect({ integers: integers.size, ioctls: known.length, withoutValue: requests.size - known.length }).toEqual({
      integers: 755,
      ioctls: 147,
      withoutValue: 11,
    });
  });
});

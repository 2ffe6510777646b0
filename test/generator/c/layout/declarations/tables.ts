/** The tests of all tables of declarations for one target. Each target has a test file of its own, so that several run at the same time. */

import { describe, expect, it } from 'vitest';
import { type TargetName, targetCalled } from '../../../../../generator/targets/targets.js';
import { isInstalled } from '../../../../../tools/lib/compilers.js';
import { differencesIn } from '../../../../helpers/declaration-rows.js';
import {
  alignas,
  attributeArguments,
  gnuPlaces,
  harmless,
  orders,
  preamble,
  redeclared,
  standardPlaces,
  variables,
} from '../rows/attributes.js';
import {
  calls,
  castNumbers,
  comparedPointers,
  comparedTypes,
  decidedOperations,
  equalOperands,
  integerConstants,
  knownIdentities,
  promotedValues,
  unevaluatedCalls,
  variableLengths,
} from '../rows/constants.js';
import { arrays, bitFields, enums, others, packedMembers, packedTypes, packs } from '../rows/declarations.js';
import {
  forms,
  functionAttributes,
  layeredTypes,
  modesOfDeclarators,
  nonnullFunctions,
  qualifiedForms,
  rareTypes,
  unnamedBitFields,
  vectorOrders,
  wrongParts,
} from '../rows/forms.js';
import { addresses, initializers } from '../rows/initializers.js';
import { autoTypes, declaredAgain, oldParameters, order } from '../rows/names.js';
import { parameters } from '../rows/parameters.js';
import { arithmetic, atomic, complex, madeAgain, mode, onlyMembers, spelled, typeOf, vector } from '../rows/types.js';

const tables = {
  'attributes of GNU C in every place': gnuPlaces,
  'attributes in [[…]]': standardPlaces,
  'attributes that change no layout': harmless,
  'several alignments': orders,
  'the alignment of a variable': variables,
  'several declarations of an object': redeclared,
  _Alignas: alignas,
  'the arguments of attributes': attributeArguments,
  'arithmetic types': arithmetic,
  'complex types': complex,
  'structs with one member': onlyMembers,
  'atomic types': atomic,
  modes: mode,
  'types that an attribute makes again': madeAgain,
  vectors: vector,
  typeof: typeOf,
  'types with several declarators': spelled,
  'types with attributes at several levels': layeredTypes,
  'forms of aligned types': forms,
  'attributes of declarators with qualifiers': qualifiedForms,
  'alignments of vectors': vectorOrders,
  'bit-fields without a name': unnamedBitFields,
  'types that only some targets have': rareTypes,
  'types that C does not have': wrongParts,
  'modes of declarators': modesOfDeclarators,
  'attributes of functions': functionAttributes,
  'functions without null arguments': nonnullFunctions,
  'arrays and incomplete types': arrays,
  'integer constants': integerConstants,
  'operations with a known result': decidedOperations,
  'operations with equal operands': equalOperands,
  'comparisons with a known result': comparedTypes,
  'comparisons of pointers with a known result': comparedPointers,
  'calls of functions without an effect': calls,
  'operations that depend on no variable': knownIdentities,
  'narrow integers in comparisons': promotedValues,
  'calls with an argument that overflows the parameter': unevaluatedCalls,
  'casts of floating-point numbers': castNumbers,
  'arrays of variable length': variableLengths,
  'parameters of functions': parameters,
  'initializers of variables': initializers,
  'comparisons of addresses': addresses,
  enums,
  'bit-fields': bitFields,
  'other declarations': others,
  '#pragma pack': packs,
  'names that are declared again': declaredAgain,
  'names that are used before their declaration': order,
  __auto_type: autoTypes,
  'parameters of old functions': oldParameters,
  'packed members of aligned types': packedMembers,
  'packed members of types that another attribute changes': packedTypes,
};

/** Declares the tests for a target. */
export function testDeclarations(name: TargetName): void {
  const target = targetCalled(name);
  describe.skipIf(!isInstalled(target))(`declarations for ${name} (needs ${target.compiler.command[0]})`, () => {
    it.each(Object.entries(tables))(
      'the layout, the types and the values in memory are those of the compiler, or both refuse it: %s',
      async (_, rows) => {
        expect(await differencesIn(rows, preamble, target)).toEqual([]);
      },
    );
  });
}

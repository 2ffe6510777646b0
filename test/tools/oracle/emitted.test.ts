/** The emitted modules agree with the C compiler on every item, and every item has its export. */

import { beforeAll, expect, it } from 'vitest';
import {
  assignmentDifferences,
  classDifferences,
  constantDifferences,
  enumDifferences,
  enumeratorsOf,
  exportDifferences,
  type Facts,
  factsOf,
  ioctlDifferences,
} from '../../../tools/lib/emitted-facts.js';
import { classesOf } from '../../../tools/lib/expected-classes.js';
import { generateBindings } from '../../../tools/lib/generated-bindings.js';
import { type Bindings, importBindings } from '../../../tools/lib/imported-bindings.js';
import { kvm, shapes } from '../../../tools/lib/oracle-compiler.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

for (const subject of [kvm, shapes]) {
  describeWithCompiler(`the emitted modules of ${subject.header} against the C compiler`, [], () => {
    let bindings: Bindings;
    let facts: Facts;

    beforeAll(async () => {
      const generated = await generateBindings(subject);
      facts = await factsOf(generated.model, subject);
      bindings = await importBindings(generated);
    });

    it('the comparison includes every item of the model', () => {
      const { model } = bindings;
      expect(facts.classes.length).toBe(classesOf(model).length);
      expect(facts.classes.length).toBeGreaterThanOrEqual(model.types.length);
      expect(facts.constants.length).toBe(model.constants.length);
      expect(facts.enumerators.length).toBe(enumeratorsOf(model).length);
      expect(facts.ioctls.length).toBe(model.ioctls.length);
      expect(Object.values(facts).map(({ length }) => length)).not.toContain(0);
    });

    it('the classes have the size, alignment and layout of every struct and union', () => {
      expect(classDifferences(bindings, facts)).toEqual([]);
    });

    it('the constants have their value and kind', () => {
      expect(constantDifferences(bindings, facts)).toEqual([]);
    });

    it('the modules have every enumerator', () => {
      expect(enumDifferences(bindings, facts)).toEqual([]);
    });

    it('the ioctls have their request, its fields, and the class that they point to', () => {
      expect(ioctlDifferences(bindings, facts)).toEqual([]);
    });

    it('the modules export every item with its documented name, and nothing else', () => {
      expect(exportDifferences(bindings)).toEqual([]);
    });

    it('an assignment copies a whole struct or array and no other byte', () => {
      expect(assignmentDifferences(bindings, facts)).toEqual([]);
    });
  });
}

/** Every field in memory: views read the values that C writes, and C reads the values that views write. */

import { beforeAll, expect, it } from 'vitest';
import type { Member, Model } from '../../../generator/model/model.js';
import { countRecords } from '../../../generator/report/summary.js';
import { classesOf } from '../../../tools/lib/expected-classes.js';
import { generateBindings } from '../../../tools/lib/generated-bindings.js';
import { type Bindings, classCalled, importBindings } from '../../../tools/lib/imported-bindings.js';
import { kvm, shapes } from '../../../tools/lib/oracle-compiler.js';
import { type Leaves, leavesOf, MemoryOracle } from '../../../tools/lib/round-trip.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

for (const subject of [kvm, shapes]) {
  describeWithCompiler(`memory of ${subject.header} between C and the views`, [], () => {
    let bindings: Bindings;
    let found: Leaves;
    let oracle: MemoryOracle;

    beforeAll(async () => {
      const generated = await generateBindings(subject);
      found = leavesOf(generated.model);
      oracle = new MemoryOracle(temporaryFolder(), found.leaves, subject);
      bindings = await importBindings(generated);
    });

    it('the test covers every accessible member, and as many leaves as the model has', () => {
      const { types } = bindings.model;
      const empty = emptyRecords(types.flatMap(({ members }) => members));
      expect(found.members.size + empty.length).toBe(countRecords(types).fields);
      expect(found.leaves.length).toBe(
        types.reduce((sum, { members }) => sum + countLeaves(bindings.model, members), 0),
      );
      expect(found.leaves.length).toBeGreaterThan(found.members.size);
      expect(new Set(found.leaves.map(({ item }) => item)).size).toBe(found.leaves.length);
      expect(new Set(oracle.cases.map(({ leaf }) => leaf)).size).toBe(found.leaves.length);
    });

    it('every member except records without members has an accessor', () => {
      for (const { className, members } of classesOf(bindings.model)) {
        const { prototype } = classCalled(bindings.exports, className) as unknown as { readonly prototype: object };
        const accessible = members.filter((member) => member.members?.length !== 0).map(({ name }) => name);
        const accessors = Object.keys(Object.getOwnPropertyDescriptors(prototype));
        const own = new Set(['constructor', 'toJSON']);
        expect(accessors.filter((name) => !own.has(name) && !name.startsWith('$'))).toEqual(accessible);
      }
    });

    it('every value that C wrote changed the memory, unless the value is zero', () => {
      expect(oracle.readings.length).toBe(oracle.cases.length);
      const unseen = oracle.cases.filter((_, index) => oracle.readings[index]?.bytes.length === 0);
      expect(unseen.filter(({ value }) => value !== 0n)).toEqual([]);
    });

    it('views read the value that C wrote in every field', () => {
      expect(oracle.readDifferences(bindings)).toEqual([]);
    });

    it('views write the value that C reads in every field, and no other bit', () => {
      const { writes, differences } = oracle.writeDifferences(bindings);
      expect(differences).toEqual([]);
      expect(writes).toBeGreaterThanOrEqual(2 * oracle.cases.length);
    });
  });
}

function emptyRecords(members: readonly Member[]): Member[] {
  return members.flatMap((member) => (member.members?.length === 0 ? [member] : emptyRecords(member.members ?? [])));
}

/**
 * Counts the values and the elements at the corners of arrays by multiplication. A value of unknown type counts as two
 * bytes.
 */
function countLeaves(model: Model, members: readonly Member[]): number {
  return members.reduce((sum, { dims = [], shape, members: inner }) => {
    const corners = dims.reduce<number>((count, length) => count * (length === 1 ? 1 : 2), 1);
    const cName = 'cName' in shape ? shape.cName : null;
    const record = inner ?? model.types.find((type) => type.cName === cName)?.members;
    return sum + corners * (record ? countLeaves(model, record) : shape.is === 'opaque' ? 2 : 1);
  }, 0);
}

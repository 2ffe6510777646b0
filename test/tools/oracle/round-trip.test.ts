/** Every field through memory: what C writes the views read, and what the views write C reads. */

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

    it('tests every member that can be accessed, and as many leaves as the model has', () => {
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

    it('has no accessor for a record without members, and one for every other member', () => {
      for (const { className, members } of classesOf(bindings.model)) {
        const { prototype } = classCalled(bindings.exports, className) as unknown as { readonly prototype: object };
        const accessible = members.filter((member) => member.members?.length !== 0).map(({ name }) => name);
        const accessors = Object.keys(Object.getOwnPropertyDescriptors(prototype));
        expect(accessors.filter((name) => name !== 'constructor' && !name.startsWith('$'))).toEqual(accessible);
      }
    });

    it('has seen memory change with every value that C wrote, unless the value is zero', () => {
      expect(oracle.readings.length).toBe(oracle.cases.length);
      const unseen = oracle.cases.filter((_, index) => oracle.readings[index]?.bytes.length === 0);
      expect(unseen.filter(({ value }) => value !== 0n)).toEqual([]);
    });

    it('reads from every field what C wrote', () => {
      expect(oracle.readDifferences(bindings)).toEqual([]);
    });

    it('writes to every field what C reads, and to no other bit', () => {
      const { writes, differences } = oracle.writeDifferences(bindings);
      expect(differences).toEqual([]);
      expect(writes).toBeGreaterThanOrEqual(2 * oracle.cases.length);
    });
  });
}

function emptyRecords(members: readonly Member[]): Member[] {
  return members.flatMap((member) => (member.members?.length === 0 ? [member] : emptyRecords(member.members ?? [])));
}

/** Values and elements at the corners of arrays, by multiplication; a value of unknown type counts as two bytes. */
function countLeaves(model: Model, members: readonly Member[]): number {
  return members.reduce((sum, { dims = [], shape, members: inner }) => {
    const corners = dims.reduce<number>((count, length) => count * (length === 1 ? 1 : 2), 1);
    const cName = 'cName' in shape ? shape.cName : null;
    const record = inner ?? model.types.find((type) => type.cName === cName)?.members;
    return sum + corners * (record ? countLeaves(model, record) : shape.is === 'opaque' ? 2 : 1);
  }, 0);
}

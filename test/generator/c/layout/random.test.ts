import { describe, expect, it } from 'vitest';
import { targets } from '../../../../generator/targets/targets.js';
import { judgeRecords } from '../../../../tools/fuzz/judge-records.js';
import { declaredFor } from '../../../../tools/fuzz/records.js';
import { isInstalled } from '../../../../tools/lib/compilers.js';
import { checkAtOnce } from '../../../../tools/lib/random-values.js';

// clang lays out bit-fields with attributes differently, and the generator follows GCC.
for (const target of targets.filter(({ compiler }) => compiler.package.startsWith('gcc'))) {
  const [command] = target.compiler.command;
  describe.skipIf(!isInstalled(target))(`random records for ${target.name} (needs ${command})`, () => {
    it('records have the layout of the compiler, and views read and write the same values as C', async () => {
      const count = target.name === 'x86_64' ? 500 : 150;
      let values = 0;
      let judgedRecords = 0;
      await checkAtOnce(declaredFor(target), count, async (records) => {
        const judged = await judgeRecords(records, target);
        values += judged.values;
        judgedRecords += records.length;
        return judged.verdicts;
      });
      expect(values).toBeGreaterThan(5 * judgedRecords);
    });
  });
}

/** The functions that stand for macros give what C gives, for every macro of the committed bindings. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelPath, openModel } from '../../generator/commands/bindings.js';
import { targets } from '../../generator/layout/targets.js';
import { compilerOf, isInstalled } from '../../oracle/compilers.js';
import { headerSet, whyMissing } from '../../oracle/header-sets.js';
import { projectRoot } from '../commands/cli.js';
import { answersOf, usesOf, wrongAnswers } from '../support/function-facts.js';

const missing = whyMissing('newest');
describe('kvm', () => {
  for (const target of targets.filter((t) => t.name !== 'arm')) {
    it.skipIf(missing !== undefined || !isInstalled(target))(`${target.name}`, async () => {
      const model = openModel(
        readFileSync(join(projectRoot, 'generated', modelPath(target.name, 'linux/kvm.h')), 'utf8'),
        'm',
      );
      const exports = (await import(join(projectRoot, 'generated', target.name, 'linux/kvm.ts'))) as Record<
        string,
        unknown
      >;
      const set = await headerSet('newest');
      const uses = usesOf(model.functions);
      const answers = answersOf(compilerOf(target, set.includeFolders(target)), '#include <linux/kvm.h>', uses);
      console.log(target.name, uses.length, answers.filter((a) => a === null).length);
      expect(wrongAnswers(exports, uses, answers)).toEqual([]);
      expect(uses.length).toBeGreaterThan(20);
    });
  }
});

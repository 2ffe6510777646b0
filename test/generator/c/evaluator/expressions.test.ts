import { describe, expect, it } from 'vitest';
import { arm64 } from '../../../../generator/targets/arm64.js';
import { i386 } from '../../../../generator/targets/i386.js';
import { mips64 } from '../../../../generator/targets/mips64.js';
import { s390x } from '../../../../generator/targets/s390x.js';
import { x86_64 } from '../../../../generator/targets/x86_64.js';
import { isInstalled } from '../../../../tools/lib/compilers.js';
import { differencesOf } from '../../../helpers/judged-expressions.js';
import { declarations, tables } from './expression-table.js';

describe.each([x86_64, i386, s390x, arm64, mips64])('expressions for $name', (target) => {
  it.skipIf(!isInstalled(target)).each(tables)(
    'the values and types are those that the compiler gives, or the compiler gives none: %s',
    async (_, expressions) => {
      expect(await differencesOf(target, expressions, declarations)).toEqual([]);
    },
  );
});

/** Random declarations of the whole language. `npm run fuzz -- --only declarations` checks twenty thousand of them. */

import { describe, expect, it } from 'vitest';
import type { Target } from '../../../generator/targets/target.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { checkDeclarations, declarationTargets } from '../../../tools/fuzz/declarations/check.js';
import { judgeUnits } from '../../../tools/fuzz/declarations/judge.js';
import { reduced } from '../../../tools/fuzz/declarations/reduce.js';
import { type Unit, unitOf } from '../../../tools/fuzz/declarations/units.js';
import { isInstalled } from '../../../tools/lib/compilers.js';
import { hasCompiler, needsCompiler } from '../../../tools/lib/gcc.js';
import { chosenRuns } from '../../../tools/lib/random-runs.js';

/** Constructs that three thousand groups contain. */
const constructs: readonly (readonly [construct: string, shows: RegExp])[] = [
  ['an attribute after a star', /\*\s*__attribute(__)?\(\((__)?aligned/],
  ['an attribute after an array', /\]\s*__attribute(__)?\(\(/],
  ['an attribute in a type name', /sizeof\((\w+ )+__attribute/],
  ['an attribute before a declarator', /, __attribute(__)?\(\([^;]*;/],
  ['an attribute of an enum', /^enum __attribute(__)?\(\((packed|mode)/m],
  ['an attribute of an enumerator', /^E_\d+_\d+ (\[\[|__attribute)/m],
  ['double brackets after a record keyword', /^struct \[\[/m],
  ['_Alignas', /_Alignas\(double\)/],
  ['_Atomic', /_Atomic\(\w+/],
  ['mode', /mode\((DI|word|pointer)/],
  ['a vector', /vector_size\(16\)/],
  ['#pragma pack', /^#pragma pack\(push/m],
  ['_Generic', /_Generic\(/],
  ['typeof of an expression', /typeof(__)?\(\(\(struct/],
  ['a floating constant as an integer', /\((int|long)\)\d+\.\d/],
  ['a range designator', /\[\d+ \.\.\. \d+\] =/],
  ['a string in an array', /\[\] = \{ "/],
  ['brace elision', /struct nested tab_\d+\[\] = \{ '/],
  ['a static assertion', /_Static_assert\(/],
  ['a character in a condition', /^#(el)?if.*'/m],
  ['a constant variable', /static const .* C_/],
  ['an ioctl as an enumerator', /enum \{ IO_\d+ = _IOW/],
  ['a bit-field', /: \d+/],
  ...['clz', 'ctz', 'ffs', 'popcount', 'parity', 'bswap32', 'strlen', 'types_compatible_p', 'choose_expr'].map(
    (name) => [`__builtin_${name}`, new RegExp(`__builtin_${name}\\(`)] as const,
  ),
];

describe('random groups of declarations', () => {
  const groups = Array.from({ length: 3000 }, (_, index) => unitOf(411, index));
  const text = groups.flatMap(({ lines }) => lines).join('\n');

  it('the same seed and number give the same group', () => {
    expect(unitOf(411, 7)).toEqual(groups[7]);
    expect(unitOf(412, 7)).not.toEqual(groups[7]);
  });

  it.each(constructs)('some groups contain %s', (_, shows) => {
    expect(shows.test(text)).toBe(true);
  });
});

describe.skipIf(!hasCompiler)(`the judge of random declarations ${needsCompiler}`, () => {
  const group = (index: number, ...lines: string[]): Unit => ({ index, lines });
  const good = group(1, 'struct r_1 {', 'char m_1_0;', 'long m_1_1;', '};', '#define K_1 _Alignof(struct r_1)');

  it('a group without a fault has no verdict, and its facts are counted', async () => {
    const { faults, refusals, comparisons } = await judgeUnits([good], x86_64);
    expect([faults.size, refusals]).toEqual([0, 0]);
    expect(comparisons).toBeGreaterThan(10);
  });

  it('a group that the compiler refuses is counted, and the other groups are compared', async () => {
    const bad = group(2, 'struct r_2 {', 'struct r_3 m_2_0;', '};');
    const { faults, refusals, comparisons } = await judgeUnits([bad, good], x86_64);
    expect([faults.size, refusals]).toEqual([0, 1]);
    expect(comparisons).toBeGreaterThan(10);
  });

  it('a wrong fact of the target is a difference, and the reduced group has only what shows it', async () => {
    const { float } = x86_64.scalars;
    const wrong: Target = { ...x86_64, scalars: { ...x86_64.scalars, float: { ...float, align: 8 } } };
    const unit = group(4, 'struct r_4 {', 'int m_4_0;', 'char m_4_1;', 'float m_4_2;', '};', '#define K_4 5');
    const fault = (await judgeUnits([unit, good], wrong)).faults.get(4);
    expect(fault?.kind).toBe('difference');
    if (fault) {
      const small = await reduced(unit, fault, wrong);
      expect(small.unit.lines).toEqual(['struct r_4 {', 'float m_4_2;', '};']);
    }
  });

  it('a macro that has a value for the compiler only is an omission', async () => {
    const unit = group(
      5,
      '#define K_5 (sizeof(int) + kvm_uapi_undeclared)',
      '#define L_5 __builtin_classify_type(1.5)',
    );
    const fault = (await judgeUnits([unit], x86_64)).faults.get(5);
    expect(fault?.kind).toBe('omitted');
    expect(fault?.text).toMatch(/^L_5: /);
  });
});

describe('random declarations', () => {
  const { FC_SEED = '419' } = process.env;
  const { seed, numRuns } = chosenRuns(40, FC_SEED);
  for (const [index, target] of declarationTargets.entries()) {
    const [command] = target.compiler.command;
    it.skipIf(!isInstalled(target))(
      `the generator takes what the compiler takes for ${target.name}, with the same layouts and values (needs ${command})`,
      async () => {
        const range = { seed, first: index * numRuns, count: numRuns };
        const { counts, examples, comparisons } = await checkDeclarations(target, range);
        expect(comparisons).toBeGreaterThan(5 * numRuns);
        // The examples have the seed and the reduced groups.
        expect(examples).toEqual([]);
        expect(counts).toEqual({ difference: 0, refused: 0, accepted: 0, omitted: 0 });
      },
    );
  }
});

/** The committed facts about first versions against the compiler of each target and Debian's header sets. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sinceFacts } from '../../../generator/headers/sets/since.js';
import { recordIn } from '../../../generator/headers/sets/store.js';
import { targets } from '../../../generator/targets/targets.js';
import { isInstalled } from '../../../tools/lib/compilers.js';
import { headerSet, whyMissing } from '../../../tools/lib/header-sets.js';
import { firstVersions, seriesOf } from '../../../tools/since/first-versions.js';
import { usableNames } from '../../../tools/since/presence.js';
import { sinceSetNames } from '../../../tools/since/sets.js';
import { folderOf } from '../../helpers/cli.js';

const facts = sinceFacts();

/** Returns the include folders of the set of each version that the facts record for a target. */
async function recordedSets(target: (typeof targets)[number]): Promise<Map<string, readonly string[]>> {
  const recorded = facts.sets.map(({ sha256 }) => sha256[target.kernelArchitecture]);
  const found = new Map<string, readonly string[]>();
  for (const name of sinceSetNames) {
    if (whyMissing(name) !== undefined) continue;
    const { root, kernel, includeFolders } = await headerSet(name);
    const sha256 = recordIn(root)?.architectures[target.kernelArchitecture]?.sha256;
    if (sha256 !== undefined && recorded.includes(sha256)) found.set(seriesOf(kernel), includeFolders(target));
  }
  return found;
}

describe('the first versions', () => {
  for (const target of targets) {
    it(`the compiler for ${target.name} accepts each name in its first version, and not in the version before`, async (context) => {
      if (!isInstalled(target)) return context.skip('needs the compiler of the target');
      const versions = facts.versions[target.name] ?? [];
      const sets = await recordedSets(target);
      if (sets.size < versions.length) return context.skip('the mirror has other sets than headers/since.json');
      const first = firstVersions(facts, target.name);
      expect(first.size).toBeGreaterThan(700);
      const wrong: string[] = [];
      for (const [version, include] of sets) {
        // The facts say something about the first version of a name and about the version before it.
        const next = versions[versions.indexOf(version) + 1];
        const asked = [...first].filter(([, since]) => since === version || since === next);
        const names = asked.map(([name]) => name);
        const usable = await usableNames(target, include, facts.headers, names);
        for (const [name, since] of asked) {
          if (usable.has(name) === (since === version)) continue;
          wrong.push(`${name}: ${usable.has(name) ? 'in' : 'not in'} ${version}, first: ${since}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  }
});

describe('the names that the compiler can use', () => {
  const include = folderOf({
    'x.h': `
struct s { int a; union { int b; struct { int c; } d[2]; }; unsigned bits : 3; };
struct opaque;
enum e { E_ONE };
typedef struct { int m; } t;
#define VALUE 1
#define TEXT "text"
#define MACRO(a, b) ((a) + (b))
#define BROKEN (1 + nothing)
#define OF_NOTHING sizeof(struct opaque)
`,
  });
  const usable = [
    ...['struct s', 'struct s.a', 'struct s.b', 'struct s.d', 'struct s.d.c', 'struct s.bits'],
    ...['enum e', 'E_ONE', 't', 't.m', 'VALUE', 'TEXT', 'MACRO'],
  ];
  const others = [
    'struct opaque',
    'struct n',
    'struct s.n',
    'struct s.d.n',
    'BROKEN',
    'OF_NOTHING',
    'NOTHING',
    'enum n',
  ];
  const target = targets.find(({ name }) => name === 'x86_64');

  it.skipIf(!target || !isInstalled(target))('the compiler says which names a header has', async () => {
    if (!target) return;
    const found = await usableNames(target, [join(include)], ['x.h', 'absent.h'], [...usable, ...others]);
    expect([...found].sort()).toEqual([...usable].sort());
  });
});

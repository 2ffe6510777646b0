/** The uses and errors that `impact` finds in a project with marked uses. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Impact } from '../../../generator/impact/findings.js';
import { complaints, typeScripts } from '../../../tools/lib/typescript-workspace.js';
import { modelOfText } from '../../helpers/committed-models.js';
import {
  after,
  before,
  impactOn,
  markedUses,
  projectWith,
  relativeTo,
  usesIn,
  writeBindings,
} from '../../helpers/impact-project.js';

/** Returns the places of errors and uses, as `src/types.ts(4,3)`. */
function places(folder: string, items: readonly { file: string; line: number; column: number }[]): string[] {
  return items.map(({ file, line, column }) => `${relativeTo(folder, file)}(${line},${column})`);
}

describe('the uses of changed names', () => {
  it.each([
    ['the old bindings', before],
    ['the new bindings', after],
    ['bindings of another version', modelOfText('device.h', '#include <linux/ioctl.h>\n#define DEV_OTHER 1\n')],
  ])('all marked uses are found, and no others, in a project with %s', async (_, model) => {
    const folder = projectWith(model);
    expect(usesIn(folder, await impactOn(folder))).toEqual(markedUses());
  });
});

describe('the errors of TypeScript', () => {
  const folder = projectWith(before);
  let found: Promise<Impact> | undefined;
  const impactWithOld = (): Promise<Impact> => {
    found ??= impactOn(folder);
    return found;
  };

  it('TypeScript reports no error with the old bindings', async () => {
    writeBindings(folder, before);
    expect(await complaints(folder, typeScripts[2] as (typeof typeScripts)[number])).toEqual([]);
  });

  it.each(typeScripts)('TypeScript $version reports errors only at places that impact names', async (typeScript) => {
    const impact = await impactWithOld();
    writeBindings(folder, after);
    const reported = (await complaints(folder, typeScript)).flatMap(
      (line) => /^(\S+\(\d+,\d+\)): error/.exec(line)?.[1] ?? [],
    );
    expect(reported.length).toBeGreaterThan(20);
    const named = new Set([...places(folder, impact.uses), ...places(folder, impact.errors)]);
    expect(reported.filter((place) => !named.has(place))).toEqual([]);
    // The other direction: what impact names as an error is an error.
    expect(places(folder, impact.errors).toSorted()).toEqual(reported.toSorted());
  });

  it('an error that is the consequence of a use elsewhere is an error without a use', async () => {
    const impact = await impactWithOld();
    const used = new Set(places(folder, impact.uses));
    const others = impact.errors.filter((error) => !used.has(places(folder, [error])[0] ?? ''));
    const text = (place: { file: string; line: number }): string =>
      readFileSync(join(process.cwd(), place.file), 'utf8').split('\n')[place.line - 1]?.trim() ?? '';
    expect(others.map(text)).toEqual(['const never: never = mode;', "DEV_MODE_AUTO: 'auto',"]);
  });

  it('an error that the project has with the old bindings too is not reported', async () => {
    const own = projectWith(before);
    writeFileSync(join(own, 'src', 'wrong.ts'), "export const wrong: number = 'text';\n");
    const { errors } = await impactOn(own);
    expect(places(own, errors).filter((place) => place.startsWith('src/wrong.ts'))).toEqual([]);
  });
});

describe('a project that impact cannot read', () => {
  it('a project without bindings of the headers is an error that names them', async () => {
    const folder = projectWith(before);
    rmSync(join(folder, 'bindings'), { recursive: true });
    await expect(impactOn(folder)).rejects.toThrow(
      'tsconfig.json: no file of the project imports bindings of <device.h> for x86_64; use --project, --header or --arch',
    );
  });

  it('a tsconfig.json that does not exist is an error that names it', async () => {
    await expect(impactOn('/nowhere')).rejects.toThrow(
      "/nowhere/tsconfig.json: Cannot read file '/nowhere/tsconfig.json'",
    );
  });
});

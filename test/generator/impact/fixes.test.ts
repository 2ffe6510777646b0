/** The edits of `--fix`. The expected texts are written by hand. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withEdits } from '../../../generator/impact/fixes.js';
import { complaints, typeScripts } from '../../../tools/lib/typescript-workspace.js';
import { after, before, impactOn, projectWith, relativeTo, writeBindings } from '../../helpers/impact-project.js';

const device = "'../bindings/x86_64/device.js'";

/** Each row: the name of a file, its text before the edits, and its text after them. */
const rows: readonly (readonly [name: string, old: string, fixed: string])[] = [
  [
    'imports.ts',
    `import { DEV_LIMIT_OF_BUFFERS, DevGeometry, DEV_STAYS } from ${device};
export const used = [DEV_LIMIT_OF_BUFFERS, DEV_STAYS, { DEV_LIMIT_OF_BUFFERS }];
export const geometry: DevGeometry | undefined = new DevGeometry(new DataView(new ArrayBuffer(16)));
`,
    `import { DEV_LIMIT_OF_ALL_BUFFERS, DevShape, DEV_STAYS } from ${device};
export const used = [DEV_LIMIT_OF_ALL_BUFFERS, DEV_STAYS, { DEV_LIMIT_OF_BUFFERS: DEV_LIMIT_OF_ALL_BUFFERS }];
export const geometry: DevShape | undefined = new DevShape(new DataView(new ArrayBuffer(16)));
`,
  ],
  [
    'alias.ts',
    `import { DEV_LIMIT_OF_BUFFERS as LIMIT } from ${device};\nexport const used = LIMIT;\n`,
    `import { DEV_LIMIT_OF_ALL_BUFFERS as LIMIT } from ${device};\nexport const used = LIMIT;\n`,
  ],
  [
    'taken.ts',
    `import { DevGeometry } from ${device};
export const DevShape = 1;
export const geometry = DevGeometry;
export { DevGeometry };
`,
    `import { DevShape as DevGeometry } from ${device};
export const DevShape = 1;
export const geometry = DevGeometry;
export { DevGeometry };
`,
  ],
  [
    'namespace.ts',
    `import * as device from ${device};
export const used = [device.DEV_LIMIT_OF_BUFFERS, device['DEV_LIMIT_OF_BUFFERS']];
export type Geometry = device.DevGeometry;
import DevGeometry = device.DevGeometry;
export const { DEV_LIMIT_OF_BUFFERS, DEV_STAYS } = device;
export const size = DevGeometry.$size + DEV_LIMIT_OF_BUFFERS;
`,
    `import * as device from ${device};
export const used = [device.DEV_LIMIT_OF_ALL_BUFFERS, device['DEV_LIMIT_OF_ALL_BUFFERS']];
export type Geometry = device.DevShape;
import DevGeometry = device.DevShape;
export const { DEV_LIMIT_OF_ALL_BUFFERS: DEV_LIMIT_OF_BUFFERS, DEV_STAYS } = device;
export const size = DevGeometry.$size + DEV_LIMIT_OF_BUFFERS;
`,
  ],
  [
    'exports.ts',
    `export { DEV_LIMIT_OF_BUFFERS, DevGeometry as Geometry } from ${device};\nexport * as device from ${device};\n`,
    `export { DEV_LIMIT_OF_ALL_BUFFERS as DEV_LIMIT_OF_BUFFERS, DevShape as Geometry } from ${device};\nexport * as device from ${device};\n`,
  ],
  [
    'through.ts',
    `import { DEV_LIMIT_OF_BUFFERS, device, Geometry } from './exports.js';
export const used = [DEV_LIMIT_OF_BUFFERS, device.DEV_LIMIT_OF_BUFFERS, Geometry];
`,
    `import { DEV_LIMIT_OF_BUFFERS, device, Geometry } from './exports.js';
export const used = [DEV_LIMIT_OF_BUFFERS, device.DEV_LIMIT_OF_ALL_BUFFERS, Geometry];
`,
  ],
  [
    'types.ts',
    `export type Geometry = import(${device}).DevGeometry;
export type Limit = typeof import(${device}).DEV_LIMIT_OF_BUFFERS;
`,
    `export type Geometry = import(${device}).DevShape;
export type Limit = typeof import(${device}).DEV_LIMIT_OF_ALL_BUFFERS;
`,
  ],
];

describe('the edits for renamed names', () => {
  it('each use gets the new name, names of the project stay, and TypeScript accepts the result', async () => {
    const folder = projectWith(before);
    rmSync(join(folder, 'src'), { recursive: true });
    mkdirSync(join(folder, 'src'));
    for (const [name, old] of rows) writeFileSync(join(folder, 'src', name), old);
    const { uses } = await impactOn(folder);
    const fixed = rows.map(([name, old]) => {
      const own = uses.filter(({ file }) => relativeTo(folder, file) === `src/${name}`);
      expect(own.filter(({ fix }) => fix === undefined)).toEqual([]);
      return [
        name,
        old,
        withEdits(
          old,
          own.flatMap(({ fix }) => fix ?? []),
        ),
      ];
    });
    expect(fixed).toEqual(rows);
    for (const [name, , text] of rows) writeFileSync(join(folder, 'src', name), text);
    writeBindings(folder, after);
    expect(await complaints(folder, typeScripts[2] as (typeof typeScripts)[number])).toEqual([]);
  });

  it('a use of a name that went without a new name has no edit', async () => {
    const folder = projectWith(before);
    const { uses } = await impactOn(folder);
    expect(uses.filter(({ text, fix }) => text === 'DEV_GONE' && fix !== undefined)).toEqual([]);
  });
});

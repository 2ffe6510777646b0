/** Members whose C type is an enum: their TypeScript types, their values and their printed form. */

import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import type { Model } from '../../../generator/model/model.js';
import { select } from '../../../generator/model/selection.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { type Exports, importBindings } from '../../../tools/lib/imported-bindings.js';
import { modelOfText } from '../../helpers/committed-models.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

const text = `
enum mydev_state { MYDEV_IDLE, MYDEV_BUSY = 5, MYDEV_WORKING = 5 };
typedef enum { MODE_LOW = -1, MODE_HIGH } mydev_mode;
typedef mydev_mode mydev_modes[2];
enum mydev_wide { MYDEV_WIDE = 0x100000000 };
struct mydev {
  enum mydev_state state;
  mydev_mode mode;
  mydev_modes modes[2];
  enum mydev_state list[2], bits : 4;
  enum mydev_wide wide;
  enum { MYDEV_LOCAL } local;
  struct { enum mydev_state inner; } part;
};
struct mydev_plain { int a; };
`;

const use = `
import { Mydev, MydevMode, MydevState } from './x86_64/mydev.js';
const mydev = new Mydev(new DataView(new ArrayBuffer(Mydev.$size)));
export const state: MydevState | number = mydev.state;
export const mode: MydevMode | number = mydev.mode;
mydev.state = MydevState.MYDEV_BUSY;
mydev.state = 77;
mydev.bits = MydevState.MYDEV_IDLE;
mydev.part.inner = MydevState.MYDEV_BUSY;
mydev.list.assign([MydevState.MYDEV_BUSY, 3]);
export const wide: bigint = mydev.wide;
// @ts-expect-error: a name is not a value
mydev.state = 'MYDEV_BUSY';
`;

function memberTypes(model: Model): [string | null, string | undefined][] {
  return model.types[0]?.members.map((member) => [member.name, member.enum]) ?? [];
}

interface PrintableBindings {
  readonly Mydev: new (view: DataView) => { readonly part: object };
  inspectable(bindings: object): void;
}

describe('a member whose type is an enum', () => {
  const model = modelOfText('mydev.h', text);
  const files = filesFor([model]);
  let exports: Exports;

  beforeAll(async () => {
    // The copies of the support library print the views of the copies.
    const printing = files.map(({ path, text }) => ({
      path,
      text: path === 'x86_64/mydev.ts' ? `${text}export { inspectable } from '../support/inspect.js';\n` : text,
    }));
    ({ exports } = await importBindings({ model, files: printing }));
  });

  it('the model has the enum of the member, also through typedefs and arrays', () => {
    expect(memberTypes(model)).toEqual([
      ['state', 'enum mydev_state'],
      ['mode', 'mydev_mode'],
      ['modes', 'mydev_mode'],
      ['list', 'enum mydev_state'],
      ['bits', 'enum mydev_state'],
      ['wide', 'enum mydev_wide'],
      ['local', undefined],
      ['part', undefined],
    ]);
  });

  it('the member has the type of the enum or a number, and accepts enumerators and other numbers', () => {
    expect(diagnosticsOf([...files, { path: 'use.ts', text: use }])).toEqual([]);
    const module = files.find(({ path }) => path === 'x86_64/mydev.ts');
    for (const line of ['state(): MydevState | number', 'mode(): MydevMode | number', 'bits(): MydevState | number']) {
      expect(module?.text).toContain(`get ${line} {`);
    }
  });

  it('the printed form has the name of the enumerator', () => {
    const { Mydev, inspectable } = exports as unknown as PrintableBindings;
    const view = new Mydev(new DataView(new ArrayBuffer(64)));
    Object.assign(view, { state: 5, mode: -1, bits: 9, list: [0, 6], wide: 0x1_0000_0000n });
    Object.assign(view.part, { inner: 5 });
    inspectable(exports);
    expect(inspect(view, { depth: 4, breakLength: Number.POSITIVE_INFINITY, compact: 10 })).toBe(
      'Mydev { state: MYDEV_BUSY (5), mode: MODE_LOW (-1), modes: [ [ MODE_HIGH (0), MODE_HIGH (0) ], ' +
        '[ MODE_HIGH (0), MODE_HIGH (0) ] ], list: [ MYDEV_IDLE (0), 6 ], bits: 9, wide: MYDEV_WIDE (4294967296), ' +
        'local: 0x0, part: MydevPart { inner: MYDEV_BUSY (5) } }',
    );
  });

  it('a selected struct brings the enums of its members', () => {
    const [part] = select([model], { types: ['mydev'] });
    expect(part?.enums.map(({ cName }) => cName)).toEqual(['enum mydev_state', 'mydev_mode', 'enum mydev_wide']);
    expect(select([model], { types: ['mydev_plain'] })[0]?.enums).toEqual([]);
    expect(diagnosticsOf(filesFor([part as Model]))).toEqual([]);
  });
});

describe('a member whose enum is in another header', () => {
  it('the module imports the type of the enum', () => {
    const model = modelOf({
      'main.h': '#include <part.h>\nstruct main { enum part_kind kind; };\n',
      'part.h': 'enum part_kind { PART_A, PART_B };\n',
    });
    const files = filesFor([model]);
    const main = files.find(({ path }) => path === 'x86_64/main.ts')?.text;
    expect(main).toContain("import { type PartKind } from './part.js';\n");
    expect(main).toContain('get kind(): PartKind | number {');
    expect(diagnosticsOf(files)).toEqual([]);
  });
});

/** Ioctls whose request is an enumerator. */

import { describe, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import { select } from '../../../generator/model/selection.js';
import { arm64 } from '../../../generator/targets/arm64.js';
import { i386 } from '../../../generator/targets/i386.js';
import { mips64 } from '../../../generator/targets/mips64.js';
import { s390x } from '../../../generator/targets/s390x.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { isInstalled } from '../../../tools/lib/compilers.js';
import { hasCompiler, needsCompiler } from '../../../tools/lib/gcc.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { importBindings } from '../../../tools/lib/imported-bindings.js';
import { judged } from '../../../tools/lib/verified-layouts.js';
import { shapesHeaders } from '../../helpers/committed-models.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

const text = `
#include <linux/ioctl.h>
struct setup { int flags; long base; };
#define DEMO_IOW(nr, type) _IOW('d', nr, type)
#define DEMO_FIRST _IOR('d', 1, struct setup)
enum demo_requests {
  DEMO_SETUP = _IOW('d', 2, struct setup),
  DEMO_RESET = _IO('d', 3),
  DEMO_HELPER = (DEMO_IOW(4, int)), DEMO_SAME = DEMO_SETUP,
  DEMO_PLAIN = 7,
  DEMO_NEXT,
  DEMO_SUM = _IO('d', 3) + 1,
  DEMO_AROUND /* a comment */
#define DEMO_AROUND DEMO_AROUND
    = _IOWR('d', 5, struct setup[2]),
  DEMO_FROM_MACRO = DEMO_FIRST, DEMO_TWICE = (DEMO_SAME),
  DEMO_HIDDEN = _IO('d', 6),
#define DEMO_HIDDEN 5
};
#define DEMO_RESET DEMO_RESET
#define DEMO_ALIAS (DEMO_SETUP)
#define DEMO_LONG DEMO_TWICE
`;
const encoding = `${shapesHeaders['linux/ioctl.h']}#ifndef _IOC_SIZEMASK\n#define _IOC_SIZEMASK 0x3fff\n#endif\n`;
const headers = { 'x.h': text, 'linux/ioctl.h': encoding };

describe('an enumerator that makes a request', () => {
  const model = modelOf(headers);

  it('the enumerator is an ioctl, as a macro is, and stays an enumerator', () => {
    const facts = model.ioctls.map(({ name, direction, nr, argument, size }) => [name, direction, nr, argument, size]);
    expect(facts).toEqual([
      ['DEMO_FIRST', 'read', 1, 'struct setup', 16],
      ['DEMO_SETUP', 'write', 2, 'struct setup', 16],
      ['DEMO_RESET', 'none', 3, null, 0],
      ['DEMO_HELPER', 'write', 4, 'int', 4],
      ['DEMO_AROUND', 'readwrite', 5, 'struct setup[2]', 32],
    ]);
    const [type] = model.enums;
    expect(type?.enumerators).toHaveLength(11);
    for (const { name, request, location } of model.ioctls.slice(1)) {
      const enumerator = type?.enumerators.find((each) => each.name === name);
      expect([enumerator?.value, enumerator?.location, enumerator?.aliasOf]).toEqual([request, location, undefined]);
    }
  });

  it('a macro or enumerator that is only its name is another name of the ioctl', () => {
    const values = [...model.constants, ...model.enums.flatMap(({ enumerators }) => enumerators)];
    const aliases = values.flatMap(({ name, aliasOf }) => (aliasOf === undefined ? [] : [[name, aliasOf]]));
    expect(aliases).toEqual([
      ['DEMO_ALIAS', 'DEMO_SETUP'],
      ['DEMO_LONG', 'DEMO_SETUP'],
      ['DEMO_SAME', 'DEMO_SETUP'],
      ['DEMO_FROM_MACRO', 'DEMO_FIRST'],
      ['DEMO_TWICE', 'DEMO_SETUP'],
    ]);
  });

  it('the module exports the ioctl, and the object of the enum has the number', async () => {
    const files = filesFor([model]);
    expect(diagnosticsOf(files)).toEqual([]);
    const { exports } = await importBindings({ model, files });
    const setup = { name: 'DEMO_SETUP', request: 0x40106402, direction: 'write', passes: 'pointer' };
    for (const name of ['DEMO_SETUP', 'DEMO_SAME', 'DEMO_TWICE', 'DEMO_ALIAS', 'DEMO_LONG']) {
      expect(exports[name]).toMatchObject(setup);
    }
    expect(exports).toMatchObject({
      DEMO_RESET: { request: 0x6403, passes: 'nothing' },
      DEMO_FROM_MACRO: { name: 'DEMO_FIRST' },
      DEMO_AROUND: { request: 0xc0206405 },
      DEMO_PLAIN: 7,
      DEMO_NEXT: 8,
      DEMO_SUM: 0x6404,
      DEMO_HIDDEN: 5,
      DemoRequests: { DEMO_SETUP: 0x40106402, DEMO_SAME: 0x40106402, DEMO_HIDDEN: 0x6406 },
    });
  });

  it('a selected enumerator or enum brings its ioctls and their arguments', () => {
    const one = select([model], { constants: ['DEMO_TWICE'] })[0];
    expect(one?.ioctls.map(({ name }) => name)).toEqual(['DEMO_SETUP']);
    expect(one?.types.map(({ tag }) => tag)).toEqual(['setup']);
    const all = select([model], { types: ['demo_requests'] })[0];
    expect(all?.ioctls.map(({ name }) => name)).toEqual(model.ioctls.map(({ name }) => name));
    for (const part of [one, all]) if (part) expect(diagnosticsOf(filesFor([part]))).toEqual([]);
  });

  it('a header is covered if the argument of such an ioctl is in it', () => {
    const main = "#include <linux/ioctl.h>\n#include <part.h>\nenum { A = _IOW('a', 1, struct part) };\n";
    const both = { 'main.h': main, 'part.h': 'struct part { int a; };\n', 'linux/ioctl.h': headers['linux/ioctl.h'] };
    expect(modelOf(both).coveredHeaders).toEqual(['main.h', 'part.h']);
  });
});

describe.skipIf(!hasCompiler)(`the requests of enumerators ${needsCompiler}`, () => {
  it.each([x86_64, i386, s390x, arm64, mips64].filter(isInstalled))(
    'request numbers and all other facts about the ioctls equal those of GCC for $name',
    async (target) => {
      const { model, failures } = await judged(headers, target);
      expect(model.ioctls).toHaveLength(5);
      expect([...failures]).toEqual([]);
    },
  );
});

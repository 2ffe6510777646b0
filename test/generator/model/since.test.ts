/** The first kernel version of each item of a model, and what bindings say about it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emitFiles, headersFrom } from '../../../generator/core.js';
import { filesInMemory } from '../../../generator/headers/files.js';
import { sinceFacts } from '../../../generator/headers/sets/since.js';
import { modelFromJson } from '../../../generator/model/json.js';
import type { Member, Model } from '../../../generator/model/model.js';
import {
  byVersion,
  datedNames,
  type SinceFacts,
  sinceSchema,
  sinceText,
  withSince,
} from '../../../generator/model/since.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { projectRoot } from '../../helpers/cli.js';

const header = `
#define _IOC(d, t, n, s) (((d) << 30) | ((s) << 16) | ((t) << 8) | (n))
#define _IOC_READ 2U
#define _IOC_WRITE 1U
#define _IOC_DIR(n) ((n) >> 30)
#define _IOC_SIZE(n) (((n) >> 16) & 0x3fff)
#define _IOC_TYPE(n) (((n) >> 8) & 0xff)
#define _IOC_NR(n) ((n) & 0xff)
enum mode { OLD_MODE, NEW_MODE };
struct run {
  unsigned char became_real;
  unsigned char padding[7];
  union { struct { int port; int added; } io; long wide; };
};
#define GET_RUN _IOC(2U, 'x', 1, sizeof(struct run))
#define NEXT(n) ((n) + 1)
#define LIMIT 3
#define UNKNOWN 4
`;

const facts: SinceFacts = {
  schema: sinceSchema,
  sets: [],
  headers: ['x/run.h'],
  versions: { x86_64: ['5.10', '6.1', '6.12', '6.13'], s390x: ['6.1', '6.12'] },
  groups: [
    {
      first: { '5.10': ['x86_64'], '6.1': ['s390x'] },
      names: ['struct run', 'enum mode', 'OLD_MODE', 'GET_RUN'],
      members: { 'struct run': ['padding', 'io', 'io.port'] },
    },
    { first: { '6.1': ['x86_64'] }, names: ['NEW_MODE', 'NEXT'], members: { 'struct run': ['became_real', 'wide'] } },
    { first: { '6.13': ['x86_64'] }, names: ['LIMIT'], members: { 'struct run': ['io.added'] } },
  ],
};

const oldest = { version: '5.10' };
const second = { version: '6.1', notIn: '5.10' };
const last = { version: '6.13', notIn: '6.12' };

/** Returns the first version of each item of a model that has one. */
function sinceOf({ types, enums, constants, ioctls, functions }: Model): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  const addMembers = (path: string, members: readonly Member[]): void => {
    for (const { name, since, members: inner = [] } of members) {
      const own = name === null ? path : `${path}.${name}`;
      if (since) entries.push([own, since]);
      addMembers(own, inner);
    }
  };
  for (const { cName, since, members } of types) {
    if (since) entries.push([cName, since]);
    addMembers(cName, members);
  }
  for (const { cName, since, enumerators } of enums) {
    if (since) entries.push([String(cName), since]);
    for (const { name, since: own } of enumerators) if (own) entries.push([name, own]);
  }
  for (const { name, since } of [...constants, ...ioctls, ...functions]) if (since) entries.push([name, since]);
  return Object.fromEntries(entries);
}

const model = modelOf({ 'x/run.h': header });

describe('the first versions of a model', () => {
  it('every item of the facts has its first version, and the version before it', () => {
    expect(sinceOf(withSince(model, facts))).toEqual({
      'struct run': oldest,
      'struct run.became_real': second,
      'struct run.padding': oldest,
      'struct run.io': oldest,
      'struct run.io.port': oldest,
      'struct run.io.added': last,
      'struct run.wide': second,
      'enum mode': oldest,
      OLD_MODE: oldest,
      NEW_MODE: second,
      GET_RUN: oldest,
      NEXT: second,
      LIMIT: last,
    });
  });

  it('a target has the first versions of its own headers', () => {
    const { types } = withSince({ ...model, target: 's390x' }, facts);
    expect(types[0]?.since).toEqual({ version: '6.1' });
    expect(types[0]?.members[0]?.since).toBeUndefined();
  });

  it('a model of another header or of a target without facts does not change', () => {
    expect(withSince(modelOf({ 'y/run.h': header }), facts)).toEqual(modelOf({ 'y/run.h': header }));
    expect(sinceOf(withSince({ ...model, target: 'arm64' }, facts))).toEqual({});
  });

  it('an item of a header without facts has no first version, although its name has one', () => {
    const { constants } = withSince(
      modelOf({ 'x/run.h': '#include "own.h"\n#define OLD_MODE LIMIT\n', 'x/own.h': '#define LIMIT 3\n' }, 'x/run.h'),
      facts,
    );
    expect(constants.map(({ name, since }) => [name, since])).toEqual([['OLD_MODE', oldest]]);
  });

  it('the names of the items are those of the facts', () => {
    expect(datedNames(model).filter((name) => !name.startsWith('_IOC'))).toEqual([
      'struct run',
      'struct run.became_real',
      'struct run.padding',
      'struct run.io',
      'struct run.io.port',
      'struct run.io.added',
      'struct run.wide',
      'enum mode',
      'OLD_MODE',
      'NEW_MODE',
      'GET_RUN',
      'LIMIT',
      'UNKNOWN',
      'GET_RUN',
      'NEXT',
    ]);
  });
});

describe('the words for a first version', () => {
  it.each([
    [{ version: '5.10' }, 'in or before Linux 5.10'],
    [{ version: '6.1', notIn: '5.10' }, 'in or before Linux 6.1, not in 5.10'],
    [{ version: '7.3', notIn: '7.2' }, 'since Linux 7.3'],
    // Linux 6.19 can be the last version before 7.0 or not.
    [{ version: '7.0', notIn: '6.19' }, 'in or before Linux 7.0, not in 6.19'],
    [{ version: '6.2', notIn: '5.1' }, 'in or before Linux 6.2, not in 5.1'],
  ])('the words for %j are %j', (since, text) => {
    expect(sinceText(since)).toBe(text);
  });

  it('versions are ordered by their numbers', () => {
    expect(['6.12', '5.10.223', '6.1', '5.4', '7.0'].sort(byVersion)).toEqual([
      '5.4',
      '5.10.223',
      '6.1',
      '6.12',
      '7.0',
    ]);
  });
});

describe('docstrings', () => {
  const files = filesInMemory({ '/include/x/run.h': header });
  const dated = headersFrom({ files, roots: ['/include'], since: facts }).model('x/run.h');
  const text = emitFiles([dated], { support: '../support' }).find(({ path }) => path === 'x86_64/x/run.ts')?.text ?? '';

  it.each([
    '/** `struct run`: 16 bytes, aligned to 8. In or before Linux 5.10. */',
    '  /** `unsigned char became_real`, offset 0, 1 byte. In or before Linux 6.1, not in 5.10. */',
    '  /** `int added`, offset 4, 4 bytes. Since Linux 6.13. */',
    '/** The enumerators of `enum mode` by name. In or before Linux 5.10. */',
    '/** `enum mode`. In or before Linux 6.1, not in 5.10. */',
    '/** `int`, 0x3. Since Linux 6.13. */',
    '/** `int`, 0x4. */',
    '/** `NEXT(n)`: of a type that depends on the arguments. In or before Linux 6.1, not in 5.10. */',
    '(direction: read). In or before Linux 5.10. */',
  ])('the module has %j', (line) => {
    expect(text).toContain(line);
  });

  it('the core gives models without first versions if it has no facts', () => {
    expect(sinceOf(headersFrom({ files, roots: ['/include'] }).model('x/run.h'))).toEqual({});
  });
});

describe('the committed facts', () => {
  const folder = join(projectRoot, 'generated');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.model.json'),
  );

  it('every item of the committed bindings has its first version, except those of the header of this repository', () => {
    const { headers } = sinceFacts();
    const without: string[] = [];
    for (const path of paths) {
      const committed = modelFromJson(readFileSync(join(folder, path), 'utf8'), path);
      const known = sinceOf(committed);
      for (const name of datedNames(committed)) if (!(name in known)) without.push(`${path} ${name}`);
      if (committed.header.startsWith('xen/')) continue;
      expect(headers).toEqual(expect.arrayContaining([...committed.coveredHeaders]));
    }
    expect(without.filter((each) => !each.startsWith('x86_64/xen/'))).toEqual([]);
    expect(without.length).toBeGreaterThan(0);
  });
});

/** The changes between two models, and their classes. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Change,
  changeClasses,
  diffModels,
  type Model,
  mergeChanges,
  semverStep,
  UsageError,
  wholeHeader,
} from '../../../generator/core.js';
import { i386 } from '../../../generator/targets/i386.js';
import { s390x } from '../../../generator/targets/s390x.js';
import type { Target } from '../../../generator/targets/target.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { rows } from './rows.js';

const kernelTypes = `
typedef unsigned char __u8;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
#define _IOC(direction, type, nr, size) (((direction) << 30) | ((type) << 8) | (nr) | ((size) << 16))
#define _IOR(type, nr, argument) _IOC(2U, type, nr, sizeof(argument))
#define _IOWR(type, nr, argument) _IOC(3U, type, nr, sizeof(argument))
#define _IOC_READ 2U
#define _IOC_WRITE 1U
#define _IOC_DIR(n) ((n) >> 30)
#define _IOC_SIZE(n) (((n) >> 16) & 0x3fff)
#define _IOC_TYPE(n) (((n) >> 8) & 0xff)
#define _IOC_NR(n) ((n) & 0xff)
`;

const made = new Map<string, Model>();

function model(text: string, target: Target = x86_64): Model {
  const key = `${target.name} ${text}`;
  const known = made.get(key) ?? newModel(text, target);
  made.set(key, known);
  return known;
}

function newModel(text: string, target: Target): Model {
  const headers = { 'own.h': `#include <linux/types.h>\n${text}`, 'linux/types.h': kernelTypes };
  return modelOf(headers, 'own.h', undefined, target);
}

function spelled(change: Change): string {
  const renamed = change.renamed ? ` → ${change.renamed.name}` : '';
  const cause = change.causedBy === undefined ? '' : ` < ${change.causedBy}`;
  return `${change.breaking ? '!' : ''}${change.class} ${change.name}${renamed}${cause}`;
}

const titled = rows.map((row) => [row.title, row] as const);

describe.each([x86_64, s390x])('the changes on $name', (target) => {
  it.each(titled)('%s', (_, { before, after, changes }) => {
    const found = diffModels(model(before, target), model(after, target));
    expect(found.map(spelled).sort()).toEqual([...changes].sort());
  });

  it.each(titled)('equal headers have no changes: %s', (_, { before, after }) => {
    for (const text of [before, after]) expect(diffModels(model(text, target), model(text, target))).toEqual([]);
  });
});

describe('a list of changes', () => {
  it.each(titled)('breaking changes come first, then the classes in their order: %s', (_, { before, after }) => {
    const found = diffModels(model(before), model(after));
    const ranks = found.map((change) => changeClasses.indexOf(change.class) + (change.breaking ? 0 : 100));
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  });

  it('models of two targets or of two headers are refused', () => {
    const own = model('struct s { int a; };');
    expect(() => diffModels(own, model('struct s { int a; };', s390x))).toThrow(
      'the models have different targets, x86_64 and s390x; compare two models of one target',
    );
    expect(() => diffModels(own, { ...own, header: 'other.h' })).toThrow(UsageError);
  });
});

const headerOf = (name: string): string => readFileSync(`headers/immediate-exit/${name}/linux/kvm.h`, 'utf8');

function excerpt(name: string): Model {
  const headers = { 'linux/kvm.h': headerOf(name), 'linux/types.h': kernelTypes, 'linux/ioctl.h': moreMacros };
  return modelOf(headers, 'linux/kvm.h');
}

const moreMacros = `
typedef unsigned short __u16;
#define _IO(type, nr) _IOC(0U, type, nr, 0)
#define _IOW(type, nr, argument) _IOC(1U, type, nr, sizeof(argument))
`;

describe('the change that this project starts from', () => {
  it('one byte of padding became immediate_exit, and one capability is new', () => {
    const changes = diffModels(excerpt('linux-4.10'), excerpt('linux-4.11'));
    expect(changes.map(spelled)).toEqual(['padding struct kvm_run.immediate_exit', 'addition KVM_CAP_IMMEDIATE_EXIT']);
    expect(semverStep(changes)).toBe('minor');
    expect(changes[0]).toMatchObject({
      kind: 'member',
      before: null,
      after: { name: 'immediate_exit', offset: 1, size: 1, type: '__u8' },
      padding: {
        before: [{ name: 'padding1', offset: 1, size: 7 }],
        after: [{ name: 'padding1', offset: 2, size: 6 }],
      },
      symbols: {
        before: [],
        after: [{ header: 'linux/kvm.h', export: 'KvmRun', is: 'class', property: 'immediate_exit' }],
      },
    });
  });

  it('without the byte, the member is removed, and the package needs a new major version', () => {
    const changes = diffModels(excerpt('linux-4.11'), excerpt('linux-4.10'));
    expect(changes.map(spelled)).toEqual(
      ['!removed KVM_CAP_IMMEDIATE_EXIT', '!removed struct kvm_run.immediate_exit'].reverse(),
    );
    expect(semverStep(changes)).toBe('major');
  });
});

describe('a change', () => {
  it('an ioctl names the struct whose size changed its number', () => {
    const before = model("struct s { __u64 a; };\n#define GET _IOR('x', 1, struct s)\n");
    const after = model("struct s { __u64 a[2]; };\n#define GET _IOR('x', 1, struct s)\n");
    const change = diffModels(before, after).find(({ kind }) => kind === 'ioctl');
    expect(change).toMatchObject({
      before: { request: 0x80087801, size: 8 },
      after: { request: 0x80107801, size: 16 },
      reason: 'the size of struct s is 16 instead of 8',
      causedBy: 'struct s',
    });
  });

  it('a member of an unnamed struct has its offset in the named struct, and the class of the unnamed struct', () => {
    const before = model('struct s { __u64 a; struct { __u32 b; __u32 c; } io; };');
    const after = model('struct s { __u64 a; struct { __u32 b; __s32 c; } io; };');
    expect(diffModels(before, after)).toMatchObject([
      {
        name: 'struct s.io.c',
        before: { offset: 12, shape: { is: 'u32' } },
        after: { offset: 12, shape: { is: 's32' } },
        symbols: { before: [{ export: 'SIo', property: 'c' }] },
      },
    ]);
  });

  it('a member of 64 bits that is gone names both accessors', () => {
    const changes = diffModels(model('struct s { __u64 a; __u64 b; };'), model('struct s { __u64 a; };'));
    const gone = changes.find(({ name }) => name === 'struct s.b');
    expect(gone?.symbols.before.map(({ property }) => property)).toEqual(['b', '$b']);
  });

  it('an enumerator names its constant and its key in the object of the enum', () => {
    const changes = diffModels(model('enum colour { RED, BLUE };'), model('enum colour { RED };'));
    expect(changes[0]?.symbols.before).toEqual([
      { header: 'own.h', export: 'BLUE', is: 'constant' },
      { header: 'own.h', export: 'Colour', is: 'enum', property: 'BLUE' },
    ]);
  });

  it('a constant that a target no longer has says that the header still declares it', () => {
    const changes = diffModels(
      model('#define A 1\n#define B 1\n'),
      model('#define B 1\n#ifdef __never__\n#define A 1\n#endif\n'),
    );
    expect(changes).toMatchObject([{ class: 'removed', name: 'A', omitted: { kind: 'macro', skipped: true } }]);
  });
});

describe('a header that only one side has', () => {
  it('the header is one change, and each of its items names the header as its cause', () => {
    const whole = model('struct s { __u32 a; };\n#define A 1\n');
    expect(wholeHeader(whole, 'removed').map(spelled)).toEqual([
      '!removed own.h',
      '!removed struct s < own.h',
      '!removed A < own.h',
    ]);
    expect(wholeHeader(whole, 'added').map(spelled)).toEqual([
      'addition own.h',
      'addition struct s < own.h',
      'addition A < own.h',
    ]);
  });
});

describe('the changes of several targets', () => {
  it('equal changes are one change with the list of the targets', () => {
    const [old, now] = ['struct s { long a; };', 'struct s { long a; long b; };'];
    const changesOn = (target: Target): Change[] => diffModels(model(old, target), model(now, target));
    const merged = mergeChanges(
      [x86_64, s390x, i386].map((target) => ({ target: target.name, header: 'own.h', changes: changesOn(target) })),
    );
    expect(merged.map((change) => [spelled(change), change.targets])).toEqual([
      ['!size struct s', ['x86_64', 's390x']],
      ['!size struct s', ['i386']],
      ['addition struct s.b', ['x86_64', 's390x']],
      ['addition struct s.b', ['i386']],
    ]);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import type { Ioctl } from '../../../generator/model/model.js';
import { hasCompiler, needsCompiler } from '../../../tools/lib/gcc.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { type Judgement, judged } from '../../../tools/lib/verified-layouts.js';

/** The encoding of most architectures, written for this test. */
const encoding = `
#ifndef IOCTL_ENCODING
#define IOCTL_ENCODING
#define _IOC_NONE 0U
#define _IOC_WRITE 1U
#define _IOC_READ 2U
#define _IOC(direction, letter, number, bytes) (((direction) << 30) | ((bytes) << 16) | ((letter) << 8) | (number))
#define _IO(letter, number) _IOC(_IOC_NONE, letter, number, 0)
#define _IOR(letter, number, argument) _IOC(_IOC_READ, letter, number, sizeof(argument))
#define _IOW(letter, number, argument) _IOC(_IOC_WRITE, letter, number, sizeof(argument))
#define _IOWR(letter, number, argument) _IOC(_IOC_READ | _IOC_WRITE, letter, number, sizeof(argument))
#define _IOR_BAD(letter, number, bytes) _IOC(_IOC_READ, letter, number, sizeof(bytes))
#define _IOC_DIR(request) (((request) >> 30) & 3)
#define _IOC_SIZEMASK 0x3fff
#define _IOC_SIZE(request) (((request) >> 16) & 0x3fff)
#define _IOC_TYPE(request) (((request) >> 8) & 0xff)
#define _IOC_NR(request) ((request) & 0xff)
#endif
`;

const header = `#include <linux/ioctl.h>
typedef unsigned int u32;
typedef unsigned long long u64;
struct point { int x, y; };
typedef struct { char a[3]; } unnamed;
union both { int i; char c; };
enum color { RED };
#define LETTER 'F'
#define BASE 0x40
#define FOO_IO(nr) _IO(LETTER, nr)
#define FOO_IOR(nr, t) _IOR('F', nr, t)
#define FOO_IOWR(nr, t) (_IOWR(LETTER, BASE + (nr), t))
#define BAR(t) FOO_IOR(9, t)
#define FIXED FOO_IOR(3, struct point)
#define ARGUMENT struct point
#define DROP(x)
`;

type Facts = Pick<Ioctl, 'direction' | 'type' | 'nr' | 'argument' | 'size' | 'passes'>;

function facts(
  direction: Ioctl['direction'],
  type: string | number,
  nr: number,
  argument: string | null,
  size: number,
): Facts {
  const letter = typeof type === 'string' ? type.charCodeAt(0) : type;
  return {
    direction,
    type: letter,
    nr,
    argument,
    size,
    passes: argument === null && size === 0 ? 'nothing' : 'pointer',
  };
}

const found: readonly (readonly [body: string, want: Facts, shape: Ioctl['shape']])[] = [
  // directly
  ["_IO('a', 1)", facts('none', 'a', 1, null, 0), null],
  ['_IO(0xAE, 0x80)', facts('none', 0xae, 0x80, null, 0), null],
  ["_IOR('a', 2, int)", facts('read', 'a', 2, 'int', 4), { is: 's32' }],
  ["_IOW('a', 3, u64)", facts('write', 'a', 3, 'u64', 8), { is: 'u64' }],
  [
    "_IOWR('a', 4, struct point)",
    facts('readwrite', 'a', 4, 'struct point', 8),
    { is: 'struct', cName: 'struct point' },
  ],
  ["_IOR('a', 5, union both)", facts('read', 'a', 5, 'union both', 4), { is: 'union', cName: 'union both' }],
  ["_IOR('a', 6, unnamed)", facts('read', 'a', 6, 'unnamed', 3), { is: 'struct', cName: 'unnamed' }],
  ["_IOR('a', 7, enum color)", facts('read', 'a', 7, 'enum color', 4), { is: 'u32' }],
  ["_IOW('a', 8, char *)", facts('write', 'a', 8, 'char *', 8), { is: 'pointer' }],
  ["_IOW('a', 9, struct point *)", facts('write', 'a', 9, 'struct point *', 8), { is: 'pointer' }],
  ["_IOW('a', 10, const void *)", facts('write', 'a', 10, 'const void *', 8), { is: 'pointer' }],
  ["_IOW('a', 11, unsigned long)", facts('write', 'a', 11, 'unsigned long', 8), { is: 'u64' }],
  ["_IOW('a', 12, long int unsigned)", facts('write', 'a', 12, 'unsigned long', 8), { is: 'u64' }],
  ["_IOW('a', 13, ARGUMENT)", facts('write', 'a', 13, 'struct point', 8), { is: 'struct', cName: 'struct point' }],
  // arrays
  ["_IOR('b', 1, int[2])", facts('read', 'b', 1, 'int[2]', 8), { is: 'opaque' }],
  ["_IOR('b', 2, struct point[3])", facts('read', 'b', 2, 'struct point[3]', 24), { is: 'opaque' }],
  ["_IOW('b', 3, u32[2][BASE >> 4])", facts('write', 'b', 3, 'u32[2][4]', 32), { is: 'opaque' }],
  ["_IOW('b', 4, unsigned char[1 + 2])", facts('write', 'b', 4, 'unsigned char[3]', 3), { is: 'opaque' }],
  // _IOC itself
  ["_IOC(_IOC_NONE, 'c', 1, 0)", facts('none', 'c', 1, null, 0), null],
  ["_IOC(_IOC_READ, 'c', 2, 100)", facts('read', 'c', 2, null, 100), null],
  ["_IOC(_IOC_READ | _IOC_WRITE, 'c', 3, sizeof(struct point))", facts('readwrite', 'c', 3, null, 8), null],
  ["_IOC(_IOC_WRITE, 'c', 4, 0)", { ...facts('write', 'c', 4, null, 0), passes: 'pointer' }, null],
  ["_IOR_BAD('c', 5, sizeof(int))", facts('read', 'c', 5, null, 8), null],
  // through macros of the header
  ['FOO_IO(1)', facts('none', 'F', 1, null, 0), null],
  ['FOO_IOR(2, struct point)', facts('read', 'F', 2, 'struct point', 8), { is: 'struct', cName: 'struct point' }],
  ['FOO_IOWR(3, u64)', facts('readwrite', 'F', 0x43, 'u64', 8), { is: 'u64' }],
  ['BAR(u32)', facts('read', 'F', 9, 'u32', 4), { is: 'u32' }],
  ['BAR(u32[BASE])', facts('read', 'F', 9, 'u32[64]', 256), { is: 'opaque' }],
  ['_IOR(LETTER, BASE + 1, u32)', facts('read', 'F', 0x41, 'u32', 4), { is: 'u32' }],
  // in parentheses
  ["(_IO('e', 1))", facts('none', 'e', 1, null, 0), null],
  ["((_IOR('e', 2, int)))", facts('read', 'e', 2, 'int', 4), { is: 's32' }],
  ['(FOO_IOWR(4, int))', facts('readwrite', 'F', 0x44, 'int', 4), { is: 's32' }],
  // over lines and comments
  [
    "_IOR('f', /* number */ 1, \\\n  struct /* a */ point)",
    facts('read', 'f', 1, 'struct point', 8),
    { is: 'struct', cName: 'struct point' },
  ],
];

/** Constants that are not ioctls, or that are only another name of an ioctl. */
const notFound: readonly (readonly [body: string, aliasOf?: string])[] = [
  ["_IO('a', 1) + 1"],
  ["(_IO('a', 1) | 1)"],
  ["(_IO('a', 1)) | (_IO('a', 2))"],
  ["-_IO('a', 1)"],
  ["_IOC_NR(_IO('a', 1))"],
  ['_IOC_READ'],
  ['(unsigned int)BASE'],
  ['sizeof(struct point)'],
  ['X_0', 'X_0'],
  ['(X_0)', 'X_0'],
  ['((X_4))', 'X_4'],
  ['Y_8', 'X_0'],
  ['(Y_9)', 'X_0'],
  ['(X_0 | 0)'],
  ['+X_0'],
  ['FIXED', 'FIXED'],
];

const own = [
  ...found.map(([body], index) => `#define X_${index} ${body}\n`),
  ...notFound.map(([body], index) => `#define Y_${index} ${body}\n`),
].join('');
const headers = { 'x.h': header + own, 'linux/ioctl.h': encoding };

describe('ioctls', () => {
  const model = modelOf(headers);
  const ioctl = (name: string): Ioctl | undefined => model.ioctls.find((one) => one.name === name);

  it.each(found.map(([body, want, shape], index) => [body, want, shape, index] as const))(
    '%s is an ioctl',
    (_, want, shape, index) => {
      const name = `X_${index}`;
      const line = headers['x.h'].split('\n').findIndex((text) => text.startsWith(`#define ${name} `)) + 1;
      expect(ioctl(name)).toMatchObject({ ...want, name, location: { header: 'x.h', line } });
      expect(ioctl(name)?.shape).toEqual(shape);
      const constant = model.constants.find((one) => one.name === name);
      expect(Number(constant?.value)).toBe(ioctl(name)?.request);
      expect(constant?.aliasOf).toBeUndefined();
    },
  );

  it.each(notFound.map(([body, aliasOf], index) => [body, aliasOf, index] as const))(
    '%s is not an ioctl',
    (_, aliasOf, index) => {
      const name = `Y_${index}`;
      expect(ioctl(name)).toBeUndefined();
      expect(model.constants.find((constant) => constant.name === name)?.aliasOf).toBe(aliasOf);
    },
  );

  it('an ioctl is a macro without parameters', () => {
    expect(model.functions.map(({ name }) => name)).toEqual(['FOO_IO']);
    const others = model.omissions.filter(({ parameters }) => parameters).map(({ name }) => name);
    expect(others).toEqual(['FOO_IOR', 'FOO_IOWR', 'BAR', 'DROP']);
    expect(model.ioctls.map(({ name }) => name)).toEqual(['FIXED', ...found.map((_, index) => `X_${index}`)]);
  });

  it('an ioctl whose argument has no size on the architecture is an omission', () => {
    const text =
      "#include <linux/ioctl.h>\nstruct later;\n#define X _IOR('x', 1, struct later)\n#define Y _IOW('x', 2, union nowhere)\n";
    const { ioctls, omissions } = modelOf({ 'x.h': text, 'linux/ioctl.h': encoding });
    expect(ioctls).toEqual([]);
    expect(omissions).toEqual([
      {
        kind: 'ioctl',
        name: 'X',
        reason: 'struct later is not defined for x86_64: its size is unknown',
        location: { header: 'x.h', line: 3 },
      },
      {
        kind: 'ioctl',
        name: 'Y',
        reason: 'union nowhere is not defined for x86_64: its size is unknown',
        location: { header: 'x.h', line: 4 },
      },
    ]);
  });

  it('an ioctl is an omission if the header does not include the request macros', () => {
    const { ioctls, omissions } = modelOf({ 'x.h': "#define X _IO('x', 1)\n#define Y _IOR('x', 2, int)\n" });
    expect(ioctls).toEqual([]);
    expect(omissions.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['ioctl X', 'ioctl Y']);
  });

  it('a name at the end of a long chain of names is another name of the ioctl', () => {
    const names = Array.from({ length: 50_000 }, (_, n) => `#define N${n + 1} N${n}\n`).join('');
    const text = `#include <linux/ioctl.h>\n#define N0 _IO('x', 1)\n${names}`;
    const { constants } = modelOf({ 'x.h': text, 'linux/ioctl.h': encoding });
    expect(constants.find(({ name }) => name === 'N50000')).toMatchObject({ value: 0x7801, aliasOf: 'N0' });
  });

  it('an ioctl follows the row of the kernel facts, if one exists', () => {
    const text = '#include <linux/ioctl.h>\n#define KVM_CREATE_VCPU _IO(0xAE, 0x41)\n';
    const [known] = modelOf({ 'linux/kvm.h': text, 'linux/ioctl.h': encoding }).ioctls;
    expect(known).toMatchObject({
      direction: 'none',
      passes: 'value',
      argument: 'unsigned long',
      shape: { is: 'u64' },
      size: 0,
    });
    expect(known?.override?.source).toMatch(/api\.rst/);
    const [other] = modelOf({ 'linux/other.h': text, 'linux/ioctl.h': encoding }).ioctls;
    expect(other).toMatchObject({ passes: 'nothing', argument: null, shape: null });
    expect(other?.override).toBeUndefined();
  });
});

describe.skipIf(!hasCompiler)(`request numbers ${needsCompiler}`, () => {
  let judgement: Judgement;
  beforeAll(async () => {
    judgement = await judged(headers);
  });
  it('request numbers and all other facts about ioctls equal those of GCC', () => {
    expect(judgement.model.ioctls.length).toBeGreaterThan(found.length);
    expect([...judgement.failures]).toEqual([]);
  });
});

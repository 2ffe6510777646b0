import { describe, expect, it } from 'vitest';
import type { Member, Model } from '../../../generator/model/model.js';
import {
  requireStatements,
  StatementError,
  type Statements,
  withStatements,
} from '../../../generator/model/statements.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

const header = `
enum mydev_state { MYDEV_STATE_OFF, MYDEV_STATE_ON };
#define MYDEV_F_FAST 1
#define MYDEV_F_SAFE 2
#define MYDEV_GET 0x4d01
struct mydev_rule { unsigned int mask; unsigned int value; };
struct mydev_filter {
  unsigned int nrules;
  unsigned int flags;
  struct mydev_rule rules[];
};
struct mydev_io {
  unsigned long long buffer;
  struct { unsigned int length; unsigned int state; };
  struct mydev_rule *table;
  void *opaque;
  unsigned int count : 4;
  unsigned short counts[2];
  struct { unsigned int mode; unsigned int n; unsigned long long at; } deep;
  struct mydev_rule one;
  unsigned int fixed[4];
};
`;
const model: Model = modelOf({ 'x.h': header });
const members = ({ types }: Model, tag: string): readonly Member[] =>
  types.find((type) => type.tag === tag)?.members ?? [];
const all = (list: readonly Member[]): Member[] => list.flatMap((member) => [member, ...all(member.members ?? [])]);
const member = (stated: Model, tag: string, name: string): Member =>
  all(members(stated, tag)).find((each) => each.name === name) as Member;

describe('withStatements', () => {
  it('withStatements adds what is stated about members, also in anonymous and in unnamed records', () => {
    const statements: Statements = {
      countedBy: { 'mydev_filter.rules': 'nrules' },
      flags: { 'struct mydev_filter.flags': 'MYDEV_F_' },
      names: { 'mydev_io.state': 'enum mydev_state', 'mydev_io.deep.mode': 'MYDEV_STATE_' },
      addresses: {
        'mydev_io.buffer': 'length',
        'mydev_io.table': { countedBy: 'length' },
        'mydev_io.opaque': 64,
        'mydev_io.deep.at': { countedBy: 'n', elementSize: 'struct mydev_rule' },
      },
    };
    const stated = withStatements(model, statements);
    expect(member(stated, 'mydev_filter', 'rules').countedBy).toBe('nrules');
    expect(member(stated, 'mydev_filter', 'flags').named).toEqual({ prefix: 'MYDEV_F_', flags: true });
    expect(member(stated, 'mydev_io', 'state').enum).toBe('enum mydev_state');
    expect(member(stated, 'mydev_io', 'mode').named).toEqual({ prefix: 'MYDEV_STATE_' });
    expect(member(stated, 'mydev_io', 'buffer').address).toEqual({ countedBy: 'length', elementSize: 1 });
    expect(member(stated, 'mydev_io', 'table').address).toEqual({
      countedBy: 'length',
      elementSize: 8,
      type: 'struct mydev_rule',
    });
    expect(member(stated, 'mydev_io', 'opaque').address).toEqual({ elementSize: 64 });
    expect(member(stated, 'mydev_io', 'at').address).toEqual({
      countedBy: 'n',
      elementSize: 8,
      type: 'struct mydev_rule',
    });
    expect(stated.stated).toEqual(statements);
    expect(withStatements(model, { names: { 'mydev_io.deep.mode': 'mydev_state' } }).types).toEqual(
      withStatements(model, { names: { 'mydev_io.deep.mode': 'enum mydev_state' } }).types,
    );
  });

  it('withStatements derives the prefix of flags from an enum', () => {
    const stated = withStatements(model, { flags: { 'mydev_filter.flags': 'enum mydev_state' } });
    expect(member(stated, 'mydev_filter', 'flags').named).toEqual({ prefix: 'MYDEV_STATE_', flags: true });
  });

  it('withStatements returns the same model for statements about other headers', () => {
    expect(withStatements(model, { countedBy: { 'other.rules': 'n' } })).toBe(model);
    expect(withStatements(model, {})).toBe(model);
  });

  it.each<[Statements, string, RegExp]>([
    [
      { countedBy: { 'mydev_filter.rulez': 'n' } },
      "countedBy['mydev_filter.rulez']",
      /has no member 'rulez' .*did you mean 'rules'/,
    ],
    [
      { countedBy: { 'mydev_filter.rules': 'nrule' } },
      "countedBy['mydev_filter.rules']",
      /no member 'nrule'; did you mean 'nrules'/,
    ],
    [
      { countedBy: { 'mydev_io.fixed': 'length' } },
      "countedBy['mydev_io.fixed']",
      /'fixed' has 4 elements; .*flexible array/,
    ],
    [{ countedBy: { 'mydev_filter.flags': 'nrules' } }, "countedBy['mydev_filter.flags']", /'flags' is not an array/],
    [{ countedBy: { mydev_filter: 'nrules' } }, "countedBy['mydev_filter']", /such as 'mydev_filter\.rules'/],
    [
      { addresses: { 'mydev_io.length': 8 } },
      "addresses['mydev_io.length']",
      /'length' is of type unsigned int; an address is/,
    ],
    [{ addresses: { 'mydev_io.counts': 8 } }, "addresses['mydev_io.counts']", /an array; an address is/],
    [
      { addresses: { 'mydev_io.buffer': 'count' } },
      "addresses['mydev_io.buffer']",
      /'count' is of type unsigned int, a bit-field/,
    ],
    [
      { addresses: { 'mydev_io.buffer': 'counts' } },
      "addresses['mydev_io.buffer']",
      /'counts' is of type unsigned short, an array/,
    ],
    [
      { addresses: { 'mydev_io.buffer': { countedBy: 'length' } } },
      "addresses['mydev_io.buffer']",
      /does not point to a struct .*elementSize: 16/,
    ],
    [
      { addresses: { 'mydev_io.buffer': { countedBy: 'length', elementSize: 'mydev_rul' } } },
      "addresses['mydev_io.buffer']",
      /no struct or union called 'mydev_rul'; did you mean 'mydev_rule'/,
    ],
    [
      { addresses: { 'mydev_io.deep.at': 'length' } },
      "addresses['mydev_io.deep.at']",
      /the same struct has no member 'length'/,
    ],
    [
      { addresses: { 'mydev_io.one.mask': 8 } },
      "addresses['mydev_io.one.mask']",
      /described on its own; write 'struct mydev_rule\.mask'/,
    ],
    [
      { names: { 'mydev_io.state': 'MYDEV_STAT_' } },
      "names['mydev_io.state']",
      /no constant that begins with 'MYDEV_STAT_'.*did you mean 'MYDEV_STATE_'/,
    ],
    [{ flags: { 'mydev_io.table': 'MYDEV_F_' } }, "flags['mydev_io.table']", /only an integer has names/],
  ])('withStatements refuses %j', (statements, key, message) => {
    const state = (): unknown => withStatements(model, statements);
    expect(state).toThrow(StatementError);
    expect(state).toThrow(message);
    expect(state).toThrow(expect.objectContaining({ key }));
  });
});

describe('requireStatements', () => {
  it.each<[Statements, string, RegExp]>([
    [
      { flags: { 'mydev_filtr.flags': 'X' } },
      "flags['mydev_filtr.flags']",
      /<x\.h>|has no struct or union called 'mydev_filtr'; did you mean 'mydev_filter'/,
    ],
    [
      { ioctls: { MYDEV_GIT: {} } },
      "ioctls['MYDEV_GIT']",
      /no ioctl or integer macro called 'MYDEV_GIT'; did you mean 'MYDEV_GET'/,
    ],
  ])('requireStatements refuses %j', (statements, key, message) => {
    const check = (): unknown => requireStatements([model], statements);
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ key }));
  });

  it('requireStatements accepts statements about any of the models', () => {
    const other = modelOf({ 'other.h': 'struct other { int a; };' });
    expect(() => requireStatements([other, model], { flags: { 'mydev_filter.flags': 'MYDEV_F_' } })).not.toThrow();
  });
});

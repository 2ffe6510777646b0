/** The library and a C program run the same guests. Both see the same exits, and both leave the same state. */

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  KVM_GUESTDBG_ENABLE,
  KVM_GUESTDBG_SINGLESTEP,
  KVM_MSR_EXIT_REASON_INVAL,
  KVM_MSR_EXIT_REASON_UNKNOWN,
} from '../../generated/x86_64/linux/kvm.js';
import { assembled, type Instruction, type PortSize } from '../../tools/guests/assembler.js';
import {
  type Guest,
  longMode,
  type Mode,
  places,
  port,
  protectedMode,
  realMode,
  userMode,
} from '../../tools/guests/index.js';
import { chosenRuns } from '../../tools/lib/random-runs.js';
import { modes, noMsr, trial } from '../helpers/random-guests.js';
import { buildTrace, type Course, readOnlyPage, trace } from '../helpers/tracing.js';
import { hasKvm, needsKvm } from '../helpers/vcpus.js';

const portSizes: readonly PortSize[] = [1, 2, 4];
const acrossPages = 0xa0ffe;
const msrReasons = KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_INVAL;
const singleStep = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;

/** Instructions that every mode has, and the kinds of their exits in order. */
const inEachMode: readonly (readonly [string, readonly Instruction[], readonly string[]])[] = [
  [
    'ports',
    portSizes.flatMap((size): Instruction[] => [
      { does: 'value', of: 'eax', value: 0x1234_5678 },
      { does: 'out', size, port },
      { does: 'in', size, port: 0x80 },
    ]),
    ['out', 'in', 'out', 'in', 'out', 'in'],
  ],
  ['ports, repeated', repeatedPorts(false), ['in', 'out', 'in', 'out', 'in', 'out']],
  ['ports, repeated backwards', repeatedPorts(true), ['in', 'out', 'in', 'out', 'in', 'out']],
  [
    'MMIO',
    portSizes.flatMap((size): Instruction[] => [
      { does: 'set', size, at: places.device, value: 0x1234_5678 },
      { does: 'load', size, at: places.device },
      { does: 'store', size, at: places.device + 8 },
      { does: 'store', size, at: places.data },
    ]),
    ['write', 'read', 'write', 'read', 'write', 'read', 'write'],
  ],
  [
    'MMIO across pages',
    [
      { does: 'inc', size: 4, at: acrossPages },
      { does: 'xchg', size: 2, at: acrossPages + 1 },
      { does: 'add', size: 4, at: acrossPages + 1 },
    ],
    ['read', 'write', 'read', 'write', 'read', 'write'],
  ],
  [
    'MMIO, moved to MMIO and from and to memory',
    [
      { does: 'movs', size: 4, from: places.data, to: acrossPages, count: 3 },
      { does: 'movs', size: 2, from: acrossPages, to: places.data + 1, count: 3 },
      { does: 'movs', size: 1, from: acrossPages, to: acrossPages + 0x10, count: 2 },
    ],
    ['write', 'read', 'write', 'read', 'write'],
  ],
  [
    'memory that it may only read',
    [
      { does: 'set', size: 4, at: readOnlyPage, value: 1 },
      { does: 'load', size: 4, at: readOnlyPage },
      { does: 'store', size: 4, at: readOnlyPage - 2 },
      { does: 'inc', size: 2, at: readOnlyPage + 0x10 },
    ],
    ['write'],
  ],
];

function repeatedPorts(backwards: boolean): Instruction[] {
  const rest = { port, at: places.data + 0x20, count: 5, backwards };
  return portSizes.flatMap((size): Instruction[] => [
    { does: 'ins', size, ...rest },
    { does: 'outs', size, ...rest },
  ]);
}

/** A guest in user mode ends with a fault that has no handler. */
const endOf = (mode: Mode): string => (mode === userMode.mode ? 'shutdown' : 'hlt');

type Row = readonly [Guest, Course, readonly string[]];

const ofModes: readonly Row[] = modes.flatMap((mode) =>
  inEachMode.flatMap(([name, instructions, kinds]): Row[] => {
    const start = { data: 'data', registers: { rbx: 0x8877_6655n } };
    const all: Instruction[] = [...instructions, { does: 'hlt' }];
    const exits = [...kinds, endOf(mode)];
    return [
      [assembled(mode, name, all, start), {}, exits],
      [assembled(mode, `${name}, completed each time`, all, start), { completes: true }, exits],
    ];
  }),
);

const msrs = (mode: Mode, name: string): Guest =>
  assembled(mode, name, [{ does: 'wrmsr', index: noMsr }, { does: 'rdmsr', index: noMsr }, { does: 'hlt' }], {
    registers: { rax: 0x1234n, rdx: 0x5678n },
  });

const others: readonly Row[] = [
  [realMode.out, {}, ['out', 'hlt']],
  [realMode.input, {}, ['in', 'hlt']],
  [realMode.repIn, {}, ['in', 'hlt']],
  [realMode.repOut, { completes: true }, ['out', 'hlt']],
  [realMode.mmioRead, { seed: 7 }, ['read', 'out', 'hlt']],
  [realMode.halt, {}, ['hlt']],
  [realMode.print('hello'), {}, ['out', 'hlt']],
  [realMode.outForEver, { mostExits: 5 }, ['out']],
  [protectedMode.mmioInFragments, {}, ['read', 'write', 'hlt']],
  [longMode.out, {}, ['out', 'hlt']],
  [userMode.countDown(100_000), { mostExits: 3 }, ['out']],
  [
    realMode.interrupted,
    { interrupts: 3, vector: realMode.interruptVector },
    [...Array(3).fill(['irq window', 'out']).flat(), 'hlt'],
  ],
  [msrs(realMode.mode, 'MSRs'), { msrReasons }, ['wrmsr', 'rdmsr', 'hlt']],
  [msrs(longMode.mode, 'MSRs, completed each time'), { msrReasons, completes: true }, ['wrmsr', 'rdmsr', 'hlt']],
  [msrs(longMode.mode, 'MSRs, refused'), { msrReasons, msrError: true }, ['wrmsr', 'shutdown']],
  [msrs(longMode.mode, 'MSRs that nobody asked for'), {}, ['shutdown']],
  [
    assembled(longMode.mode, 'a fault that nothing handles', [{ does: 'load', size: 4, at: 0x4000_0000 }]),
    {},
    ['shutdown'],
  ],
  [protectedMode.spin, { debug: singleStep, mostExits: 5 }, ['debug']],
];

/** Returns the kinds of exits in order. An instruction that repeats causes one exit or several, so equal neighbours are one. */
function kindsOf(lines: readonly string[]): string[] {
  const exits = lines.filter((line) => line.includes(': ')).map((line) => line.slice(line.lastIndexOf(': ') + 2));
  const kinds = exits.map((exit) => /^[a-z]+( window| error)?/.exec(exit)?.[0] ?? exit);
  return kinds.filter((kind, index) => kind !== kinds[index - 1]);
}

describe.skipIf(!hasKvm)(`guests ${needsKvm}`, () => {
  beforeAll(buildTrace);

  it.each([...ofModes, ...others])(
    '$name has the same exits and the same state with the library and with C',
    (guest, course, kinds) => {
      const { library, c } = trace(guest, course);
      expect(library).toEqual(c);
      expect(kindsOf(library)).toEqual(kinds);
    },
  );

  it('random guests have the same exits and the same state with the library and with C', () => {
    fc.assert(
      fc.property(trial, ({ guest, course }) => {
        const { library, c } = trace(guest, course);
        expect(library).toEqual(c);
      }),
      chosenRuns(50),
    );
  });
});

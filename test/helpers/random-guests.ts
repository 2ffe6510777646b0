/** Random guests of the instructions of `tools/guests/assembler.ts`, and random ways to run them. */

import fc from 'fast-check';
import {
  KVM_GUESTDBG_ENABLE,
  KVM_GUESTDBG_SINGLESTEP,
  KVM_MSR_EXIT_REASON_INVAL,
  KVM_MSR_EXIT_REASON_UNKNOWN,
} from '../../generated/x86_64/linux/kvm.js';
import { assembled, type Instruction, type PortSize, type Size } from '../../tools/guests/assembler.js';
import {
  type Guest,
  longMode,
  type Mode,
  places,
  protectedMode,
  realMode,
  userMode,
} from '../../tools/guests/index.js';
import { type Course, readOnlyPage } from './tracing.js';

/** A guest, and the way to run it. */
export interface Trial {
  readonly guest: Guest;
  readonly course: Course;
}

export const modes: readonly Mode[] = [realMode.mode, protectedMode.mode, longMode.mode, userMode.mode];

/** The addresses of the instructions. They are in every kind of memory, and at the borders between two kinds. */
const inData = { min: places.data + 0x20, max: places.data + 0x40 };
const atReadOnlyPage = { min: readOnlyPage - 4, max: readOnlyPage + 4 };
const atEnd = { min: places.end - 8, max: places.end + 2 };
/** Two pages of a device. */
const acrossPages = { min: 0xa0ff7, max: 0xa1002 };

/** An MSR that no processor has. */
export const noMsr = 0x4000_0f00;

/** The contents of memory. All bytes are different, so that a test sees where each byte goes. */
const data = Array.from({ length: 0x60 }, (_, index) => String.fromCharCode(0x20 + index)).join('');

const portSize = fc.constantFrom<PortSize>(1, 2, 4);
const port = fc.constantFrom(0x80, 0x3f8, 0xffff);
const value = fc.nat(0x7fff_ffff);

function address(mode: Mode): fc.Arbitrary<number> {
  // In real mode an access across the end of a segment faults, and the guest does not handle the fault.
  const places = mode === realMode.mode ? [] : [atEnd];
  return fc.oneof(...[inData, atReadOnlyPage, acrossPages, ...places].map((range) => fc.integer(range)));
}

function instruction(mode: Mode): fc.Arbitrary<Instruction> {
  const at = address(mode);
  const size = fc.constantFrom<Size>(
    ...(mode.directive === '.code64' ? ([1, 2, 4, 8] as const) : ([1, 2, 4] as const)),
  );
  const count = fc.integer({ min: 0, max: 5 });
  return fc.oneof(
    fc.record({ does: fc.constantFrom('in' as const, 'out' as const), size: portSize, port }),
    fc.record({
      does: fc.constantFrom('ins' as const, 'outs' as const),
      size: portSize,
      port,
      at,
      count,
      backwards: fc.boolean(),
    }),
    fc.record({
      does: fc.constantFrom('load' as const, 'store' as const, 'add' as const, 'xor' as const, 'xchg' as const),
      size,
      at,
    }),
    fc.record({ does: fc.constant('inc' as const), size, at }),
    fc.record({ does: fc.constant('set' as const), size, at, value }),
    fc.record({ does: fc.constant('movs' as const), size, from: at, to: at, count }),
    fc.record({ does: fc.constant('value' as const), of: fc.constantFrom('eax' as const, 'ebx' as const), value }),
    // In user mode these instructions fault, and the guest would end.
    ...(mode === userMode.mode
      ? []
      : [fc.record({ does: fc.constantFrom('rdmsr' as const, 'wrmsr' as const), index: fc.constant(noMsr) })]),
  );
}

const course: fc.Arbitrary<Course> = fc.record({
  seed: fc.integer({ min: 1, max: 0x7fff_ffff }),
  completes: fc.boolean(),
  msrReasons: fc.constant(KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_INVAL),
  debug: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constant(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)),
});

/** The last instruction is HLT, which ends the guest. In user mode HLT faults, and the guest does not handle the fault. */
export const trial: fc.Arbitrary<Trial> = fc.constantFrom(...modes).chain((mode) =>
  fc.record({
    guest: fc
      .array(instruction(mode), { minLength: 1, maxLength: 12, size: 'max' })
      .map((instructions) => assembled(mode, 'at random', [...instructions, { does: 'hlt' }], { data })),
    course,
  }),
);

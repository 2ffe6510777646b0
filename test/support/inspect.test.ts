/** The names of constants, and the printed form of views. */

import { inspect } from 'node:util';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { namedValues } from '../../generator/kernel/value-prefixes.js';
import type { Member, Model } from '../../generator/model/model.js';
import { allocate, U16Array } from '../../support/index.js';
import { flagsOf, inspectable, nameOf } from '../../support/inspect.js';
import { committedModel } from '../helpers/committed-models.js';

describe('nameOf', () => {
  it.each<[string, number | bigint, string | undefined]>([
    ['KVM_EXIT_', 0, 'KVM_EXIT_UNKNOWN'],
    ['KVM_EXIT_', 2, 'KVM_EXIT_IO'],
    ['KVM_EXIT_', 2n, 'KVM_EXIT_IO'],
    ['KVM_EXIT_', 37, 'KVM_EXIT_NOTIFY'],
    ['KVM_EXIT_IO_', 0, 'KVM_EXIT_IO_IN'],
    ['KVM_EXIT_IO_', 1, 'KVM_EXIT_IO_OUT'],
    ['KVM_EXIT_HYPERV_', 2, 'KVM_EXIT_HYPERV_HCALL'],
    ['KVM_INTERNAL_ERROR_EMULATION_FLAG_', 1, 'KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES'],
    ['KVM_EXIT_', 999, undefined],
    ['KVM_EXIT_', -1, undefined],
    ['KVM_EXIT_', 2.5, undefined],
    ['KVM_EXIT_', Number.NaN, undefined],
    ['KVM_EXIT_', 1n << 63n, undefined],
    ['KVM_NOTHING_', 0, undefined],
    // Ioctls and classes are not values.
    ['KVM_GET_REGS', kvm.KVM_GET_REGS.request, undefined],
  ])('nameOf of %s and %o is %s', (prefix, value, name) => {
    expect(nameOf(kvm, prefix, value)).toBe(name);
  });

  it('nameOf returns the name of every exit', () => {
    const { cases } = kvm.KvmRun.$discriminator;
    expect(cases.length).toBeGreaterThan(35);
    for (const { name, value } of cases) expect(nameOf(kvm, 'KVM_EXIT_', value)).toBe(name);
  });

  it('nameOf chooses between names with one value by rule, in every order', () => {
    const same = { A_LONG: 1, A_B_C: 1, A_Z: 1, A_B: 1, A: 1, A_Y: 2, A_X_W: 2n, A_X: 3, AB: 2, A_S: 'text' };
    for (const constants of [same, Object.fromEntries(Object.entries(same).reverse())]) {
      expect([1, 2, 3].map((value) => nameOf(constants, 'A_', value))).toEqual(['A_B', 'A_Y', 'A_X']);
      expect(nameOf(constants, 'A', 1)).toBe('A');
    }
  });

  it('the type of nameOf has only existing names', () => {
    expectTypeOf(nameOf(kvm, 'KVM_EXIT_IO_', 1)).toEqualTypeOf<'KVM_EXIT_IO_IN' | 'KVM_EXIT_IO_OUT' | undefined>();
    // @ts-expect-error: no constant
    expectTypeOf(nameOf(kvm, 'KVM_EXIT_IO_', 1)).toEqualTypeOf<'KVM_EXIT_IO_SIDEWAYS' | undefined>();
  });
});

describe('flagsOf', () => {
  it.each<[string, number | bigint, string]>([
    ['KVM_MEM_', 0, '0x0'],
    ['KVM_MEM_', 1, 'KVM_MEM_LOG_DIRTY_PAGES'],
    ['KVM_MEM_', 0x43n, 'KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY | 0x40'],
    ['KVM_MEM_', -(2 ** 31), '0xffffffff80000000'],
    ['KVM_NOTHING_', 6, '0x6'],
    ['KVM_GUESTDBG_', 3, 'KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP'],
  ])('flagsOf of %s and %o is %s', (prefix, value, text) => {
    expect(flagsOf(kvm, prefix, value)).toBe(text);
  });

  it('flagsOf names the highest bit, and ignores masks of several bits', () => {
    const flags = { F_TOP: 1n << 63n, F_LOW: 1, F_ALL: 3, F_SIGN: -0x8000_0000 };
    expect(flagsOf(flags, 'F_', (1n << 63n) | 3n)).toBe('F_LOW | F_TOP | 0x2');
  });
});

describe('the printed form of views', () => {
  beforeAll(() => {
    inspectable(kvm);
    inspectable(kvm);
  });

  it('integers are printed in hexadecimal', () => {
    const regs = allocate(kvm.KvmRegs);
    regs.rip = 0xfff0n;
    const text = inspect(regs);
    expect(text).toMatch(/^KvmRegs \{\n {2}rax: 0x0n,\n/);
    expect(text).toContain('  rip: 0xfff0n,\n  rflags: 0x0n\n}');
    expect(text.match(/: /g)).toHaveLength(18);
  });

  it('only the valid member of a union is printed, or none', () => {
    const run = allocate(kvm.KvmRun);
    run.exit_reason = kvm.KVM_EXIT_IO;
    run.io.direction = kvm.KVM_EXIT_IO_OUT;
    run.io.port = 0x3f8;
    const of = (): string[] => [...inspect(run).matchAll(/^ {2}(\w+): KvmRun/gm)].map(([, name]) => name as string);
    expect(inspect(run)).toContain('  exit_reason: KVM_EXIT_IO (2),\n');
    expect(inspect(run)).toContain(
      '  io: KvmRunIo {\n    direction: KVM_EXIT_IO_OUT (1),\n    size: 0x0,\n    port: 0x3f8,\n',
    );
    expect(inspect(run)).not.toContain('padding');
    expect(of()).toEqual(['io', 's']);
    run.exit_reason = kvm.KVM_EXIT_X86_WRMSR;
    run.msr.reason = kvm.KVM_MSR_EXIT_REASON_FILTER | 0x80;
    expect(of()).toEqual(['msr', 's']);
    expect(inspect(run)).toContain('reason: KVM_MSR_EXIT_REASON_FILTER | 0x80,');
    run.exit_reason = kvm.KVM_EXIT_HLT;
    expect(of()).toEqual(['s']);
    run.exit_reason = 999;
    expect(inspect(run)).toContain('  exit_reason: 999,\n');
    expect(of()).toEqual(['s']);
  });

  it('the depth is limited by the option', () => {
    const run = allocate(kvm.KvmRun);
    expect(inspect(run, { depth: 0 })).toContain('hw: [KvmRunHw]');
    expect(inspect({ run }, { depth: 0 })).toBe('{ run: [KvmRun] }');
    expect(inspect(run, { depth: null })).toMatch(/ rax: 0x0n,/);
  });

  it('colours are printed on request', () => {
    const state = allocate(kvm.KvmMpState);
    expect(inspect(state, { colors: true })).toContain('\u001b[33mKVM_MP_STATE_RUNNABLE (0)\u001b[39m');
  });

  it('arrays are printed with a limited number of elements, and nested views are printed', () => {
    const cpuid = allocate(kvm.KvmCpuid2, 2);
    cpuid.entries.get(1).function = 0x8000_0001;
    expect(inspect(cpuid)).toContain('    KvmCpuidEntry2 {\n      function: 0x80000001,\n');
    expect(inspect(new U16Array(new DataView(new ArrayBuffer(8)), 0, 4))).toBe('U16Array(4) [ 0x0, 0x0, 0x0, 0x0 ]');
    const array = new U16Array(new DataView(Uint16Array.of(0xffff, 2, 3).buffer), 0, 3);
    expect(inspect(array, { maxArrayLength: 1 })).toBe('U16Array(3) [ 0xffff, ... 2 more items ]');
  });

  it('the message of an error is printed if reading throws', () => {
    const cpuid = allocate(kvm.KvmCpuid2, 2);
    cpuid.nent = 3;
    expect(inspect(cpuid)).toMatch(/entries: <ViewArray: 120 bytes at .*>/);
    const regs = allocate(kvm.KvmRegs);
    structuredClone(regs.$$view.buffer, { transfer: [regs.$$view.buffer as ArrayBuffer] });
    expect(inspect(regs)).toMatch(/^KvmRegs <.*detached.*>$/);
  });

  it('the properties and iteration of views do not change', () => {
    expect(Object.keys(allocate(kvm.KvmRegs))).toEqual(['$$view', '$$offset', '$$uncloneable']);
  });
});

describe('the names of values', () => {
  const namedIn = ({ types }: Model): Map<string, Member['named']> => {
    const named = new Map<string, Member['named']>();
    const visit = (members: readonly Member[], path: string): void => {
      for (const { name, named: values, members: inside = [] } of members) {
        const own = name === null ? path : `${path}.${name}`;
        if (values) named.set(own, values);
        visit(inside, own);
      }
    };
    for (const { tag, members } of types) visit(members, tag);
    return named;
  };
  const models = ['x86_64', 's390x'].map((target) => committedModel(target));
  const [named] = models.map(namedIn) as [Map<string, Member['named']>];

  it('the prefixes match existing constants', () => {
    expect(named.size).toBeGreaterThan(20);
    for (const model of models) {
      const names = model.constants.map(({ name }) => name);
      for (const [path, values] of namedIn(model)) {
        expect(names.filter((name) => name.startsWith(values?.prefix ?? '?')).length, path).toBeGreaterThan(0);
      }
    }
    expect(named.get('kvm_run.io.direction')).toEqual({ prefix: 'KVM_EXIT_IO_' });
    expect(named.get('kvm_run.kvm_dirty_regs')).toEqual({ prefix: 'KVM_SYNC_X86_', flags: true });
  });

  it.each(namedValues)('the values of $member have names', ({ member }) => {
    expect(models.some((model) => namedIn(model).has(member))).toBe(true);
  });
});

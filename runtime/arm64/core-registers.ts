/** The registers of `Vcpu.getRegs` of arm64. */

import type { KnownKeys } from '../options.js';
import { below } from '../registers/register.js';
import type { CoreRegisterBits } from './registers/core.js';

/** The general registers of a vCPU: `x0` to `x30`, `sp`, `pc`, `pstate`, and the registers of exceptions of EL1. */
export type CoreRegisters = {
  -readonly [Name in keyof CoreRegisterBits as CoreRegisterBits[Name] extends 64 ? Name : never]: bigint;
};

/** The names of the general registers. */
export const coreRegisterNames: readonly (keyof CoreRegisters)[] = [
  ...below(31).map((number) => `x${number}` as 'x0'),
  'sp',
  'pc',
  'pstate',
  'sp_el1',
  'elr_el1',
  'spsr_el1',
  'spsr_abt',
  'spsr_und',
  'spsr_irq',
  'spsr_fiq',
];

/** The keys of `CoreRegisters`. */
export const coreRegisterKeys: KnownKeys<Partial<CoreRegisters>> = Object.fromEntries(
  coreRegisterNames.map((name) => [name, true]),
) as Record<keyof CoreRegisters, true>;

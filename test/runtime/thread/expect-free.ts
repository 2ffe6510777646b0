import { expect } from 'vitest';
import { type Machine, run } from '../../helpers/vcpus.js';

/** Expects that this thread can run the vCPU, and that the vCPU is not paused. */
export function expectFree(machine: Machine): void {
  machine.vcpu.kick();
  expect(run(machine)).toBe('interrupted by kick');
  expect(run(machine, 1)).toBe('interrupted by timeout');
}

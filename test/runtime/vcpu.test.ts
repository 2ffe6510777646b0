/** The options of `Vcpu.run`. */

import { describe, expect, it } from 'vitest';
import { KVM_EXIT_IO } from '../../generated/x86_64/linux/kvm.js';
import { abort, KvmArgumentError, KvmClosedError } from '../../runtime/index.js';
import type { RunOptions } from '../../runtime/x86_64.js';
import { realMode, userMode } from '../../tools/guests/index.js';
import { hasKvm, load, needsKvm, thrownBy } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`the timeout of a run ${needsKvm}`, () => {
  // Shows: statement 41
  it.each([0, -0, -1, Number.NEGATIVE_INFINITY])(
    'a timeout of %d ms interrupts the run before the guest executes an instruction',
    (timeout) => {
      using machine = load(realMode.out);
      const { vcpu } = machine;
      const { rip } = vcpu.getRegs();
      expect(vcpu.run({ timeout })).toEqual({ reason: 'interrupted', cause: 'timeout' });
      expect(vcpu.getRegs().rip).toBe(rip);
      expect(vcpu.run().reason).toBe(KVM_EXIT_IO);
    },
  );

  it('a timeout of 0 ms leaves a kick pending', () => {
    using machine = load(realMode.out);
    machine.vcpu.kick();
    expect(machine.vcpu.run({ timeout: 0 })).toMatchObject({ cause: 'timeout' });
    expect(machine.vcpu.run()).toMatchObject({ cause: 'kick' });
  });

  it.each([Number.POSITIVE_INFINITY, undefined])('a timeout of %s never interrupts the run', (timeout) => {
    using machine = load(realMode.out);
    const options = { timeout } as RunOptions;
    expect(machine.vcpu.run(options).reason).toBe(KVM_EXIT_IO);
  });

  it('a timeout interrupts a guest that spins, and each run returns the same frozen object', () => {
    using machine = load(userMode.spin);
    const first = machine.vcpu.run({ timeout: 0.5 });
    expect(first).toEqual({ reason: 'interrupted', cause: 'timeout' });
    expect(machine.vcpu.run({ timeout: 2 })).toBe(first);
    expect(machine.vcpu.run({ timeout: 0 })).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  it.each([Number.NaN, 1e300, '5', 5n, null, {}])('run refuses a timeout of %s', (timeout) => {
    using machine = load(realMode.out);
    const error = thrownBy(() => machine.vcpu.run({ timeout: timeout as number }));
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect(error).toMatchObject({ operation: 'Vcpu.run', message: expect.stringMatching(/^Vcpu\.run: timeout /) });
  });
});

describe.skipIf(!hasKvm)(`the id of a run ${needsKvm}`, () => {
  it.each([0, -1, 0.5, 2 ** 53, Number.NaN, '1'])('run and abort refuse the run id %s', (runId) => {
    using machine = load(realMode.out);
    expect(() => machine.vcpu.run({ runId: runId as number })).toThrow(
      /^Vcpu\.run: runId .*integer from 1 to 2\^53 - 1$/,
    );
    expect(() => abort(machine.vcpu.share(), runId as number)).toThrow(/^abort: runId /);
  });
});

describe.skipIf(!hasKvm)(`run ${needsKvm}`, () => {
  it('run refuses unknown options', () => {
    using machine = load(realMode.out);
    for (const options of [{ timeoutMs: 5 }, { signal: AbortSignal.timeout(1) }, { number: 1 }]) {
      expect(() => machine.vcpu.run(options as object)).toThrow(
        /unknown option '\w+'; expected one of timeout, runId, interruptOnProcessSignal$/,
      );
    }
  });

  it('run refuses a closed vCPU, also with a timeout of 0 ms', () => {
    using machine = load(realMode.out);
    machine.vcpu.close();
    expect(() => machine.vcpu.run()).toThrow(KvmClosedError);
    expect(() => machine.vcpu.run({ timeout: 0 })).toThrow(KvmClosedError);
  });
});

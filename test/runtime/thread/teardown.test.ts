/** How a process ends while guests run on its threads, and that nothing is taken away from under a running guest. */

import { describe, expect, it } from 'vitest';
import { runTeardown, teardownCases } from '../../helpers/scripts/teardown/cases.js';
import { hasKvm, needsKvm, runScript, watchdogMs } from '../../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`a process whose guests run ends by ${needsKvm}`, () => {
  it.each(teardownCases)('$name', async (teardown) => {
    const { code, signal, stderr } = teardown;
    const { milliseconds, ...ended } = await runTeardown(teardown, watchdogMs);
    expect(ended).toEqual({ code, signal, stderr: expect.stringMatching(stderr) });
    // It has come as far as the deed.
    expect(milliseconds).not.toBeNaN();
  });
});

describe.skipIf(!hasKvm)(`a process whose main module ends ${needsKvm}`, () => {
  it.each([{}, { AGAIN: '1' }])('goes on until the program of a referenced thread stops: %j', async (env) => {
    expect(await runScript('teardown/referenced', { env })).toBe('printed');
  });
});

describe.skipIf(!hasKvm)(`a guest that runs ${needsKvm}`, () => {
  it.each(['VcpuThread', 'Worker'])('goes on in a %s when all else is dropped and collected', async (RUNNER) => {
    const { dropped, collected, before, running, after } = await runScript<Collected>('teardown/collected', {
      flags: ['--expose-gc'],
      env: { RUNNER },
    });
    expect(collected).toBe(dropped);
    // The VM by the vCPU, and neither by this side.
    expect(running).toEqual({ ...before, 'kvm-vm': 1, 'kvm-vcpu': 1 });
    expect(after).toEqual(before);
  });
});

interface Collected {
  /** How many objects: the VM, the vCPU and the memory. */
  readonly dropped: number;
  readonly collected: number;
  /** The open files of KVM, by kind. */
  readonly before: Readonly<Record<string, number>>;
  readonly running: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

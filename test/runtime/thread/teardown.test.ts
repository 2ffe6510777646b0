/** A process ends while guests run on its threads, and a running guest keeps all that it needs. */

import { describe, expect, it } from 'vitest';
import { type Crowd, type EndingAction, endings, endProcess } from '../../../tools/lib/teardown/endings.js';
import { hasKvm, needsKvm, runScript, watchdogMs } from '../../helpers/vcpus.js';

const one: Crowd = { count: 1, guest: 'user', runner: 'VcpuThread', mechanism: 'immediate_exit' };
const oneOfWorkers: Crowd = { count: 1, guest: 'kernel', runner: 'Worker', mechanism: 'signal_mask' };
const three: Crowd = { count: 3, guest: 'halted', runner: 'VcpuThread', mechanism: 'signal_mask' };
const threeOfWorkers: Crowd = { count: 3, guest: 'user', runner: 'Worker', mechanism: 'immediate_exit' };
const none: Crowd = { count: 0, guest: 'user', runner: 'Worker', mechanism: 'immediate_exit' };
const all = [one, three, oneOfWorkers, threeOfWorkers];

const crowds: Readonly<Record<EndingAction, readonly Crowd[]>> = {
  terminate: all,
  'process.exit': all,
  throw: [one, threeOfWorkers],
  reject: [three, oneOfWorkers],
  SIGINT: [three, oneOfWorkers],
  SIGTERM: [one, threeOfWorkers],
  'handled SIGINT': [one, threeOfWorkers],
  'end of an unreferenced main module': all,
  'process.exit in a Worker': all,
  'throw in a Worker': all,
  'SIGINT in a run': [none, oneOfWorkers],
  'SIGTERM in a run': [none, oneOfWorkers],
};

const cases = (Object.keys(endings) as EndingAction[]).flatMap((action) =>
  crowds[action].map((crowd) => ({ name: `${action}: ${Object.values(crowd).join(' ')}`, action, crowd })),
);

describe.skipIf(!hasKvm)(`a process whose guests run ends by ${needsKvm}`, () => {
  it.each(cases)('$name', async ({ action, crowd }) => {
    const { code, signal, stderr } = endings[action];
    const { milliseconds, ...ended } = await endProcess(action, crowd, watchdogMs);
    expect(ended).toEqual({ code, signal, stderr: expect.stringMatching(stderr) });
    // The process got as far as the action.
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

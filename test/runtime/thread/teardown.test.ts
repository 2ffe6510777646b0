/** The end of a process whose threads run guests, and the objects that a running guest keeps alive. */

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

describe.skipIf(!hasKvm)(`the end of a process ${needsKvm}`, () => {
  // Shows: statement 50
  // Shows: selftest hardware_disable_test
  it.each(cases)('a process whose guests run ends by $name', async ({ action, crowd }) => {
    const { code, signal, stderr } = endings[action];
    const { milliseconds, ...ended } = await endProcess(action, crowd, watchdogMs);
    expect(ended).toEqual({ code, signal, stderr: expect.stringMatching(stderr) });
    // The process has reached the action.
    expect(milliseconds).not.toBeNaN();
  });
});

describe.skipIf(!hasKvm)(`the end of the main module ${needsKvm}`, () => {
  it.each([{}, { AGAIN: '1' }])(
    'a process whose main module has ended continues until the program of a referenced thread stops: %j',
    async (env) => {
      expect(await runScript('teardown/referenced', { env })).toBe('printed');
    },
  );
});

describe.skipIf(!hasKvm)(`a running guest ${needsKvm}`, () => {
  // Shows: statement 59
  it.each(['VcpuThread', 'Worker'])(
    'a run in a %s continues when all other objects are dropped and collected',
    async (RUNNER) => {
      const { dropped, collected, before, running, after } = await runScript<Collected>('teardown/collected', {
        flags: ['--expose-gc'],
        env: { RUNNER },
      });
      expect(collected).toBe(dropped);
      // The running vCPU keeps both files open. This thread does not.
      expect(running).toEqual({ ...before, 'kvm-vm': 1, 'kvm-vcpu': 1 });
      expect(after).toEqual(before);
    },
  );
});

interface Collected {
  /** The number of dropped objects: the VM, the vCPU and the memory. */
  readonly dropped: number;
  readonly collected: number;
  /** The number of open files of KVM by kind. */
  readonly before: Readonly<Record<string, number>>;
  readonly running: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

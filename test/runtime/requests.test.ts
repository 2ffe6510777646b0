/** Other threads can send requests to a thread that is in KVM_RUN: a report, a heap snapshot, a debugger. */

import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/cli.js';
import { hasKvm, needsKvm, runScript } from '../helpers/vcpus.js';

/** The result of the native run that the kick has ended. */
const kicked = 1;

interface Result {
  readonly answer: unknown;
  readonly outcome: number;
}

const request = (name: string, flags: readonly string[] = []): Promise<Result> =>
  runScript('requests', { env: { REQUEST: name }, flags });

describe.skipIf(!hasKvm)(`requests to a thread in a run ${needsKvm}`, () => {
  // Shows: statement 70, security 29
  it.each([
    ['process.report.getReport() describes', 'report', 1],
    ['worker.getHeapSnapshot() reads the heap of', 'snapshot', true],
    ['the profiler of a debugger records', 'profile', true],
    ['a debugger evaluates an expression in', 'evaluation', 42],
  ])('%s a Worker that is in a run, and the run continues', async (_, name, answer) => {
    expect(await request(name)).toEqual({ answer, outcome: kicked });
  });

  // Shows: security 29
  it('a Worker in a run answers under --cpu-prof', async () => {
    const flags = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', temporaryFolder()];
    expect(await request('report', flags)).toEqual({ answer: 1, outcome: kicked });
  });

  // Shows: statement 70, security 25, security 29
  it('a debugger pauses a Worker in a run, and the Worker refuses every use of a vCPU that would harm the run', async () => {
    const busy = 'KvmBusyError';
    expect(await request('pause')).toEqual({
      answer: { runOther: busy, run: busy, completeExit: busy, getRegs: busy, close: busy },
      outcome: kicked,
    });
  });

  // Shows: security 25
  it('a run keeps its vCPU open when a debugger releases the last reference to the vCPU', async () => {
    expect(await request('release')).toEqual({ answer: { release: 'done' }, outcome: kicked });
  });

  it('the timeout of a script of node:vm ends a run, and the vCPU can run again', async () => {
    expect(await runScript('script-timeout')).toEqual({
      code: 'ERR_SCRIPT_EXECUTION_TIMEOUT',
      next: 'interrupted by timeout',
    });
  });

  it('a thread in a run still answers after more signals than V8 needs to optimize the function that answers', async () => {
    const env = { REQUEST: 'report', SIGNALS: '100000' };
    expect(await runScript('requests', { env })).toEqual({ answer: 1, outcome: kicked });
  });
});

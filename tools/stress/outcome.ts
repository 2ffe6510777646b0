/** What came of something, in words. */

import type { Vcpu } from '../../runtime/index.js';

/** `exit 5`, `interrupted by kick`, `done`, or the name of an error. */
export type Outcome = string;

/** Does something with a vCPU, such as a run. */
export function outcomeOf(deed: () => unknown, vcpu?: Vcpu): Outcome {
  try {
    const result = deed();
    if (result === 'exit') return `exit ${vcpu?.kvmRun.exit_reason}`;
    if (result === 'interrupted') return `interrupted by ${vcpu?.interruption}`;
    return typeof result === 'string' || typeof result === 'boolean' ? String(result) : 'done';
  } catch (error) {
    return (error as Error).name;
  }
}

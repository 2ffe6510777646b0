/** The outcome of an action on a vCPU, in words. */

import type { RunOptions } from '../../runtime/x86_64.js';

/** `exit 5`, `interrupted by kick`, `done`, or the name of an error. */
export type Outcome = string;

/** A vCPU of any architecture. */
interface Runnable {
  run(
    options?: RunOptions,
  ):
    | { readonly reason: 'interrupted'; readonly cause: string }
    | { readonly reason: number | null; readonly number?: number };
}

/** Runs the vCPU once. Returns `exit` with the number of the reason, or `interrupted by` with the cause. */
export function runOutcome(vcpu: Runnable, options?: RunOptions): Outcome {
  const result = vcpu.run(options);
  if (result.reason === 'interrupted') return `interrupted by ${result.cause}`;
  return `exit ${result.reason === null ? result.number : result.reason}`;
}

/** Returns the text or the boolean that the action returns, `done` for any other result, or the name of its error. */
export function outcomeOf(action: () => unknown): Outcome {
  try {
    const result = action();
    return typeof result === 'string' || typeof result === 'boolean' ? String(result) : 'done';
  } catch (error) {
    return (error as Error).name;
  }
}

/** Interruptions: KVM_RUN has returned without an exit. */

/** The causes of an interruption. */
type Cause = 'kick' | 'timeout' | 'abort' | 'pause' | 'process-signal';

/**
 * The result of a run that ended without an exit. There is one frozen object for each cause. `kvmRun.exit_reason` is stale
 * then: do not read it.
 */
export interface Interruption {
  /** Always `'interrupted'`. */
  readonly reason: 'interrupted';
  /**
   * What interrupted the run. With `pause` every run is interrupted until the vCPU is resumed. With `process-signal` every run
   * with the option `interruptOnProcessSignal` is interrupted until the event loop has called the listeners of the signal.
   */
  readonly cause: Cause;
}

function interruption(cause: Cause): Interruption {
  return Object.freeze({ reason: 'interrupted', cause });
}

/** The interruption of a run whose time was over before it began. */
export const timedOut: Interruption = interruption('timeout');

/** The interruptions by their number in the native layer. 0 is an exit. */
export const interruptions: readonly (Interruption | undefined)[] = [
  undefined,
  interruption('kick'),
  interruption('abort'),
  timedOut,
  interruption('pause'),
  interruption('process-signal'),
];

/** Interrupts the runs of a vCPU from any thread. `native/kick.h` has the protocol and the argument that no kick is lost. */

import { addon } from './addon.js';
import { describe, requireHandle } from './arguments.js';
import { KvmArgumentError } from './errors.js';

/**
 * What another thread needs to kick a vCPU or to attach to the vCPU. `Vcpu.share` returns the handle. A handle can be posted. A
 * handle does not keep the vCPU open.
 */
export interface VcpuHandle {
  /** Always `'vcpu'`. */
  readonly kind: 'vcpu';
  /** The number of the vCPU in this process. */
  readonly id: number;
  /** The number of this process. */
  readonly generation: number;
}

/**
 * Kicks a vCPU from any thread. The current run is interrupted with the cause `kick`. If there is no current run, the next run
 * is interrupted.
 *
 * @param vcpu the handle of `Vcpu.share`.
 * @returns false when the vCPU is closed.
 * @example
 * // In a Worker that got `vcpu.share()` as its workerData:
 * kick(workerData);
 */
export function kick(vcpu: VcpuHandle): boolean {
  return addon().kick(requireHandle('kick', vcpu, 'vcpu'));
}

/**
 * Interrupts the run of a vCPU that has this `runId`, from any thread, with the cause `abort`. The run may be in progress or
 * begin later. If the run is over, nothing happens. Runs with lower ids are interrupted too, because ids rise.
 *
 * @param vcpu the handle of `Vcpu.share`.
 * @param runId the option `runId` of `Vcpu.run`, an integer from 1 to 2^53 - 1.
 * @returns false when the vCPU is closed.
 * @throws KvmArgumentError for another `runId`.
 * @example
 * const result = vcpu.run({ runId: 7 }); // Another thread calls abort(handle, 7) with the handle of `vcpu.share()`.
 */
export function abort(vcpu: VcpuHandle, runId: number): boolean {
  return addon().abort(requireHandle('abort', vcpu, 'vcpu'), requireRunId('abort', runId));
}

/** Returns the id of a run. @throws KvmArgumentError unless it is an integer from 1 to 2^53 - 1. */
export function requireRunId(operation: string, runId: number): number {
  if (Number.isSafeInteger(runId) && runId > 0) return runId;
  throw new KvmArgumentError(operation, `runId ${describe(runId)}; it must be an integer from 1 to 2^53 - 1`);
}

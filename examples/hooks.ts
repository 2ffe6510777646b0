/** The test hooks of the addon's variant `build/kvm_uapi_hooks.node`; the product has none of them. */

import { type Native, native, type VcpuHandle } from '../runtime/native.js';

export interface TestHooks {
  /** The next run stays between its last look at the request and KVM_RUN. */
  holdGap(hold: boolean): void;
  /** Whether a run is there, waiting so many milliseconds for one. */
  awaitGap(milliseconds: number): boolean;
  releaseGap(): void;
  /** Signal only: nobody sets immediate_exit. */
  withoutFlag(vcpu: VcpuHandle, without: boolean): void;
}

export function hooks(): Native & TestHooks {
  return native() as Native & TestHooks;
}

/** Guests of any architecture, for programs that use only what the runtime's classes have on every architecture. */

import type { Bindings } from '../../runtime/context.js';
import type { GuestMemory } from '../../runtime/index.js';
import type { KvmBase } from '../../runtime/kvm.js';
import type { AnyVcpu, VcpuOptions } from '../../runtime/vcpu.js';
import type { AnyVm } from '../../runtime/vm.js';

/** A `Kvm` of any architecture. */
export type AnyKvm = Pick<
  KvmBase<Bindings, AnyVm>,
  | 'bindings'
  | 'checkExtension'
  | 'createVm'
  | 'duplicateFd'
  | 'fd'
  | 'getApiVersion'
  | 'getVcpuMmapSize'
  | 'requireExtension'
>;

/** A guest of any architecture. `load` of a guest accepts the VMs of its architecture. */
export interface AnyGuest {
  readonly name: string;
  /** Adds memory in slot 0 and vCPU 0 to the VM. The vCPU is ready to execute the first instruction. */
  load(vm: AnyVm, options?: VcpuOptions): AnyLoaded;
}

export interface AnyLoaded extends Disposable {
  readonly vcpu: AnyVcpu;
  readonly memory: GuestMemory;
}

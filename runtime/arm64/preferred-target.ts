/** The processor that the guest of a VM sees by default. */

import type { KvmVcpuInit } from '../../generated/arm64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import { addon, type VmRecord } from '../addon.js';
import type { VcpuContext } from '../context.js';
import { refused } from '../ioctl.js';
import type { Bindings } from './bindings.js';

/** KVM_ARM_PREFERRED_TARGET of the VM of a vCPU. */
export function preferredTarget({ bindings, target }: VcpuContext<Bindings>): KvmVcpuInit {
  const { KVM_ARM_PREFERRED_TARGET: request, KvmVcpuInit } = bindings;
  const init = allocate(KvmVcpuInit);
  const { $$view: view, $$offset: offset } = init;
  const ask = (vm: VmRecord): number => addon().vmIoctlView(vm, request.request, view, offset, KvmVcpuInit.$size);
  const result = target.withVm?.(ask) ?? 0;
  if (result < 0) throw refused(target, request, result, init);
  return init;
}

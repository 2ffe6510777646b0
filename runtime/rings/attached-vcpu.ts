/** The vCPU of a ring that another thread has shared. */

import { inspectable } from '../../support/inspect.js';
import { addon } from '../addon.js';
import { requireHandle } from '../arguments.js';
import type { Architecture, Bindings } from '../context.js';
import { KvmClosedError } from '../errors.js';
import { checkBindings } from '../host-bindings.js';
import { OpenVcpu } from '../open-vcpu.js';
import type { CoalescedMmioRingHandle } from './coalesced-mmio-ring.js';
import type { DirtyRingHandle } from './dirty-ring.js';

/**
 * Opens the vCPU of a ring for `attach`.
 *
 * @throws KvmClosedError when the vCPU is closed everywhere, KvmArgumentError for another handle or another architecture.
 */
export function vcpuOfRing<B extends Bindings, Handle extends DirtyRingHandle | CoalescedMmioRingHandle>(
  operation: string,
  handle: Handle,
  kind: Handle['kind'],
  architecture: Architecture<B>,
): OpenVcpu<B> {
  checkBindings(operation, architecture.bindings);
  inspectable(architecture.bindings);
  const found = addon().vcpuFind(requireHandle(operation, handle, kind));
  if (!found) throw new KvmClosedError(operation, 'the vCPU of this handle is closed');
  return new OpenVcpu(found, architecture);
}

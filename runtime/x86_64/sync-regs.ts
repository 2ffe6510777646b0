/** Registers that KVM_RUN itself stores and applies, in the shared memory, so that no ioctl is needed for them. */

import type { KvmRegs, KvmSregs, KvmVcpuEvents } from '../../generated/x86_64/linux/kvm.js';
import type { IoctlByPointer, View } from '../../support/index.js';
import { requireOneOf } from '../arguments.js';
import { capabilityValue } from '../capability.js';
import type { VcpuContext } from '../context.js';
import { KvmArgumentError, KvmUnsupportedError } from '../errors.js';
import type { Bindings } from './bindings.js';

/** Views in place. A read gives the value at the end of the last run. A write takes effect at the next run. */
export interface SyncRegs {
  /** The registers of `Vcpu.getRegs`. */
  readonly regs: KvmRegs;
  /** The registers of `Vcpu.getSregs`. */
  readonly sregs: KvmSregs;
  /** The events of `Vcpu.getVcpuEvents`. */
  readonly events: KvmVcpuEvents;
}

const sets = {
  regs: { bit: 'KVM_SYNC_X86_REGS', class: 'KvmRegs', get: 'KVM_GET_REGS' },
  sregs: { bit: 'KVM_SYNC_X86_SREGS', class: 'KvmSregs', get: 'KVM_GET_SREGS' },
  events: { bit: 'KVM_SYNC_X86_EVENTS', class: 'KvmVcpuEvents', get: 'KVM_GET_VCPU_EVENTS' },
} as const;

/**
 * Implements `Vcpu.syncRegs`. The kernel's own mask `kvm_dirty_regs` says which sets are dirty. Every write to one of these
 * views goes through its DataView, so only that DataView sets the mask.
 */
export function syncRegs<Name extends keyof SyncRegs>(
  vcpu: VcpuContext<Bindings>,
  names: readonly Name[],
): Pick<SyncRegs, Name> {
  const { bindings, kvmRun } = vcpu;
  const supported = capabilityValue(vcpu, 'KVM_CAP_SYNC_REGS');
  const wanted = names.map((name) => ({ name, mask: maskOf(vcpu, name, supported), ...sets[name] }));
  const views = wanted.map(({ name, class: type, get, mask }) => {
    const { offset } = bindings.KvmSyncRegs.$layout.members[name];
    const { $$view: shared, $$offset: start } = kvmRun.s.regs;
    const bytes = new NotifyingDataView(shared.buffer, shared.byteOffset + start + offset, bindings[type].$size);
    const view = new bindings[type](bytes);
    // Registers that were written and wait for a run are newer than those of the kernel.
    if ((kvmRun.$kvm_dirty_regs & mask) === 0) vcpu.ioctl(bindings[get] as IoctlByPointer<View, 'vcpu'>, view);
    bytes.beforeWrite = () => {
      if ((kvmRun.$kvm_valid_regs & mask) === 0) {
        throw new KvmArgumentError('Vcpu.syncRegs', `${name} is not synchronized any more; call syncRegs('${name}')`);
      }
      kvmRun.$kvm_dirty_regs |= mask;
    };
    return [name, view];
  });
  kvmRun.$kvm_valid_regs = wanted.reduce((all, { mask }) => all | mask, 0);
  return Object.freeze(Object.fromEntries(views)) as Pick<SyncRegs, Name>;
}

function maskOf({ bindings }: VcpuContext<Bindings>, name: keyof SyncRegs, supported: number): number {
  requireOneOf('Vcpu.syncRegs', 'set of registers', name, Object.keys(sets));
  const mask = Number((bindings[sets[name].bit] as bigint | undefined) ?? 0n);
  if ((supported & mask) !== 0) return mask;
  throw new KvmUnsupportedError('Vcpu.syncRegs', `this kernel does not synchronize ${name}`, 'KVM_CAP_SYNC_REGS');
}

/** Calls `beforeWrite` before each write. All writes through views go through the methods of their DataView. */
class NotifyingDataView extends DataView<ArrayBufferLike> {
  beforeWrite = (): void => {};

  /** The assignment of a whole struct writes to the buffer. That write cannot be seen, so getting the buffer counts as one. */
  override get buffer(): ArrayBufferLike {
    this.beforeWrite();
    return super.buffer;
  }
}

for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(DataView.prototype))) {
  if (!name.startsWith('set')) continue;
  const write = value as (this: DataView, offset: number, value: never, littleEndian?: boolean) => void;
  Object.defineProperty(NotifyingDataView.prototype, name, {
    value(this: NotifyingDataView, offset: number, value: never, littleEndian?: boolean): void {
      this.beforeWrite();
      write.call(this, offset, value, littleEndian);
    },
  });
}

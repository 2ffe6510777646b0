/** Registers that KVM_RUN itself gives and takes, in the memory that the kernel shares: an ioctl less for each. */

import type { IoctlByPointer, View } from '../generated/views.js';
import type { KvmRegs, KvmSregs, KvmVcpuEvents } from '../generated/x86_64/linux/kvm.js';
import { capabilityValue } from './capability.js';
import type { VcpuContext } from './context.js';
import { KvmArgumentError, KvmUnsupportedError } from './errors.js';

/** In place: what is read is as of the end of the last run, and what is written counts from the next one on. */
export interface SyncRegs {
  readonly regs: KvmRegs;
  readonly sregs: KvmSregs;
  readonly events: KvmVcpuEvents;
}

const sets = {
  regs: { bit: 'KVM_SYNC_X86_REGS', class: 'KvmRegs', get: 'KVM_GET_REGS' },
  sregs: { bit: 'KVM_SYNC_X86_SREGS', class: 'KvmSregs', get: 'KVM_GET_SREGS' },
  events: { bit: 'KVM_SYNC_X86_EVENTS', class: 'KvmVcpuEvents', get: 'KVM_GET_VCPU_EVENTS' },
} as const;

/**
 * For `Vcpu.syncRegs`. The one mask of what is dirty is the kernel's own, `kvm_dirty_regs`, and it is written in one
 * place: whatever way a view of these is written to, it is by its DataView.
 */
export function syncRegs<Name extends keyof SyncRegs>(vcpu: VcpuContext, names: readonly Name[]): Pick<SyncRegs, Name> {
  const { bindings, kvmRun } = vcpu;
  const supported = capabilityValue(vcpu, 'KVM_CAP_SYNC_REGS');
  const wanted = names.map((name) => ({ name, ...sets[name], mask: maskOf(vcpu, name, supported) }));
  const views = wanted.map(({ name, class: type, get, mask }) => {
    const { offset } = bindings.KvmSyncRegs.$layout.members[name];
    const { $$view: shared, $$offset: start } = kvmRun.s.regs;
    const bytes = new TellingDataView(shared.buffer, shared.byteOffset + start + offset, bindings[type].$size);
    const view = new bindings[type](bytes);
    // What was written and waits for a run is newer than what the kernel has.
    if ((kvmRun.$kvm_dirty_regs & mask) === 0) vcpu.ioctl(bindings[get] as IoctlByPointer<View, 'vcpu'>, view);
    bytes.tell = () => {
      if ((kvmRun.$kvm_valid_regs & mask) === 0) {
        throw new KvmArgumentError(`${name}: not synchronized any more; call syncRegs with them`);
      }
      kvmRun.$kvm_dirty_regs |= mask;
    };
    return [name, view];
  });
  kvmRun.$kvm_valid_regs = wanted.reduce((all, { mask }) => all | mask, 0);
  return Object.freeze(Object.fromEntries(views)) as Pick<SyncRegs, Name>;
}

function maskOf({ bindings }: VcpuContext, name: keyof SyncRegs, supported: number): number {
  const mask = Number((bindings[sets[name].bit] as bigint | undefined) ?? 0n);
  if ((supported & mask) !== 0) return mask;
  throw new KvmUnsupportedError('KVM_RUN', 'absent', `this kernel does not synchronize ${name}`, 'KVM_CAP_SYNC_REGS');
}

/** Tells before it is written to, which all writing through views of it comes down to. */
class TellingDataView extends DataView<ArrayBufferLike> {
  tell = (): void => {};

  /** Whole structs are assigned by their bytes. Nobody sees when those are written, so it is told when they are taken. */
  override get buffer(): ArrayBufferLike {
    this.tell();
    return super.buffer;
  }
}

for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(DataView.prototype))) {
  if (!name.startsWith('set')) continue;
  const write = value as (this: DataView, offset: number, value: never, littleEndian?: boolean) => void;
  Object.defineProperty(TellingDataView.prototype, name, {
    value(this: TellingDataView, offset: number, value: never, littleEndian?: boolean): void {
      this.tell();
      write.call(this, offset, value, littleEndian);
    },
  });
}

/** A vCPU that is open in this thread, as the parts of the runtime see it. */

import type { IoctlAlone } from '../support/index.js';
import { type AddonAddressedIoctl, addon, type FileRecord, type VcpuRecord, type VmRecord } from './addon.js';
import type { Architecture, Bindings, GenericIoctl, IoctlTarget, Rules, VcpuContext } from './context.js';
import { ioctlError, KvmBusyError, KvmClosedError } from './errors.js';
import { created, genericIoctl, ioctlsOfVcpu } from './ioctl.js';

/** The object that `Vcpu` and its parts share. It ends with `close`. */
export class OpenVcpu<B extends Bindings = Bindings> implements VcpuContext<B> {
  readonly bindings: B;
  readonly rules: Rules;
  readonly target: IoctlTarget<'vcpu'>;
  readonly ioctl: GenericIoctl<'vcpu'>;
  readonly shared: DataView;
  readonly kvmRun: InstanceType<B['KvmRun']>;
  #record: VcpuRecord | undefined;

  constructor(record: VcpuRecord, { bindings, rules }: Architecture<B>) {
    this.#record = record;
    this.bindings = bindings;
    this.rules = rules;
    this.target = {
      ...ioctlsOfVcpu(() => this.record),
      kind: 'vcpu',
      capabilities: this,
      rules,
      withVm: (use) => this.#withVm(use),
      hasRun: () => this.kvmRun.exit_reason !== bindings.KVM_EXIT_UNKNOWN,
    };
    this.ioctl = genericIoctl(this.target);
    this.shared = new DataView(addon().vcpuBuffer(record));
    this.kvmRun = new bindings.KvmRun(this.shared) as InstanceType<B['KvmRun']>;
  }

  /** @throws KvmClosedError after `close`. */
  get record(): VcpuRecord {
    if (!this.#record) throw new KvmClosedError('Vcpu', 'this vCPU is closed');
    return this.#record;
  }

  #withVm<T>(use: (vm: VmRecord) => T): T {
    const vm = addon().vmOfVcpu(this.record);
    try {
      return use(vm);
    } finally {
      addon().vmRelease(vm);
    }
  }

  /** KVM_CHECK_EXTENSION of the VM of this vCPU. It works while the vCPU runs, too. */
  checkExtension(capability: number): number {
    const { KVM_CHECK_EXTENSION: request } = this.bindings;
    const result = addon().vcpuVmIoctl(this.record, request.request, capability);
    if (result < 0) throw ioctlError(request.name, result);
    return result;
  }

  addressed(ioctl: AddonAddressedIoctl): number {
    return addon().vcpuIoctlAddressed({ ...ioctl, target: this.record });
  }

  createFile(request: IoctlAlone<'vcpu'>): FileRecord {
    return created(this.target, request, addon().vcpuCreateFile(this.record, request.request));
  }

  /** @throws KvmBusyError while another thread runs the vCPU, unless `duringRun` allows it. */
  close(duringRun = false): void {
    const record = this.#record;
    if (!record) return;
    if (addon().vcpuRelease(record, !duringRun) < 0) {
      throw new KvmBusyError('Vcpu.close', 'this vCPU is in a run; kick it first', { code: 'EBUSY' });
    }
    this.#record = undefined;
  }
}

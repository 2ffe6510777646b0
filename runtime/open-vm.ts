/** A VM that is open in this thread, as the parts of the runtime see it. */

import type { IoctlAlone, IoctlByPointer, View } from '../support/index.js';
import { type AddonAddressedIoctl, addon, type FileRecord, type VmRecord } from './addon.js';
import type { Architecture, Bindings, GenericIoctl, IoctlTarget, Rules, VmContext } from './context.js';
import { KvmClosedError } from './errors.js';
import { created, genericIoctl, ioctlsOfVm } from './ioctl.js';

/** The object that `Vm` and its parts share. It ends with `close`. */
export class OpenVm<B extends Bindings = Bindings> implements VmContext<B> {
  readonly bindings: B;
  readonly rules: Rules;
  readonly target: IoctlTarget<'vm'>;
  readonly ioctl: GenericIoctl<'vm'>;
  #record: VmRecord | undefined;

  constructor(record: VmRecord, { bindings, rules }: Architecture<B>) {
    this.#record = record;
    this.bindings = bindings;
    this.rules = rules;
    this.target = {
      ...ioctlsOfVm(() => this.record),
      kind: 'vm',
      capabilities: this,
      rules,
      withVm: (use) => use(this.record),
    };
    this.ioctl = genericIoctl(this.target);
  }

  /** @throws KvmClosedError after `close`. */
  get record(): VmRecord {
    if (!this.#record) throw new KvmClosedError('Vm', 'this VM is closed');
    return this.#record;
  }

  checkExtension(capability: number): number {
    return this.ioctl(this.bindings.KVM_CHECK_EXTENSION, capability);
  }

  addressed(ioctl: AddonAddressedIoctl): number {
    return addon().vmIoctlAddressed({ ...ioctl, target: this.record });
  }

  createFile(
    request: IoctlAlone<'vm'> | IoctlByPointer<View, 'vm'>,
    argument?: View,
    fdOffset: number | null = null,
  ): FileRecord {
    const { $$view: view, $$offset: offset } = argument ?? { $$view: null, $$offset: 0 };
    const needed = request.passes === 'pointer' ? request.size : 0;
    const result = addon().vmCreateFile(this.record, request.request, view, offset, needed, fdOffset);
    return created(this.target, request, result, argument);
  }

  close(): void {
    if (!this.#record) return;
    addon().vmRelease(this.#record);
    this.#record = undefined;
  }
}

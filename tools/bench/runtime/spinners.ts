/** vCPUs that spin at the same time, each in its own Worker. */

import { VcpuThread } from '../../../runtime/index.js';
import { Kvm, type Vm } from '../../../runtime/x86_64.js';
import { type Loaded, realMode } from '../../guests/index.js';
import type { SpinnerData } from './spinner.js';

export class Spinners implements AsyncDisposable {
  readonly machines: readonly (Loaded & { readonly vm: Vm })[];
  readonly threads: readonly VcpuThread[];
  /** The time when each vCPU has returned from a kick. The kicker sets it to 0 before the kick. */
  readonly returnedAt: BigInt64Array;

  constructor(count: number) {
    using kvm = Kvm.open();
    this.machines = Array.from({ length: count }, () => {
      const vm = kvm.createVm();
      return { ...realMode.spin.load(vm), vm };
    });
    this.returnedAt = new BigInt64Array(new SharedArrayBuffer(count * BigInt64Array.BYTES_PER_ELEMENT));
    this.threads = this.machines.map(({ vcpu }, index) => {
      const data: SpinnerData = { returnedAt: this.returnedAt, index };
      return VcpuThread.start(vcpu, new URL('spinner.js', import.meta.url), { data });
    });
  }

  async pause(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.pause()));
  }

  resume(): void {
    for (const thread of this.threads) thread.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.stop()));
    for (const { vm, vcpu, memory } of this.machines) {
      for (const each of [vcpu, vm, memory]) each.close();
    }
  }
}

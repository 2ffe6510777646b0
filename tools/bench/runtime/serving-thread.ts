/** A vCPU whose exits are served in its Worker, a number of them at a time. */

import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { VcpuThread } from '../../../runtime/index.js';
import type { Kvm, VcpuOptions } from '../../../runtime/x86_64.js';
import { realMode } from '../../guests/index.js';
import type { Served, ServerData } from './serving-program.js';

export class ServingThread implements AsyncDisposable {
  readonly #close: () => void;
  readonly #thread: VcpuThread;
  readonly #port: MessagePort;
  readonly #turn = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  /** Starts a machine of its own. The guest of the machine writes to the port for ever. */
  constructor(kvm: Kvm, count: number, options?: VcpuOptions) {
    const vm = kvm.createVm();
    const guest = realMode.outForEver.load(vm, options);
    this.#close = () => {
      guest[Symbol.dispose]();
      vm.close();
    };
    const { port1, port2: port } = new MessageChannel();
    this.#port = port1;
    const data: ServerData = { port, turn: this.#turn, count };
    this.#thread = VcpuThread.start(guest.vcpu, new URL('serving-program.js', import.meta.url), {
      data,
      transferList: [port],
    });
  }

  /** Has the thread serve the next exits, and waits for them. */
  async serve(): Promise<Served> {
    Atomics.add(this.#turn, 0, 1);
    Atomics.notify(this.#turn, 0);
    const [served] = (await once(this.#port, 'message')) as [Served];
    return served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
    this.#close();
  }
}

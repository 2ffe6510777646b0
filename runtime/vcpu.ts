/** A virtual CPU: the vCPU file descriptor, the memory it shares with user space, and how it is run and interrupted. */

import { allocate } from '../generated/views.js';
import type { KvmRegs, KvmRun, KvmSregs } from '../generated/x86_64/linux/kvm.js';
import * as x86_64 from '../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmBusyError, KvmClosedError, kernelError } from './errors.js';
import { type Bindings, checkBindings } from './host.js';
import { type GenericIoctl, genericIoctl } from './ioctl.js';
import { native, type VcpuHandle, type VmHandle } from './native.js';

export interface VcpuOptions {
  /** The real-time signal that gets the vCPU out of KVM_RUN, by default the last but one. Nobody else may handle it. */
  readonly signal?: number;
}

export interface RunOptions {
  /** The run, and only this run, is interrupted after so many milliseconds. */
  readonly timeoutMs?: number;
}

/** `exit`: the reason is in `kvmRun.exit_reason`. `interrupted`: there is no reason, what stands there is stale. */
export type RunResult = 'exit' | 'interrupted';

/** What another thread needs to kick a vCPU or to attach to it; it can be posted. It holds nothing. */
export interface SharedVcpu {
  readonly kind: 'vcpu';
  readonly id: number;
}

/** Gets a vCPU out of KVM_RUN from any thread: the current run, or else the next one, is interrupted. @returns false when it is gone. */
export function kick(vcpu: SharedVcpu): boolean {
  return native().kick(vcpu.id);
}

export class Vcpu implements Disposable, AsyncDisposable {
  readonly bindings: Bindings;
  /** `struct kvm_run`, in place. */
  readonly kvmRun: KvmRun;
  /** All that the kernel shares: `struct kvm_run`, and the data that its offsets lead to. */
  readonly shared: DataView;
  /** What interrupted the last run; null when it ended with an exit. */
  interruption: 'kick' | 'timeout' | null = null;
  #handle: VcpuHandle | undefined;
  #id: number | undefined;
  readonly #runRequest: number;

  private constructor(handle: VcpuHandle, bindings: Bindings) {
    this.#handle = handle;
    this.bindings = bindings;
    this.shared = new DataView(native().vcpuBuffer(handle));
    this.kvmRun = new bindings.KvmRun(this.shared);
    this.#runRequest = bindings.KVM_RUN.request;
  }

  /** For `Vm.createVcpu`. */
  static create(vm: VmHandle, fd: number, mmapSize: number, bindings: Bindings, options: VcpuOptions): Vcpu {
    const signal = claimSignal(options);
    const immediateExit = bindings.KvmRun.$layout.members.immediate_exit.offset;
    const handle = native().vcpuCreate(vm, fd, mmapSize, immediateExit, signal);
    if (typeof handle === 'number') throw kernelError('mmap of the vCPU', handle);
    return new Vcpu(handle, bindings);
  }

  /**
   * The vCPU of another thread, seen from here.
   *
   * @throws KvmClosedError when nobody holds it any more, KvmArgumentError when the bindings are of another architecture.
   */
  static attach(vcpu: SharedVcpu, bindings: Bindings = x86_64): Vcpu {
    checkBindings(bindings);
    const found = native().vcpuFind(vcpu.id);
    if (!found) throw new KvmClosedError('the vCPU of this handle is closed');
    return new Vcpu(found, bindings);
  }

  /** What to post to another thread. */
  share(): SharedVcpu {
    this.#id ??= native().vcpuId(this.handle);
    return { kind: 'vcpu', id: this.#id };
  }

  /**
   * KVM_RUN: runs the guest until an exit or an interruption. Stray signals and EAGAIN do not come out. It blocks the
   * thread meanwhile; use a Worker per vCPU when the event loop must stay free.
   *
   * @throws KvmBusyError when another thread is running it, KvmError when the kernel refuses.
   */
  run(options?: RunOptions): RunResult {
    const timeout = options?.timeoutMs === undefined ? 0 : nanoseconds(options.timeoutMs);
    const result = native().vcpuRun(this.handle, this.#runRequest, timeout);
    if (result === 0) {
      this.interruption = null;
      return 'exit';
    }
    if (result < 0) throw kernelError('KVM_RUN', result);
    this.interruption = result === 1 ? 'kick' : 'timeout';
    return 'interrupted';
  }

  /** Gets it out of KVM_RUN: the current run, or else the next one, is interrupted. From other threads: `kick(share())`. */
  kick(): void {
    kick(this.share());
  }

  /** KVM_GET_REGS, into `regs` or a new view. */
  getRegs(regs: KvmRegs = allocate(this.bindings.KvmRegs)): KvmRegs {
    this.ioctl(this.bindings.KVM_GET_REGS, regs);
    return regs;
  }

  /** KVM_SET_REGS */
  setRegs(regs: KvmRegs): void {
    this.ioctl(this.bindings.KVM_SET_REGS, regs);
  }

  /** KVM_GET_SREGS, into `sregs` or a new view. */
  getSregs(sregs: KvmSregs = allocate(this.bindings.KvmSregs)): KvmSregs {
    this.ioctl(this.bindings.KVM_GET_SREGS, sregs);
    return sregs;
  }

  /** KVM_SET_SREGS */
  setSregs(sregs: KvmSregs): void {
    this.ioctl(this.bindings.KVM_SET_SREGS, sregs);
  }

  /** Any ioctl of the vCPU file descriptor. @throws KvmBusyError while another thread runs it. */
  readonly ioctl: GenericIoctl = genericIoctl({
    value: (request, value) => native().vcpuIoctl(this.handle, request, value),
    view: (request, view, offset, needed) => native().vcpuIoctlView(this.handle, request, view, offset, needed),
  });

  /** For the classes of this package. @throws KvmClosedError after `close`. */
  get handle(): VcpuHandle {
    if (!this.#handle) throw new KvmClosedError('this Vcpu is closed');
    return this.#handle;
  }

  /** Lets go of the vCPU and detaches `shared` and `kvmRun`. @throws KvmBusyError while another thread runs it. */
  close(): void {
    const handle = this.#handle;
    if (!handle) return;
    const buffer = this.shared.buffer as ArrayBuffer;
    // Whoever has moved the bytes to another buffer keeps the vCPU with it.
    const result = buffer.byteLength === 0 ? 0 : native().vcpuRelease(handle);
    if (result < 0) throw new KvmBusyError('close', 'EBUSY', 'another thread is running this vCPU; kick it first');
    this.#handle = undefined;
    native().detach(buffer);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** The signal that kicks a vCPU, made ready for it. @throws KvmArgumentError when it is not to be had. */
export function claimSignal({ signal = native().SIGRTMAX - 1 }: VcpuOptions): number {
  const { SIGRTMIN, SIGRTMAX } = native();
  if (!(Number.isInteger(signal) && signal >= SIGRTMIN && signal <= SIGRTMAX)) {
    throw new KvmArgumentError(
      `signal ${signal} is not a real-time signal; choose one from ${SIGRTMIN} to ${SIGRTMAX}`,
    );
  }
  const result = native().claimSignal(signal);
  if (result >= 0) return signal;
  const error = kernelError('rt_sigaction', result);
  if (!(error instanceof KvmBusyError)) throw error;
  throw new KvmArgumentError(`signal ${signal} is handled by somebody else; choose another one with { signal }`);
}

function nanoseconds(milliseconds: number): number {
  if (!(milliseconds > 0 && milliseconds <= 2 ** 31)) {
    throw new KvmArgumentError(`timeoutMs ${milliseconds}; it must be more than 0 and at most 2^31`);
  }
  return Math.max(1, Math.round(milliseconds * 1e6));
}

/** A virtual CPU: the vCPU file descriptor, the memory it shares with user space, and how it is run and interrupted. */

import { inspectable, nameOf, shown } from '../generated/inspect.js';
import { allocate } from '../generated/views.js';
import type { KvmRun } from '../generated/x86_64/linux/kvm.js';
import * as x86_64 from '../generated/x86_64/linux/kvm.js';
import { type NativeVcpuCreation, native, type VcpuHandle, type VmHandle } from './addon.js';
import { capabilityValue } from './capability.js';
import type { Bindings, CapabilityContext, VcpuContext } from './context.js';
import { KvmArgumentError, KvmBusyError, KvmClosedError, KvmUnsupportedError, kernelError } from './errors.js';
import { Exits, type VcpuExit } from './exit/exits.js';
import { checkBindings } from './host.js';
import { printBy } from './printing.js';
import { type SyncRegs, syncRegs } from './sync-regs.js';
import { VcpuState } from './vcpu-state.js';

/**
 * How a kick gets a vCPU out of KVM_RUN. `immediate_exit`: the flag in `struct kvm_run`, since Linux 4.11.
 * `signal_mask`: KVM_SET_SIGNAL_MASK, on every kernel; each KVM_RUN takes the lock of the process's signals for it.
 */
export type Mechanism = 'immediate_exit' | 'signal_mask';

export interface VcpuOptions {
  /** The real-time signal that gets the vCPU out of KVM_RUN, by default the last but one. Nobody else may handle it. */
  readonly signal?: number;
  /** By default `immediate_exit` where the kernel has KVM_CAP_IMMEDIATE_EXIT. Both keep the same promises. */
  readonly mechanism?: Mechanism;
}

export interface RunOptions {
  /** The run, and only this run, is interrupted after so many milliseconds. */
  readonly timeoutMs?: number;
  /** The number by which `abort` interrupts this run and no later one: greater than those of this vCPU's runs before. */
  readonly number?: number;
  /** Interrupts the run, with cause `abort`, when it is aborted before. It cannot fire while its own thread is in the run. */
  readonly signal?: AbortSignal;
}

/** `exit`: the reason is in `kvmRun.exit_reason`. `interrupted`: there is no reason, what stands there is stale. */
export type RunResult = 'exit' | 'interrupted';

/** What interrupted a run; with `hold` every run is, until the vCPU is let on. */
export type Interruption = 'kick' | 'abort' | 'timeout' | 'hold';

/** By the numbers of the native layer, from 1 on. */
const interruptions: readonly Interruption[] = ['kick', 'abort', 'timeout', 'hold'];

/** What another thread needs to kick a vCPU or to attach to it; it can be posted. It holds nothing. */
export interface SharedVcpu {
  readonly kind: 'vcpu';
  readonly id: number;
}

/** Gets a vCPU out of KVM_RUN from any thread: the current run, or else the next one, is interrupted. @returns false when it is gone. */
export function kick(vcpu: SharedVcpu): boolean {
  return native().kick(vcpu.id);
}

/**
 * Interrupts a run of a vCPU from any thread, the one with this number, be it in progress or yet to come. So it does with
 * those of lower numbers, which are over, as numbers rise. When the run is over, nothing happens. @returns false when the
 * vCPU is gone.
 */
export function abort(vcpu: SharedVcpu, number: number): boolean {
  return native().abort(vcpu.id, runNumber(number));
}

/** Keeps a vCPU out of KVM_RUN from any thread: while anyone holds it, every run is interrupted. @returns false when it is gone. */
export function hold(vcpu: SharedVcpu, held: boolean): boolean {
  return native().hold(vcpu.id, held);
}

/** The methods for its registers and the rest of its state are those of `VcpuState`. */
export class Vcpu extends VcpuState implements VcpuContext, Disposable {
  override readonly bindings: Bindings;
  /** `struct kvm_run`, in place. */
  readonly kvmRun: KvmRun;
  /** All that the kernel shares: `struct kvm_run`, and the data that its offsets lead to. */
  readonly shared: DataView;
  /** What interrupted the last run; null when it ended with an exit. */
  interruption: Interruption | null = null;
  #handle: VcpuHandle | undefined;
  readonly #exits: Exits;
  /** KVM_EXIT_MEMORY_FAULT, which headers have since 6.8; otherwise what no exit reason is. */
  readonly #memoryFault: number;

  private constructor(handle: VcpuHandle, bindings: Bindings) {
    super();
    this.#handle = handle;
    this.bindings = bindings;
    this.shared = new DataView(native().vcpuBuffer(handle));
    this.kvmRun = new bindings.KvmRun(this.shared);
    this.#exits = new Exits(this.kvmRun, bindings);
    this.#memoryFault = (bindings as { readonly KVM_EXIT_MEMORY_FAULT?: number }).KVM_EXIT_MEMORY_FAULT ?? -1;
  }

  /** For `Vm.createVcpu`. */
  static create(vm: VmHandle, fd: number, mmapSize: number, bindings: Bindings, options: ReadyVcpuOptions): Vcpu {
    const { signal, mechanism } = options;
    const handle = native().vcpuCreate({
      vm,
      fd,
      length: mmapSize,
      run: bindings.KVM_RUN.request,
      immediateExit: bindings.KvmRun.$layout.members.immediate_exit.offset,
      signal,
      setMask: mechanism === 'signal_mask' ? setSignalMask(bindings) : null,
    });
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
    inspectable(bindings);
    const found = native().vcpuFind(vcpu.id);
    if (!found) throw new KvmClosedError('the vCPU of this handle is closed');
    return new Vcpu(found, bindings);
  }

  /** What to post to another thread. */
  share(): SharedVcpu {
    return { kind: 'vcpu', id: native().vcpuId(this.handle) };
  }

  /**
   * KVM_RUN: runs the guest until an exit or an interruption. Stray signals and EAGAIN do not come out; EFAULT and
   * EHWPOISON with KVM_EXIT_MEMORY_FAULT are an exit. It blocks the thread meanwhile; `VcpuThread` keeps the event loop
   * free.
   *
   * @throws KvmBusyError when another thread is running it, KvmError when the kernel refuses.
   */
  run(options?: RunOptions): RunResult {
    if (options === undefined) return this.#resultOf(native().vcpuRun(this.handle));
    const { timeoutMs, number, signal } = options;
    const timeout = timeoutMs === undefined ? 0 : nanoseconds(timeoutMs);
    const run = number === undefined ? 0 : runNumber(number);
    const { handle } = this;
    if (signal?.aborted) return this.#interruptedBy('abort');
    return this.#resultOf(native().vcpuRunWithin(handle, timeout, run));
  }

  /**
   * Why the last run has ended, with what belongs to that reason, in place. There is one object for each reason, which is
   * always the same: reading it allocates nothing.
   *
   * @throws KvmArgumentError when the last run was interrupted.
   */
  get exit(): VcpuExit {
    if (this.interruption !== null) {
      throw new KvmArgumentError(`there is no exit: the last run was interrupted by ${this.interruption}`);
    }
    return this.#exits.last;
  }

  /**
   * Finishes what the last exit has left pending, by KVM_RUN that comes back before the guest goes on: the registers are
   * not consistent before. An operation may take several exits, as MMIO across pages does: `serve` is called for each
   * further one, and answers it as after `run`.
   *
   * @throws KvmBusyError when another thread is running it, KvmError when the kernel refuses.
   */
  complete(serve: () => void): void {
    for (;;) {
      const result = native().vcpuComplete(this.handle);
      if (result === native().COMPLETED) return;
      this.#resultOf(result);
      serve();
    }
  }

  #resultOf(result: number | undefined): RunResult {
    if (result === undefined) {
      this.interruption = null;
      return 'exit';
    }
    if (result > 0) return this.#interruptedBy(interruptions[result - 1] as Interruption);
    const error = kernelError('KVM_RUN', result);
    if (!(isMemoryFault.has(error.code) && this.kvmRun.exit_reason === this.#memoryFault)) throw error;
    this.interruption = null;
    return 'exit';
  }

  #interruptedBy(interruption: Interruption): RunResult {
    this.interruption = interruption;
    return 'interrupted';
  }

  /** Gets it out of KVM_RUN: the current run, or else the next one, is interrupted. From other threads: `kick(share())`. */
  kick(): void {
    kick(this.share());
  }

  /**
   * From now on each run gives these registers and takes what is written to them, with no ioctl (KVM_CAP_SYNC_REGS); those
   * that are not named are not synchronized any more. Between two runs use these or `getRegs` and `setRegs`, which do not
   * see each other.
   *
   * @throws KvmUnsupportedError naming KVM_CAP_SYNC_REGS for those that this kernel does not synchronize.
   */
  syncRegs<Name extends keyof SyncRegs>(...names: Name[]): Pick<SyncRegs, Name> {
    return syncRegs(this, names);
  }

  /** For the classes of this package. @throws KvmClosedError after `close`. */
  override get handle(): VcpuHandle {
    if (!this.#handle) throw new KvmClosedError('this Vcpu is closed');
    return this.#handle;
  }

  static {
    printBy(Vcpu, ({ handle, interruption, kvmRun, bindings }) => {
      const fd = native().vcpuFd(handle);
      if (interruption !== null) return { fd, interruption };
      const { exit_reason } = kvmRun;
      const name = nameOf(bindings, 'KVM_EXIT_', exit_reason);
      return { fd, exit_reason: name === undefined ? exit_reason : shown(`${name} (${exit_reason})`, 'number') };
    });
  }

  /** Lets go of the vCPU and detaches `shared` and `kvmRun`. @throws KvmBusyError while another thread runs it. */
  close(): void {
    const handle = this.#handle;
    if (!handle) return;
    const buffer = this.shared.buffer as ArrayBuffer;
    // Whoever has moved the bytes to another buffer keeps the vCPU with it.
    const result = buffer.byteLength === 0 ? 0 : native().vcpuRelease(handle, true);
    if (result < 0) throw new KvmBusyError('close', 'EBUSY', 'another thread is running this vCPU; kick it first');
    this.#handle = undefined;
    native().detach(buffer);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** How KVM_RUN says that an exit by KVM_EXIT_MEMORY_FAULT has come. */
const isMemoryFault = new Set(['EFAULT', 'EHWPOISON']);

export type ReadyVcpuOptions = Required<VcpuOptions>;

/**
 * The options with the kernel's defaults, and the signal made ready.
 *
 * @throws KvmArgumentError when the signal is not to be had, KvmUnsupportedError when the mechanism is not.
 */
export function readyVcpuOptions(
  { signal = native().SIGRTMAX - 1, mechanism }: VcpuOptions,
  vm: CapabilityContext,
): ReadyVcpuOptions {
  claimSignal(signal);
  const hasFlag = capabilityValue(vm, 'KVM_CAP_IMMEDIATE_EXIT') > 0;
  if (mechanism === 'immediate_exit' && !hasFlag) {
    throw new KvmUnsupportedError(
      'KVM_CAP_IMMEDIATE_EXIT',
      'absent',
      "this kernel is older than Linux 4.11; use { mechanism: 'signal_mask' }",
    );
  }
  return { signal, mechanism: mechanism ?? (hasFlag ? 'immediate_exit' : 'signal_mask') };
}

function claimSignal(signal: number): void {
  const { SIGRTMIN, SIGRTMAX } = native();
  if (!(Number.isInteger(signal) && signal >= SIGRTMIN && signal <= SIGRTMAX)) {
    throw new KvmArgumentError(
      `signal ${signal} is not a real-time signal; choose one from ${SIGRTMIN} to ${SIGRTMAX}`,
    );
  }
  const result = native().claimSignal(signal);
  if (result >= 0) return;
  const error = kernelError('rt_sigaction', result);
  if (!(error instanceof KvmBusyError)) throw error;
  throw new KvmArgumentError(`signal ${signal} is handled by somebody else; choose another one with { signal }`);
}

/** The kernel's own set of signals, which is shorter than the C library's. */
const signalSetBytes = 8;

/** KVM_SET_SIGNAL_MASK for the native layer, which fills in the signals of the thread that runs. */
function setSignalMask({ KVM_SET_SIGNAL_MASK, KvmSignalMask }: Bindings): NativeVcpuCreation['setMask'] {
  const { $$view: view, $$offset: offset } = allocate(KvmSignalMask, signalSetBytes);
  const { request } = KVM_SET_SIGNAL_MASK;
  return { request, view, offset, needed: view.byteLength, signals: KvmSignalMask.$flexible.offset };
}

function runNumber(number: number): number {
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new KvmArgumentError(`run number ${number}; it must be an integer from 1 to 2^53 - 1`);
}

function nanoseconds(milliseconds: number): number {
  if (!(milliseconds > 0 && milliseconds <= 2 ** 31)) {
    throw new KvmArgumentError(`timeoutMs ${milliseconds}; it must be more than 0 and at most 2^31`);
  }
  return Math.max(1, Math.round(milliseconds * 1e6));
}

/** A virtual CPU: the vCPU file descriptor, the memory it shares with user space, and how it is run and interrupted. */

import type { KvmRun } from '../generated/x86_64/linux/kvm.js';
import * as x86_64 from '../generated/x86_64/linux/kvm.js';
import { allocate } from '../support/index.js';
import { inspectable, nameOf, shown } from '../support/inspect.js';
import { type AddonVcpuCreation, addon, type VcpuHandle, type VmHandle } from './addon.js';
import { capabilityValue } from './capability.js';
import type { Bindings, CapabilityContext, VcpuContext } from './context.js';
import { KvmArgumentError, KvmBusyError, KvmClosedError, KvmUnsupportedError, kernelError } from './errors.js';
import { Exits, type VcpuExit } from './exit/exits.js';
import { checkBindings } from './host-bindings.js';
import { printBy } from './printing.js';
import { type SyncRegs, syncRegs } from './sync-regs.js';
import { VcpuState } from './vcpu-state.js';

/**
 * How a kick gets a vCPU out of KVM_RUN. `immediate_exit` is the flag in `struct kvm_run`, which Linux has since 4.11.
 * `signal_mask` is KVM_SET_SIGNAL_MASK, which every kernel has. With it each KVM_RUN takes the lock of the process's signals.
 */
export type Mechanism = 'immediate_exit' | 'signal_mask';

export interface VcpuOptions {
  /** The number of the kick signal: a real-time signal that nothing else in the process handles. By default the last but one. */
  readonly signal?: number;
  /** By default `immediate_exit` if the kernel has KVM_CAP_IMMEDIATE_EXIT. Both mechanisms keep the same promises. */
  readonly mechanism?: Mechanism;
}

export interface RunOptions {
  /** Interrupts this run, and no other, after this many milliseconds. */
  readonly timeoutMs?: number;
  /** The number by which `abort` interrupts this run and no later run. It must be greater than the numbers of earlier runs. */
  readonly number?: number;
  /** Interrupts the run with cause `abort` if it is aborted already. It cannot fire while its own thread is in the run. */
  readonly signal?: AbortSignal;
}

/** `exit`: the reason is in `kvmRun.exit_reason`. `interrupted`: `kvmRun.exit_reason` is stale. Do not read it. */
export type RunResult = 'exit' | 'interrupted';

/** The cause of an interruption. With `pause` every run is interrupted until the vCPU is resumed. */
export type Interruption = 'kick' | 'abort' | 'timeout' | 'pause';

/** In the order of the native layer's numbers, which begin at 1. */
const interruptions: readonly Interruption[] = ['kick', 'abort', 'timeout', 'pause'];

/** The handle that another thread needs to kick a vCPU or to attach to it. It can be posted. It does not keep the vCPU open. */
export interface SharedVcpu {
  readonly kind: 'vcpu';
  readonly id: number;
}

/**
 * Kicks a vCPU from any thread: the current run is interrupted, or the next run if there is no current one.
 *
 * @returns false when the vCPU is gone.
 */
export function kick(vcpu: SharedVcpu): boolean {
  return addon().kick(vcpu.id);
}

/**
 * Interrupts the run of a vCPU with this number, from any thread, whether the run is in progress or begins later. If the run
 * is over, nothing happens. Runs with lower numbers are interrupted too: they are over, because numbers rise.
 *
 * @returns false when the vCPU is gone.
 */
export function abort(vcpu: SharedVcpu, number: number): boolean {
  return addon().abort(vcpu.id, runNumber(number));
}

/** A vCPU. `VcpuState` has the methods for its registers and the rest of its state. */
export class Vcpu extends VcpuState implements VcpuContext, Disposable {
  override readonly bindings: Bindings;
  /** `struct kvm_run`, in place. */
  readonly kvmRun: KvmRun;
  /** All memory that the kernel shares: `struct kvm_run`, and the data that its offsets point to. */
  readonly shared: DataView;
  /** What interrupted the last run. Null when the last run ended with an exit. */
  interruption: Interruption | null = null;
  #handle: VcpuHandle | undefined;
  readonly #exits: Exits;
  /** KVM_EXIT_MEMORY_FAULT, which headers have since Linux 6.8. With older headers -1, which is not an exit reason. */
  readonly #memoryFault: number;

  private constructor(handle: VcpuHandle, bindings: Bindings) {
    super();
    this.#handle = handle;
    this.bindings = bindings;
    this.shared = new DataView(addon().vcpuBuffer(handle));
    this.kvmRun = new bindings.KvmRun(this.shared);
    this.#exits = new Exits(this.kvmRun, bindings);
    this.#memoryFault = (bindings as { readonly KVM_EXIT_MEMORY_FAULT?: number }).KVM_EXIT_MEMORY_FAULT ?? -1;
  }

  /** For `Vm.createVcpu`. */
  static create(vm: VmHandle, fd: number, mmapSize: number, bindings: Bindings, options: ReadyVcpuOptions): Vcpu {
    const { signal, mechanism } = options;
    const handle = addon().vcpuCreate({
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
   * Opens a vCPU of another thread in this one.
   *
   * @throws KvmClosedError when the vCPU is closed everywhere, KvmArgumentError when the bindings are of another architecture.
   */
  static attach(vcpu: SharedVcpu, bindings: Bindings = x86_64): Vcpu {
    checkBindings(bindings);
    inspectable(bindings);
    const found = addon().vcpuFind(vcpu.id);
    if (!found) throw new KvmClosedError('the vCPU of this handle is closed');
    return new Vcpu(found, bindings);
  }

  /** The handle to post to another thread. */
  share(): SharedVcpu {
    return { kind: 'vcpu', id: addon().vcpuId(this.handle) };
  }

  /**
   * KVM_RUN: runs the guest until an exit or an interruption. Stray signals and EAGAIN do not end the run. EFAULT and
   * EHWPOISON with KVM_EXIT_MEMORY_FAULT are an exit. The call blocks its thread; use `VcpuThread` to keep the event loop
   * free.
   *
   * @throws KvmBusyError when another thread is running it, KvmError when the kernel refuses.
   */
  run(options?: RunOptions): RunResult {
    if (options === undefined) return this.#resultOf(addon().vcpuRun(this.handle));
    const { timeoutMs, number, signal } = options;
    const timeout = timeoutMs === undefined ? 0 : nanoseconds(timeoutMs);
    const run = number === undefined ? 0 : runNumber(number);
    const { handle } = this;
    if (signal?.aborted) return this.#interruptedBy('abort');
    return this.#resultOf(addon().vcpuRunWithin(handle, timeout, run));
  }

  /**
   * The exit of the last run: its reason, and the members of `struct kvm_run` that belong to this reason, in place. There is
   * one object for each reason, and it is always the same one. Reading it allocates nothing.
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
   * Completes the operation of the last exit with a KVM_RUN that returns before the guest continues. Before that the
   * registers are not consistent. An operation may have further fragments, such as MMIO across pages. `complete` calls
   * `serve` for each of them, which answers the exit as after `run`.
   *
   * @throws KvmBusyError when another thread is running it, KvmError when the kernel refuses.
   */
  complete(serve: () => void): void {
    for (;;) {
      const result = addon().vcpuComplete(this.handle);
      if (result === addon().COMPLETED) return;
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

  /**
   * Kicks the vCPU: the current run is interrupted, or the next run if there is no current one. Another thread calls
   * `kick(handle)` with the handle of `share()`.
   */
  kick(): void {
    kick(this.share());
  }

  /**
   * Synchronizes these sets of registers (KVM_CAP_SYNC_REGS). From now on each run stores them and applies what was written
   * to them, without an ioctl. Sets that are not named are not synchronized any more. Between two runs use either these
   * views, or `getRegs` and `setRegs`: neither sees what was written with the other.
   *
   * @throws KvmUnsupportedError, which names KVM_CAP_SYNC_REGS, when the kernel does not synchronize one of the sets.
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
      const fd = addon().vcpuFd(handle);
      if (interruption !== null) return { fd, interruption };
      const { exit_reason } = kvmRun;
      const name = nameOf(bindings, 'KVM_EXIT_', exit_reason);
      return { fd, exit_reason: name === undefined ? exit_reason : shown(`${name} (${exit_reason})`, 'number') };
    });
  }

  /** Closes the vCPU and detaches `shared` and `kvmRun`. @throws KvmBusyError while another thread runs it. */
  close(): void {
    const handle = this.#handle;
    if (!handle) return;
    const buffer = this.shared.buffer as ArrayBuffer;
    // If somebody has moved the bytes to another buffer, that buffer keeps the vCPU open.
    const result = buffer.byteLength === 0 ? 0 : addon().vcpuRelease(handle, true);
    if (result < 0) throw new KvmBusyError('close', 'EBUSY', 'another thread is running this vCPU; kick it first');
    this.#handle = undefined;
    addon().detach(buffer);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The errors with which KVM_RUN returns an exit with KVM_EXIT_MEMORY_FAULT. */
const isMemoryFault = new Set(['EFAULT', 'EHWPOISON']);

export type ReadyVcpuOptions = Required<VcpuOptions>;

/**
 * Adds the defaults to the options and claims the signal.
 *
 * @throws KvmArgumentError when the signal is not available, KvmUnsupportedError when the mechanism is not.
 */
export function readyVcpuOptions(
  { signal = addon().SIGRTMAX - 1, mechanism }: VcpuOptions,
  vm: CapabilityContext,
): ReadyVcpuOptions {
  claimSignal(signal);
  const hasFlag = capabilityValue(vm, 'KVM_CAP_IMMEDIATE_EXIT') > 0;
  if (mechanism === 'immediate_exit' && !hasFlag) {
    throw new KvmUnsupportedError(
      'KVM_CREATE_VCPU',
      'absent',
      "this kernel does not have KVM_CAP_IMMEDIATE_EXIT, it is older than Linux 4.11; use { mechanism: 'signal_mask' }",
      'KVM_CAP_IMMEDIATE_EXIT',
    );
  }
  return { signal, mechanism: mechanism ?? (hasFlag ? 'immediate_exit' : 'signal_mask') };
}

function claimSignal(signal: number): void {
  const { SIGRTMIN, SIGRTMAX } = addon();
  if (!(Number.isInteger(signal) && signal >= SIGRTMIN && signal <= SIGRTMAX)) {
    throw new KvmArgumentError(
      `signal ${signal} is not a real-time signal; choose one from ${SIGRTMIN} to ${SIGRTMAX}`,
    );
  }
  const result = addon().claimSignal(signal);
  if (result >= 0) return;
  const error = kernelError('rt_sigaction', result);
  if (!(error instanceof KvmBusyError)) throw error;
  throw new KvmArgumentError(`signal ${signal} is handled by somebody else; choose another one with { signal }`);
}

/** The size of the kernel's set of signals, which is smaller than the C library's. */
const signalSetBytes = 8;

/** KVM_SET_SIGNAL_MASK for the native layer, which sets the signals of the thread that runs the vCPU. */
function setSignalMask({ KVM_SET_SIGNAL_MASK, KvmSignalMask }: Bindings): AddonVcpuCreation['setMask'] {
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

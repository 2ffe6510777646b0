/** A virtual CPU: how it is run, how it is interrupted, and the memory that it shares with user space. */

import { allocate } from '../support/index.js';
import { inspectable, nameOf, shown } from '../support/inspect.js';
import { type AddonVcpuCreation, addon } from './addon.js';
import {
  describe,
  newHandle,
  requireClass,
  requireFunction,
  requireHandle,
  requireOneOf,
  requireSynchronous,
} from './arguments.js';
import { capabilityValue } from './capability.js';
import type { Creator } from './construction.js';
import type { Architecture, Bindings, CapabilityContext, VcpuContext } from './context.js';
import { openVmOf, type VmObject } from './creators.js';
import { adopted, type DuplicateFdOptions, duplicatedFd, requireFd } from './descriptors.js';
import { KvmArgumentError, KvmClosedError, KvmUnsupportedError, syscallError } from './errors.js';
import {
  type AnyExit,
  type ExitObjectOf,
  type ExitOf,
  Exits,
  type RunResultOf,
  type UnrecognizedExit,
} from './exit/exits.js';
import { type Interruption, interruptions, timedOut } from './exit/interruption.js';
import { checkBindings } from './host-bindings.js';
import { created, refused, requireValue } from './ioctl.js';
import { kick, requireRunId, type VcpuHandle } from './kick.js';
import { OpenVcpu } from './open-vcpu.js';
import type { OpenVm } from './open-vm.js';
import { type KnownKeys, requireKnownKeys } from './options.js';
import { printBy } from './printing.js';
import { asyncExits, type ExitsOptions, type RunResultObjectOf } from './thread/async-exits.js';
import { VcpuState } from './vcpu-state.js';

/**
 * How a kick gets a vCPU out of KVM_RUN. `immediate_exit` is the flag in `struct kvm_run`, which Linux has since 4.11.
 * `signal_mask` is KVM_SET_SIGNAL_MASK, which every kernel has. With it each KVM_RUN takes the lock of the process's signals.
 */
export type Mechanism = 'immediate_exit' | 'signal_mask';

/** The options of `Vm.createVcpu`. */
export interface VcpuOptions {
  /**
   * The kick signal: the number of a real-time signal that nothing else in the process handles. By default SIGRTMAX - 1, or the
   * next lower number that is free. Several copies of this package in one process can use the same signal.
   */
  readonly kickSignal?: number;
  /** By default `immediate_exit` if the kernel has KVM_CAP_IMMEDIATE_EXIT. Both mechanisms keep the same promises. */
  readonly mechanism?: Mechanism;
}

/** The options of `Vcpu.run`. */
export interface RunOptions {
  /**
   * Interrupts this run, and no other, after this many milliseconds. 0 or less interrupts the run before the guest runs.
   * Infinity, the default, means no timeout.
   */
  readonly timeout?: number;
  /** The number by which `abort` interrupts this run and no later run: an integer greater than the ids of earlier runs. */
  readonly runId?: number;
  /**
   * Whether a process signal that the event loop of this thread waits for interrupts the run, such as SIGINT with a listener
   * `process.on('SIGINT', …)`. Let the event loop turn after that: it calls the listener. Until then every run with this option
   * is interrupted. The default is false. Node calls the listeners on the main thread, so the option has no effect in a Worker.
   */
  readonly interruptOnProcessSignal?: boolean;
}

const runKeys: KnownKeys<RunOptions> = { timeout: true, runId: true, interruptOnProcessSignal: true };

let contextOf: (vcpu: AnyVcpu) => VcpuContext;
let isVcpu: (value: object) => boolean;

/** A vCPU of any architecture. */
export type AnyVcpu = VcpuBase<Bindings, AnyExit>;

/** The methods of `Vcpu` that every architecture has. `Exit` is `KvmRunExit` of the architecture. */
export abstract class VcpuBase<B extends Bindings, Exit extends AnyExit> extends VcpuState<B> implements Disposable {
  /** `struct kvm_run`, in place. */
  readonly kvmRun: InstanceType<B['KvmRun']>;
  /** All memory that the kernel shares for this vCPU: `struct kvm_run`, and the data that its offsets point to. */
  readonly shared: DataView;
  readonly #vcpu: OpenVcpu<B>;
  readonly #exits: Exits<Exit>;
  /** KVM_EXIT_MEMORY_FAULT, which headers have since Linux 6.8. With older headers -1, which is not an exit reason. */
  readonly #memoryFault: number;
  /** What interrupted the last run. Null when the last run ended with an exit. */
  #interruption: Interruption | null = null;

  protected constructor(given: Creator, vcpu: OpenVcpu<B>) {
    super(given, vcpu);
    this.#vcpu = vcpu;
    this.shared = vcpu.shared;
    this.kvmRun = vcpu.kvmRun;
    this.#exits = new Exits<Exit>(vcpu.kvmRun, vcpu.bindings);
    this.#memoryFault = (vcpu.bindings as { readonly KVM_EXIT_MEMORY_FAULT?: number }).KVM_EXIT_MEMORY_FAULT ?? -1;
  }

  /** The vCPU file descriptor, which `close` closes. @throws KvmClosedError after `close`. */
  get fd(): number {
    return addon().vcpuFd(this.#vcpu.record);
  }

  /**
   * Returns a new file descriptor of the vCPU. It stays open after `close`: the caller closes it. Until then the kernel's
   * vCPU and its VM live.
   *
   * @param options whether programs that this process starts get the file descriptor. They cannot use the vCPU.
   * @throws KvmClosedError after `close`, KvmArgumentError for wrong options, KvmError when the kernel refuses.
   */
  duplicateFd(options: DuplicateFdOptions = {}): number {
    const { record } = this.#vcpu;
    return duplicatedFd('Vcpu.duplicateFd', options, (cloexec) => addon().vcpuDuplicate(record, cloexec));
  }

  /**
   * Returns the handle to post to another thread, which passes it to `Vcpu.attach` or `kick`.
   *
   * @throws KvmClosedError after `close`.
   */
  share(): VcpuHandle {
    return newHandle('vcpu', addon().vcpuId(this.#vcpu.record));
  }

  /**
   * KVM_RUN: runs the guest until an exit or an interruption. Stray signals and EAGAIN do not end the run. EFAULT and
   * EHWPOISON with KVM_EXIT_MEMORY_FAULT are an exit. The call blocks its thread; use `VcpuThread` to keep the event
   * loop free.
   *
   * The result of a run with an exit is valid until the next `run` or `completeExit` of this vCPU. `toObject` returns a
   * copy to keep. `run` allocates no memory.
   *
   * @param options the timeout and the id of this run, and whether process signals interrupt it.
   * @throws KvmBusyError when another thread runs the vCPU, KvmArgumentError for wrong options, KvmError when the kernel
   * refuses.
   * @example
   * for (;;) {
   *   const exit = vcpu.run({ timeout: 1_000 });
   *   switch (exit.reason) {
   *     case KVM_EXIT_IO:
   *       if (exit.io.direction === KVM_EXIT_IO_OUT) send(exit.io.port, exit.data.bytes());
   *       else exit.data.set(0, receive(exit.io.port));
   *       break;
   *     case KVM_EXIT_HLT:
   *       return;
   *     case 'interrupted':
   *       if (exit.cause === 'timeout') throw new Error('the guest hangs');
   *       break;
   *     default:
   *       throw new Error(inspect(exit));
   *   }
   * }
   * @see api.rst, "KVM_RUN"
   */
  run(options?: RunOptions): RunResultOf<Exit> {
    const result = options === undefined ? addon().vcpuRun(this.#vcpu.record) : this.#runWithin(options);
    return this.#resultOf(result);
  }

  #runWithin(options: RunOptions): number | undefined {
    requireKnownKeys('Vcpu.run', options, runKeys);
    const { timeout = Number.POSITIVE_INFINITY, runId, interruptOnProcessSignal = false } = options;
    if (typeof interruptOnProcessSignal !== 'boolean') {
      const problem = `interruptOnProcessSignal ${describe(interruptOnProcessSignal)}; it must be true or false`;
      throw new KvmArgumentError('Vcpu.run', problem);
    }
    const limit = nanoseconds(timeout);
    const number = runId === undefined ? 0 : requireRunId('Vcpu.run', runId);
    const { record } = this.#vcpu;
    if (timeout <= 0) return interruptions.indexOf(timedOut);
    return addon().vcpuRunWithin(record, limit, number, interruptOnProcessSignal);
  }

  /**
   * KVM_RUN with a pending request to return: completes the operation of the last exit, without running the guest any
   * further. The registers are consistent only after this call.
   *
   * @param serve answers a further fragment of the operation, such as MMIO across pages, in place like an exit of `run`.
   * @throws KvmBusyError when another thread runs the vCPU, KvmArgumentError when `serve` returns a Promise, KvmError when the
   * kernel refuses.
   * @example
   * vcpu.completeExit((exit) => {
   *   if (exit.reason === KVM_EXIT_MMIO && !exit.mmio.is_write) exit.data.$value = 0;
   * });
   * const { rip } = vcpu.getRegs();
   * @see api.rst, "KVM_RUN"
   */
  completeExit(serve: (exit: ExitOf<Exit> | UnrecognizedExit) => void): void {
    requireFunction('Vcpu.completeExit', 'serve', serve);
    for (;;) {
      const result = addon().vcpuComplete(this.#vcpu.record);
      if (result === addon().COMPLETED) return;
      const answer: unknown = serve(this.#resultOf(result) as ExitOf<Exit> | UnrecognizedExit);
      requireSynchronous('Vcpu.completeExit', 'serve', answer);
    }
  }

  #resultOf(result: number | undefined): RunResultOf<Exit> {
    if (result === undefined) {
      this.#interruption = null;
      return this.#exits.last;
    }
    const interruption = interruptions[result];
    if (interruption !== undefined) {
      this.#interruption = interruption;
      return interruption;
    }
    const error = refused(this.#vcpu.target, this.bindings.KVM_RUN, result, this.kvmRun);
    if (!(isMemoryFault.has(error.code) && this.kvmRun.exit_reason === this.#memoryFault)) throw error;
    this.#interruption = null;
    return this.#exits.last;
  }

  /**
   * KVM_RUN in a Worker: runs the vCPU, and yields a copy of the result of each run. The event loop of this thread stays
   * free. The vCPU waits after each result until the next one is requested. To answer an exit, write to `kvmRun` and
   * `shared`, which are in place. If the program leaves the loop, the Worker ends, and the operation of the last exit
   * stays pending. Each exit takes about four times as long as in a `VcpuThread`.
   *
   * @param options a signal that ends the iteration.
   * @throws the error that `run` throws, or the reason of the signal.
   * @example
   * for await (const exit of vcpu.exits({ signal: AbortSignal.timeout(1_000) })) {
   *   if (exit.reason === KVM_EXIT_HLT) break;
   *   if (exit.reason === KVM_EXIT_MMIO && !exit.mmio.is_write) vcpu.kvmRun.mmio.data.set(0, 0x77);
   * }
   * @see api.rst, "KVM_RUN"
   */
  exits(options: ExitsOptions = {}): AsyncGenerator<RunResultObjectOf<Exit>, void, undefined> {
    const exits = this.#exits;
    return asyncExits<Exit>(this, () => exits.last.toObject() as ExitObjectOf<Exit>, options);
  }

  /**
   * Kicks the vCPU. The current run is interrupted with the cause `kick`. If there is no current run, the next run is
   * interrupted. Another thread calls the function `kick` with the handle of `share`.
   *
   * @throws KvmClosedError after `close`.
   */
  kick(): void {
    kick(this.share());
  }

  /** Closes the vCPU and detaches `shared` and `kvmRun`. @throws KvmBusyError while another thread runs it. */
  close(): void {
    this.#vcpu.close();
  }

  /** Calls `close` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  static {
    contextOf = (vcpu) => vcpu.#vcpu;
    isVcpu = (value) => #vcpu in value;
    printBy({ name: 'Vcpu', prototype: VcpuBase.prototype as AnyVcpu }, (vcpu) => {
      const { fd, kvmRun, bindings } = vcpu;
      if (vcpu.#interruption !== null) return { fd, interruption: vcpu.#interruption.cause };
      const { exit_reason } = kvmRun;
      const name = nameOf(bindings, 'KVM_EXIT_', exit_reason);
      return { fd, exit_reason: name === undefined ? exit_reason : shown(`${name} (${exit_reason})`, 'number') };
    });
  }
}

/** Makes KVM_CREATE_VCPU. */
export function createdVcpu<B extends Bindings>(vm: OpenVm<B>, id: number, options: ReadyVcpuOptions): OpenVcpu<B> {
  const { KVM_CREATE_VCPU: request } = vm.bindings;
  const creation = vcpuCreation(vm, options, { fd: null, id: requireValue(request, id) });
  return new OpenVcpu(created(vm.target, request, addon().vcpuCreate(creation), id), vm);
}

/** Implements `Vcpu.attach`. */
export function attachedVcpu<B extends Bindings>(handle: VcpuHandle, architecture: Architecture<B>): OpenVcpu<B> {
  checkBindings('Vcpu.attach', architecture.bindings);
  inspectable(architecture.bindings);
  const found = addon().vcpuFind(requireHandle('Vcpu.attach', handle, 'vcpu'));
  if (!found) throw new KvmClosedError('Vcpu.attach', 'the vCPU of this handle is closed');
  return new OpenVcpu(found, architecture);
}

/** Implements `Vcpu.fromFd`. */
export function vcpuFromFd(fd: number, vm: VmObject, options: VcpuOptions): OpenVcpu {
  const operation = 'Vcpu.fromFd';
  const number = requireFd(operation, fd);
  const open = openVmOf(operation, vm);
  const creation = vcpuCreation(open, readyVcpuOptions(options, open), { fd: number, id: 0 });
  return new OpenVcpu(adopted(operation, 'a vCPU', number, addon().vcpuCreate(creation)), open);
}

/** What the native layer needs for KVM_CREATE_VCPU with an id, or to adopt a file descriptor. */
function vcpuCreation(
  { bindings, record: vm }: OpenVm,
  { kickSignal, mechanism }: ReadyVcpuOptions,
  { fd, id }: Pick<AddonVcpuCreation, 'fd' | 'id'>,
): AddonVcpuCreation {
  return {
    vm,
    fd,
    create: bindings.KVM_CREATE_VCPU.request,
    id,
    length: addon().vmVcpuBytes(vm),
    run: bindings.KVM_RUN.request,
    immediateExit: bindings.KvmRun.$layout.members.immediate_exit.offset,
    signal: kickSignal,
    setMask: mechanism === 'signal_mask' ? setSignalMask(bindings) : null,
  };
}

/**
 * Returns what the other parts of the runtime need of a vCPU.
 *
 * @throws KvmArgumentError for anything but a `Vcpu`. `operation` is the method that takes it.
 */
export function vcpuContext(operation: string, vcpu: AnyVcpu): VcpuContext {
  const context = vcpuContextIf(vcpu);
  requireClass(operation, 'vcpu', vcpu, 'Vcpu', context !== undefined);
  return context as VcpuContext;
}

/** Returns what the other parts of the runtime need of a vCPU, or undefined for anything but a `Vcpu`. */
export function vcpuContextIf(value: unknown): VcpuContext | undefined {
  return typeof value === 'object' && value !== null && isVcpu(value) ? contextOf(value as AnyVcpu) : undefined;
}

/** The errors with which KVM_RUN returns an exit with KVM_EXIT_MEMORY_FAULT. */
const isMemoryFault = new Set(['EFAULT', 'EHWPOISON']);

/** The options of a vCPU with their defaults. The signal is claimed. */
export type ReadyVcpuOptions = Required<VcpuOptions>;

/**
 * Adds the defaults to the options and claims the kick signal.
 *
 * @throws KvmArgumentError when the signal is not available, KvmUnsupportedError when the mechanism is not.
 */
export function readyVcpuOptions(options: VcpuOptions, vm: CapabilityContext): ReadyVcpuOptions {
  const operation = 'KVM_CREATE_VCPU';
  requireKnownKeys<VcpuOptions>(operation, options, { kickSignal: true, mechanism: true });
  const { kickSignal = freeSignal(), mechanism } = options;
  if (mechanism !== undefined) requireOneOf(operation, 'mechanism', mechanism, mechanisms);
  claimSignal(operation, kickSignal);
  const hasFlag = capabilityValue(vm, 'KVM_CAP_IMMEDIATE_EXIT') > 0;
  if (mechanism === 'immediate_exit' && !hasFlag) {
    throw new KvmUnsupportedError(
      operation,
      "this kernel does not have KVM_CAP_IMMEDIATE_EXIT, because it is older than Linux 4.11; use { mechanism: 'signal_mask' }",
      'KVM_CAP_IMMEDIATE_EXIT',
    );
  }
  return { kickSignal, mechanism: mechanism ?? (hasFlag ? 'immediate_exit' : 'signal_mask') };
}

const mechanisms: readonly string[] = ['immediate_exit', 'signal_mask'] satisfies readonly Mechanism[];

/** Returns SIGRTMAX - 1, or the next lower real-time signal that no other part of the process handles. */
function freeSignal(): number {
  const { SIGRTMIN, SIGRTMAX } = addon();
  let signal = SIGRTMAX - 1;
  // If no signal is free, the caller claims SIGRTMIN again, and reports the error.
  while (signal > SIGRTMIN && addon().claimSignal(signal) < 0) signal--;
  return signal;
}

function claimSignal(operation: string, signal: number): void {
  const { SIGRTMIN, SIGRTMAX } = addon();
  if (!(Number.isInteger(signal) && signal >= SIGRTMIN && signal <= SIGRTMAX)) {
    const rule = `it must be the number of a real-time signal, from ${SIGRTMIN} to ${SIGRTMAX}`;
    throw new KvmArgumentError(operation, `kickSignal ${describe(signal)}; ${rule}`);
  }
  const result = addon().claimSignal(signal);
  if (result >= 0) return;
  const error = syscallError('rt_sigaction', operation, result);
  if (error.code !== 'EBUSY') throw error;
  throw new KvmArgumentError(
    operation,
    `kickSignal ${signal}: another part of the process handles this signal; choose another number`,
  );
}

/** The size of the kernel's set of signals, which is smaller than the C library's. */
const signalSetBytes = 8;

/** KVM_SET_SIGNAL_MASK for the native layer, which sets the signals of the thread that runs the vCPU. */
function setSignalMask({ KVM_SET_SIGNAL_MASK, KvmSignalMask }: Bindings): AddonVcpuCreation['setMask'] {
  const { $$view: view, $$offset: offset } = allocate(KvmSignalMask, signalSetBytes);
  const { request } = KVM_SET_SIGNAL_MASK;
  return { request, view, offset, needed: view.byteLength, signals: KvmSignalMask.$flexible.offset };
}

/** Converts a timeout in milliseconds for the native layer, where 0 means none. */
function nanoseconds(timeout: number): number {
  const longest = Math.floor(Number.MAX_SAFE_INTEGER / 1e6);
  if (timeout === Number.POSITIVE_INFINITY) return 0;
  if (typeof timeout === 'number' && timeout <= longest) return Math.max(1, Math.round(timeout * 1e6));
  const rule = `it must be a number of milliseconds up to ${longest}, or Infinity`;
  throw new KvmArgumentError('Vcpu.run', `timeout ${describe(timeout)}; ${rule}`);
}

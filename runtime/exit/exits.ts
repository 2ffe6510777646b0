/** The exits of a vCPU: a reason, and the members of `struct kvm_run` that belong to this reason. */

import type {
  KVM_EXIT_INTERNAL_ERROR,
  KVM_EXIT_IO,
  KVM_EXIT_LOONGARCH_IOCSR,
  KVM_EXIT_MMIO,
  KVM_EXIT_SYSTEM_EVENT,
} from '../../generated/x86_64/linux/kvm.js';
import { type Plain, toObject, type U8Array, U64Array } from '../../support/index.js';
import { custom, type Inspect, type InspectOptions, showMembers, shown, shownOrError } from '../../support/inspect.js';
import type { Bindings, KvmRun } from '../context.js';
import { CountedPart, DeviceData, type PortData, PortWindow } from './data.js';
import type { Interruption } from './interruption.js';

/** What `KvmRunExit` of every architecture is assignable to: a reason, which is null in the type of an unknown one. */
export interface AnyExit {
  /** The reason, `KVM_EXIT_…`. */
  readonly reason: number | null;
}

/** An exit, made of `KvmRunExit` of an architecture. Each entry has the type for its architecture. */
export type ExitOf<Exit extends AnyExit> = Exit extends { readonly reason: null } ? never : WithCopy<WithData<Exit>>;

/** A copy of an exit as a plain object. */
export type ExitObjectOf<Exit extends AnyExit> = ReturnType<ExitOf<Exit>['toObject']>;

/**
 * An exit whose reason the bindings do not have. A newer kernel may have added the reason. The exit is valid as long as a
 * `VcpuExit`.
 */
export interface UnrecognizedExit {
  /** Always null. */
  readonly reason: null;
  /** The number of the reason: `kvmRun.exit_reason`. */
  readonly number: number;
  /** Returns a copy as a plain object. */
  toObject(): UnrecognizedExitObject;
}

/** A copy of an exit whose reason the bindings do not have. */
export interface UnrecognizedExitObject {
  /** Always null. */
  readonly reason: null;
  /** The number of the reason: `kvmRun.exit_reason`. */
  readonly number: number;
}

/** What `Vcpu.run` returns. */
export type RunResultOf<Exit extends AnyExit> = ExitOf<Exit> | UnrecognizedExit | Interruption;

/**
 * `data`, where an exit has some: what the guest has sent, or what is to be filled in. Reading it throws KvmError with code
 * `ERR_KVM_INVALID_DATA` when the data would be outside of the memory that the kernel shares.
 */
type WithData<Exit extends AnyExit> = Exit extends { readonly reason: typeof KVM_EXIT_IO }
  ? Exit & { readonly data: PortData }
  : Exit extends { readonly reason: typeof KVM_EXIT_MMIO | typeof KVM_EXIT_LOONGARCH_IOCSR }
    ? Exit & { readonly data: DeviceData }
    : Exit extends { readonly reason: typeof KVM_EXIT_INTERNAL_ERROR | typeof KVM_EXIT_SYSTEM_EVENT }
      ? Exit & { readonly data: U64Array }
      : Exit;

type WithCopy<Exit> = Exit & {
  /** Returns a copy as a plain object: structs are objects, and arrays are arrays of numbers or bigints. */
  toObject(): { readonly [Name in keyof Exit]: Plain<Exit[Name]> };
};

interface DataSource {
  readonly data: unknown;
}

/** The exits of one vCPU. There is one object for each reason, and it is made once. */
export class Exits<E extends AnyExit> {
  readonly #run: KvmRun;
  /** The exits, by the number of the reason. */
  readonly #known: readonly (ExitOf<E> | undefined)[];
  readonly #unrecognized: UnrecognizedExit;
  /** Most exits have the reason of the previous exit. A lookup would cost a memory access, which is slow after a run. */
  #last: ExitOf<E> | UnrecognizedExit;

  constructor(run: KvmRun, bindings: Bindings) {
    const {
      KvmRun: { $discriminator },
      $target,
    } = bindings;
    this.#run = run;
    const littleEndian = $target.byteOrder === 'little';
    const known: Exit[] = [];
    for (const { name, value, members } of $discriminator.cases) {
      const source = sources[name]?.(run, littleEndian);
      const exit = source ? new ExitWithData(value, name, source) : new Exit(value, name);
      for (const member of members) addMember(exit, run, member);
      known[value] = exit;
    }
    // The type of the exits is made from the same data of the bindings, so the cast is right.
    this.#known = Array.from(known) as readonly unknown[] as readonly (ExitOf<E> | undefined)[];
    this.#unrecognized = new Unrecognized(run);
    this.#last = this.#unrecognized;
  }

  /** The exit that `kvmRun.exit_reason` selects. */
  get last(): ExitOf<E> | UnrecognizedExit {
    const { exit_reason } = this.#run;
    if (this.#last.reason !== exit_reason) this.#last = this.#known[exit_reason] ?? this.#unrecognized;
    return this.#last;
  }
}

class Exit {
  readonly reason: number;
  readonly #name: string;

  constructor(reason: number, name: string) {
    this.reason = reason;
    this.#name = name;
  }

  toObject(): object {
    const members = Object.entries(this).map(([name, value]) => [name, isInMemory(value) ? toObject(value) : value]);
    return Object.fromEntries(members);
  }

  [custom](depth: number | null, options: InspectOptions, inspect: Inspect): string {
    const members = (): object => {
      const reason = shown(`${this.#name} (${this.reason})`, 'number');
      const data = 'data' in this ? { data: shownOrError(() => this.data) } : {};
      return { ...this, reason, ...data };
    };
    return showMembers('VcpuExit', members, depth, options, inspect);
  }
}

/** The members of an exit that are not numbers are views and arrays. */
function isInMemory(value: unknown): value is U8Array {
  return typeof value === 'object';
}

class ExitWithData extends Exit {
  readonly #source: DataSource;

  constructor(reason: number, name: string, source: DataSource) {
    super(reason, name);
    this.#source = source;
  }

  get data(): unknown {
    return this.#source.data;
  }

  override toObject(): object {
    return { ...super.toObject(), data: toObject(this.data as U8Array) };
  }
}

class Unrecognized implements UnrecognizedExit {
  readonly reason = null;
  readonly #run: KvmRun;

  constructor(run: KvmRun) {
    this.#run = run;
  }

  get number(): number {
    return this.#run.exit_reason;
  }

  toObject(): UnrecognizedExitObject {
    return { reason: null, number: this.number };
  }

  [custom](depth: number | null, options: InspectOptions, inspect: Inspect): string {
    const { reason } = this;
    const members = (): object => ({ reason, number: shownOrError(() => this.number) });
    return showMembers('UnrecognizedExit', members, depth, options, inspect);
  }
}

function addMember(exit: Exit, run: KvmRun, member: string): void {
  const members = run as unknown as Readonly<Record<string, unknown>>;
  const value = members[member];
  // A struct is a view in place. A number must be read at each access.
  const property = typeof value === 'object' ? { value } : { get: () => members[member] };
  Object.defineProperty(exit, member, { ...property, enumerable: true });
}

/** Makes the source of `data`, by the name of the reason. */
const sources: Readonly<Record<string, (run: KvmRun, littleEndian: boolean) => DataSource>> = {
  KVM_EXIT_IO: (run) => new PortWindow(run),
  KVM_EXIT_MMIO: ({ mmio }, littleEndian) => deviceData('mmio', mmio, littleEndian),
  KVM_EXIT_LOONGARCH_IOCSR: ({ iocsr_io }, littleEndian) => deviceData('iocsr_io', iocsr_io, littleEndian),
  KVM_EXIT_INTERNAL_ERROR: ({ internal }) => countedWords('internal', internal),
  KVM_EXIT_SYSTEM_EVENT: ({ system_event }) => countedWords('system_event', system_event),
};

function deviceData(name: string, access: { data: U8Array; len: number }, littleEndian: boolean): DataSource {
  const { view, offset, length } = access.data;
  const part = (count: number): DeviceData => new DeviceData(view, offset, count, littleEndian);
  return new CountedPart(`${name}.len`, length, () => access.len, part);
}

function countedWords(name: string, words: { data: U64Array; ndata: number }): DataSource {
  const { view, offset, length } = words.data;
  const part = (count: number): U64Array => new U64Array(view, offset, count);
  return new CountedPart(`${name}.ndata`, length, () => words.ndata, part);
}

/** The exits of a vCPU: a reason, and the members of `struct kvm_run` that belong to this reason. */

import type {
  KVM_EXIT_INTERNAL_ERROR,
  KVM_EXIT_IO,
  KVM_EXIT_LOONGARCH_IOCSR,
  KVM_EXIT_MMIO,
  KVM_EXIT_SYSTEM_EVENT,
  KvmRun,
  KvmRunExit,
} from '../../generated/x86_64/linux/kvm.js';
import { type U8Array, U64Array } from '../../support/index.js';
import { custom, type Inspect, type InspectOptions, showMembers, shown, shownOrError } from '../../support/inspect.js';
import type { Bindings } from '../context.js';
import { CountedPart, DeviceData, type PortData, PortWindow } from './data.js';

/** An exit. `switch (exit.reason)` narrows it to the members of that reason. The reason is null if the bindings do not know it. */
export type VcpuExit = WithData<KvmRunExit>;

/**
 * `data`, where an exit has some: what the guest has sent, or what is to be filled in. Reading it throws KvmArgumentError
 * when the exit says that it is outside of the memory that the kernel shares.
 */
type WithData<Exit extends KvmRunExit> = Exit extends { readonly reason: typeof KVM_EXIT_IO }
  ? Exit & { readonly data: PortData }
  : Exit extends { readonly reason: typeof KVM_EXIT_MMIO | typeof KVM_EXIT_LOONGARCH_IOCSR }
    ? Exit & { readonly data: DeviceData }
    : Exit extends { readonly reason: typeof KVM_EXIT_INTERNAL_ERROR | typeof KVM_EXIT_SYSTEM_EVENT }
      ? Exit & { readonly data: U64Array }
      : Exit;

interface DataSource {
  readonly data: unknown;
}

/** The exits of one vCPU. There is one object for each reason, and it is made once. */
export class Exits {
  readonly #run: KvmRun;
  /** The exits, by the number of the reason. */
  readonly #known: readonly (VcpuExit | undefined)[];
  readonly #unknown: VcpuExit;
  /** Most exits have the reason of the previous exit. A lookup would cost a memory access, which is slow after a run. */
  #last: VcpuExit;

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
    // The type VcpuExit is made from the same data of the bindings, so the cast is right.
    this.#known = Array.from(known) as readonly unknown[] as readonly (VcpuExit | undefined)[];
    this.#unknown = new UnknownExit(run);
    this.#last = this.#unknown;
  }

  get last(): VcpuExit {
    const { exit_reason } = this.#run;
    if (this.#last.reason !== exit_reason) this.#last = this.#known[exit_reason] ?? this.#unknown;
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

  [custom](depth: number | null, options: InspectOptions, inspect: Inspect): string {
    const members = (): object => {
      const reason = shown(`${this.#name} (${this.reason})`, 'number');
      const data = 'data' in this ? { data: shownOrError(() => this.data) } : {};
      return { ...this, reason, ...data };
    };
    return showMembers('VcpuExit', members, depth, options, inspect);
  }
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
}

class UnknownExit {
  readonly reason = null;
  readonly #run: KvmRun;

  constructor(run: KvmRun) {
    this.#run = run;
  }

  get exit_reason(): number {
    return this.#run.exit_reason;
  }

  [custom](depth: number | null, options: InspectOptions, inspect: Inspect): string {
    const { reason } = this;
    const members = (): object => ({ reason, exit_reason: shownOrError(() => this.exit_reason) });
    return showMembers('VcpuExit', members, depth, options, inspect);
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

/**
 * The statistics of a VM or a vCPU, from the file of KVM_GET_STATS_FD. The file begins with a header, which has the offsets of
 * the descriptions and of the values. The values can be read again and again.
 */

import { readSync } from 'node:fs';
import type { View, ViewClass } from '../support/index.js';
import type { FileRecord } from './addon.js';
import { type Creator, creator } from './construction.js';
import type { Bindings } from './context.js';
import { KvmError } from './errors.js';
import { KernelFile } from './kernel-file.js';

/** A statistic and its current values. */
export interface Statistic {
  /** The name, such as `exits`. */
  readonly name: string;
  /** What the values are: a sum since the start, the current value, the highest value, or a histogram. */
  readonly type: 'cumulative' | 'instant' | 'peak' | 'linear histogram' | 'logarithmic histogram' | 'unknown';
  /** The unit of the values. */
  readonly unit: 'none' | 'bytes' | 'seconds' | 'cycles' | 'boolean' | 'unknown';
  /** The values are multiples of `base` to the power of `exponent`. */
  readonly base: 2 | 10;
  /** The exponent of `base`. */
  readonly exponent: number;
  /** The width of each bucket of a linear histogram. */
  readonly bucketSize: number;
  /** One value, or one for each bucket of a histogram. */
  readonly values: readonly bigint[];
}

interface Described extends Omit<Statistic, 'values'> {
  /** The offset of the values in the file, in bytes. */
  readonly offset: number;
  readonly count: number;
}

/** The most bytes to read. No kernel has more. */
const mostBytes = 0x10_0000;

let make: (record: FileRecord, bindings: Bindings) => Stats;

/**
 * The statistics that the kernel keeps of a VM or a vCPU. `Vm.stats` and `Vcpu.stats` open them.
 *
 * @example
 * using stats = vcpu.stats();
 * const exits = stats.read().find(({ name }) => name === 'exits');
 * console.log(exits?.values[0]);
 */
export class Stats extends KernelFile {
  readonly #described: readonly Described[];

  private constructor(given: Creator, record: FileRecord, bindings: Bindings) {
    super(given, 'Vm.stats or Vcpu.stats', record);
    this.#described = describe(bindings, (offset, length) => this.#bytes(offset, length));
  }

  /** Reads all statistics with their current values. @throws KvmClosedError after `close`. */
  read(): Statistic[] {
    return this.#described.map(({ offset, count, ...statistic }) => {
      const values = this.#bytes(offset, count * 8);
      return { ...statistic, values: Array.from({ length: count }, (_, at) => values.getBigUint64(at * 8, true)) };
    });
  }

  #bytes(offset: number, length: number): DataView {
    const bytes = new Uint8Array(Math.min(length, mostBytes));
    const got = readSync(this.fd, bytes, 0, bytes.length, offset);
    if (got === length) return new DataView(bytes.buffer);
    throw new KvmError(
      'Stats.read',
      `${length} bytes at ${offset} of the statistics; the file has only ${got} of them`,
      {
        code: 'ERR_KVM_INVALID_DATA',
      },
    );
  }

  static {
    make = (record, bindings) => new Stats(creator, record, bindings);
  }
}

/** Makes the object of a file of KVM_GET_STATS_FD. */
export function makeStats(record: FileRecord, bindings: Bindings): Stats {
  return make(record, bindings);
}

function describe(bindings: Bindings, bytes: (offset: number, length: number) => DataView): Described[] {
  const { KvmStatsHeader, KvmStatsDesc } = bindings;
  const viewAt = <T extends View>(type: ViewClass<T>, offset: number, size: number = type.$size): T =>
    new type(bytes(offset, size));
  const { name_size, num_desc, desc_offset, data_offset } = viewAt(KvmStatsHeader, 0);
  const size = KvmStatsDesc.$size + name_size;
  return Array.from({ length: num_desc }, (_, index) => {
    const description = viewAt(KvmStatsDesc, desc_offset + index * size, size);
    const { flags, exponent, offset, bucket_size, name } = description;
    return {
      name: new TextDecoder().decode(name.bytes()).replace(/\0.*$/s, ''),
      type: types(bindings)[flags & bindings.KVM_STATS_TYPE_MASK] ?? 'unknown',
      unit: units(bindings)[flags & bindings.KVM_STATS_UNIT_MASK] ?? 'unknown',
      base: (flags & bindings.KVM_STATS_BASE_MASK) === bindings.KVM_STATS_BASE_POW2 ? 2 : 10,
      exponent,
      bucketSize: bucket_size,
      offset: data_offset + offset,
      count: description.size,
    };
  });
}

function types(bindings: Bindings): Readonly<Record<number, Statistic['type']>> {
  return {
    [bindings.KVM_STATS_TYPE_CUMULATIVE]: 'cumulative',
    [bindings.KVM_STATS_TYPE_INSTANT]: 'instant',
    [bindings.KVM_STATS_TYPE_PEAK]: 'peak',
    [bindings.KVM_STATS_TYPE_LINEAR_HIST]: 'linear histogram',
    [bindings.KVM_STATS_TYPE_LOG_HIST]: 'logarithmic histogram',
  };
}

function units(bindings: Bindings): Readonly<Record<number, Statistic['unit']>> {
  return {
    [bindings.KVM_STATS_UNIT_NONE]: 'none',
    [bindings.KVM_STATS_UNIT_BYTES]: 'bytes',
    [bindings.KVM_STATS_UNIT_SECONDS]: 'seconds',
    [bindings.KVM_STATS_UNIT_CYCLES]: 'cycles',
    [bindings.KVM_STATS_UNIT_BOOLEAN]: 'boolean',
  };
}

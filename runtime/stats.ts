/**
 * KVM_GET_STATS_FD: the statistics of a VM or a vCPU. The file begins with a header, which has the offsets of the
 * descriptions and of the values. The values can be read again and again.
 */

import { readSync } from 'node:fs';
import type { View, ViewClass } from '../support/index.js';
import type { Bindings } from './context.js';
import { KvmError } from './errors.js';
import { KernelFile } from './kernel-file.js';

/** A statistic and its current values. */
export interface Statistic {
  readonly name: string;
  readonly type: 'cumulative' | 'instant' | 'peak' | 'linear histogram' | 'logarithmic histogram' | 'unknown';
  readonly unit: 'none' | 'bytes' | 'seconds' | 'cycles' | 'boolean' | 'unknown';
  /** The values are multiples of `base` to the power of `exponent`. */
  readonly base: 2 | 10;
  readonly exponent: number;
  /** The width of each bucket of a linear histogram. */
  readonly bucketSize: number;
  /** One value, or one for each bucket of a histogram. */
  readonly values: readonly bigint[];
}

/** An object that has statistics: a VM or a vCPU. */
export interface HasStats {
  readonly bindings: Bindings;
  readonly ioctl: (request: Bindings['KVM_GET_STATS_FD']) => number;
}

interface Described extends Omit<Statistic, 'values'> {
  /** The offset of the values in the file, in bytes. */
  readonly offset: number;
  readonly count: number;
}

/** The most bytes to read. No kernel has more. */
const mostBytes = 0x10_0000;

export class Stats extends KernelFile {
  readonly #described: readonly Described[];

  private constructor(fd: number, bindings: Bindings) {
    super('Stats', fd);
    this.#described = describe(bindings, (offset, length) => this.#bytes(offset, length));
  }

  /** Opens the statistics of a VM or a vCPU. @throws KvmUnsupportedError without KVM_CAP_BINARY_STATS_FD. */
  static of({ bindings, ioctl }: HasStats): Stats {
    return new Stats(ioctl(bindings.KVM_GET_STATS_FD), bindings);
  }

  /** Reads all statistics with their current values. */
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
    throw new KvmError('statistics', 'EBADMSG', `${length} bytes at ${offset} are not all there, but ${got}`);
  }
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

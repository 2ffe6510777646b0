/** What an emulated machine, or an emulated processor, is made from. */

import type { Entries } from './initramfs.js';
import type { Machine } from './qemu.js';

export interface Hypervisor {
  /** The name on the command line. */
  readonly name: string;
  readonly title: string;
  /** Returns what this computer lacks, or undefined. */
  readonly lacking: () => string | undefined;
  /**
   * Downloads and builds what the machine needs. `scratch` is an empty folder that stays until the machine has ended.
   *
   * @throws MissingError if something cannot be downloaded or installed.
   */
  readonly prepare: (scratch: string, work: Work) => Prepared;
}

/** What the machine has to do. */
export interface Work {
  /** Only test files whose paths contain one of the patterns run; without patterns all run. */
  readonly patterns: readonly string[];
  /** The number of kicks for each mechanism. */
  readonly kicks: number;
}

/** A virtual machine with the files of its initramfs, or a program that ends with status 0 if all checks pass. */
type Prepared =
  | { readonly entries: Entries; readonly machine: Omit<Machine, 'initramfs'> }
  | { readonly command: readonly string[] };

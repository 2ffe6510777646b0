/**
 * The generator as a library with access to the disk. The package exports it as `kvm-uapi/generator`.
 *
 * @module kvm-uapi/generator
 */

import { type CheckResult, check } from './cli/check.js';
import { generate } from './cli/generate.js';
import { openHeaders } from './cli/header-options.js';
import { follow } from './cli/project.js';
import type { CheckedConfig } from './config/config.js';
import type { Headers } from './core.js';
import type { Statements } from './model/statements.js';
import { defaultTarget } from './targets/targets.js';

export type { CheckResult, HeaderCheck } from './cli/check.js';
export {
  type CacheOptions,
  headerSets,
  type Imported,
  type ImportOptions,
  importSet,
  type ListedSet,
} from './cli/headers.js';
export { type FetchedSets, type FetchOptions, fetchSets } from './cli/headers-fetch.js';
export { writeFiles } from './cli/output.js';
export { type CheckedConfig, type Config, checkConfig, defineConfig } from './config/config.js';
export { findConfig, loadConfig } from './config/load.js';
export * from './core.js';
export { filesOnDisk, nodeSha256, supportText } from './headers/disk.js';

export interface InstalledHeadersOptions {
  /** One of `targetNames`. The default is x86_64. */
  readonly target?: string;
  /** Include folders. They are searched before the others. */
  readonly include?: readonly string[];
  /** A header set to read instead of the system's headers: the name of an imported set, or a folder. */
  readonly from?: string;
  /** Macros that are defined before a header is read, with the text of their replacement or an integer. */
  readonly define?: Readonly<Record<string, string | number>>;
  /** Whether the models contain the headers' comments. The comments keep the headers' licence. */
  readonly comments?: boolean;
  /** What the project states about members and ioctls of the headers. `requireStatements` finds misspelled names. */
  readonly statements?: Statements;
}

/**
 * Opens the headers of this system, or of a header set. A header can also be given as a path: `./mydev.h`.
 *
 * @throws UsageError for an unknown target or a wrong definition.
 * @throws HeaderSetError if the header set cannot be found or read.
 */
export function installedHeaders(options: InstalledHeadersOptions = {}): Headers {
  const { target: arch = defaultTarget, include = [], ...rest } = options;
  return openHeaders({ header: [], arch, include, ...rest });
}

/**
 * Writes the bindings of a configuration, completely or not at all, and returns a summary.
 *
 * @throws ConfigError if a pattern or a statement matches no name.
 * @throws Every error that `installedHeaders` and `writeFiles` throw.
 */
export function generateProject(config: CheckedConfig): string {
  return follow(config, generate);
}

/** Checks whether the written files are up to date. Writes nothing. */
export function checkProject(config: CheckedConfig): CheckResult {
  return follow(config, check);
}

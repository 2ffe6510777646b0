/** The generator as a library, with the disk: what `kvm-uapi/generator` exports. */

import { type CheckResult, check } from './cli/check.js';
import { generate } from './cli/generate.js';
import { openHeaders } from './cli/header-options.js';
import { follow } from './cli/project.js';
import type { CheckedConfig } from './config/config.js';
import type { Headers } from './core.js';
import { defaultTarget } from './targets/targets.js';

export type { CheckResult } from './cli/check.js';
export {
  type CacheOptions,
  headerSets,
  type Imported,
  type ImportOptions,
  importSet,
  type ListedSet,
} from './cli/headers.js';
export { writeFiles } from './cli/output.js';
export { type CheckedConfig, type Config, checkConfig, defineConfig } from './config/config.js';
export { findConfig, loadConfig } from './config/load.js';
export * from './core.js';
export { filesOnDisk, nodeSha256, supportText } from './headers/disk.js';

export interface InstalledHeadersOptions {
  /** One of `targetNames`; x86_64 without it. */
  readonly target?: string;
  /** Include folders, searched before the others. */
  readonly include?: readonly string[];
  /** A header set to read in place of the system's headers: an imported one's name, or a folder. */
  readonly from?: string;
  /** Whether the models have the headers' comments, which have the headers' licence. */
  readonly comments?: boolean;
}

/**
 * The headers of this system, or of a header set.
 *
 * @throws UsageError for a target that is none, HeaderSetError for a set that is none.
 */
export function installedHeaders(options: InstalledHeadersOptions = {}): Headers {
  const { target: arch = defaultTarget, include = [], ...rest } = options;
  return openHeaders({ header: [], arch, include, ...rest });
}

/**
 * Writes what a configuration asks for, whole or not at all, and returns a summary.
 *
 * @throws ConfigError where a pattern names nothing, and what `installedHeaders` and `writeFiles` throw.
 */
export function generateProject(config: CheckedConfig): string {
  return follow(config, generate);
}

/** Tells whether what was written is what it should be; writes nothing. */
export function checkProject(config: CheckedConfig): CheckResult {
  return follow(config, check);
}

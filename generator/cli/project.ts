/** Turns a configuration into the options of the commands. */

import { dirname } from 'node:path';
import type { CheckedConfig } from '../config/config.js';
import { ConfigError } from '../errors.js';
import { type Selection, SelectionError } from '../model/selection.js';
import { StatementError } from '../model/statements.js';
import type { GenerateOptions } from './generate.js';
import type { HeaderOptions } from './header-options.js';

/** What a command reads. */
export interface Project {
  readonly headers: Omit<HeaderOptions, 'arch'>;
  /** The targets of the options or of the configuration. */
  readonly targets: readonly string[];
  readonly selection: Selection;
  readonly config?: CheckedConfig;
}

/** Returns the headers of a configuration. Their paths are relative to its file. */
export function headersIn(config: CheckedConfig): Project['headers'] {
  const { file, headers: header, include, from, define, statements } = config;
  return { header, base: dirname(file), include, define, statements, ...(from === undefined ? {} : { from }) };
}

/** Returns an error about a pattern or a statement as an error of the configuration that contains it. */
function keyed(config: Pick<CheckedConfig, 'file'> | undefined, error: unknown): unknown {
  if (!config || !(error instanceof SelectionError || error instanceof StatementError)) return error;
  return new ConfigError(config.file, error.key, error.problem);
}

/**
 * Calls `use` with the options of a configuration. @throws ConfigError if a pattern or a statement of the configuration
 * matches no name.
 */
export function follow<T>(config: CheckedConfig, use: (options: GenerateOptions) => T): T {
  const { targets, selection, u64, comments, out, support, importExtension } = config;
  const options = { arch: targets, selection, u64, comments, out, importExtension };
  try {
    return use({ ...headersIn(config), ...options, ...(support === undefined ? {} : { support }) });
  } catch (error) {
    throw keyed(config, error);
  }
}

/** Calls `use`. @throws ConfigError if a pattern or a statement of the configuration matches no name. */
export async function inProject(project: Project, use: (project: Project) => void | Promise<void>): Promise<void> {
  try {
    await use(project);
  } catch (error) {
    throw keyed(project.config, error);
  }
}

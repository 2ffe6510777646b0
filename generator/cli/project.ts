/** What a configuration asks `generate` and `check` for. */

import type { CheckedConfig } from '../config/config.js';
import { ConfigError } from '../errors.js';
import { SelectionError } from '../model/selection.js';
import type { GenerateOptions } from './generate.js';

/** Hands over the options of a configuration. @throws ConfigError where a pattern of it names nothing. */
export function follow<T>(config: CheckedConfig, use: (options: GenerateOptions) => T): T {
  const { file, headers, targets, from, support, ...rest } = config;
  try {
    return use({
      ...rest,
      header: headers,
      arch: targets,
      ...(from === undefined ? {} : { from }),
      ...(support === undefined ? {} : { support }),
    });
  } catch (error) {
    throw error instanceof SelectionError ? new ConfigError(file, error.key, error.problem) : error;
  }
}

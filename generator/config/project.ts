/** What a configuration asks `generate` and `check` for. */

import type { GenerateOptions } from '../commands/generate.js';
import type { CheckedConfig } from './config.js';

export function projectOptions(config: CheckedConfig): GenerateOptions & { readonly comments: boolean } {
  const { headers, targets, include, from, selection, u64, comments, out } = config;
  return {
    header: headers,
    arch: targets,
    include,
    ...(from === undefined ? {} : { from }),
    selection,
    u64,
    comments,
    out,
  };
}

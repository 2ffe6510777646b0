/** Reads the options of a command of this repository. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * Returns the options of the command line. `--help` prints the usage and ends the process with 0. An option that the command does not
 * have prints an error and the usage, and ends the process with 2.
 */
export function commandOptions<const T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  if (process.argv.slice(2).includes('--help')) {
    console.log(usage.trim());
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`error: ${(error as Error).message}\n\n${usage.trim()}`);
    process.exit(2);
  }
}

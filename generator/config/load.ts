/**
 * Finds and loads a configuration file. All but JSON goes through jiti, also where Node could read TypeScript itself: so it
 * is loaded the same way by every version.
 */

import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createJiti } from 'jiti';
import { ConfigError, UsageError } from '../errors.js';
import { packageRoot } from '../headers/disk.js';
import { type CheckedConfig, checkConfig } from './config.js';

/** The names that a configuration file has, in a folder of which a command is run. */
export const configNames: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map((end) => `kvm-uapi.config.${end}`);

/** The configuration file of a folder; undefined where there is none. @throws UsageError where there are several. */
export function findConfig(folder: string): string | undefined {
  const found = configNames.map((name) => join(folder, name)).filter(isFile);
  if (found.length > 1)
    throw new UsageError(`${found.join(' and ')} are both here; keep one, or name one with --config`);
  return found[0];
}

/** Loads and checks a configuration file. @throws ConfigError that names file, key and what to do. */
export async function loadConfig(path: string): Promise<CheckedConfig> {
  const file = resolve(path);
  if (!isFile(file)) throw new ConfigError(file, null, 'not found');
  return checkConfig(file.endsWith('.json') ? readJson(file) : await readModule(file), file);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(file, null, `is no JSON: ${(error as Error).message}`);
  }
}

async function readModule(file: string): Promise<unknown> {
  // The package's own name leads here, also where it is not installed beside the file.
  const alias = { 'kvm-uapi/generator': join(packageRoot(), 'dist', 'generator', 'config', 'config.js') };
  const jiti = createJiti(file, { alias, fsCache: false, moduleCache: false, interopDefault: false });
  try {
    return (await jiti.import<{ readonly default?: unknown }>(file)).default;
  } catch (error) {
    throw new ConfigError(file, null, `cannot be loaded: ${(error as Error).message}`);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * Finds and loads a configuration file. jiti loads every form except JSON, even if Node can load TypeScript itself.
 * Every version of Node therefore loads the file in the same way.
 */

import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createJiti } from 'jiti';
import { ConfigError, UsageError } from '../errors.js';
import { packageRoot } from '../headers/disk.js';
import { type CheckedConfig, checkConfig } from './config.js';
import { configNames } from './names.js';

/**
 * Returns the path of a folder's configuration file, or undefined if it has none. @throws UsageError if it has several.
 */
export function findConfig(folder: string): string | undefined {
  const found = configNames.map((name) => join(folder, name)).filter(isFile);
  if (found.length > 1)
    throw new UsageError(`found ${found.join(' and ')}; keep one of them, or name one with --config`);
  return found[0];
}

/** Loads and checks a configuration file. @throws ConfigError that names the file, the key and what to do. */
export async function loadConfig(path: string): Promise<CheckedConfig> {
  const file = resolve(path);
  if (!isFile(file)) throw new ConfigError(file, null, 'not found; check the path');
  return checkConfig(file.endsWith('.json') ? readJson(file) : await readModule(file), file);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(file, null, `is not valid JSON: ${(error as Error).message}`);
  }
}

async function readModule(file: string): Promise<unknown> {
  // Resolves the package's own name to this package, even if it is not installed next to the configuration file.
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

/** The configuration of a project that has bindings of its own, and what is wrong with one. */

import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { WideStyle } from '../emit/module-context.js';
import { ConfigError } from '../errors.js';
import { expressionOf, type Pattern, type Selection } from '../model/selection.js';
import { defaultTarget, isTargetName, type TargetName, targetNames } from '../targets/targets.js';

/** What `kvm-uapi.config.ts` has as its default export. Folders are relative to the file. */
export interface Config {
  /** Headers as an `#include` spells them: `linux/if_tun.h`. */
  readonly headers: readonly string[];
  /** The architectures to make bindings for; x86_64 without it. */
  readonly targets?: readonly TargetName[];
  /** Include folders, searched before the system's or the set's. */
  readonly include?: readonly string[];
  /** A header set, by the name that it was imported under or by its folder; without it the system's headers. */
  readonly from?: string;
  /**
   * Structs, unions and enums, by name or regular expression. A struct brings those that its members are made of. With
   * neither this nor `constants` everything is there; with one of them nothing else is.
   */
  readonly types?: readonly Pattern[];
  /** Macros of every kind and enumerators, by name or regular expression. An ioctl brings its argument. */
  readonly constants?: readonly Pattern[];
  /**
   * Which form of a 64-bit member has the C name: `bigint`, which is the default, or `number`, which throws beyond
   * 2^53 - 1. The other one is `$name`.
   */
  readonly u64?: WideStyle;
  /** Whether the header's comments go into the docstrings; they have the header's licence. */
  readonly comments?: boolean;
  /** The folder to write to; `generated` without it. */
  readonly out?: string;
  /**
   * The folder that emitted modules import the support library from: relative to `out` where it begins with `.`, or that of a
   * package, such as `kvm-uapi/support`. Without it `out` has copies.
   */
  readonly support?: string;
}

/** Gives a configuration back as it is: for its types, in an editor. */
export function defineConfig(config: Config): Config {
  return config;
}

/** A configuration that has been checked, with absolute folders and nothing left to default. */
export interface CheckedConfig {
  /** The absolute path of the file. */
  readonly file: string;
  readonly headers: readonly string[];
  readonly targets: readonly TargetName[];
  readonly include: readonly string[];
  readonly from: string | undefined;
  readonly selection: Selection;
  readonly u64: WideStyle;
  readonly comments: boolean;
  readonly out: string;
  readonly support: string | undefined;
}

const keys = [
  'headers',
  'targets',
  'include',
  'from',
  'types',
  'constants',
  'u64',
  'comments',
  'out',
  'support',
] as const;

/** Checks what a file has as its default export. @throws ConfigError that names file, key and what to do. */
export function checkConfig(value: unknown, file: string): CheckedConfig {
  if (!isObject(value)) {
    throw new ConfigError(
      file,
      null,
      "has no configuration as its default export; 'export default defineConfig({ … })'",
    );
  }
  const unknown = Object.keys(value).find((key) => !keys.some((known) => known === key));
  if (unknown !== undefined) throw new ConfigError(file, unknown, `unknown key; expected one of ${keys.join(', ')}`);
  const checker = new Checker(value, file);
  const headers = checker.list('headers', isHeader, "a header as an #include spells it, such as 'linux/if_tun.h'");
  if (!headers || headers.length === 0) {
    throw new ConfigError(file, 'headers', "is missing or empty; name at least one header, such as 'linux/if_tun.h'");
  }
  const targets = checker.list('targets', isTargetName, `one of ${targetNames.join(', ')}`);
  if (targets?.length === 0)
    throw new ConfigError(file, 'targets', `is empty; name an architecture, or leave the key out for ${defaultTarget}`);
  const [types, constants] = [checker.patterns('types'), checker.patterns('constants')];
  const from = checker.one('from', isName, 'the name of an imported header set, or a folder');
  return {
    file,
    headers: [...new Set(headers)],
    targets: [...new Set<TargetName>(targets ?? [defaultTarget])],
    include: checker.folders('include'),
    // A name has no '/', a folder does, as on the command line.
    from: from?.includes('/') || from === '.' || from === '..' ? resolve(dirname(file), from) : from,
    selection: { ...(types ? { types } : {}), ...(constants ? { constants } : {}) },
    u64: checker.one('u64', (each) => each === 'bigint' || each === 'number', "'bigint' or 'number'") ?? 'bigint',
    comments: checker.one('comments', (each) => typeof each === 'boolean', 'true or false') ?? false,
    out: resolve(dirname(file), checker.one('out', isName, 'a folder') ?? 'generated'),
    support: checker.one(
      'support',
      isName,
      "a folder, such as '../support', or a package's, such as 'kvm-uapi/support'",
    ),
  };
}

type Key = (typeof keys)[number];

class Checker {
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #file: string;

  constructor(config: Readonly<Record<string, unknown>>, file: string) {
    this.#config = config;
    this.#file = file;
  }

  /** The value of a key; `wanted` says in an error what it must be. */
  one<T>(key: Key, is: (value: unknown) => value is T, wanted: string): T | undefined;
  one<T>(key: Key, is: (value: unknown) => boolean, wanted: string): T | undefined;
  one<T>(key: Key, is: (value: unknown) => boolean, wanted: string): T | undefined {
    const value = this.#config[key];
    if (value === undefined || is(value)) return value as T | undefined;
    throw this.#wrong(key, value, wanted);
  }

  list<T extends string>(key: Key, is: (value: unknown) => value is T, wanted: string): T[] | undefined;
  list(key: Key, is: (value: unknown) => boolean, wanted: string): string[] | undefined;
  list(key: Key, is: (value: unknown) => boolean, wanted: string): string[] | undefined {
    return this.#list<string>(key, is, wanted);
  }

  patterns(key: 'types' | 'constants'): Pattern[] | undefined {
    const isPattern = (each: unknown): boolean => isName(each) || each instanceof RegExp;
    const list = this.#list<Pattern>(key, isPattern, 'a name or a regular expression');
    for (const [index, pattern] of (list ?? []).entries()) {
      try {
        expressionOf(pattern);
      } catch (error) {
        const problem = `${String(pattern)} is no regular expression: ${(error as Error).message}; names have no '/'`;
        throw new ConfigError(this.#file, `${key}[${index}]`, problem);
      }
    }
    return list;
  }

  folders(key: Key): string[] {
    const folders = this.list(key, isName, 'a folder') ?? [];
    return folders.map((name, index) => {
      const folder = resolve(dirname(this.#file), name);
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
      throw new ConfigError(
        this.#file,
        `${key}[${index}]`,
        `${folder} is no folder; folders are relative to this file`,
      );
    });
  }

  #list<T>(key: Key, is: (value: unknown) => boolean, wanted: string): T[] | undefined {
    const value = this.#config[key];
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.#wrong(key, value, `a list, each of it ${wanted}`);
    const wrong = value.findIndex((each) => !is(each));
    if (wrong !== -1) throw this.#wrong(`${key}[${wrong}]`, value[wrong], wanted);
    return value as T[];
  }

  #wrong(key: string, value: unknown, wanted: string): ConfigError {
    return new ConfigError(this.#file, key, `is ${spell(value)}; must be ${wanted}`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isString = (value: unknown): value is string => typeof value === 'string';
const isName = (value: unknown): value is string => isString(value) && value !== '';
const isHeader = (value: unknown): boolean => isString(value) && /^[^/<>"\s][^<>"\s]*\.h$/.test(value);

function spell(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

/** The type of a project's configuration, and the check of a configuration. */

import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkedDefinitions, type Definitions } from '../c/preprocessor/definitions.js';
import type { WideStyle } from '../emit/module-context.js';
import { type ImportExtension, importExtensions } from '../emit/support.js';
import { ConfigError } from '../errors.js';
import { problemOfHeader } from '../headers/requested.js';
import { expressionOf, type Pattern, type Selection } from '../model/selection.js';
import type { Statements } from '../model/statements.js';
import { defaultTarget, isTargetName, type TargetName, targetNames } from '../targets/targets.js';
import { checkedStatements, statementKeys } from './statements.js';

/** The default export of `kvm-uapi.config.ts`. Folders are relative to this file. */
export interface Config extends Statements {
  /** The headers, spelled as in an `#include` (`linux/if_tun.h`), or paths (`./mydev.h`). */
  readonly headers: readonly string[];
  /** The architectures to generate bindings for. The default is x86_64. */
  readonly targets?: readonly TargetName[];
  /** Include folders. They are searched before the folders of the system or of the header set. */
  readonly include?: readonly string[];
  /** A header set: the name of an imported set, or a folder. The default is the system's headers. */
  readonly from?: string;
  /** Macros to define before the headers are read, with the text of their replacement or an integer. */
  readonly define?: Readonly<Record<string, string | number>>;
  /**
   * Structs, unions and enums, by name or regular expression. A struct also selects the structs of its members. If both
   * `types` and `constants` are missing, everything is generated. If one of them is given, nothing else is generated.
   */
  readonly types?: readonly Pattern[];
  /** Macros of every kind and enumerators, by name or regular expression. An ioctl also selects its argument. */
  readonly constants?: readonly Pattern[];
  /**
   * The form of a 64-bit member that has the C name: `bigint` (the default) or `number`. The `number` form throws
   * beyond 2^53 - 1. The other form is called `$name`.
   */
  readonly u64?: WideStyle;
  /** Whether the header's comments are copied into the docstrings. The comments keep the header's licence. */
  readonly comments?: boolean;
  /** The folder to write to. The default is `generated`. */
  readonly out?: string;
  /**
   * The folder or package that emitted modules import the support library from. A value that begins with `.` is a
   * folder relative to `out`. Any other value is a package, such as `kvm-uapi/support`. By default, the library is
   * copied to `out`.
   */
  readonly support?: string;
  /**
   * The file extension in the imports of the output: `.js` (the default), or `.ts` for Node's own type stripping.
   */
  readonly importExtension?: ImportExtension;
}

/** Returns its argument unchanged. An editor uses its type to complete and check a configuration. */
export function defineConfig(config: Config): Config {
  return config;
}

/** A checked configuration. Its folders are absolute, and all defaults are filled in. */
export interface CheckedConfig {
  /** The absolute path of the file. */
  readonly file: string;
  readonly headers: readonly string[];
  readonly targets: readonly TargetName[];
  readonly include: readonly string[];
  readonly from: string | undefined;
  readonly define: Definitions;
  readonly selection: Selection;
  readonly u64: WideStyle;
  readonly comments: boolean;
  readonly out: string;
  readonly support: string | undefined;
  readonly importExtension: ImportExtension;
  /** What the configuration states about members and ioctls. */
  readonly statements: Statements;
}

const keys = [
  'headers',
  'targets',
  'include',
  'from',
  'define',
  'types',
  'constants',
  'u64',
  'comments',
  'out',
  'support',
  'importExtension',
  ...statementKeys,
] as const;

/**
 * Checks the default export of a configuration file. @throws ConfigError that names the file, the key and what to do.
 */
export function checkConfig(value: unknown, file: string): CheckedConfig {
  if (!isObject(value)) {
    throw new ConfigError(
      file,
      null,
      "the default export must be a configuration; write 'export default defineConfig({ … })'",
    );
  }
  const unknown = Object.keys(value).find((key) => !keys.some((known) => known === key));
  if (unknown !== undefined) throw new ConfigError(file, unknown, `unknown key; expected one of ${keys.join(', ')}`);
  const checker = new Checker(value, file);
  const headers = checker.headers();
  if (!headers || headers.length === 0) {
    throw new ConfigError(file, 'headers', "is missing or empty; give at least one header, such as 'linux/if_tun.h'");
  }
  const targets = checker.list('targets', isTargetName, `one of ${targetNames.join(', ')}`);
  if (targets?.length === 0)
    throw new ConfigError(
      file,
      'targets',
      `is empty; give at least one architecture, or remove the key to use ${defaultTarget}`,
    );
  const [types, constants] = [checker.patterns('types'), checker.patterns('constants')];
  const from = checker.one('from', isName, 'the name of an imported header set or a folder');
  return {
    file,
    headers: [...new Set(headers)],
    targets: [...new Set<TargetName>(targets ?? [defaultTarget])],
    include: checker.folders('include'),
    // A folder has a '/'. A name does not. The command line has the same rule.
    from: from?.includes('/') || from === '.' || from === '..' ? resolve(dirname(file), from) : from,
    define: checker.definitions(),
    selection: { ...(types ? { types } : {}), ...(constants ? { constants } : {}) },
    u64: checker.one('u64', (each) => each === 'bigint' || each === 'number', "'bigint' or 'number'") ?? 'bigint',
    comments: checker.one('comments', (each) => typeof each === 'boolean', 'true or false') ?? false,
    out: resolve(dirname(file), checker.one('out', isName, 'a folder') ?? 'generated'),
    support: checker.one('support', isName, "a folder such as '../support' or a package such as 'kvm-uapi/support'"),
    importExtension: checker.one('importExtension', isImportExtension, "'.js' or '.ts'") ?? '.js',
    statements: checkedStatements(value, file),
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

  /** Returns the value of a key. `wanted` describes the allowed values in an error. */
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
        const problem = `${String(pattern)} is not a regular expression: ${(error as Error).message}; a name must not contain '/'`;
        throw new ConfigError(this.#file, `${key}[${index}]`, problem);
      }
    }
    return list;
  }

  headers(): string[] | undefined {
    const wanted = "a header, spelled as in an #include, such as 'linux/if_tun.h', or a path, such as './mydev.h'";
    const list = this.list('headers', isString, wanted);
    for (const [index, header] of (list ?? []).entries()) {
      const problem = problemOfHeader(header);
      if (problem === undefined) continue;
      throw new ConfigError(this.#file, `headers[${index}]`, `is ${spell(header)}; must be ${wanted}: ${problem}`);
    }
    return list;
  }

  definitions(): Definitions {
    const define = this.one('define', isObject, 'an object that maps names of macros to texts or integers');
    return checkedDefinitions(define ?? {}, (problem, name) => new ConfigError(this.#file, `define.${name}`, problem));
  }

  folders(key: Key): string[] {
    const folders = this.list(key, isName, 'a folder') ?? [];
    return folders.map((name, index) => {
      const folder = resolve(dirname(this.#file), name);
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
      throw new ConfigError(
        this.#file,
        `${key}[${index}]`,
        `folder ${folder} not found; a folder is relative to this file`,
      );
    });
  }

  #list<T>(key: Key, is: (value: unknown) => boolean, wanted: string): T[] | undefined {
    const value = this.#config[key];
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.#wrong(key, value, `a list in which each element is ${wanted}`);
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
const isImportExtension = (value: unknown): value is ImportExtension => importExtensions.some((each) => each === value);

function spell(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

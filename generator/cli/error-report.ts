/** Errors of the command line as JSON, for programs that call it with `--json`. */

import { CommanderError } from 'commander';
import { ConfigError, type GeneratorError, SourceError } from '../errors.js';

/** The schema `kvm-uapi/error/1`. The standard output is this object and nothing else. */
export interface ErrorReport {
  readonly schema: 'kvm-uapi/error/1';
  readonly error: {
    /** The class of the error, as in docs/generator.md: `SourceError`, `UsageError`, … */
    readonly kind: string;
    /** The message that the command line prints without `--json`. */
    readonly message: string;
    /** The place of the error. Null if the error is not about a file. */
    readonly location: ErrorLocation | null;
  };
}

interface ErrorLocation {
  readonly file: string;
  /** Counted from 1. */
  readonly line?: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column?: number;
  /** The key of a configuration, such as `types[2]`. */
  readonly key?: string;
}

/** Whether the arguments ask for JSON. This also holds for arguments that cannot be parsed. */
export function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}

/** Returns the report of an error that a user can cause. */
export function reportOf(error: GeneratorError | CommanderError): ErrorReport {
  const kind = error instanceof CommanderError ? 'UsageError' : error.name;
  return { schema: 'kvm-uapi/error/1', error: { kind, message: messageOf(error), location: locationOf(error) } };
}

function messageOf({ code, message }: { readonly code?: string; readonly message: string }): string {
  if (code === 'commander.help') return "no command is given; 'kvm-uapi --help' lists the commands";
  return message.replace(/^error: /, '');
}

function locationOf(error: Error): ErrorLocation | null {
  if (error instanceof SourceError) return { file: error.file, line: error.line, column: error.column };
  if (error instanceof ConfigError) return { file: error.file, ...(error.key === null ? {} : { key: error.key }) };
  return null;
}

/** The errors that a user can cause. Each message names the problem, the place and the remedy. */

/**
 * The base class of all errors of the generator. The command line prints the message without a stack and exits with
 * `exitCode`.
 */
export class GeneratorError extends Error {
  override readonly name: string = 'GeneratorError';
  readonly exitCode: number = 2;
}

/** A wrong use of the command line or of the library. */
export class UsageError extends GeneratorError {
  override readonly name = 'UsageError';
}

/** The output cannot be written. No file was changed. */
export class OutputError extends GeneratorError {
  override readonly name = 'OutputError';
}

/** A header set cannot be found, read or imported. Nothing was changed. */
export class HeaderSetError extends GeneratorError {
  override readonly name: string = 'HeaderSetError';
}

/** Why headers cannot be downloaded. */
export type FetchProblem = 'no apt' | 'no mirror' | 'unknown suite' | 'no package' | 'network' | 'no space';

/** Headers cannot be downloaded. No set was imported. */
export class HeaderFetchError extends HeaderSetError {
  override readonly name = 'HeaderFetchError';
  readonly reason: FetchProblem;

  constructor(reason: FetchProblem, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The name of the file in which the requested headers are included. */
export const commandLine = '<command line>';

/** An error in a header, with its location. */
export class SourceError extends GeneratorError {
  override readonly name: string = 'SourceError';
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column: number;
  /** The message without the location. */
  readonly problem: string;

  constructor(file: string, line: number, column: number, problem: string) {
    // A header that the user requests has no place in a file.
    super(file === commandLine ? problem : `${file}:${line}:${column}: ${problem}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.problem = problem;
  }
}

/** A header uses a name that neither the header nor its includes define. */
export class UndefinedNameError extends SourceError {
  override readonly name = 'UndefinedNameError';
  /** The undefined name. A tag includes its keyword: `struct timespec`. */
  readonly undefinedName: string;

  constructor(file: string, line: number, column: number, problem: string, undefinedName: string) {
    super(file, line, column, problem);
    this.undefinedName = undefinedName;
  }
}

/** The value of a macro needs more tokens than `limits.ts` permits. The macro is an omission. */
export class LongExpansionError extends SourceError {
  override readonly name = 'LongExpansionError';
}

/** A header exceeds a limit of `limits.ts`. */
export class LimitError extends SourceError {
  override readonly name = 'LimitError';
}

/** A requested or included header is in none of the include folders. */
export class MissingHeaderError extends SourceError {
  override readonly name: string = 'MissingHeaderError';
  /** The missing header, spelled as in the `#include`. */
  readonly missing: string;

  constructor(file: string, line: number, column: number, problem: string, missing: string) {
    super(file, line, column, problem);
    this.missing = missing;
  }
}

/** The headers of the architecture are found, but they do not include KVM. */
export class NoKvmError extends MissingHeaderError {
  override readonly name = 'NoKvmError';
}

/** A command needs an optional package that is not installed. */
export class MissingPackageError extends GeneratorError {
  override readonly name = 'MissingPackageError';
  /** The name of the package. */
  readonly missing: string;

  constructor(missing: string, problem: string) {
    super(problem);
    this.missing = missing;
  }
}

/** The native runtime cannot be built. A runtime that was built before is unchanged. */
export class BuildError extends GeneratorError {
  override readonly name = 'BuildError';
}

/** A configuration file cannot be found or loaded, or a value in it is wrong. */
export class ConfigError extends GeneratorError {
  override readonly name = 'ConfigError';
  readonly file: string;
  /** The key of the wrong value, such as `headers` or `types[2]`. Null if the error is about the whole file. */
  readonly key: string | null;
  /** The message without the file and the key. */
  readonly problem: string;

  constructor(file: string, key: string | null, problem: string) {
    super(`${file}: ${key === null ? '' : `${key}: `}${problem}`);
    this.file = file;
    this.key = key;
    this.problem = problem;
  }
}

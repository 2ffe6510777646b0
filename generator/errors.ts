/** Errors that a user can cause. Each names what is wrong, where, and what to do about it. */

/** Base of all errors of the generator; the command line reports them without a stack and exits with `exitCode`. */
export class GeneratorError extends Error {
  override readonly name: string = 'GeneratorError';
  readonly exitCode: number = 2;
}

/** Wrong use of the command line or of the programmatic interface. */
export class UsageError extends GeneratorError {
  override readonly name = 'UsageError';
}

/** The output could not be written; what was there before is still there. */
export class OutputError extends GeneratorError {
  override readonly name = 'OutputError';
}

/** A header set cannot be found, read or imported; nothing was changed. */
export class HeaderSetError extends GeneratorError {
  override readonly name = 'HeaderSetError';
}

/** Something is wrong in a header, at a known place. */
export class SourceError extends GeneratorError {
  override readonly name: string = 'SourceError';
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column: number;
  /** The message without the place. */
  readonly problem: string;

  constructor(file: string, line: number, column: number, problem: string) {
    super(`${file}:${line}:${column}: ${problem}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.problem = problem;
  }
}

/** A header uses a name that nothing that is read with it defines. */
export class UndefinedNameError extends SourceError {
  override readonly name = 'UndefinedNameError';
  /** A tag has its keyword before it: `struct timespec`. */
  readonly undefinedName: string;

  constructor(file: string, line: number, column: number, problem: string, undefinedName: string) {
    super(file, line, column, problem);
    this.undefinedName = undefinedName;
  }
}

/** A header asks for more than is given to any: see `limits.ts`. */
export class LimitError extends SourceError {
  override readonly name = 'LimitError';
}

/** A header that is asked for or included is in none of the include folders. */
export class MissingHeaderError extends SourceError {
  override readonly name: string = 'MissingHeaderError';
}

/** The headers of the architecture are here, and KVM is not among them. */
export class NoKvmError extends MissingHeaderError {
  override readonly name = 'NoKvmError';
}

/** A configuration file cannot be found, loaded or followed. */
export class ConfigError extends GeneratorError {
  override readonly name = 'ConfigError';
  readonly file: string;
  /** What it is about: `headers`, `types[2]`; null for the whole file. */
  readonly key: string | null;
  /** The message without file and key. */
  readonly problem: string;

  constructor(file: string, key: string | null, problem: string) {
    super(`${file}: ${key === null ? '' : `${key}: `}${problem}`);
    this.file = file;
    this.key = key;
    this.problem = problem;
  }
}

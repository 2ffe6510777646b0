/** The base class of objects that keep a file descriptor open, other than VMs and vCPUs. */

import { addon, type FileRecord } from './addon.js';
import { type Creator, requireCreator } from './construction.js';
import { type DuplicateFdOptions, duplicatedFd } from './descriptors.js';
import { KvmClosedError } from './errors.js';

let recordOf: (file: KernelFile) => FileRecord;
let isFile: (value: object) => boolean;

/** An open file descriptor. It is closed when the object is closed or collected. */
export abstract class KernelFile implements Disposable {
  #record: FileRecord | undefined;
  /** Makes the error for a use after `close`. */
  readonly #closedError: (problem: string) => Error;

  /** Takes over the record: `close` closes the file. `methods` are the methods that create objects of the class. */
  protected constructor(
    creator: Creator,
    methods: string,
    record: FileRecord,
    closedError?: (problem: string) => Error,
  ) {
    requireCreator(creator, new.target.name, methods);
    this.#record = record;
    this.#closedError = closedError ?? ((problem) => new KvmClosedError(this.constructor.name, problem));
  }

  /** The file descriptor, which this object closes. @throws KvmClosedError after `close`. */
  get fd(): number {
    return addon().fileFd(this.#openRecord());
  }

  /**
   * Returns a new file descriptor of the same open file. It stays open after `close`: the caller closes it, with `closeSync` of
   * `node:fs` for example.
   *
   * @param options whether programs that this process starts get the file descriptor.
   * @throws KvmClosedError after `close`, KvmArgumentError for wrong options, KvmError when the kernel refuses.
   */
  duplicateFd(options: DuplicateFdOptions = {}): number {
    const record = this.#openRecord();
    const operation = `${this.constructor.name}.duplicateFd`;
    return duplicatedFd(operation, options, (cloexec) => addon().fileDuplicate(record, cloexec));
  }

  #openRecord(): FileRecord {
    if (!this.#record) throw this.#closedError('this object is closed');
    return this.#record;
  }

  /** Closes the file descriptor. Nothing happens if it is closed already. */
  close(): void {
    if (!this.#record) return;
    addon().fileRelease(this.#record);
    this.#record = undefined;
  }

  /** Calls `close` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  static {
    recordOf = (file) => file.#openRecord();
    isFile = (value) => #record in value;
  }
}

/** Returns the record of the file. @throws the error of the class after `close`. */
export function fileRecord(file: KernelFile): FileRecord {
  return recordOf(file);
}

/** Whether a value is an object of a class, and was made by this package. */
export function isKernelFile<T extends KernelFile>(value: unknown, type: { readonly prototype: T }): value is T {
  return value instanceof KernelFile && isFile(value) && Object.prototype.isPrototypeOf.call(type.prototype, value);
}

/** Checks of other arguments than numbers and options. TypeScript checks them too, and JavaScript does not. */

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addon } from './addon.js';
import { KvmArgumentError } from './errors.js';

/** @throws KvmArgumentError unless `value` is a string without a zero character, which ends a path for the kernel. */
export function requirePath(operation: string, path: unknown): void {
  if (typeof path === 'string' && !path.includes('\0')) return;
  const shown = typeof path === 'string' ? JSON.stringify(path) : describe(path);
  throw new KvmArgumentError(operation, `path ${shown}; it must be a string without '\\0'`);
}

/** The kinds of handles, and the methods that return them. */
const sourceOf = {
  vcpu: 'Vcpu.share',
  vm: 'Vm.share',
  'vm device': 'VmDevice.share',
  'guest memory': 'GuestMemory.share',
  eventfd: 'EventFd.share',
  'coalesced MMIO ring': 'CoalescedMmioRing.share',
  'dirty ring': 'DirtyRing.share',
} as const;
type HandleKind = keyof typeof sourceOf;

/** What another thread of this process needs to find a record. Ids are never used again. */
export interface Handle<Kind extends HandleKind> {
  readonly kind: Kind;
  readonly id: number;
  readonly generation: number;
}

/** Returns the handle of a record. */
export function newHandle<Kind extends HandleKind>(kind: Kind, id: number): Handle<Kind> {
  return { kind, id, generation: addon().GENERATION };
}

/**
 * Checks an object that `share` of this kind has returned, or a clone of one. Returns its id. Each property is read once.
 *
 * @throws KvmArgumentError for anything else, and for a handle of another process: its id could be of another object here.
 */
export function requireHandle(operation: string, handle: unknown, kind: HandleKind): number {
  const given = typeof handle === 'object' && handle !== null ? (handle as Partial<Handle<HandleKind>>) : {};
  const { kind: givenKind, id, generation } = given;
  if (givenKind !== kind || !Number.isSafeInteger(id) || Number(id) < 0 || !Number.isSafeInteger(generation)) {
    const rule = `it must be the result of ${sourceOf[kind]}`;
    throw new KvmArgumentError(operation, `the handle is ${describe(handle)}; ${rule}`);
  }
  if (generation !== addon().GENERATION) {
    throw new KvmArgumentError(
      operation,
      `the handle is of another process; ${sourceOf[kind]} returns one of this process`,
    );
  }
  return Number(id);
}

/** Whether a value is a Uint8Array. An object with its prototype, and a Proxy of one, have no bytes. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && value instanceof Uint8Array;
}

/** @throws KvmArgumentError unless `bytes` is a Uint8Array. `what` is its name for the caller. */
export function requireBytes(operation: string, bytes: unknown, what = 'bytes'): asserts bytes is Uint8Array {
  if (isBytes(bytes)) return;
  throw new KvmArgumentError(operation, `${what} ${describe(bytes)}; it must be a Uint8Array`);
}

const typedArrayLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')?.get;

/** Returns how many bytes there are. A subclass can redefine the property `length`. */
export function lengthOf(bytes: Uint8Array): number {
  return typedArrayLength?.call(bytes) as number;
}

/** @throws KvmArgumentError unless `value` is an object. */
export function requireObject(operation: string, what: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  throw new KvmArgumentError(operation, `${what} ${describe(value)}; it must be an object`);
}

/** Returns the elements of a list. @throws KvmArgumentError unless the list is an array or another iterable object. */
export function requireList<T>(operation: string, what: string, list: Iterable<T>): T[] {
  if (typeof list === 'object' && list !== null && Symbol.iterator in list) return Array.from(list);
  throw new KvmArgumentError(operation, `${what} ${describe(list)}; it must be an array`);
}

/** @throws KvmArgumentError unless `value` is an object of a class. `isOne` says whether it is. */
export function requireClass(operation: string, what: string, value: unknown, name: string, isOne: boolean): void {
  if (isOne) return;
  const article = /^[AEIO]/.test(name) ? 'an' : 'a';
  throw new KvmArgumentError(operation, `${what} ${describe(value)}; it must be ${article} ${name}`);
}

/** @throws KvmArgumentError unless `value` is one of the words. */
export function requireOneOf(operation: string, what: string, value: unknown, words: readonly string[]): void {
  if (typeof value === 'string' && words.includes(value)) return;
  throw new KvmArgumentError(operation, `${what} ${describe(value)}; expected one of ${words.join(', ')}`);
}

/**
 * Returns the address of a module, as a string. `module` is the URL of a file, as an object or as text, a data: URL, or the
 * path of a file.
 *
 * @throws KvmArgumentError when it is anything else.
 */
export function moduleAddress(operation: string, module: unknown): string {
  if (module instanceof URL && ['file:', 'data:'].includes(module.protocol)) return module.href;
  if (typeof module === 'string' && module !== '' && !module.includes('\0')) {
    if (!module.startsWith('file:')) return pathToFileURL(resolve(module)).href;
    if (URL.canParse(module)) return new URL(module).href;
  }
  const shown = module instanceof URL ? module.href : describe(module);
  throw new KvmArgumentError(operation, `program ${shown}; it must be the URL or the path of a file`);
}

/** @throws KvmArgumentError unless `signal` is an AbortSignal or undefined. */
export function requireAbortSignal(operation: string, signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new KvmArgumentError(operation, `signal ${describe(signal)}; it must be an AbortSignal`);
}

/** @throws KvmArgumentError unless `value` is a function. */
export function requireFunction(operation: string, what: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new KvmArgumentError(operation, `${what} ${describe(value)}; it must be a function`);
}

/**
 * Checks what a synchronous function of the caller has returned. TypeScript accepts an `async` function where the result is not
 * used.
 *
 * @throws KvmArgumentError when it is a Promise.
 */
export function requireSynchronous(operation: string, callback: string, result: unknown): void {
  if (result !== undefined && isThenable(result)) {
    // The Promise may be rejected later. That error would be reported in addition to this one.
    Promise.resolve(result).catch(() => {});
    throw new KvmArgumentError(operation, `${callback} returned ${describe(result)}; it must be synchronous`);
  }
}

/** Whether a value is a Promise, or an object that `await` treats as one. */
function isThenable(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

/** Shows a value in a few words. */
export function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `an object of ${classNameOf(value) ?? 'no class'}`;
  if (typeof value === 'function') return 'a function';
  // Where only a number is right, 4096n must not look like one.
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function classNameOf(value: object): string | undefined {
  try {
    const { name } = value.constructor;
    return typeof name === 'string' ? name : undefined;
  } catch {
    // The constructor may be missing, or a getter that throws.
    return undefined;
  }
}

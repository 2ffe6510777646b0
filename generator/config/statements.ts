/** Checks what a configuration states about members and ioctls. */

import { ConfigError } from '../errors.js';
import type { AddressStatement, IoctlStatement, Statements } from '../model/statements.js';

export const statementKeys = ['countedBy', 'flags', 'names', 'addresses', 'ioctls'] as const;

const directions = ['none', 'read', 'write', 'readwrite'];
const passings = ['nothing', 'value', 'pointer'];

/**
 * Returns the statements of a configuration. The names are checked later, when the headers are read. @throws ConfigError
 * that names the file and the key.
 */
export function checkedStatements(config: Readonly<Record<string, unknown>>, file: string): Statements {
  const entries = <T>(
    key: (typeof statementKeys)[number],
    check: (value: unknown, at: string) => T,
  ): Record<string, T> => {
    const value = config[key] ?? {};
    if (!isObject(value)) throw wrong(file, key, value, "an object such as { 'mydev_filter.rules': … }");
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, check(each, `${key}['${name}']`)] as const),
    );
  };
  const text =
    (wanted: string) =>
    (value: unknown, at: string): string => {
      if (isText(value)) return value;
      throw wrong(file, at, value, wanted);
    };
  const stated = {
    countedBy: entries('countedBy', text('the name of a member of the same struct')),
    flags: entries('flags', text("the prefix of the flags, such as 'MYDEV_F_', or an enum")),
    names: entries('names', text("the prefix of the constants, such as 'MYDEV_STATE_', or an enum")),
    addresses: entries('addresses', (value, at) => address(value, at, file)),
    ioctls: entries('ioctls', (value, at) => ioctl(value, at, file)),
  };
  return Object.fromEntries(Object.entries(stated).filter(([, list]) => Object.keys(list).length > 0));
}

function address(value: unknown, at: string, file: string): AddressStatement {
  if (isText(value) || isSize(value)) return value;
  const wanted = "a number of bytes, the member with the number of bytes, or { countedBy: 'member', elementSize: 16 }";
  if (!isObject(value)) throw wrong(file, at, value, wanted);
  requireKeys(value, ['countedBy', 'elementSize'], at, file);
  const { countedBy, elementSize } = value;
  if (!isText(countedBy)) throw wrong(file, `${at}.countedBy`, countedBy, 'the name of a member of the same struct');
  if (elementSize !== undefined && !isText(elementSize) && !isSize(elementSize))
    throw wrong(file, `${at}.elementSize`, elementSize, "a number of bytes, or a type such as 'struct mydev_rule'");
  return { countedBy, elementSize };
}

function ioctl(value: unknown, at: string, file: string): IoctlStatement {
  if (!isObject(value)) throw wrong(file, at, value, "an object such as { argument: 'struct mydev_info' }");
  requireKeys(value, ['argument', 'passes', 'direction', 'sizedBy', 'fd'], at, file);
  const { argument, passes, direction, sizedBy, fd } = value;
  if (argument !== undefined && argument !== null && !isText(argument))
    throw wrong(file, `${at}.argument`, argument, "a C type such as 'struct mydev_info', or null for no argument");
  if (sizedBy !== undefined && !isText(sizedBy))
    throw wrong(file, `${at}.sizedBy`, sizedBy, "the member with the number of bytes, such as 'argsz'");
  const fds = fd === undefined ? [] : Array.isArray(fd) ? fd : [fd];
  if ((Array.isArray(fd) && fds.length === 0) || !fds.every(isFd))
    throw wrong(file, `${at}.fd`, fd, "a name for a kind of file descriptor, such as 'control', or a list of names");
  const one = <T extends string>(key: string, given: unknown, known: readonly string[]): T | undefined => {
    if (given === undefined || known.some((each) => each === given)) return given as T | undefined;
    throw wrong(file, `${at}.${key}`, given, `one of ${known.join(', ')}`);
  };
  const how = one<NonNullable<IoctlStatement['passes']>>('passes', passes, passings);
  if (how === 'nothing' && isText(argument)) {
    throw new ConfigError(file, at, "has an argument and passes: 'nothing'; remove one of them");
  }
  if ((how === 'value' || how === 'pointer') && !isText(argument)) {
    throw new ConfigError(file, at, `has passes: '${how}' without an argument; add the C type as 'argument'`);
  }
  return {
    argument,
    passes: how,
    direction: one<NonNullable<IoctlStatement['direction']>>('direction', direction, directions),
    ...(sizedBy === undefined ? {} : { sizedBy }),
    ...(fds.length === 0 ? {} : { fd: fds }),
  };
}

function requireKeys(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  at: string,
  file: string,
): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ConfigError(file, `${at}.${unknown}`, `unknown key; expected one of ${known.join(', ')}`);
}

function wrong(file: string, key: string, value: unknown, wanted: string): ConfigError {
  return new ConfigError(file, key, `is ${JSON.stringify(value) ?? String(value)}; must be ${wanted}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
const isFd = (value: unknown): value is string => isText(value) && /^[a-z]\w*$/.test(value);

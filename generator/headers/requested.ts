/** The headers that a user requests: by name, spelled as in an `#include`, or by path. */

import { UsageError } from '../errors.js';
import { architectureOfTriplet } from '../targets/architectures.js';

/** A requested header. */
export interface RequestedHeader {
  /** The name, spelled as in an `#include`. The path of the output has this name. */
  readonly name: string;
  /** The path of the file, if the user gave a path. */
  readonly path?: string;
}

/** Whether a spelling is a path: `./mydev.h`, `../mydev.h` or `/home/me/mydev.h`. Any other spelling is a name. */
function isHeaderPath(spelling: string): boolean {
  return /^(?:\.{1,2})?\//.test(spelling);
}

/** Removes the brackets or quotation marks of an `#include`. */
function withoutBrackets(spelling: string): string {
  return /^(?:<(.+)>|"(.+)")$/.exec(spelling.trim())?.slice(1).find(Boolean) ?? spelling;
}

/** Returns what is wrong with the spelling of a header, or undefined. */
export function problemOfHeader(spelling: string): string | undefined {
  const name = withoutBrackets(spelling);
  if (/[<>"\0\n]/.test(name) || name === '') return "a header is spelled as in an #include, such as 'linux/if_tun.h'";
  if (/\.(?:c|cc|cpp|cxx)$/.test(name)) {
    return 'this is a source file, not a header; move its declarations into a header (.h), and give the header';
  }
  if (/\.(?:hh|hpp|hxx|H)$/.test(name)) return 'this is a header of C++; give a header of C, whose name ends in .h';
  if (!name.endsWith('.h')) {
    const hint = isHeaderPath(name) || name.endsWith('/') ? '' : `; did you mean ${name}.h?`;
    return `the name of a header ends in .h${hint}`;
  }
  return undefined;
}

/**
 * Returns the name of a header that is given as a path. It is the path in the include folder that contains the file.
 * Otherwise it is the part of the spelling after the last folder called `include` or `uapi`, or the name of the file. So
 * the name does not depend on the machine.
 */
function nameOfPath(spelling: string, path: string, include: readonly string[]): string {
  const inside = include.filter((folder) => path.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length)[0];
  if (inside !== undefined) return path.slice(inside.length + 1);
  const parts = spelling.split('/').filter((part) => part !== '' && part !== '.');
  const last = parts.findLastIndex((part) => part === 'include' || part === 'uapi' || part === '..');
  const name = last === -1 || parts[last] === '..' ? parts.slice(-1) : parts.slice(last + 1);
  return (name.length > 1 && architectureOfTriplet(name[0] as string) ? name.slice(1) : name).join('/');
}

/**
 * Returns the requested headers, without duplicates. `absolute` gives the absolute path of a path.
 *
 * @throws UsageError for a spelling that is not a header, and for two paths with one name.
 */
export function requestedHeaders(
  spellings: readonly string[],
  include: readonly string[],
  absolute: (path: string) => string,
): RequestedHeader[] {
  const found = new Map<string, RequestedHeader>();
  for (const each of spellings) {
    const problem = problemOfHeader(each);
    if (problem !== undefined) throw new UsageError(`'${each}' is not a header: ${problem}`);
    const spelling = withoutBrackets(each);
    const path = isHeaderPath(spelling) ? absolute(spelling) : undefined;
    const name = path === undefined ? spelling : nameOfPath(spelling, path, include.map(absolute));
    const other = found.get(name);
    if (other && other.path !== path) {
      const problem = `${other.path ?? `<${other.name}>`} and ${path ?? `<${name}>`} have the same name, ${name}`;
      throw new UsageError(`${problem}; generate one of them into another folder, or rename it`);
    }
    found.set(name, path === undefined ? { name } : { name, path });
  }
  return [...found.values()];
}

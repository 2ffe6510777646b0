/** The compiler's list of the functions, variables and typedefs of headers. */

import { includeLines } from '../../generator/verify/c-assertions.js';
import { type Compiler, declarationDump } from '../lib/compilers.js';
import { DebugInfo, type Entry, text } from './debug-info.js';
import { type HeaderFinder, headerFinder, type Subject } from './listing.js';

export interface Declaration {
  readonly kind: 'function' | 'variable' | 'typedef';
  readonly name: string;
  /** The location: `linux/kvm.h:292`. */
  readonly at: string;
  /** Whether the compiler knows the value of the variable. */
  readonly hasValue: boolean;
}

/** Returns each declaration of the covered headers once. */
export async function compiledDeclarations(compiler: Compiler, subject: Subject): Promise<Declaration[]> {
  const headerAt = headerFinder(subject, compiler);
  const { debug, prototypes } = await declarationDump(compiler, `${includeLines(subject).join('\n')}\n`);
  const info = new DebugInfo(debug, headerAt);
  const found = [
    ...info.here.filter(({ tag }) => tag === 'typedef').map((entry) => declarationOf(info, entry, 'typedef')),
    ...info.here.filter(isVariable).map((entry) => declarationOf(info, entry, 'variable')),
    ...functionsIn(prototypes, headerAt),
  ];
  return [...new Map(found.map((each) => [`${each.kind} ${each.name}`, each])).values()];
}

/** A parameter is not a variable, and an entry without a name repeats another one. */
function isVariable({ tag, attributes }: Entry): boolean {
  return tag === 'variable' && attributes.has('name');
}

function declarationOf(info: DebugInfo, entry: Entry, kind: 'variable' | 'typedef'): Declaration {
  const hasValue = kind === 'variable' && entry.attributes.has('const_value');
  return { kind, name: text(entry, 'name'), at: info.place(entry), hasValue };
}

// A line is a comment `path:7:NC` and `extern int open (const char *, int, ...);`. GCC writes a space between the name and
// the parameters. No type has a space at such a place, except before a pointer to a function.
function functionsIn(prototypes: string, headerAt: HeaderFinder): Declaration[] {
  const form = /^\/\* (.*):(\d+):\w+ \*\/ .*?(\w+) \((?!\*)/gm;
  return [...prototypes.matchAll(form)].flatMap(([, path = '', line, name = '']): Declaration[] => {
    const header = headerAt(path);
    return header === undefined ? [] : [{ kind: 'function', name, at: `${header}:${line}`, hasValue: false }];
  });
}

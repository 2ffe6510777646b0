/** Finds the names of the emitted modules that a symbol of the compiler has its declarations in. */

import type { ts } from 'ts-morph';
import type { DeclaredName } from './changed-names.js';
import type { TypeScript } from './typescript.js';

/** A part of an emitted export: the names from the export to the declaration, such as `KvmRun`, `$layout`, `size`. */
interface DeclaredPath {
  readonly module: string;
  readonly names: readonly string[];
}

/** The place of a declaration in the emitted modules. */
export type Declared =
  /** An export, or a member of a class, of its layout or of an enum object. */
  | ({ readonly is: 'name' } & DeclaredName)
  /** A fact about the whole class, such as `$size`. */
  | ({ readonly is: 'size' } & DeclaredName)
  /** The whole layout of a class, as data. */
  | ({ readonly is: 'layout' } & DeclaredName);

/** Finds the emitted names of symbols. */
export class DeclaredNames {
  readonly #ts: TypeScript;
  readonly #checker: ts.TypeChecker;
  /** The path in the output folder of each emitted module, by the path of its file. */
  readonly #modules: ReadonlyMap<string, string>;

  constructor(typeScript: TypeScript, checker: ts.TypeChecker, modules: ReadonlyMap<string, string>) {
    this.#ts = typeScript;
    this.#checker = checker;
    this.#modules = modules;
  }

  /** Returns where a symbol is declared in the emitted modules. A property of a union can have several declarations. */
  of(symbol: ts.Symbol | undefined): Declared[] {
    if (symbol === undefined) return [];
    const found = new Map<string, Declared>();
    for (const declaration of this.resolved(symbol).declarations ?? []) {
      const path = this.#pathTo(declaration);
      const declared = path && placeOf(path);
      if (declared) found.set(JSON.stringify(declared), declared);
    }
    return [...found.values()];
  }

  /** Follows imports and re-exports to the symbol itself. */
  resolved(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & this.#ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #pathTo(declaration: ts.Declaration): DeclaredPath | undefined {
    const module = this.#modules.get(declaration.getSourceFile().fileName);
    if (module === undefined) return undefined;
    const names: string[] = [];
    for (let node: ts.Node = declaration; !this.#ts.isSourceFile(node); node = node.parent) {
      const { name } = node as ts.NamedDeclaration;
      if (name === undefined) continue;
      if (!this.#ts.isIdentifier(name) && !this.#ts.isStringLiteral(name)) return undefined;
      names.unshift(name.text);
    }
    return { module, names };
  }
}

/** Returns the place of a path. Returns undefined for a part that no change concerns by itself, such as `offset`. */
function placeOf({ module, names: [name, ...rest] }: DeclaredPath): Declared | undefined {
  if (name === undefined) return undefined;
  const [first, second, third] = rest;
  if (first === undefined) return { is: 'name', module, name };
  if (first === '$size' || first === '$align') return { is: 'size', module, name };
  if (first !== '$layout' && first !== '$$layout') {
    return second === undefined ? { is: 'name', module, name, member: first } : undefined;
  }
  if (second === undefined) return { is: 'layout', module, name };
  if (second === 'size' || second === 'align') return { is: 'size', module, name };
  if (second !== 'members' || third === undefined || rest.length > 3) return undefined;
  return { is: 'name', module, name, member: third };
}

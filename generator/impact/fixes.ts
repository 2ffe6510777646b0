/** Finds the edits that give renamed names their new names. */

import type { ts } from 'ts-morph';
import { isAssignedTo } from './property-symbols.js';
import type { TypeScript } from './typescript.js';
import type { FoundUse } from './uses.js';

/** A part of a file, and the text that replaces it. The positions count UTF-16 code units from the start of the file. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Finds the edits in one file. */
export class Fixes {
  readonly #ts: TypeScript;
  readonly #checker: ts.TypeChecker;
  readonly #file: ts.SourceFile;
  readonly #words: ReadonlySet<string>;

  constructor(typeScript: TypeScript, checker: ts.TypeChecker, file: ts.SourceFile) {
    this.#ts = typeScript;
    this.#checker = checker;
    this.#file = file;
    this.#words = new Set(file.text.match(/[\w$]+/g));
  }

  /**
   * Returns the edit for a use. Returns null if the use needs no edit: it has another name, which the edit of an import
   * or an export keeps. Returns undefined if an edit does not suffice.
   */
  of({ node, form, changes, symbol, start, end }: FoundUse): Edit | null | undefined {
    const going = changes.filter(({ goes }) => goes);
    const [first] = going;
    if (first?.renamed === undefined || going.some(({ renamed }) => renamed !== first.renamed)) return undefined;
    const { renamed } = first;
    const old = first.member ?? first.name;
    const ts = this.#ts;
    if (form === 'whole' || !(ts.isIdentifier(node) || ts.isStringLiteralLike(node))) return undefined;
    if (node.text !== old) return null;
    if (symbol && !this.#isDirect(symbol)) return null;
    const text = this.#textFor(node, old, renamed, symbol);
    return text === null ? null : { start, end, text };
  }

  /** Returns the new text of a name. Returns null if the text stays. */
  #textFor(node: ts.Node, old: string, renamed: string, symbol: ts.Symbol | undefined): string | null {
    const ts = this.#ts;
    const { parent } = node;
    if (ts.isStringLiteralLike(node)) {
      const quote = this.#file.text.charAt(node.getStart(this.#file));
      return `${quote}${renamed}${quote}`;
    }
    // If the file has the new name already, the local name of the import stays.
    const stays = this.#words.has(renamed);
    if (ts.isImportSpecifier(parent)) return parent.propertyName || !stays ? renamed : `${renamed} as ${old}`;
    if (ts.isExportSpecifier(parent)) {
      if (!parent.parent.parent.moduleSpecifier && stays) return null;
      return parent.propertyName ? renamed : `${renamed} as ${old}`;
    }
    if (ts.isBindingElement(parent)) return parent.propertyName ? renamed : `${renamed}: ${old}`;
    const isAlias = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    if (isAlias && (stays || !this.#isImportedAs(symbol))) return null;
    if (!ts.isShorthandPropertyAssignment(parent)) return renamed;
    return isAssignedTo(ts, parent.parent) ? `${renamed}: ${old}` : `${old}: ${renamed}`;
  }

  /** Whether an import has the name itself, without `as`. */
  #isImportedAs(symbol: ts.Symbol): boolean {
    return symbol.declarations?.every((each) => this.#ts.isImportSpecifier(each) && !each.propertyName) === true;
  }

  /** Whether a symbol is that of the emitted module, and not one that another file exports again by name. */
  #isDirect(symbol: ts.Symbol): boolean {
    const { Alias } = this.#ts.SymbolFlags;
    if (!(symbol.flags & Alias)) return true;
    const isOwn = symbol.declarations?.some((each) => each.getSourceFile() === this.#file);
    const target = isOwn ? this.#checker.getImmediateAliasedSymbol(symbol) : symbol;
    return target !== undefined && !(target.flags & Alias);
  }
}

/** Returns a text with edits. */
export function withEdits(text: string, edits: readonly Edit[]): string {
  let edited = text;
  for (const { start, end, text: replacement } of edits.toSorted((a, b) => b.start - a.start)) {
    edited = edited.slice(0, start) + replacement + edited.slice(end);
  }
  return edited;
}

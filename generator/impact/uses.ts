/** Finds the uses of changed names in a source file. Each node is visited once. */

import type { ts } from 'ts-morph';
import type { ChangedNames, DeclaredName, NameChange, Whole } from './changed-names.js';
import { type Declared, DeclaredNames } from './declared-names.js';
import { importedIdentifiers, isJavaScript } from './imported-names.js';
import { PropertySymbols } from './property-symbols.js';
import type { TypeScript } from './typescript.js';

/**
 * The form of a use. `import` and `re-export` are specifiers. `whole` uses all names of a class or an enum object, as
 * `keyof` does.
 */
export type Form = 'import' | 're-export' | 'reference' | 'property' | 'type' | 'declaration' | 'whole';

/** A use in a source file. */
export interface FoundUse {
  readonly node: ts.Node;
  readonly start: number;
  readonly end: number;
  readonly form: Form;
  /** The symbol that the node names, before imports are followed. Absent if the node names several. */
  readonly symbol?: ts.Symbol;
  readonly changes: readonly NameChange[];
}

/** Finds the uses in the files of one program. */
export class UseFinder {
  readonly #ts: TypeScript;
  readonly #checker: ts.TypeChecker;
  readonly #declared: DeclaredNames;
  readonly #names: ChangedNames;
  /** The other names that the project exports anything under. */
  readonly #aliases: ReadonlySet<string>;
  readonly #properties: PropertySymbols;
  #file: ts.SourceFile | undefined;
  #hasTypesInComments = false;
  /** The imported names of the file that are names of the emitted modules. */
  #imported: ReadonlySet<string> = new Set();
  #uses = new Map<string, FoundUse>();

  constructor(
    typeScript: TypeScript,
    program: ts.Program,
    modules: ReadonlyMap<string, string>,
    names: ChangedNames,
    aliases: ReadonlySet<string>,
  ) {
    this.#ts = typeScript;
    this.#checker = program.getTypeChecker();
    this.#declared = new DeclaredNames(typeScript, this.#checker, modules);
    this.#names = names;
    this.#aliases = aliases;
    this.#properties = new PropertySymbols(typeScript, this.#checker);
  }

  /** Returns the uses in a file, in the order of their positions. */
  usesIn(file: ts.SourceFile): FoundUse[] {
    this.#file = file;
    this.#hasTypesInComments = isJavaScript(file);
    this.#uses = new Map();
    const imported = importedIdentifiers(this.#ts, file);
    this.#imported = new Set(imported.filter((each) => this.#isEmitted(each)).map(({ text }) => text));
    this.#visit(file);
    return [...this.#uses.values()].sort((a, b) => a.start - b.start || a.end - b.end);
  }

  readonly #visit = (node: ts.Node): void => {
    const { isIdentifier, isStringLiteralLike, isElementAccessExpression, isTypeOperatorNode } = this.#ts;
    if (isIdentifier(node)) this.#identifier(node);
    else if (isStringLiteralLike(node)) this.#literal(node);
    else if (isElementAccessExpression(node)) this.#computed(node);
    else if (isTypeOperatorNode(node)) this.#keyOf(node);
    // In JavaScript, comments have types.
    if (this.#hasTypesInComments) for (const comment of commentsOf(node)) this.#visit(comment);
    this.#ts.forEachChild(node, this.#visit);
  };

  #identifier(node: ts.Identifier): void {
    const { parent } = node;
    const ts = this.#ts;
    if (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isExportSpecifier(parent)) {
      this.#specifier(node, parent);
    } else if (this.#properties.isPropertyName(node)) {
      if (this.#isWanted(node.text)) this.#property(node, this.#properties.of(node));
      // In `{ KVM_RUN }`, the name is that of a property, and it is also a reference.
      if (ts.isShorthandPropertyAssignment(parent) && this.#imported.has(node.text)) {
        this.#reference(node, this.#checker.getShorthandAssignmentValueSymbol(parent));
      }
    } else if (this.#imported.has(node.text) && !this.#properties.isDeclaredName(node)) {
      this.#reference(node, this.#checker.getSymbolAtLocation(node));
    }
  }

  #isWanted(text: string): boolean {
    return this.#names.words.has(text) || this.#aliases.has(text) || dataOfClasses.has(text);
  }

  #isEmitted(node: ts.Identifier): boolean {
    return this.#declared.of(this.#checker.getSymbolAtLocation(node)).length > 0;
  }

  /** A name in an import or export declaration. Of `KVM_RUN as RUN`, only the first name counts. */
  #specifier(node: ts.Identifier, parent: ts.ImportSpecifier | ts.ImportClause | ts.ExportSpecifier): void {
    const ts = this.#ts;
    const outer = ts.isImportClause(parent) ? parent.name : (parent.propertyName ?? parent.name);
    if (outer !== node) return;
    const isExport = ts.isExportSpecifier(parent);
    const symbol = isExport
      ? this.#checker.getExportSpecifierLocalTargetSymbol(parent)
      : this.#checker.getSymbolAtLocation(parent.name ?? node);
    const changes = this.#declared.of(symbol).flatMap((each) => (each.is === 'name' ? this.#names.of(each) : []));
    // An import alone has no effect, unless the name goes.
    if (isExport) this.#add(node, 're-export', changes, symbol);
    else
      this.#add(
        node,
        'import',
        changes.filter(({ goes }) => goes),
        symbol,
      );
  }

  #reference(node: ts.Identifier, symbol: ts.Symbol | undefined): void {
    if (symbol) this.#symbolUse(node, symbol);
  }

  #property(node: ts.Node, symbols: readonly ts.Symbol[]): void {
    for (const symbol of symbols) this.#symbolUse(node, symbol);
  }

  #formOf(node: ts.Node): Form {
    const { parent } = node;
    if (this.#ts.isClassElement(parent)) return 'declaration';
    if (this.#ts.isPartOfTypeNode(node) || this.#ts.isTypeQueryNode(parent)) return 'type';
    return this.#properties.isPropertyName(node) || !this.#ts.isIdentifier(node) ? 'property' : 'reference';
  }

  #symbolUse(node: ts.Node, symbol: ts.Symbol): void {
    const isClass = (this.#declared.resolved(symbol).flags & this.#ts.SymbolFlags.Class) !== 0;
    for (const declared of this.#declared.of(symbol)) this.#declaredUse(node, declared, symbol, isClass);
  }

  #declaredUse(node: ts.Node, declared: Declared, symbol: ts.Symbol, isClass: boolean): void {
    const form = this.#formOf(node);
    const { is, module, name } = declared;
    if (is === 'layout') {
      if (!this.#isPartOfLayout(node)) this.#whole(node, declared, 'layout');
    } else if (is === 'size') {
      if (!this.#isOfNamedClass(node)) this.#add(node, form, this.#names.of({ module, name }));
    } else {
      this.#add(node, form, this.#names.of(declared), symbol);
      const isEnum = declared.member === undefined && !isClass;
      if (isEnum && !this.#isFollowed(node, () => true)) this.#whole(node, declared, 'keys');
    }
  }

  /** Whether the code reads a named part of a `$layout`, which is a use of its own or has no change. */
  #isPartOfLayout(node: ts.Node): boolean {
    if (!this.#isFollowed(node, (part) => part === 'members')) return this.#isFollowed(node, (part) => facts.has(part));
    return this.#isFollowed(this.#accessOf(node).parent, () => true);
  }

  /** Whether the parent reads a property with a known name, and the name satisfies a condition. */
  #isFollowed(node: ts.Node, isGood: (name: string) => boolean): boolean {
    const ts = this.#ts;
    const access = this.#accessOf(node);
    const { parent } = access;
    if (ts.isPropertyAccessExpression(parent) && parent.expression === access) return isGood(parent.name.text);
    if (ts.isQualifiedName(parent) && parent.left === access) return isGood(parent.right.text);
    if (ts.isElementAccessExpression(parent) && parent.expression === access) {
      return this.#properties.keysOf(parent.argumentExpression).some(isGood);
    }
    // Destructuring names each property.
    if (ts.isVariableDeclaration(parent) && parent.initializer === access && ts.isObjectBindingPattern(parent.name)) {
      return !parent.name.elements.some(({ dotDotDotToken }) => dotDotDotToken);
    }
    return false;
  }

  /** Returns the whole access for the name at its end: `run.$$layout` for `$$layout`. */
  #accessOf(node: ts.Node): ts.Node {
    const ts = this.#ts;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) return parent;
    if (ts.isQualifiedName(parent) && parent.right === node) return parent;
    if (ts.isElementAccessExpression(parent) && parent.argumentExpression === node) return parent;
    return node;
  }

  /** Whether the access begins with the name of the class, as in `KvmRun.$size`. The name is a use of its own. */
  #isOfNamedClass(node: ts.Node): boolean {
    const ts = this.#ts;
    let first: ts.Node = node.parent;
    while (ts.isPropertyAccessExpression(first) || ts.isElementAccessExpression(first)) {
      const { expression } = first;
      const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
      if (this.#isClass(name)) return true;
      first = expression;
    }
    return false;
  }

  #isClass(node: ts.Node): boolean {
    const symbol = this.#checker.getSymbolAtLocation(node);
    return symbol !== undefined && (this.#declared.resolved(symbol).flags & this.#ts.SymbolFlags.Class) !== 0;
  }

  #whole(node: ts.Node, name: DeclaredName, whole: Whole): void {
    this.#add(node, 'whole', this.#names.ofWhole(name, whole));
  }

  /** `keyof KvmRun` and `keyof typeof KvmDeviceType`. */
  #keyOf(node: ts.TypeOperatorNode): void {
    if (node.operator !== this.#ts.SyntaxKind.KeyOfKeyword) return;
    const type = this.#checker.getTypeAtLocation(node.type);
    for (const declared of this.#declared.of(type.aliasSymbol ?? type.getSymbol())) {
      if (declared.is === 'name' && declared.member === undefined) {
        this.#add(node, 'whole', this.#names.ofWhole(declared, 'keys'));
      }
    }
  }

  /** A string that is the name of a property. */
  #literal(node: ts.StringLiteralLike): void {
    if (this.#isWanted(node.text)) this.#property(node, this.#properties.of(node));
  }

  /** An element access whose name is known only by its type. */
  #computed({ expression, argumentExpression }: ts.ElementAccessExpression): void {
    if (this.#ts.isStringLiteralLike(argumentExpression)) return;
    const keys = this.#properties.keysOf(argumentExpression).filter((key) => this.#isWanted(key));
    if (keys.length === 0) return;
    const type = this.#checker.getTypeAtLocation(expression);
    for (const key of keys) this.#property(argumentExpression, this.#properties.named(type, key));
  }

  #add(node: ts.Node, form: Form, changes: readonly NameChange[], symbol?: ts.Symbol): void {
    if (changes.length === 0) return;
    const [start, end] = [node.getStart(this.#file), node.getEnd()];
    const key = `${start} ${end}`;
    const known = this.#uses.get(key);
    const all = new Set([...(known?.changes ?? []), ...changes]);
    this.#uses.set(key, {
      ...{ node, start, end, form: known?.form ?? form, changes: [...all] },
      ...(symbol === undefined ? {} : { symbol }),
    });
  }
}

/** The properties that have data of a whole class. */
const dataOfClasses: ReadonlySet<string> = new Set(['$size', '$align', '$layout', '$$layout', 'size', 'align']);

/** The parts of a `$layout` without its members. */
const facts: ReadonlySet<string> = new Set(['size', 'align', 'name', 'byteOrder']);

function commentsOf(node: ts.Node): readonly ts.Node[] {
  return (node as ts.Node & { readonly jsDoc?: readonly ts.Node[] }).jsDoc ?? [];
}

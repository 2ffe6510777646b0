/** Finds the symbol of a property at each place in code that names a property. */

import type { ts } from 'ts-morph';
import type { TypeScript } from './typescript.js';

export class PropertySymbols {
  readonly #ts: TypeScript;
  readonly #checker: ts.TypeChecker;

  constructor(typeScript: TypeScript, checker: ts.TypeChecker) {
    this.#ts = typeScript;
    this.#checker = checker;
  }

  /** Whether an identifier is the name of a property, not of a variable or a type. */
  isPropertyName(node: ts.Node): boolean {
    const ts = this.#ts;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
    if (ts.isQualifiedName(parent)) return parent.right === node;
    if (ts.isImportTypeNode(parent)) return parent.qualifier === node;
    if (ts.isBindingElement(parent)) return (parent.propertyName ?? parent.name) === node && isInObject(ts, parent);
    if (ts.isObjectLiteralElementLike(parent)) return parent.name === node;
    return ts.isClassElement(parent) && parent.name === node;
  }

  /** Whether an identifier is the name that a declaration gives to something new. */
  isDeclaredName(node: ts.Node): boolean {
    const { parent } = node;
    if (this.#ts.isExportAssignment(parent)) return false;
    return (parent as ts.NamedDeclaration).name === node;
  }

  /** Returns the symbols of the property that a name or a string literal names. */
  of(node: ts.Identifier | ts.StringLiteralLike): readonly ts.Symbol[] {
    const ts = this.#ts;
    const { parent } = node;
    const name = node.text;
    if (ts.isBindingElement(parent)) return this.named(this.#checker.getTypeAtLocation(parent.parent), name);
    if (ts.isComputedPropertyName(parent)) {
      const { parent: element } = parent;
      if (ts.isBindingElement(element)) return this.named(this.#checker.getTypeAtLocation(element.parent), name);
      return this.#ofDeclared(parent, name);
    }
    if (ts.isObjectLiteralElementLike(parent) || ts.isClassElement(parent)) return this.#ofDeclared(node, name);
    if (ts.isLiteralTypeNode(parent)) return this.#ofLiteralType(parent, name);
    if (ts.isStringLiteralLike(node)) return this.#ofString(node);
    return one(this.#checker.getSymbolAtLocation(node));
  }

  /** Returns the property of a type. For a union, that of each type that has it. */
  named(type: ts.Type, name: string): readonly ts.Symbol[] {
    const own = this.#checker.getNonNullableType(type).getProperty(name);
    // A property of a `Record` has no declaration of its own. It comes from the type after `keyof`.
    if (own && !own.declarations) return (type.aliasTypeArguments ?? []).flatMap((each) => this.#ofKeys(each, name));
    if (own) return [own];
    return type.isUnion() ? type.types.flatMap((each) => this.named(each, name)) : [];
  }

  /** Returns the names that an index can have, if its type states them. */
  keysOf(argument: ts.Expression): readonly string[] {
    if (this.#ts.isStringLiteralLike(argument)) return [argument.text];
    if (this.#ts.isNumericLiteral(argument)) return [];
    const type = this.#checker.getTypeAtLocation(argument);
    const known = this.#checker.getBaseConstraintOfType(type) ?? type;
    const all = known.isUnion() ? known.types : [known];
    return all.flatMap((each) => (each.isStringLiteral() ? [each.value] : []));
  }

  /** The name of a member of a class, or of a property of an object literal. */
  #ofDeclared(name: ts.Node, text: string): readonly ts.Symbol[] {
    const ts = this.#ts;
    const element = name.parent;
    const owner = element.parent;
    if (ts.isClassLike(owner)) return this.#inherited(owner, text);
    if (!ts.isObjectLiteralExpression(owner)) return [];
    if (isAssignedTo(ts, owner)) {
      return ts.isIdentifier(name) ? one(this.#checker.getPropertySymbolOfDestructuringAssignment(name)) : [];
    }
    const type = this.#checker.getContextualType(owner);
    return type ? this.named(type, text) : [];
  }

  /** The member of a class that a member of a subclass overrides or implements. */
  #inherited(owner: ts.ClassLikeDeclaration, name: string): readonly ts.Symbol[] {
    const types = (owner.heritageClauses ?? []).flatMap((clause) => clause.types);
    return types.flatMap((each) => this.named(this.#checker.getTypeAtLocation(each), name));
  }

  /** `KvmRun['flags']`, `Pick<KvmRun, 'flags'>`. */
  #ofLiteralType(node: ts.LiteralTypeNode, name: string): readonly ts.Symbol[] {
    const ts = this.#ts;
    let user: ts.Node = node.parent;
    while (ts.isUnionTypeNode(user) || ts.isParenthesizedTypeNode(user)) user = user.parent;
    if (ts.isIndexedAccessTypeNode(user)) return this.named(this.#checker.getTypeAtLocation(user.objectType), name);
    const others =
      ts.isTypeReferenceNode(user) || ts.isExpressionWithTypeArguments(user) ? user.typeArguments : undefined;
    return (others ?? []).flatMap((each) => {
      const type = ts.isTypeOperatorNode(each) ? each.type : each;
      return ts.isLiteralTypeNode(type) || ts.isUnionTypeNode(type)
        ? []
        : this.named(this.#checker.getTypeAtLocation(type), name);
    });
  }

  #ofString(node: ts.StringLiteralLike): readonly ts.Symbol[] {
    const ts = this.#ts;
    const { parent } = node;
    if (ts.isElementAccessExpression(parent)) {
      return this.named(this.#checker.getTypeAtLocation(parent.expression), node.text);
    }
    if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword) {
      return this.named(this.#checker.getTypeAtLocation(parent.right), node.text);
    }
    const type = this.#checker.getContextualType(node);
    if (!type || !(type.isUnion() || type.isStringLiteral() || type.flags & ts.TypeFlags.Index)) return [];
    return [...this.#ofKeys(type, node.text), ...this.#ofArguments(node)];
  }

  /** The property that a value of the type `keyof KvmRun` names. */
  #ofKeys(type: ts.Type, name: string): readonly ts.Symbol[] {
    // The compiler keeps the type after `keyof` for its messages. Its interface does not declare this.
    const { origin } = type as ts.Type & { readonly origin?: { readonly type?: ts.Type } };
    return origin?.type ? this.named(origin.type, name) : [];
  }

  /** The property of another argument of the call, as in `atomic(run, 'immediate_exit')`. */
  #ofArguments(node: ts.StringLiteralLike): readonly ts.Symbol[] {
    const ts = this.#ts;
    const argument: ts.Node = ts.isArrayLiteralExpression(node.parent) ? node.parent : node;
    const call = argument.parent;
    if (!ts.isCallExpression(call) && !ts.isNewExpression(call)) return [];
    const given = call.arguments ?? [];
    if (
      !this.#isGeneric(
        call,
        given.findIndex(({ pos }) => pos === argument.pos),
      )
    )
      return [];
    const others = given.filter((each) => each !== argument && !ts.isLiteralExpression(each));
    return others.flatMap((each) => this.#ofInstance(this.#checker.getTypeAtLocation(each), node.text));
  }

  /** Whether the type of a parameter depends on another argument: on a parameter of the type. */
  #isGeneric(call: ts.CallExpression | ts.NewExpression, index: number): boolean {
    const { parameters = [], typeParameters = [] } = this.#checker.getResolvedSignature(call)?.declaration ?? {};
    const parameter = parameters[index] ?? parameters.at(-1);
    const type = parameter && this.#ts.isParameter(parameter) ? parameter.type : undefined;
    const names = typeParameters.flatMap((each) => ('name' in each ? [each.name.text] : []));
    const hasName = (node: ts.Node): boolean =>
      (this.#ts.isIdentifier(node) && names.includes(node.text)) || this.#ts.forEachChild(node, hasName) === true;
    return type !== undefined && hasName(type);
  }

  /** The property of a type, or of the instances of a class. */
  #ofInstance(type: ts.Type, name: string): readonly ts.Symbol[] {
    const own = this.named(type, name);
    if (own.length > 0) return own;
    return type.getConstructSignatures().flatMap((each) => this.named(each.getReturnType(), name));
  }
}

function one(symbol: ts.Symbol | undefined): readonly ts.Symbol[] {
  return symbol ? [symbol] : [];
}

function isInObject(typeScript: TypeScript, { parent }: ts.BindingElement): boolean {
  return typeScript.isObjectBindingPattern(parent);
}

/** Whether an object literal is the left side of an assignment. */
export function isAssignedTo(typeScript: TypeScript, literal: ts.ObjectLiteralExpression): boolean {
  let node: ts.Node = literal;
  while (typeScript.isPropertyAssignment(node.parent) || typeScript.isObjectLiteralExpression(node.parent)) {
    node = node.parent;
  }
  const { parent } = node;
  if (typeScript.isForOfStatement(parent)) return parent.initializer === node;
  return (
    typeScript.isBinaryExpression(parent) &&
    parent.operatorToken.kind === typeScript.SyntaxKind.EqualsToken &&
    parent.left === node
  );
}

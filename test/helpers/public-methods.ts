/** The public methods of the runtime with the types of their parameters, as the compiler sees them. */

import { fileURLToPath } from 'node:url';
import ts from 'typescript-6';

const root = new URL('../../', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, root));
const entries = ['runtime/index.ts', 'runtime/x86_64.ts'];

/** A type, as far as a value of it can be made. */
export type Shape =
  | { readonly is: 'number' | 'bigint' | 'boolean' | 'string' | 'bytes' | 'function' | 'undefined' | 'unknown' }
  | { readonly is: 'literal'; readonly value: string | number | boolean }
  | { readonly is: 'object'; readonly members: readonly Parameter[] }
  | { readonly is: 'array'; readonly of: Shape }
  /** A class or another type with a name that is not looked into. */
  | { readonly is: 'named'; readonly name: string }
  | { readonly is: 'union'; readonly of: readonly Shape[] };

export interface Parameter {
  readonly name: string;
  readonly isOptional: boolean;
  readonly isRest: boolean;
  readonly shape: Shape;
}

export interface Method {
  /** The class, or null for a function. */
  readonly owner: string | null;
  readonly name: string;
  readonly isStatic: boolean;
  readonly parameters: readonly Parameter[];
}

/** The methods of the exported classes with the methods that they inherit, and the exported functions. */
export function publicMethods(): Method[] {
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
    },
    pathOf('.'),
  );
  const program = ts.createProgram(entries.map(pathOf), options);
  const checker = program.getTypeChecker();
  const found = entries.flatMap((entry) => {
    const file = program.getSourceFile(pathOf(entry));
    const module = file && checker.getSymbolAtLocation(file);
    return module ? checker.getExportsOfModule(module) : [];
  });
  return found.flatMap((exported): Method[] => {
    const symbol = (exported.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(exported) : exported;
    if ((symbol.flags & ts.SymbolFlags.Function) !== 0) return [methodOf(checker, null, symbol, false)];
    if ((symbol.flags & ts.SymbolFlags.Class) === 0) return [];
    const own = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
    const shared = checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol));
    const isMethod = (member: ts.Symbol): boolean =>
      (member.flags & ts.SymbolFlags.Method) !== 0 &&
      !member.name.startsWith('__') &&
      !(member.declarations ?? []).some((each) => ts.isMethodDeclaration(each) && ts.isPrivateIdentifier(each.name)) &&
      (member.declarations ?? []).every((declaration) => {
        const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
        const isOurs = declaration.getSourceFile().fileName.startsWith(pathOf('runtime/'));
        return isOurs && (ts.getCombinedModifierFlags(declaration) & hidden) === 0;
      });
    return [
      ...own.filter(isMethod).map((member) => methodOf(checker, exported.name, member, false)),
      ...shared.filter(isMethod).map((member) => methodOf(checker, exported.name, member, true)),
    ];
  });
}

function methodOf(checker: ts.TypeChecker, owner: string | null, symbol: ts.Symbol, isStatic: boolean): Method {
  // The last overload is the most general one.
  const signature = checker.getSignaturesOfType(checker.getTypeOfSymbol(symbol), ts.SignatureKind.Call).at(-1);
  const parameters = (signature?.parameters ?? []).map((parameter): Parameter => {
    const declaration = parameter.valueDeclaration as ts.ParameterDeclaration;
    const isRest = declaration.dotDotDotToken !== undefined;
    const type = checker.getTypeOfSymbolAtLocation(parameter, declaration);
    return {
      name: parameter.name,
      isOptional: checker.isOptionalParameter(declaration),
      isRest,
      shape: shapeOf(checker, type, 0),
    };
  });
  return { owner, name: symbol.name, isStatic, parameters };
}

/** Objects in objects are looked into up to this depth. */
const deepest = 4;

function shapeOf(checker: ts.TypeChecker, type: ts.Type, depth: number): Shape {
  if ((type.flags & ts.TypeFlags.TypeParameter) !== 0) {
    const constraint = checker.getBaseConstraintOfType(type);
    return constraint ? shapeOf(checker, constraint, depth) : { is: 'unknown' };
  }
  if (type.isUnion() && (type.flags & ts.TypeFlags.Boolean) === 0) {
    return { is: 'union', of: type.types.map((each) => shapeOf(checker, each, depth)) };
  }
  if (type.isStringLiteral() || type.isNumberLiteral()) return { is: 'literal', value: type.value };
  const { flags } = type;
  if ((flags & ts.TypeFlags.Number) !== 0) return { is: 'number' };
  if ((flags & ts.TypeFlags.BigInt) !== 0) return { is: 'bigint' };
  if ((flags & ts.TypeFlags.BooleanLike) !== 0) return { is: 'boolean' };
  if ((flags & ts.TypeFlags.String) !== 0) return { is: 'string' };
  if ((flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0) return { is: 'undefined' };
  if ((flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0) return { is: 'unknown' };
  const element = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
  if (checker.isArrayLikeType(type) && element) return { is: 'array', of: shapeOf(checker, element, depth + 1) };
  const name = type.symbol?.name ?? '';
  if (name === 'Iterable') {
    const [of] = checker.getTypeArguments(type as ts.TypeReference);
    return { is: 'array', of: of ? shapeOf(checker, of, depth + 1) : { is: 'unknown' } };
  }
  if (name === 'Uint8Array') return { is: 'bytes' };
  if (checker.getSignaturesOfType(type, ts.SignatureKind.Call).length > 0) return { is: 'function' };
  const isClass = type.symbol !== undefined && (type.symbol.flags & ts.SymbolFlags.Class) !== 0;
  const declarations = type.symbol?.declarations ?? [];
  const isOurs = declarations.every((each) => each.getSourceFile().fileName.startsWith(pathOf('runtime/')));
  if (isClass || depth > deepest || (type.symbol !== undefined && !isOurs && name !== '__type')) {
    return { is: 'named', name };
  }
  const members = checker.getPropertiesOfType(type).map((member): Parameter => {
    const declaration = member.valueDeclaration ?? member.declarations?.[0];
    const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0;
    const own = declaration ? checker.getTypeOfSymbolAtLocation(member, declaration) : checker.getTypeOfSymbol(member);
    return { name: member.name, isOptional, isRest: false, shape: shapeOf(checker, own, depth + 1) };
  });
  return members.some(({ shape }) => shape.is === 'function') ? { is: 'named', name } : { is: 'object', members };
}

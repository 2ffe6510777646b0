/** Converts requests to ioctls: macros and enumerators that make a request number, with the kernel facts about them. */

import type { Layout } from '../c/layout/layout.js';
import { spellType } from '../c/layout/type-names.js';
import { lexText } from '../c/lexer.js';
import type { Parsed } from '../c/parser/declarations.js';
import type { TypeNames } from '../c/parser/expressions.js';
import type { Macro } from '../c/preprocessor/macros.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { CType, Declarations, EnumeratorNode, EnumNode } from '../c/syntax.js';
import { locationOf, type Token } from '../c/tokens.js';
import { Unresolvable } from '../c/unresolvable.js';
import type { SourceFile } from '../headers/files.js';
import { announcementsOf } from '../kernel/capabilities.js';
import { definingHeadersOf } from '../kernel/defining-headers.js';
import { type IoctlOverride, overrideOf } from '../kernel/ioctl-arguments.js';
import { fdRowsOf } from '../kernel/ioctl-fds.js';
import type { Direction, EnumType, FdKind, Ioctl, Passing } from '../model/model.js';
import type { IoctlStatement } from '../model/statements.js';
import { byFile } from './by-file.js';
import { writtenValue } from './enumerator-values.js';
import { Requests, type RequestUse } from './ioctl-requests.js';
import { typeIn, withoutParentheses } from './macro-bodies.js';
import type { RecordAnalyzer } from './records.js';
import { type IoctlStatements, statedFds, statedOverride } from './stated-ioctls.js';

/** A macro or an enumerator. */
type Named = Pick<Macro, 'name' | 'at'>;

/** An enumerator that makes a request. */
interface EnumeratorRequest {
  readonly node: EnumeratorNode;
  readonly value: number;
  readonly request: RequestUse;
}

export class IoctlAnalyzer {
  readonly requests: Requests;
  readonly #preprocessed: Preprocessed;
  readonly #layout: Layout;
  readonly #typeNames: TypeNames;
  readonly #declarations: Declarations;
  /** Maps a name to the request that it stands for, possibly through further names. */
  readonly #firstRequests = new Map<string, string | undefined>();
  #enumerators: ReadonlyMap<string, EnumeratorNode> | undefined;
  #definitionsIn: ReadonlyMap<SourceFile, readonly Macro[]> | undefined;
  #enumsIn: ReadonlyMap<SourceFile, readonly EnumNode[]> | undefined;

  /** The plain numbers that kernel facts or the project call ioctls. */
  readonly #plain: RequestUse = { maker: '', operands: [], argument: null };

  /** What the project states about its ioctls, by name. */
  readonly #statements: ReadonlyMap<string, IoctlStatement>;

  constructor(
    preprocessed: Preprocessed,
    layout: Layout,
    { typeNames, declarations }: Parsed,
    statements: IoctlStatements = {},
  ) {
    this.#statements = new Map(Object.entries(statements));
    this.requests = new Requests(preprocessed, layout, typeNames);
    this.#preprocessed = preprocessed;
    this.#layout = layout;
    this.#typeNames = typeNames;
    this.#declarations = declarations;
  }

  /** Returns the request that a macro makes, or that kernel facts or the project say its plain number is. */
  of(macro: Macro): RequestUse | undefined {
    return this.requests.of(macro) ?? (this.#isPlainNumber(macro) ? this.#plain : undefined);
  }

  #isPlainNumber({ name, at, parameters, body }: Macro): boolean {
    if (this.#statements.has(name)) return parameters === null && body.length > 0;
    const [token] = withoutParentheses(body);
    if (parameters !== null || token?.kind !== 'number' || body.length !== 1) return false;
    return overrideOf(at.file.name, name, this.#layout.target.kernelArchitecture) !== undefined;
  }

  /** Returns the defined types that the ioctls of a header point to. */
  argumentTypes(file: SourceFile): CType[] {
    const types: CType[] = [];
    const add = (named: Named, request: RequestUse | undefined): void => {
      const argument = request && (this.#overriding(named).argument ?? request.argument);
      if (argument && this.#hasSize(argument, named.at)) types.push(argument);
    };
    this.#definitionsIn ??= byFile(this.#preprocessed.definitions);
    for (const macro of this.#definitionsIn.get(file) ?? []) add(macro, this.of(macro));
    this.#enumsIn ??= byFile(this.#declarations.enums);
    for (const { enumerators } of this.#enumsIn.get(file) ?? []) {
      for (const node of enumerators) add(node, this.requests.ofEnumerator(node));
    }
    return types;
  }

  /** Returns the ioctl of a macro or enumerator that makes a request. */
  ioctl({ name, at }: Named, value: number, use: RequestUse, types: RecordAnalyzer): Ioctl {
    const { argument } = use;
    const request = value >>> 0;
    const isSmall = use === this.#plain && (request <= 0xffff || !this.#preprocessed.macros.has('_IOC_DIR'));
    const fields = isSmall ? plainFields(request) : this.requests.fields(request, at);
    const { override, argument: other } = this.#overriding({ name, at });
    const unread =
      override?.argument === undefined || other ? undefined : definingHeadersOf.get(override.argument)?.at(-1)?.header;
    if (unread !== undefined)
      throw new Unresolvable(at, `takes a ${override?.argument}, but <${unread}> could not be read`);
    const statement = this.#statements.get(name);
    if (statement && override?.argument !== undefined && !other)
      throw new Unresolvable(at, `takes a ${override.argument}, which the header does not define`);
    const real = other ?? argument;
    const passes: Passing =
      override?.passes ?? (fields.direction === 'none' && fields.size === 0 ? 'nothing' : 'pointer');
    const shape = real && types.shape(real);
    const known = fdsOf(name, at.file.name, this.#layout.target.kernelArchitecture);
    const fds = statement?.fd === undefined ? known : statedFds(statement);
    const capability = this.#capabilityOf({ name, at }, known);
    return {
      name,
      request,
      direction: fields.direction,
      type: fields.type,
      nr: fields.nr,
      argument: real && spellArgument(real, this.#layout),
      shape,
      passes,
      size: fields.size,
      ...(use === this.#plain ? { plainNumber: true } : {}),
      ...this.#otherSize(override, passes, real, fields.size, at),
      location: locationOf(at),
      ...(fds.length === 0 ? {} : { fds }),
      ...(capability === undefined ? {} : { capability }),
      ...(override ? { override: modelOverride(override, passes, fields.direction) } : {}),
    };
  }

  /** Returns what the kernel facts say about the number of bytes at the argument. */
  #otherSize(
    override: IoctlOverride | undefined,
    passes: Passing,
    real: CType | null,
    size: number,
    at: Token,
  ): Pick<Ioctl, 'argumentSize' | 'sizedBy' | 'tail'> {
    if (!override || passes !== 'pointer') return {};
    const { argument, sizedBy, tail } = override;
    const isRecord = real !== null && this.#layout.recordNode(real) !== undefined;
    const measured = argument === undefined || !real || isRecord ? size : this.#layout.measure(real, at).size;
    return {
      ...(measured === size ? {} : { argumentSize: measured }),
      ...(sizedBy === undefined ? {} : { sizedBy }),
      ...(tail === undefined ? {} : { tail }),
    };
  }

  /** Returns the enumerators of the covered headers that make a request, with their values. */
  enumeratorRequests(covered: ReadonlySet<SourceFile>): EnumeratorRequest[] {
    const found: EnumeratorRequest[] = [];
    for (const type of this.#declarations.enums) {
      if (!covered.has(type.at.file)) continue;
      for (const [index, node] of type.enumerators.entries()) {
        const request = this.#isHidden(node.name) ? undefined : this.requests.ofEnumerator(node);
        const value = request && this.#layout.enumeration(type).values[index]?.value;
        if (request && value !== undefined) found.push({ node, value: Number(BigInt.asUintN(32, value)), request });
      }
    }
    return found;
  }

  /** Returns the enums with the ioctls for which their enumerators are other names. */
  withAliases(enums: readonly EnumType[]): EnumType[] {
    return enums.map((type) => {
      const enumerators = type.enumerators.map((enumerator) => {
        const node = this.#enumeratorCalled(enumerator.name);
        const aliasOf = node && this.#firstRequest(withoutParentheses(writtenValue(node)), enumerator.name);
        return aliasOf === undefined ? enumerator : { ...enumerator, aliasOf };
      });
      return enumerators.some(({ aliasOf }) => aliasOf !== undefined) ? { ...type, enumerators } : type;
    });
  }

  /** Returns the ioctl for which a macro is another name, possibly through further names. */
  aliasOf({ name, parameters, body }: Macro): string | undefined {
    return parameters === null ? this.#firstRequest(withoutParentheses(body), name) : undefined;
  }

  /**
   * Follows a value that is only a name, and the names that this name stands for, to a macro or enumerator that makes a
   * request. Returns its name.
   */
  #firstRequest(value: readonly Token[], own: string): string | undefined {
    const seen = new Set([own]);
    let found: string | undefined;
    for (let next = value; ; ) {
      const [token] = next;
      // Nearly no value consists of a name.
      if (!token || next.length !== 1 || token.kind !== 'identifier' || seen.has(token.text)) break;
      // A header can define thousands of names, each for the one before.
      if (this.#firstRequests.has(token.text)) {
        found = this.#firstRequests.get(token.text);
        break;
      }
      seen.add(token.text);
      const macro = this.#isHidden(token.text) ? this.#preprocessed.macros.get(token.text) : undefined;
      const node = macro ? undefined : this.#enumeratorCalled(token.text);
      if (macro ? this.of(macro) : node && this.requests.ofEnumerator(node)) {
        found = token.text;
        break;
      }
      if (!node && macro?.parameters !== null) break;
      next = withoutParentheses(macro?.body ?? (node ? writtenValue(node) : []));
    }
    seen.delete(own);
    for (const name of seen) this.#firstRequests.set(name, found);
    return found;
  }

  /** Whether a macro has the name of an enumerator. A macro that stands for its own name hides nothing. */
  #isHidden(name: string): boolean {
    const macro = this.#preprocessed.macros.get(name);
    return macro !== undefined && !(macro.body.length === 1 && macro.body[0]?.text === name);
  }

  #enumeratorCalled(name: string): EnumeratorNode | undefined {
    this.#enumerators ??= new Map(
      this.#declarations.enums.flatMap(({ enumerators }) => enumerators.map((node) => [node.name, node] as const)),
    );
    return this.#enumerators.get(name);
  }

  #hasSize(type: CType, at: Token): boolean {
    try {
      this.#layout.measure(type, at);
      return true;
    } catch (error) {
      if (error instanceof Unresolvable) return false;
      throw error;
    }
  }

  /** Returns the capability of an ioctl, if the header defines it. Headers of older kernels lack some capabilities. */
  #capabilityOf({ name, at }: Named, fds: readonly FdKind[]): Ioctl['capability'] {
    const isDefined = (capability: string): boolean => this.#preprocessed.macros.has(capability);
    const { all, byFd } = announcementsOf(name, at.file.name, this.#layout.target.kernelArchitecture);
    if (all !== undefined) return isDefined(all) ? all : undefined;
    const own = fds.flatMap((fd) => {
      const capability = byFd.get(fd);
      return capability !== undefined && isDefined(capability) ? [[fd, capability] as const] : [];
    });
    return own.length === 0 ? undefined : Object.fromEntries(own);
  }

  /** Returns the kernel facts about an ioctl, and its real argument type if that type is defined. */
  #overriding({ name, at }: Named): { readonly override?: IoctlOverride; readonly argument?: CType } {
    const statement = this.#statements.get(name);
    const override = statement
      ? statedOverride(at.file.name, name, statement)
      : overrideOf(at.file.name, name, this.#layout.target.kernelArchitecture);
    if (!override) return {};
    if (override.argument === undefined) return { override };
    const argument = typeIn(lexText(at.file, override.argument), at, this.#typeNames);
    return argument && this.#hasSize(argument, at) ? { override, argument } : { override };
  }
}

/** Returns the kinds of file descriptor that accept an ioctl, if they are known. */
function fdsOf(name: string, header: string, kernelArchitecture: string): FdKind[] {
  const rows = (fdRowsOf.get(name) ?? []).filter((row) => row.header === header);
  const here = rows.filter(({ architecture = kernelArchitecture }) => architecture === kernelArchitecture);
  return [...new Set((here.length > 0 ? here : rows).map(({ fd }) => fd))];
}

/** Returns the fields of a plain number: a letter and a number. */
function plainFields(request: number): Pick<Ioctl, 'direction' | 'type' | 'nr' | 'size'> {
  return { direction: 'none', type: (request >>> 8) & 0xff, nr: request & 0xff, size: 0 };
}

/** A pointer without a direction in the request number is read and written, unless a fact says more. */
function modelOverride(
  { source, direction, followsPointers }: IoctlOverride,
  passes: Passing,
  inRequest: Direction,
): NonNullable<Ioctl['override']> {
  const way = direction ?? (passes === 'pointer' && inRequest === 'none' ? 'readwrite' : undefined);
  return {
    source,
    ...(way === undefined ? {} : { direction: way }),
    ...(followsPointers === undefined ? {} : { followsPointers }),
  };
}

/** Returns the type of an argument with its dimensions, as in the use of `_IOR`: `struct kvm_regs`, `int[2]`. */
function spellArgument(type: CType, layout: Layout): string {
  const dims: string[] = [];
  let element = type;
  for (; element.kind === 'array'; element = element.of) dims.push(`[${layout.length(element.length) ?? ''}]`);
  return spellType(element, layout) + dims.join('');
}

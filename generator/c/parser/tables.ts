/** The declarations that the parser has read, and C's rules about declaring a name twice. */

import type {
  AssertionNode,
  CType,
  Declarations,
  EnumNode,
  IgnoredPragma,
  MemberNode,
  ObjectNode,
  RecordNode,
  Redeclaration,
  TypedefNode,
} from '../syntax.js';
import { errorAt, placeOf, type Token } from '../tokens.js';
import { bare } from '../types.js';
import { predefinedTypedefs } from './arithmetic-types.js';
import { joinedCalls } from './attributes.js';
import { DeclarationOrder } from './order.js';

export class DeclarationTables implements Declarations {
  readonly records: RecordNode[] = [];
  readonly enums: EnumNode[] = [];
  readonly typedefs: Map<string, TypedefNode> = new Map();
  readonly tags: Map<string, RecordNode | EnumNode> = new Map();
  readonly enumerators: Map<string, Token> = new Map();
  readonly objects: Map<string, ObjectNode> = new Map();
  readonly assertions: AssertionNode[] = [];
  readonly ignoredPragmas: readonly IgnoredPragma[];
  readonly order: DeclarationOrder = new DeclarationOrder();
  readonly redeclaredTypedefs: Redeclaration<TypedefNode>[] = [];
  readonly redeclaredObjects: Redeclaration<ObjectNode>[] = [];
  readonly rareTypes: Map<string, { readonly type: CType; readonly at: Token }> = new Map();
  /** Whether the whole header is read. Macros are read later. */
  #complete = false;
  /** The depth of lists of parameters. A tag that a list of parameters defines is only valid inside the list. */
  #parameterLists = 0;

  /** The first use of each tag. */
  readonly #tagUses = new Map<string, TagUse>();
  #foundOwnTag = false;
  #definedOwnTag = false;

  constructor(ignoredPragmas: readonly IgnoredPragma[]) {
    this.ignoredPragmas = ignoredPragmas;
  }

  /** Reads a list of parameters. */
  inParameters<T>(read: () => T): T {
    if (this.#parameterLists === 0) {
      this.#foundOwnTag = false;
      this.#definedOwnTag = false;
    }
    this.#parameterLists++;
    try {
      return read();
    } finally {
      this.#parameterLists--;
    }
  }

  /** Whether a tag in the list of parameters is declared only there. No other text can name such a type. */
  get foundOwnTag(): boolean {
    return this.#foundOwnTag;
  }

  /** Whether the list of parameters defines a tag. */
  get definedOwnTag(): boolean {
    return this.#definedOwnTag;
  }

  /** Whether the parser is in a list of parameters. */
  get isInParameters(): boolean {
    return this.#parameterLists > 0;
  }

  /** Declares a tag by its use. */
  mention(keyword: TagUse['keyword'], tag: Token): void {
    // A macro declares nothing.
    if (this.#complete) return;
    const earlier = this.#tagUses.get(tag.text);
    if (earlier && earlier.keyword !== keyword) {
      const place = placeOf(earlier.at);
      throw errorAt(
        tag,
        `'${tag.text}' is the tag of ${tagKinds[earlier.keyword]} at ${place}, not of ${tagKinds[keyword]}; rename one`,
      );
    }
    if (earlier) return;
    if (this.#parameterLists === 0) this.#tagUses.set(tag.text, { keyword, at: tag });
    else this.#foundOwnTag = true;
  }

  addRecord(node: RecordNode, name: Token | null): void {
    checkNames(node);
    if (this.#isOwn()) return;
    this.records.push(node);
    if (name) this.#define(name, node);
  }

  addEnum(node: EnumNode, name: Token | null): void {
    if (this.#isOwn()) return;
    this.enums.push(node);
    if (name) this.#define(name, node);
  }

  /** Whether a definition is only valid in a list of parameters. */
  #isOwn(): boolean {
    this.#definedOwnTag ||= this.isInParameters;
    return this.isInParameters;
  }

  #define(name: Token, node: RecordNode | EnumNode): void {
    const earlier = this.tags.get(name.text);
    if (earlier) throw errorAt(name, definedTwice(name, earlier.at));
    this.tags.set(name.text, node);
  }

  addEnumerator(name: Token, place: number): void {
    if (this.#parameterLists > 0) return;
    const earlier = this.enumerators.get(name.text);
    if (earlier) throw errorAt(name, definedTwice(name, earlier));
    this.#checkKind(name, 'enumerator');
    this.enumerators.set(name.text, name);
    this.order.declare(name, place);
  }

  addTypedef(node: TypedefNode): void {
    const earlier = this.typedefs.get(node.name);
    this.#checkKind(node.at, 'typedef');
    if (earlier) this.redeclaredTypedefs.push({ earlier, later: node });
    this.typedefs.set(node.name, earlier ? { ...earlier, others: [...(earlier.others ?? []), node.type] } : node);
  }

  /** Checks C's rule that a typedef, an object and an enumerator have different names. */
  #checkKind(name: Token, kind: NameKind): void {
    const earlier = (Object.keys(nameKinds) as NameKind[]).find(
      (other) => other !== kind && this.#placeOf(name, other),
    );
    const at = earlier && this.#placeOf(name, earlier);
    if (!at) return;
    throw errorAt(name, `'${name.text}' is already declared as ${nameKinds[earlier]} at ${placeOf(at)}; rename one`);
  }

  #placeOf({ text }: Token, kind: NameKind): Token | undefined {
    if (kind === 'enumerator') return this.enumerators.get(text);
    return kind === 'typedef' ? this.typedefs.get(text)?.at : this.objects.get(text)?.at;
  }

  /** Adds a variable or a function. A later declaration can lack what an earlier one has. */
  addObject(node: ObjectNode): void {
    const earlier = this.objects.get(node.name);
    this.#checkKind(node.at, 'object');
    if (earlier) this.redeclaredObjects.push({ earlier, later: node });
    if (!earlier) {
      this.objects.set(node.name, node);
      return;
    }
    const isLess = earlier.body !== null && node.body === null;
    const kept = isLess || (earlier.initializer && !node.initializer) ? earlier : node;
    const other = kept === node ? earlier : node;
    const calls = joinedCalls([earlier.calls, node.calls]);
    this.objects.set(node.name, {
      ...kept,
      ...(calls && { calls }),
      storage: joinedStorage(kept.storage, other.storage),
      places: [...(earlier.places ?? [earlier.at]), node.at],
      others: [...(earlier.others ?? []), { type: other.type, attributes: other.attributes }],
    });
  }

  /** Adds the use of a type that only some targets have. A type in a macro is checked where the macro is evaluated. */
  useRare(name: string, type: CType, at: Token): void {
    if (!this.#complete && !this.rareTypes.has(name)) this.rareTypes.set(name, { type, at });
  }

  complete(): void {
    this.#complete = true;
    this.order.complete(this.tags);
  }

  isTypedef(name: string): boolean {
    return this.typedefs.has(name) || predefinedTypedefs.has(name);
  }
}

/** A declaration with `extern` keeps the linkage of an earlier one. */
function joinedStorage(kept: readonly string[], other: readonly string[]): readonly string[] {
  const isStatic = other.includes('static') && !kept.includes('static');
  return isStatic ? [...kept, 'static'] : kept;
}

interface TagUse {
  readonly keyword: keyof typeof tagKinds;
  readonly at: Token;
}

const tagKinds = { struct: 'a struct', union: 'a union', enum: 'an enum' } as const;
const nameKinds = { typedef: 'a typedef', enumerator: 'an enumerator', object: 'a variable or a function' } as const;

type NameKind = keyof typeof nameKinds;

function definedTwice(name: Token, earlier: Token): string {
  return `'${name.text}' is already defined at ${placeOf(earlier)}; remove one of the definitions`;
}

/** Checks C's rule that the members of a record have different names. The members of anonymous members are included. */
function checkNames(record: RecordNode): void {
  const seen = new Set<string>();
  const visit = (members: readonly MemberNode[]): void => {
    for (const member of members) {
      if (member.name === null) {
        const type = bare(member.type);
        if (type.kind === 'unnamed record') visit(type.record.members);
      } else if (seen.has(member.name)) throw errorAt(member.at, `two members called '${member.name}'`);
      else seen.add(member.name);
    }
  };
  visit(record.members);
}

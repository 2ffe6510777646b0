/** The declarations that the parser has read, and C's rules about declaring a name twice. */

import type {
  AssertionNode,
  CType,
  Declarations,
  EnumNode,
  MemberNode,
  ObjectNode,
  RecordNode,
  TypedefNode,
} from '../syntax.js';
import { errorAt, placeOf, type Token } from '../tokens.js';
import { bare } from '../types.js';
import { predefinedTypedefs } from './arithmetic-types.js';
import { joinedCalls } from './attributes.js';

export class DeclarationTables implements Declarations {
  readonly records: RecordNode[] = [];
  readonly enums: EnumNode[] = [];
  readonly typedefs: Map<string, TypedefNode> = new Map();
  readonly tags: Map<string, RecordNode | EnumNode> = new Map();
  readonly enumerators: Map<string, Token> = new Map();
  readonly objects: Map<string, ObjectNode> = new Map();
  readonly assertions: AssertionNode[] = [];
  readonly rareTypes: Map<string, { readonly type: CType; readonly at: Token }> = new Map();
  /** Whether the whole header is read. Macros are read later. */
  #complete = false;
  /** The depth of lists of parameters. A tag that a list of parameters defines is only valid inside the list. */
  #parameterLists = 0;

  readonly #mentionedTags = new Set<string>();
  #foundOwnTag = false;
  #definedOwnTag = false;

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
  mention(tag: string): void {
    if (this.#parameterLists === 0) this.#mentionedTags.add(tag);
    else if (!this.#mentionedTags.has(tag)) this.#foundOwnTag = true;
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

  addEnumerator(name: Token): void {
    if (this.#parameterLists > 0) return;
    const earlier = this.enumerators.get(name.text);
    if (earlier) throw errorAt(name, definedTwice(name, earlier));
    this.enumerators.set(name.text, name);
  }

  addTypedef(node: TypedefNode): void {
    const earlier = this.typedefs.get(node.name);
    if (!earlier) this.typedefs.set(node.name, node);
    else if (areOther(node.type, earlier.type, this.typedefs))
      throw errorAt(node.at, definedTwice(node.at, earlier.at));
  }

  /** Adds a variable or a function. A later declaration can lack what an earlier one has. */
  addObject(node: ObjectNode): void {
    const earlier = this.objects.get(node.name);
    if (!earlier) {
      this.objects.set(node.name, node);
      return;
    }
    const incomplete = node.type.kind === 'array' && node.type.length === null && node.initializer === null;
    const isLess = incomplete || (earlier.body.length > 0 && node.body.length === 0);
    const kept = isLess || (earlier.initializer && !node.initializer) ? earlier : node;
    const other = kept === node ? earlier : node;
    const calls = joinedCalls([earlier.calls, node.calls]);
    this.objects.set(node.name, {
      ...kept,
      ...(calls && { calls }),
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
  }

  isTypedef(name: string): boolean {
    return this.typedefs.has(name) || predefinedTypedefs.has(name);
  }
}

function definedTwice(name: Token, earlier: Token): string {
  return `'${name.text}' is already defined at ${placeOf(earlier)}; remove one of the definitions`;
}

/** Whether two types are certainly different. Types that only a layout could distinguish are treated as equal. */
function areOther(a: CType, b: CType, typedefs: ReadonlyMap<string, TypedefNode>): boolean {
  const [left, right] = [withoutTypedefs(a, typedefs), withoutTypedefs(b, typedefs)];
  if (!left || !right) return false;
  if (left.kind === 'pointer' && right.kind === 'pointer') return areOther(left.to, right.to, typedefs);
  if (left.kind === 'array' && right.kind === 'array') return areOther(left.of, right.of, typedefs);
  if (left.kind === 'complex' && right.kind === 'complex') return areOther(left.of, right.of, typedefs);
  if (left.kind === 'function' && right.kind === 'function') return areOther(left.returns, right.returns, typedefs);
  if (left.kind === 'scalar' && right.kind === 'scalar') return left.name !== right.name;
  if (left.kind === 'tag' && right.kind === 'tag') return left.keyword !== right.keyword || left.tag !== right.tag;
  return left.kind !== right.kind || left.kind === 'unnamed record' || left.kind === 'unnamed enum';
}

/** Returns the type without typedefs. Returns undefined if an attribute or an expression determines the type. */
function withoutTypedefs(type: CType, typedefs: ReadonlyMap<string, TypedefNode>): CType | undefined {
  const plain = bare(type);
  if (plain.kind === 'typeof' || plain.kind === 'vector' || plain.kind === 'mode') return undefined;
  if (plain.kind !== 'typedef') return plain;
  const beneath = typedefs.get(plain.name)?.type ?? predefinedTypedefs.get(plain.name);
  return beneath && withoutTypedefs(beneath, typedefs);
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

/** C's rule that a name is declared before its use, and that a type is complete where its size is used. */

import type { CType, Declarations } from '../syntax.js';
import { errorAt, placeOf, type Token } from '../tokens.js';
import { bare } from '../types.js';
import { Unresolvable } from '../unresolvable.js';

type Tag = Extract<CType, { kind: 'tag' }>;

export class DeclarationOrder {
  readonly #declared = new Map<string, { readonly place: number; readonly at: Token }>();
  /** The uses of names before a declaration. Most of these names are declared nowhere, which is another error. */
  readonly #earlyNames: { readonly at: Token; readonly place: number }[] = [];
  readonly #earlyTags: Tag[] = [];
  #isComplete = false;

  /** Declares a variable, a function or an enumerator. Its scope begins at a place of the translation unit. */
  declare(at: Token, place: number): void {
    if (!this.#declared.has(at.text)) this.#declared.set(at.text, { place, at });
  }

  /** Notes the use of a name. In a list of parameters, it can be the name of a parameter. */
  use(at: Token, place: number, isInParameters: boolean): void {
    const declared = this.#declared.get(at.text);
    if (declared) {
      if (place >= declared.place) return;
      const problem = `'${at.text}' is used before its declaration at ${placeOf(declared.at)}; declare it first`;
      // An initializer is read after the whole header. Another error in it only means that its form is not known.
      throw this.#isComplete ? new Unresolvable(at, problem) : errorAt(at, problem);
    } else if (!this.#isComplete && !isInParameters) this.#earlyNames.push({ at, place });
  }

  /** Notes the use of the size of a type. */
  useSize(type: CType, { typedefs, tags }: Pick<Declarations, 'typedefs' | 'tags'>): void {
    if (this.#isComplete) return;
    let step: CType | undefined = bare(type);
    while (step) {
      if (step.kind === 'typedef') step = typedefs.get(step.name)?.type;
      else if (step.kind === 'array') step = step.of;
      else break;
      if (step) step = bare(step);
    }
    if (step?.kind === 'tag' && !tags.has(step.tag)) this.#earlyTags.push({ ...step, at: placeIn(type) ?? step.at });
  }

  /** Checks the uses that are earlier than every declaration. A tag inside its own definition is another error. */
  complete(tags: Declarations['tags']): void {
    for (const { at, place } of this.#earlyNames) this.use(at, place, true);
    this.#isComplete = true;
    for (const { tag, keyword, at } of this.#earlyTags) {
      const node = tags.get(tag);
      if (!node || ('close' in node && isInside(at, node))) continue;
      throw errorAt(
        at,
        `the size of ${keyword} ${tag} is used before its definition at ${placeOf(node.at)}; define it first`,
      );
    }
  }
}

/** Returns the place where a type is named. */
function placeIn(type: CType): Token | undefined {
  const plain = bare(type);
  if (plain.kind === 'array') return placeIn(plain.of);
  return plain.kind === 'typedef' || plain.kind === 'tag' ? plain.at : undefined;
}

function isInside({ file, offset }: Token, { open, close }: { readonly open: Token; readonly close: Token }): boolean {
  return file === open.file && open.offset < offset && offset < close.offset;
}

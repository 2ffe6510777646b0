/**
 * The names of the emitted modules that changes concern. A name is a module of the output folder, an export, and
 * possibly a member of the export.
 */

/** Where a name is declared. */
export interface DeclaredName {
  /** The path of the module in the output folder, without the file extension: `x86_64/linux/kvm`. */
  readonly module: string;
  /** The export. */
  readonly name: string;
  /** The member of the class, of its layout or of the object. */
  readonly member?: string;
}

/** What a change does to a name. */
export interface NameChange extends DeclaredName {
  /** The number of the change in the list of changes. */
  readonly change: number;
  /** Whether the name is not in the new bindings. */
  readonly goes: boolean;
  /** The name in the new bindings, if only the name differs. */
  readonly renamed?: string;
  /**
   * What uses all names of the export at once sees the change: `keys` for the set of names (`keyof KvmRun`,
   * `Object.keys(KvmDeviceType)`), `layout` for the data of `$layout`.
   */
  readonly whole: readonly ('keys' | 'layout')[];
}

export type Whole = NameChange['whole'][number];

/** The changes by name. */
export class ChangedNames {
  readonly #exact = new Map<string, NameChange[]>();
  readonly #mentioned = new Map<string, NameChange[]>();
  readonly #whole = new Map<string, NameChange[]>();
  /** All changed names and the exports that contain them, as they are written in code. */
  readonly words: ReadonlySet<string>;

  constructor(changes: Iterable<NameChange>) {
    const words = new Set<string>();
    for (const each of changes) {
      append(this.#exact, keyOf(each), each);
      words.add(each.name);
      if (each.member === undefined || each.whole.includes('keys'))
        append(this.#mentioned, each.member ?? each.name, each);
      if (each.member !== undefined) words.add(each.member);
      for (const whole of each.whole) append(this.#whole, `${whole} ${keyOf({ ...each, member: undefined })}`, each);
    }
    this.words = words;
  }

  /** Returns the changes of the exports and keys that a message of the compiler names. */
  mentionedIn(message: string): readonly NameChange[] {
    return (message.match(/[\w$]+/g) ?? []).flatMap((word) => this.#mentioned.get(word) ?? []);
  }

  /** Returns the changes of a name. */
  of(name: DeclaredName): readonly NameChange[] {
    return this.#exact.get(keyOf(name)) ?? [];
  }

  /** Returns the changes that a use of the whole export sees. */
  ofWhole({ module, name }: DeclaredName, whole: Whole): readonly NameChange[] {
    return this.#whole.get(`${whole} ${keyOf({ module, name })}`) ?? [];
  }
}

function keyOf({ module, name, member }: { module: string; name: string; member?: string | undefined }): string {
  return member === undefined ? `${module} ${name}` : `${module} ${name} ${member}`;
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** Sets of names that are written as texts. Few headers ask for such a name, so a set is made when it is first used. */

export type Names = () => ReadonlySet<string>;

/** Returns the names in some texts. Blanks separate the names. */
export function namesIn(...texts: readonly string[]): Names {
  return madeOnce(() => texts.flatMap((text) => text.trim().split(/\s+/)));
}

export function madeOnce(make: () => Iterable<string>): Names {
  let names: ReadonlySet<string> | undefined;
  return () => {
    names ??= new Set(make());
    return names;
  };
}

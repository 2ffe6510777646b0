/** Compares names by their words, to pair a name that is gone with a name that is new. */

/** Returns the pairs of the most similar names. Each name is in at most one pair. */
export function similarPairs<T extends { readonly name: string }>(gone: readonly T[], added: readonly T[]): Map<T, T> {
  const scores = gone
    .flatMap((from) => added.map((to) => ({ from, to, score: similarity(from.name, to.name) })))
    .filter(({ score }) => score >= leastSimilarity)
    .sort((a, b) => b.score - a.score);
  const pairs = new Map<T, T>();
  const taken = new Set<T>();
  for (const { from, to, score } of scores) {
    if (pairs.has(from) || taken.has(to)) continue;
    // Two equally good names are not a recognisable rename.
    const equal = scores.filter((each) => each.score === score && (each.from === from || each.to === to));
    if (equal.length > 1) continue;
    pairs.set(from, to);
    taken.add(to);
  }
  return pairs;
}

const leastSimilarity = 0.6;

/** Returns the share of the words that both names have: 1 for the same words, 0 for no common word. */
function similarity(a: string, b: string): number {
  const [words, others] = [wordsOf(a), wordsOf(b)];
  const rest = [...others];
  let common = 0;
  for (const word of words) {
    const at = rest.indexOf(word);
    if (at === -1) continue;
    rest.splice(at, 1);
    common++;
  }
  return (2 * common) / (words.length + others.length);
}

function wordsOf(name: string): string[] {
  return name.toLowerCase().split(/[_ ]+/).filter(Boolean);
}

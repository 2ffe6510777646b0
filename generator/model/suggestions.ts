/** Suggestions for a name that does not exist. */

const mostSuggestions = 3;

/** Returns up to three names that are similar to a wrong name, the most similar first. */
export function closestTo(wanted: string, names: readonly string[]): string[] {
  // A name that differs in more than a third of its letters is a different name, not a misspelling.
  const limit = Math.max(wanted.length < 5 ? 1 : 2, Math.floor(wanted.length / 3));
  return names
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .filter(({ distance }) => distance <= limit)
    .sort((left, right) => left.distance - right.distance)
    .slice(0, mostSuggestions)
    .map(({ name }) => name);
}

/** Returns the number of letters to add, remove, change or exchange with their neighbour. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const changed = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      const isExchange = i > 0 && j > 0 && from[i] === to[j - 1] && from[i - 1] === to[j];
      const exchanged = isExchange ? (before[j - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, exchanged));
    }
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}

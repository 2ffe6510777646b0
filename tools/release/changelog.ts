/** The section of a version in CHANGELOG.md. */

/** The changelog or the version does not allow a release. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
}

const version = /^(\d+)\.(\d+)\.(\d+)$/;

/**
 * Gives the changes under `[Unreleased]` a version and a date.
 *
 * @throws ReleaseError when there are no changes, or when the version is not valid, is in the changelog already, or is lower than
 * the last one.
 */
export function releasedChangelog(text: string, next: string, date: string): string {
  if (!version.test(next)) throw new ReleaseError(`'${next}' is not a version; expected three numbers, such as 1.2.3`);
  const [head, rest] = text.split('## [Unreleased]\n');
  if (head === undefined || rest === undefined) throw new ReleaseError("CHANGELOG.md has no section '## [Unreleased]'");
  const changes = rest.split(/^## \[/m)[0] ?? '';
  if (changes.trim() === '') throw new ReleaseError('CHANGELOG.md has no changes under [Unreleased]');
  const last = /^## \[(\d+\.\d+\.\d+)\]/m.exec(rest)?.[1];
  if (last !== undefined && compare(next, last) <= 0) {
    throw new ReleaseError(`${next} is not later than ${last}, the last version in CHANGELOG.md`);
  }
  return `${head}## [Unreleased]\n\n## [${next}] - ${date}\n${rest}`;
}

/** Returns what differs between the version to release and the files of the project. */
export function versionProblems(changelog: string, packageVersion: string, released: string): readonly string[] {
  const problems: string[] = [];
  if (packageVersion !== released) problems.push(`package.json has the version ${packageVersion}, not ${released}`);
  const [, first] = /^## \[(\d+\.\d+\.\d+)\]/m.exec(changelog) ?? [];
  if (first !== released) problems.push(`the last version in CHANGELOG.md is ${first ?? 'missing'}, not ${released}`);
  return problems;
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((each) => each.split('.').map(Number));
  const index = [0, 1, 2].find((at) => left?.[at] !== right?.[at]);
  return index === undefined ? 0 : (left?.[index] ?? 0) - (right?.[index] ?? 0);
}

/** The version and the changelog of a release. */

import { describe, expect, it } from 'vitest';
import { releasedChangelog, versionProblems } from '../../../tools/release/changelog.js';

const changelog = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- a\n\n## [0.9.0] - 2026-01-01\n\n- b\n';

describe('a release', () => {
  it('the changes under [Unreleased] get the version and the date', () => {
    expect(releasedChangelog(changelog, '0.10.0', '2026-12-01')).toBe(
      '# Changelog\n\n## [Unreleased]\n\n## [0.10.0] - 2026-12-01\n\n### Added\n\n- a\n\n## [0.9.0] - 2026-01-01\n\n- b\n',
    );
  });

  it('a version that is not later, a text that is not a version, and no changes are refused', () => {
    const release =
      (version: string, text = changelog) =>
      () =>
        releasedChangelog(text, version, '2026-12-01');
    expect(release('0.9.0')).toThrow('0.9.0 is not later than 0.9.0, the last version in CHANGELOG.md');
    expect(release('0.8.12')).toThrow('0.8.12 is not later than 0.9.0');
    expect(release('1.0')).toThrow("'1.0' is not a version; expected three numbers, such as 1.2.3");
    expect(release('1.0.0', changelog.replace('### Added\n\n- a\n', ''))).toThrow('no changes under [Unreleased]');
    expect(release('1.0.0', '# Changelog\n')).toThrow("no section '## [Unreleased]'");
  });

  it('the files must have the version of the tag', () => {
    const released = releasedChangelog(changelog, '1.0.0', '2026-12-01');
    expect(versionProblems(released, '1.0.0', '1.0.0')).toEqual([]);
    expect(versionProblems(changelog, '0.9.0', '1.0.0')).toEqual([
      'package.json has the version 0.9.0, not 1.0.0',
      'the last version in CHANGELOG.md is 0.9.0, not 1.0.0',
    ]);
  });
});

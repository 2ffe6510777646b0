/** Headers of the C library, whose types are in private parts. The compiler of each target gives the expected sizes. */

import { describe, expect, it } from 'vitest';
import { installedHeaders } from '../../../generator/index.js';
import { targets } from '../../../generator/targets/targets.js';
import { compilerOf, hasCLibrary, hasGcc } from '../../../tools/lib/compilers.js';
import { run } from '../../../tools/lib/programs.js';

/** Types and constants that a user of each header expects. */
const expected: Readonly<Record<string, readonly [types: readonly string[], constants: readonly string[]]>> = {
  'sys/stat.h': [
    ['struct stat', 'struct timespec'],
    ['S_IFREG', 'UTIME_NOW'],
  ],
  'time.h': [
    ['struct tm', 'struct timespec', 'struct itimerspec'],
    ['CLOCK_BOOTTIME', 'TIMER_ABSTIME'],
  ],
  'signal.h': [
    ['struct sigaction', 'siginfo_t', 'stack_t', 'struct sigevent'],
    ['SIGINT', 'SA_RESTART', 'SIGEV_NONE'],
  ],
  'fcntl.h': [['struct flock'], ['O_CLOEXEC', 'F_SETLKW']],
  'poll.h': [['struct pollfd'], ['POLLIN', 'POLLHUP']],
};

for (const target of targets) {
  const { name } = target;
  const { cc, flags } = compilerOf(target);
  const skipped = !hasGcc(target) || !hasCLibrary(target);
  describe.skipIf(skipped)(`the C library's headers for ${name} (needs ${cc} and a C library)`, () => {
    it.each(Object.keys(expected))('%s has its types and constants, with the values of the compiler', (header) => {
      const model = installedHeaders({ target: name }).model(header);
      const [types, constants] = expected[header] ?? [[], []];
      const checks = [
        ...types.map((type) => {
          const size = model.types.find(({ cName }) => cName === type)?.size;
          return `sizeof(${type}) == ${size ?? 'missing'}`;
        }),
        ...constants.map((constant) => {
          const all = [...model.constants, ...model.enums.flatMap(({ enumerators }) => enumerators)];
          return `${constant} == ${all.find((each) => each.name === constant)?.value ?? 'missing'}`;
        }),
      ];
      const source = [`#include <${header}>`, ...checks.map((check) => `_Static_assert(${check}, "");`)].join('\n');
      run(cc, [...flags, '-std=gnu17', '-fsyntax-only', '-x', 'c', '-'], { input: source });
      expect(checks.length).toBeGreaterThan(2);
    });
  });
}

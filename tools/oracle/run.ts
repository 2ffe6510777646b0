/**
 * `npm run oracle`: compares the generator's models with compilers, in both directions. Without options, it compares
 * kvm.h of every architecture and every Debian version. With `--corpus`, it compares all headers of the kernel. With
 * `--foreign`, it compares headers of libraries. With `--diff`, it compares the changes between Debian's versions, and
 * `--release` limits it to some of them. `--arch`, or the names of architectures as arguments, limit it to these
 * architectures. `--header` limits the corpus and the changes. Exit codes: 0 if everything holds, 1 if something does not hold, 2 for a
 * missing compiler or wrong usage.
 */

import { parseArgs } from 'node:util';
import { UsageError } from '../../generator/errors.js';
import { targetCalled } from '../../generator/targets/targets.js';
import { call } from '../lib/programs.js';
import { judgeAllCorpora } from './corpora.js';
import { judgeAllForeign } from './foreign.js';
import { judgeKvm } from './kvm.js';
import { judgePairs } from './pairs.js';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      corpus: { type: 'boolean', default: false },
      foreign: { type: 'boolean', default: false },
      diff: { type: 'boolean', default: false },
      release: { type: 'string', multiple: true, default: [] },
      arch: { type: 'string', multiple: true, default: [] },
      header: { type: 'string', multiple: true, default: [] },
    },
    allowPositionals: true,
  });
  const asked = [...values.arch, ...positionals].map(targetCalled);
  if (!values.corpus && !values.diff && values.header.length > 0)
    throw new UsageError('--header needs --corpus or --diff; add one of them');
  if (call('readelf', ['--version']).error) throw new UsageError("'readelf' not found; run: apt-get install binutils");
  if (values.corpus && values.foreign) throw new UsageError('--corpus cannot be combined with --foreign; run both');
  if (values.diff) return judgePairs(asked, values.header, values.release);
  if (values.foreign) return judgeAllForeign(asked);
  return values.corpus ? judgeAllCorpora(asked, values.header) : judgeKvm(asked);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

/**
 * `npm run oracle`: compares the generator's models with compilers, in both directions. Without options, it compares
 * kvm.h of every architecture and every Debian version. With `--corpus`, it compares all headers of the kernel. With
 * `--foreign`, it compares headers of libraries. With `--diff`, it compares the changes of kvm.h between Debian's
 * versions, and with `--diff --corpus` those of all headers. `--release` limits the changes to some versions, and `--share`
 * to a share of the headers. `--arch`, or the names of architectures as arguments, limit it to these architectures.
 * `--header` limits the corpus and the changes. Exit codes: 0 if everything holds, 1 if something does not hold, 2 for a
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
      share: { type: 'string', default: '1' },
      arch: { type: 'string', multiple: true, default: [] },
      header: { type: 'string', multiple: true, default: [] },
    },
    allowPositionals: true,
  });
  const asked = [...values.arch, ...positionals].map(targetCalled);
  if (!values.corpus && !values.diff && values.header.length > 0)
    throw new UsageError('--header needs --corpus or --diff; add one of them');
  if (call('readelf', ['--version']).error) throw new UsageError("'readelf' not found; run: apt-get install binutils");
  if (values.foreign && (values.corpus || values.diff)) {
    throw new UsageError(`--foreign cannot be combined with --${values.corpus ? 'corpus' : 'diff'}; run both`);
  }
  if (values.diff) {
    const { header: headers, release: releases, corpus: isCorpus } = values;
    return judgePairs({ targets: asked, headers, releases, isCorpus, share: shareOf(values.share) });
  }
  if (values.release.length > 0 || values.share !== '1') {
    throw new UsageError('--release and --share need --diff; add it, or remove them');
  }
  if (values.foreign) return judgeAllForeign(asked);
  return values.corpus ? judgeAllCorpora(asked, values.header) : judgeKvm(asked);
}

function shareOf(text: string): number {
  const share = Number(text);
  if (share > 0 && share <= 1) return share;
  throw new UsageError(`--share ${text}: expected a number greater than 0 and at most 1, such as 0.1`);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

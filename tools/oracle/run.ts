/**
 * `npm run oracle`: what the generator says of headers, held against compilers, in both directions. Without options it is
 * about kvm.h of every architecture and of every version that Debian has; with `--corpus` about all headers. `--arch`, or
 * names of architectures alone, restrict it to these; `--header` restricts the corpus. Exit codes: 0 all holds, 1
 * something does not, 2 something is lacking, or wrong use.
 */

import { parseArgs } from 'node:util';
import { UsageError } from '../../generator/errors.js';
import { targetCalled } from '../../generator/targets/targets.js';
import { call } from '../lib/programs.js';
import { judgeAllCorpora } from './corpora.js';
import { judgeKvm } from './kvm.js';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      corpus: { type: 'boolean', default: false },
      arch: { type: 'string', multiple: true, default: [] },
      header: { type: 'string', multiple: true, default: [] },
    },
    allowPositionals: true,
  });
  const asked = [...values.arch, ...positionals].map(targetCalled);
  if (!values.corpus && values.header.length > 0) throw new UsageError('--header is for --corpus; give that too');
  if (call('readelf', ['--version']).error)
    throw new UsageError("there is no 'readelf'; run: apt-get install binutils");
  return values.corpus ? judgeAllCorpora(asked, values.header) : judgeKvm(asked);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

/**
 * `npm run stress`: a million kicks of real vCPUs, at random phases and in each gap of the protocol, and the other long tests.
 * `-- --share 0.1` does a tenth of it. Exit codes: 0 if all tests pass, 1 if one fails, 2 for wrong use.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { tableLine } from '../../generator/report/table.js';
import { packageRoot } from '../../runtime/addon.js';
import { Kvm, type Mechanism } from '../../runtime/index.js';
import { type Guest, longMode, realMode, userMode } from '../guests/index.js';
import { type Change, gaps, useHooks } from '../lib/native-test-hooks.js';
import { Progress } from '../lib/progress.js';
import { KickCounts } from './kick-counts.js';
import { type Crowd, type KickCount, kickCrowd } from './kicks.js';
import { buildProtocol, runProtocol } from './protocol.js';
import { runSequences } from './sequences.js';

const total = {
  random: 1_000_000,
  perGapAndMechanism: 10_000,
  protocol: 1000,
  sequences: 10_000,
  lifeCycles: 10_000,
} as const;

const mechanisms: readonly Mechanism[] = ['immediate_exit', 'signal_mask'];
/** Guests that the kernel emulates in ring 0, and guests that run natively in ring 3; without exits, and with exits. */
const guests: readonly Guest[] = [longMode.spin, userMode.spin, realMode.outForEver, userMode.out];
const crowdSizes = [1, 2, 4] as const;

/** Changes that lose kicks. The test must see that, or it has failed itself. */
const controls: readonly { readonly name: string; readonly change: Change }[] = [
  { name: 'signal without flag', change: 'flag' },
  { name: 'flag cleared just before entering', change: 'clear_before_entry' },
];
const controlKicks = { random: 2000, perGap: 20 } as const;
const controlLostAfterMs = 200;

async function main(share: number): Promise<boolean> {
  useHooks();
  using kvm = Kvm.open();
  const verdicts = [
    await checkControls(kvm),
    await checkKicks(kvm, share),
    await checkProtocol(share),
    await checkSequences(share),
    await checkLifeCycles(share),
  ];
  return verdicts.every((good) => good);
}

async function checkControls(kvm: Kvm): Promise<boolean> {
  console.log('Controls: each must lose the kicks that fall before R4, and some at random');
  let good = true;
  for (const { name, change } of controls) {
    const crowd: Crowd = {
      guest: userMode.spin,
      vcpus: 1,
      mechanism: 'immediate_exit',
      changes: [change],
      lostAfterMs: controlLostAfterMs,
    };
    const atRandom = await kickCrowd(kvm, crowd, { random: controlKicks.random, perGap: 0 });
    const inGaps = await kickCrowd(kvm, crowd, { random: 0, perGap: controlKicks.perGap });
    const loses = atRandom.lost > 0 && inGaps.lost >= controlKicks.perGap;
    good &&= loses;
    const lost = [atRandom, inGaps].map((counts) => `${counts.lost} of ${counts.kicks} lost`);
    console.log(`  ${name}: at random ${lost[0]}, in gaps ${lost[1]}: ${loses ? 'as it must be' : 'MISS'}`);
  }
  return good;
}

async function checkKicks(kvm: Kvm, share: number): Promise<boolean> {
  const crowds = mechanisms.flatMap((mechanism) =>
    guests.flatMap((guest) => crowdSizes.map((vcpus): Crowd => ({ mechanism, guest, vcpus }))),
  );
  const each: KickCount = {
    random: Math.ceil((total.random * share) / crowds.length),
    perGap: Math.ceil((total.perGapAndMechanism * share * mechanisms.length) / crowds.length),
  };
  const kicksOfCrowd = each.random + each.perGap * gaps().length;
  console.log(
    `\n${each.random} kicks at random and ${each.perGap} in each of the gaps ${gaps().join(', ')}, for each of`,
  );
  const progress = new Progress('kicks', kicksOfCrowd * crowds.length);
  const sum = new KickCounts();
  for (const crowd of crowds) {
    const counts = await kickCrowd(kvm, crowd, each, progress.add);
    progress.end();
    const { mechanism, guest, vcpus } = crowd;
    const cells = [mechanism, guest.name, `${vcpus} vCPU${vcpus > 1 ? 's' : ''}`, `${counts}`];
    console.log(`  ${tableLine([...cells, ...(counts.isClean ? [] : ['MISS'])], [14, 28, 7])}`);
    sum.add(counts);
  }
  const enough = sum.kicks === kicksOfCrowd * crowds.length;
  console.log(`  all: ${sum}${enough ? '' : '  MISS, some were not given'}`);
  return sum.isClean && enough;
}

/** The protocol without Node, in C++ under ThreadSanitizer. */
async function checkProtocol(share: number): Promise<boolean> {
  const count = Math.ceil(total.protocol * share);
  const { checks, reports } = await runProtocol(await buildProtocol('protocol'), { count });
  const failures = [...checks].filter(([, failure]) => failure !== null);
  const good = checks.size > 0 && failures.length === 0 && reports === '';
  console.log(
    `\nThe protocol under ThreadSanitizer: ${checks.size} checks, ${count} times each: ${good ? 'ok' : 'MISS'}`,
  );
  for (const [check, failure] of failures) console.log(`  ${check}: ${failure}`);
  if (reports !== '') console.log(reports);
  return good;
}

async function checkSequences(share: number): Promise<boolean> {
  const count = Math.ceil(total.sequences * share);
  const progress = new Progress('sequences', count);
  let failure = '';
  try {
    await runSequences(count, () => progress.add(1));
  } catch (error) {
    failure = String(error);
  }
  progress.end();
  console.log(
    `\nRandom sequences: ${count}: ${failure === '' ? 'no crash, no hang, all as expected' : `MISS\n${failure}`}`,
  );
  return failure === '';
}

interface Census {
  readonly files: Readonly<Record<string, number>>;
  readonly residentMiB: number;
}

/** The heap grows by less than this. If each cycle left one page, the growth would be greater. */
const growthMiB = 32;

async function checkLifeCycles(share: number): Promise<boolean> {
  const cycles = Math.ceil(total.lifeCycles * share);
  const script = join(packageRoot(), 'tools', 'stress', 'cycles.mjs');
  // With the product, because the product must leave nothing behind.
  const { KVM_UAPI_ADDON: _, ...inherited } = process.env;
  const env = { ...inherited, CYCLES: String(cycles) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script], { env });
  const { before, after } = JSON.parse(stdout) as { before: Census; after: Census };
  const files = JSON.stringify(before.files) === JSON.stringify(after.files);
  const good = files && after.residentMiB - before.residentMiB < growthMiB;
  const resident = `${before.residentMiB} MiB resident before, ${after.residentMiB} MiB after`;
  console.log(
    `\nLife cycles of a VM: ${cycles}, ${files ? 'all files closed' : 'FILES LEFT OPEN'}, ${resident}: ${good ? 'ok' : 'MISS'}`,
  );
  return good;
}

const { values } = parseArgs({ options: { share: { type: 'string', default: '1' } } });
const share = Number(values.share);
if (!(share > 0 && share <= 1)) {
  console.error(`error: --share ${values.share}; it must be more than 0 and at most 1`);
  process.exitCode = 2;
} else {
  const start = Date.now();
  const good = await main(share);
  console.log(`\n${good ? 'All is as it must be' : 'FAILED'}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  process.exitCode = good ? 0 : 1;
}

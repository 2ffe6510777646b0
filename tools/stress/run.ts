/**
 * `npm run stress`: kicks real vCPUs a million times, at random phases and in each gap of the protocol, and runs the other
 * long tests. `-- --share 0.1` runs a tenth of each test. Exit codes: 0 if all tests pass, 1 if a test fails, 2 for an invalid
 * option.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tableLine } from '../../generator/report/table.js';
import { packageRoot } from '../../runtime/addon.js';
import { Kvm, type Mechanism } from '../../runtime/x86_64.js';
import { type Guest, longMode, realMode, userMode } from '../guests/index.js';
import { commandOptions } from '../lib/command-options.js';
import { type Change, gaps, useHooks } from '../lib/native-test-hooks.js';
import { Progress } from '../lib/progress.js';
import { KickCounts } from './kick-counts.js';
import { type Crowd, type KickCount, kickCrowd } from './kicks.js';
import { fuzzNative } from './native-fuzz.js';
import { buildProtocol, runProtocol } from './protocol.js';
import { runSequences } from './sequences.js';

const total = {
  random: 1_000_000,
  perGapAndMechanism: 10_000,
  protocol: 1000,
  sequences: 10_000,
  lifeCycles: 10_000,
  nativeCalls: 100_000,
} as const;

const mechanisms: readonly Mechanism[] = ['immediate_exit', 'signal_mask'];
/** The kernel emulates the guests in ring 0. The guests in ring 3 run natively. Two guests spin, and two make exits. */
const guests: readonly Guest[] = [longMode.spin, userMode.spin, realMode.outForEver, userMode.out];
const crowdSizes = [1, 2, 4] as const;

/** Changes that make the protocol lose kicks. If this test does not see a lost kick, the test itself has failed. */
const controls: readonly { readonly name: string; readonly change: Change }[] = [
  { name: 'the signal handler does not set the flag', change: 'flag' },
  { name: 'the runner clears the flag just before KVM_RUN', change: 'clear_before_entry' },
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
    await checkNativeCalls(share),
  ];
  return verdicts.every((good) => good);
}

async function checkControls(kvm: Kvm): Promise<boolean> {
  console.log('Controls: a wrong protocol must lose every kick in the gap before R4, and some kicks at random phases');
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
    const lost = [atRandom, inGaps].map((counts) => `${counts.lost} of ${counts.kicks} kicks lost`);
    const verdict = loses ? 'ok' : 'FAILED: too few kicks lost';
    console.log(`  ${name}: ${lost[0]} at random phases, ${lost[1]} in gaps: ${verdict}`);
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
    `\nKicks: ${each.random} at random phases and ${each.perGap} in each of the gaps ${gaps().join(', ')}, for each line`,
  );
  const progress = new Progress('kicks', kicksOfCrowd * crowds.length);
  const sum = new KickCounts();
  for (const crowd of crowds) {
    const counts = await kickCrowd(kvm, crowd, each, progress.add);
    progress.end();
    const { mechanism, guest, vcpus } = crowd;
    const cells = [mechanism, guest.name, `${vcpus} vCPU${vcpus > 1 ? 's' : ''}`, `${counts}`];
    console.log(`  ${tableLine([...cells, ...(counts.isClean ? [] : ['FAILED'])], [14, 28, 7])}`);
    sum.add(counts);
  }
  const expectedKicks = kicksOfCrowd * crowds.length;
  const enough = sum.kicks === expectedKicks;
  console.log(`  total: ${sum}${enough ? '' : `  FAILED: expected ${expectedKicks} kicks`}`);
  return sum.isClean && enough;
}

/** The protocol without Node, in C++ under ThreadSanitizer. */
async function checkProtocol(share: number): Promise<boolean> {
  const count = Math.ceil(total.protocol * share);
  const { checks, reports } = await runProtocol(await buildProtocol('protocol'), { count });
  const failures = [...checks].filter(([, failure]) => failure !== null);
  const good = checks.size > 0 && failures.length === 0 && reports === '';
  console.log(
    `\nThe protocol under ThreadSanitizer: ${checks.size} checks, ${count} rounds each: ${good ? 'ok' : 'FAILED'}`,
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
    `\nRandom sequences: ${count}: ${failure === '' ? 'ok: every step did what was expected' : `FAILED\n${failure}`}`,
  );
  return failure === '';
}

/** Random calls of the product's native layer, in a process of its own. */
async function checkNativeCalls(share: number): Promise<boolean> {
  const count = Math.ceil(total.nativeCalls * share);
  let result: string;
  let good = true;
  try {
    const counts = await fuzzNative(count, withoutHooks());
    const refused = counts.reduce((sum, each) => sum + each.refused, 0);
    const notCalled = counts[0]?.notCalled ?? [];
    const missing = notCalled.length === 0 ? '' : `; not called: ${notCalled.join(', ')}`;
    result = `ok: no crash and no hang, ${refused} of them refused${missing}`;
  } catch (error) {
    good = false;
    result = `FAILED\n${error}`;
  }
  console.log(`\nRandom calls of the native layer from two isolates: ${count}: ${result}`);
  return good;
}

/** The environment of a process that uses the addon without test hooks. */
function withoutHooks(): NodeJS.ProcessEnv {
  const { KVM_UAPI_ADDON: _, ...inherited } = process.env;
  return inherited;
}

interface Census {
  readonly files: Readonly<Record<string, number>>;
  readonly residentMiB: number;
}

/** The resident memory grows by less than this. If each cycle leaked one page, the growth would be greater. */
const growthMiB = 32;

async function checkLifeCycles(share: number): Promise<boolean> {
  const cycles = Math.ceil(total.lifeCycles * share);
  const script = join(packageRoot(), 'tools', 'stress', 'cycles.mjs');
  // The script uses the addon without test hooks, because the product must close and free everything.
  const env = { ...withoutHooks(), CYCLES: String(cycles) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script], { env });
  const { before, after } = JSON.parse(stdout) as { before: Census; after: Census };
  const files = JSON.stringify(before.files) === JSON.stringify(after.files);
  const good = files && after.residentMiB - before.residentMiB < growthMiB;
  const resident = `${before.residentMiB} MiB resident before, ${after.residentMiB} MiB after`;
  const closed = files ? 'all files closed' : 'some files not closed';
  console.log(`\nLife cycles of a VM: ${cycles}, ${closed}, ${resident}: ${good ? 'ok' : 'FAILED'}`);
  return good;
}

const usage = `Usage: npm run stress -- [options]

  --share N  runs a part, such as 0.1
`;

const { values } = commandOptions(usage, { options: { share: { type: 'string', default: '1' } } });
const share = Number(values.share);
if (!(share > 0 && share <= 1)) {
  console.error(`error: --share ${values.share}: the share must be more than 0 and at most 1, such as --share 0.1`);
  process.exitCode = 2;
} else {
  const start = Date.now();
  const good = await main(share);
  console.log(`\n${good ? 'All tests passed' : 'FAILED'}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  process.exitCode = good ? 0 : 1;
}

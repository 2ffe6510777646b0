/** The kick protocol without Node, under ThreadSanitizer. The controls break the protocol, to show that this test can fail. */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProtocol, type ProtocolResult, runProtocol } from '../../tools/stress/protocol.js';
import { temporaryFolder } from '../helpers/cli.js';
import { hasKvm, needsKvm, projectRoot } from '../helpers/vcpus.js';

const count = 20;

const ofEachMechanism = [
  'every kick is delivered',
  'a kick before a run interrupts that run',
  'an abort interrupts only its own run',
  'a paused vCPU stays out of KVM_RUN',
  'a timeout interrupts only its own run',
  'threads take turns with a vCPU',
  'stray signals do not end a run',
  'the ticker ends the runs of ending threads',
  'a vCPU can be released while it is kicked',
].flatMap((check) => [`${check}: immediate_exit`, `${check}: signal_mask`]);
const inProduct = [...ofEachMechanism, 'both mechanisms take turns on a thread'];
const inGaps = ['immediate_exit', 'signal_mask'].map((mechanism) => `every kick in a gap is delivered: ${mechanism}`);

describe.skipIf(!hasKvm)(`the kick protocol under ThreadSanitizer ${needsKvm}`, () => {
  let hooks: string;
  let product: ProtocolResult;
  let withHooks: ProtocolResult;

  beforeAll(async () => {
    const [plain, other] = await Promise.all([buildProtocol('protocol'), buildProtocol('protocol_hooks')]);
    hooks = other;
    product = await runProtocol(plain, { count });
    withHooks = await runProtocol(hooks, { count });
  }, 300_000);

  it.each(inProduct)('%s', (check) => {
    expect(product.checks.get(check)).toBeNull();
  });

  it.each(inGaps)('%s', (check) => {
    expect(withHooks.checks.get(check)).toBeNull();
  });

  // Shows: statement 67
  it('ThreadSanitizer reports no data race', () => {
    expect(product.reports).toBe('');
    expect(withHooks.reports).toBe('');
  });

  it('the lists of this file name every check of the programs', () => {
    expect([...product.checks.keys()]).toEqual(inProduct);
    expect([...withHooks.checks.keys()]).toEqual([...inGaps, ...inProduct]);
  });

  it.each(['K1', 'K3', 'R3', 'flag'])('a kick is lost without the step %s (control)', async (without) => {
    const { checks } = await runProtocol(hooks, { count, without, patienceMs: 500 });
    expect([...checks]).toEqual([[inGaps[0], 'timed out after 500 ms: a kick is delivered']]);
  });

  it('ThreadSanitizer reports a request that is not atomic (control)', async () => {
    const folder = temporaryFolder();
    const sources = join(folder, 'native');
    cpSync(join(projectRoot, 'runtime/native'), sources, { recursive: true });
    const kick = readFileSync(join(sources, 'kick.h'), 'utf8');
    const plain =
      'struct { uint64_t fetch_add(uint64_t n) { return n_ += n; } uint64_t load() const { return n_; } uint64_t n_ = 0; } requested_;';
    const changed = kick.replace('std::atomic<uint64_t> requested_{0};', plain);
    expect(changed).not.toBe(kick);
    writeFileSync(join(sources, 'kick.h'), changed);
    const program = await buildProtocol('protocol', { sources, out: folder });
    const { reports } = await runProtocol(program, { count: 1 });
    expect(reports).toMatch(/^WARNING: ThreadSanitizer: data race/m);
    expect(reports).toContain('KickGate::kick()');
  }, 120_000);
});

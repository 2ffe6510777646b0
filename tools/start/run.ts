/**
 * `npm start`: generates bindings from this machine's kvm.h, compares them with the C compiler, runs a guest on them, and kicks
 * a spinning guest out of KVM_RUN a thousand times. A step that this machine cannot do is skipped with the reason. Exit codes: 0
 * if no step fails, 1 if a step fails, 2 for headers that are not valid.
 */

import * as committed from '../../generated/x86_64/linux/kvm.js';
import { generate } from '../../generator/cli/generate.js';
import type { HeaderOptions } from '../../generator/cli/header-options.js';
import { layout } from '../../generator/cli/layout.js';
import { verify } from '../../generator/cli/verify.js';
import { GeneratorError, MissingHeaderError } from '../../generator/errors.js';
import { KvmUnavailableError, KvmUnsupportedError, RuntimeMissingError } from '../../runtime/index.js';
import { type Bindings, Kvm } from '../../runtime/x86_64.js';
import { hasCompiler } from '../lib/gcc.js';
import { useHooks } from '../lib/native-test-hooks.js';
import { Progress } from '../lib/progress.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { kickGuest, printed } from './guests.js';
import { importBindings } from './import-bindings.js';
import { SkippedError, type StepResult, Steps } from './steps.js';

const headers: HeaderOptions = { header: ['linux/kvm.h'], arch: 'x86_64', include: [] };
const { CC } = process.env;
const headLines = 7;
/** What was read, and the numbers of types, macros and omissions. */
const summaryLines = 5;

const next = [
  'npm test                                             the tests',
  'npm run -s kvm-uapi -- layout kvm_run --map          the bytes of a struct',
  'npm run -s kvm-uapi -- generate --header linux/if_tun.h --out /tmp/tun   bindings of another header',
  'npm run -s kvm-uapi -- doctor                        what this machine can do',
  'docs/tutorial.md                                     a first VMM in seven steps',
];

/** Without headers, what needs them is skipped. */
async function withHeaders<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MissingHeaderError) throw new SkippedError(error.message);
    throw error;
  }
}

/** Without a /dev/kvm that opens, without the addon, or on a machine that is not x86-64, what needs them is skipped. */
async function withKvm<T>(bindings: Bindings, work: (kvm: Kvm) => T | Promise<T>): Promise<T> {
  try {
    useHooks();
    using kvm = Kvm.open({ bindings });
    return await work(kvm);
  } catch (error) {
    const cannot = [KvmUnavailableError, KvmUnsupportedError, RuntimeMissingError].some(
      (each) => error instanceof each,
    );
    throw cannot ? new SkippedError((error as Error).message) : error;
  }
}

async function main(): Promise<boolean> {
  const steps = new Steps();
  return inTemporaryFolder({}, async (out) => {
    const generated = await steps.step('Generate bindings of <linux/kvm.h>', () =>
      withHeaders(() => ({
        text: generate({ ...headers, out })
          .split('\n')
          .slice(0, summaryLines)
          .join('\n'),
        good: true,
      })),
    );
    await steps.step('Compare them with the C compiler', async (): Promise<StepResult> => {
      if (generated === undefined) throw new SkippedError('there are no bindings to compare');
      const compiler = CC || 'cc';
      if (!hasCompiler && CC === undefined) throw new SkippedError("no C compiler: 'cc' is not in PATH");
      const { good, report } = await verify({ ...headers, cc: compiler });
      return { text: report, good };
    });
    await steps.step('Lay out struct kvm_run', () =>
      withHeaders(() => {
        const text = layout(['kvm_run'], { ...headers, colour: false });
        return { text: `${text.split('\n').slice(0, headLines).join('\n')}\n    …`, good: true };
      }),
    );
    const bindings = generated === undefined ? committed : await importBindings(out);
    await steps.step(`Run a guest on ${generated === undefined ? 'the committed' : 'these'} bindings`, () =>
      withKvm(bindings, (kvm) => ({
        text: `KVM API version ${kvm.getApiVersion()}\nthe guest prints: ${printed(kvm)}`,
        good: true,
      })),
    );
    await steps.step('Kick a spinning guest from another thread', () =>
      withKvm(bindings, async (kvm) => {
        const progress = new Progress('   kicks', 1_000);
        const result = await kickGuest(kvm, progress.add);
        progress.end();
        return result;
      }),
    );
    return steps.end(next);
  });
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof GeneratorError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.exitCode;
}

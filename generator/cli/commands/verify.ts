/** The options of `kvm-uapi verify`. */

import type { Command } from 'commander';
import { chosenTargets, type GivenHeaders, headerCommand, projectOf, single } from '../arguments.js';
import { inProject } from '../project.js';
import type { VerifiedHeader } from '../verify.js';

interface Given extends GivenHeaders {
  readonly arch?: readonly string[];
  readonly cc?: string;
  readonly json?: true;
}

export const verifyCommand: Command = headerCommand(
  'verify',
  'compile the header with static assertions for every fact of the model',
  {
    examples: [
      ['verify', 'compares kvm.h, or the headers of kvm-uapi.config.ts, with the C compiler'],
      ['verify --header linux/vhost.h --arch riscv64', 'uses the cross compiler riscv64-linux-gnu-gcc'],
      ['verify --cc clang --json', 'uses another compiler, and prints the failures as JSON'],
    ],
    success: 'all assertions hold',
    failure: 'an assertion does not hold',
  },
)
  .addOption(chosenTargets())
  .addOption(single('--cc <cc>', 'C compiler to use instead of $CC or the compiler of the architecture'))
  .option('--json', 'print the result as JSON')
  .action(async (given: Given) => {
    const { verify } = await import('../verify.js');
    await inProject(await projectOf(verifyCommand, given), async ({ headers, targets, selection }) => {
      const { CC } = process.env;
      const cc = given.cc ?? (CC || undefined);
      const verified: VerifiedHeader[] = [];
      for (const arch of targets) {
        const options = { ...headers, arch, selection, ...(cc === undefined ? {} : { cc }) };
        const { good, report, headers: found } = await verify(options);
        verified.push(...found);
        if (!given.json) console.log(report);
        if (!good) process.exitCode = 1;
      }
      if (given.json) console.log(JSON.stringify({ schema: 'kvm-uapi/verify/1', headers: verified }, null, 2));
    });
  });

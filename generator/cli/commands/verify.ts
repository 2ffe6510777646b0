/** The options of `kvm-uapi verify`. */

import type { Command } from 'commander';
import { chosenTargets, type GivenHeaders, headerCommand, projectOf, single } from '../arguments.js';
import { inProject } from '../project.js';

interface Given extends GivenHeaders {
  readonly arch?: readonly string[];
  readonly cc?: string;
}

export const verifyCommand: Command = headerCommand(
  'verify',
  'compile the header with static assertions for every fact of the model',
)
  .addOption(chosenTargets())
  .addOption(single('--cc <cc>', 'C compiler (default: $CC, or the compiler of the architecture)'))
  .action(async (given: Given) => {
    const { verify } = await import('../verify.js');
    await inProject(await projectOf(verifyCommand, given), async ({ headers, targets, selection }) => {
      const { CC } = process.env;
      const cc = given.cc ?? (CC || undefined);
      for (const arch of targets) {
        const options = { ...headers, arch, selection, ...(cc === undefined ? {} : { cc }) };
        const { good, report } = await verify(options);
        console.log(report);
        if (!good) process.exitCode = 1;
      }
    });
  });

/** The options of `kvm-uapi omissions`. */

import type { Command } from 'commander';
import { chosenTargets, type GivenHeaders, headerCommand, projectOf } from '../arguments.js';
import { inProject } from '../project.js';

interface Given extends GivenHeaders {
  readonly arch?: readonly string[];
  readonly json?: true;
}

export const omissionsCommand: Command = headerCommand(
  'omissions',
  'list the declarations that the bindings do not have, and why',
  {
    examples: [
      ['omissions', 'lists the omissions of kvm.h, or of the headers of kvm-uapi.config.ts'],
      ['omissions --header linux/fuse.h --json', 'lists them as JSON'],
    ],
    success: 'the omissions are listed',
  },
)
  .addOption(chosenTargets())
  .option('--json', 'print the omissions as JSON')
  .action(async (given: Given) => {
    const { omissions } = await import('../omissions.js');
    await inProject(await projectOf(omissionsCommand, given), (project) => {
      console.log(omissions(project, given.json === true));
    });
  });

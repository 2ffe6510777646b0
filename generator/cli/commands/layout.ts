/** The options of `kvm-uapi layout`. */

import { type Command, Option } from 'commander';
import { defaultTarget } from '../../targets/targets.js';
import { type GivenHeaders, headerCommand, oneTarget, projectOf, single } from '../arguments.js';
import { inProject } from '../project.js';
import { terminalOf } from '../terminal.js';

interface Given extends GivenHeaders {
  readonly arch?: string;
  readonly json?: true;
  readonly map?: true;
  readonly compare?: string;
}

export const layoutCommand: Command = headerCommand(
  'layout',
  'print structs, unions and enums with offsets, sizes and holes',
  {
    examples: [
      ['layout kvm_run', 'prints struct kvm_run in the format of pahole'],
      ['layout kvm_regs kvm_sregs --arch arm64', 'prints two structs for another architecture'],
      ['layout kvm_run --map', 'draws the bytes of the struct'],
      ['layout kvm_run --compare linux-libc-dev_5.10', 'prints the struct of two header sets side by side'],
      ['layout --header linux/if_tun.h --json', 'prints the whole model of a header as JSON'],
    ],
    success: 'the types are printed',
  },
)
  .addOption(oneTarget())
  .argument('[type...]', 'types to print, such as kvm_run or "struct kvm_run"; all types if none is named')
  .option('--json', 'print the model of the header as JSON; with names, the model of these types and what they need')
  .addOption(
    new Option('--map', 'draw the bytes: members, holes, padding, cache lines, and the arms of unions').conflicts(
      'json',
    ),
  )
  .addOption(
    single(
      '--compare <set>',
      'print this layout and that of another header set side by side; without names: the types that differ',
    ).conflicts(['json', 'map']),
  )
  .action(async (names: string[], given: Given) => {
    const { layout, layoutJson, layoutMap } = await import('../layout.js');
    await inProject(await projectOf(layoutCommand, given), async ({ headers, targets, selection }) => {
      const { colour, columns } = terminalOf();
      const [arch = defaultTarget] = targets;
      const options = { ...headers, arch, selection, colour };
      if (given.json) console.log(layoutJson(names, options));
      else if (given.map) console.log(layoutMap(names, { ...options, columns }));
      else if (given.compare === undefined) console.log(layout(names, options));
      else {
        const { compareLayouts } = await import('../layout-compare.js');
        console.log(compareLayouts(names, { ...options, compare: given.compare, columns }));
      }
    });
  });

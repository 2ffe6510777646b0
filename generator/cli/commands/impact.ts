/** The options of `kvm-uapi impact`. */

import { type Command, Option } from 'commander';
import { collect, collectDefinition, comparedTargets, configFor, headersGiven, single } from '../arguments.js';
import type { DiffOptions } from '../diff.js';
import { defaultHeader } from '../header-options.js';
import { describedCommand } from '../help.js';
import { headersIn } from '../project.js';
import { terminalOf } from '../terminal.js';

interface Given {
  readonly project?: string;
  readonly header?: readonly string[];
  readonly arch?: readonly string[];
  readonly include?: readonly string[];
  readonly define?: Readonly<Record<string, string>>;
  readonly config?: string;
  readonly fix?: true;
  readonly json?: true;
  readonly cache: boolean;
}

export const impactCommand: Command = describedCommand(
  'impact',
  'find what changes of headers concern in a TypeScript program',
  {
    about: `Find each use of what changed between two versions of headers in a TypeScript program, and the errors that TypeScript reports with the new bindings. The program can have the old or the new bindings. The sides are those of 'kvm-uapi diff'. The command needs the package ts-morph. docs/when-headers-change.md describes what it finds.

Without --header, it compares the headers of the configuration in this folder, or those of the bindings, or <${defaultHeader}>.`,
    examples: [
      ['impact bookworm trixie', 'shows what the program in this folder must change for the newer headers of KVM'],
      ['impact HEAD:generated generated --project app', 'shows what new bindings change for the program in app/'],
      ['impact generated / --fix', 'gives renamed constants and classes their new names'],
    ],
    success: 'the program needs no change',
    failure: 'a breaking change has a use, or TypeScript reports an error',
  },
)
  .argument('<old>', 'the side before')
  .argument('<new>', 'the side after')
  .addOption(single('--project <path>', 'tsconfig.json of the program, or its folder, instead of this folder'))
  .addOption(new Option('--header <header>', 'header, spelled as in an #include; may be repeated').argParser(collect))
  .addOption(comparedTargets())
  .addOption(
    new Option('--include <dir>', 'include folder for headers that a side needs; may be repeated').argParser(collect),
  )
  .addOption(
    new Option(
      '--define <name[=value]>',
      'macro to define before the headers are read; without a value it is 1; may be repeated',
    ).argParser(collectDefinition),
  )
  .addOption(single('--config <file>', 'configuration file to use instead of the one in this folder'))
  .option('--fix', 'give renamed constants and classes their new names')
  .option('--no-cache', 'read all files again')
  .option('--json', 'print the uses and errors as JSON')
  .action(async (before: string, after: string, given: Given) => {
    const config = await configFor(impactCommand, given.config, ['header', 'include', 'define']);
    const [
      { compare, modelCache, openSides },
      { comparedModels, readOnce },
      { impactJson, impactText, isBroken, projectImpact },
    ] = await Promise.all([import('../diff.js'), import('../diff-models.js'), import('../impact.js')]);
    const { header = [], include = [], define = {} } = headersGiven(given);
    const options: DiffOptions = {
      ...(config ? headersIn(config) : { include, define }),
      header: config ? config.headers : header,
      allHeaders: false,
      arch: given.arch ?? [],
      targets: config?.targets ?? [],
      selection: config?.selection ?? {},
      cache: given.cache ? modelCache() : undefined,
    };
    const opened = await openSides(before, after, options);
    const sides = { old: readOnce(opened.old), now: readOnce(opened.now) };
    const comparison = compare(sides, options);
    const impact = await projectImpact({
      ...comparedModels(sides, comparison, options),
      changes: comparison.changes,
      project: given.project ?? '.',
      fix: given.fix === true,
      cache: given.cache,
    });
    console.log(given.json ? impactJson(impact) : impactText(impact, terminalOf()));
    if (isBroken(impact)) process.exitCode = 1;
  });

/** The options of `kvm-uapi diff`. */

import { type Command, Option } from 'commander';
import { UsageError } from '../../errors.js';
import { collect, collectDefinition, comparedTargets, configFor, headersGiven, single } from '../arguments.js';
import type { DiffOptions } from '../diff.js';
import { defaultHeader } from '../header-options.js';
import { describedCommand } from '../help.js';
import { headersIn } from '../project.js';
import { terminalOf } from '../terminal.js';

interface Given {
  readonly header?: readonly string[];
  readonly allHeaders?: true;
  readonly arch?: readonly string[];
  readonly include?: readonly string[];
  readonly define?: Readonly<Record<string, string>>;
  readonly config?: string;
  readonly breaking?: true;
  readonly all?: true;
  readonly json?: true;
  readonly markdown?: true;
  readonly cache: boolean;
}

export const diffCommand: Command = describedCommand(
  'diff',
  'show what changed between two versions of headers, and what breaks',
  {
    about: `Show what changed between two versions of headers, and what breaks. Each side is the name of an imported header set, a folder of headers, a Debian package (.deb), a model (.json), a folder of generated bindings, or bindings of a commit of git (HEAD:generated). docs/compatibility.md defines the classes of changes.

Without --header, it compares the headers of the configuration in this folder, or those of the bindings, or <${defaultHeader}>.`,
    examples: [
      ['diff bookworm trixie', 'compares the headers of KVM in two imported header sets'],
      ['diff generated / --breaking', 'shows what the headers of this system break in the bindings'],
      ['diff HEAD:generated generated --markdown', 'describes the changes for a pull request'],
      ['diff old.deb new.deb --all-headers --arch all', 'compares all headers of two packages on all architectures'],
    ],
    success: 'nothing breaks',
    failure: 'something breaks',
  },
)
  .argument('<old>', 'the side before')
  .argument('<new>', 'the side after')
  .addOption(new Option('--header <header>', 'header, spelled as in an #include; may be repeated').argParser(collect))
  .option('--all-headers', 'compare all headers of both sides')
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
  .option('--breaking', 'show only the changes that break')
  .option('--all', 'also show the changes without effect, and the items of new headers')
  .option('--no-cache', 'read all headers again')
  .option('--json', 'print the changes as JSON')
  .option('--markdown', 'print the changes as Markdown for a pull request')
  .action(async (before: string, after: string, given: Given) => {
    if (given.json && given.markdown)
      throw new UsageError('--json and --markdown cannot be combined; remove one of them');
    if (given.allHeaders && given.header) {
      throw new UsageError('--all-headers cannot be combined with --header; remove one of them');
    }
    const config = await configFor(diffCommand, given.config, ['header', 'include', 'define', 'allHeaders']);
    const { compare, comparisonJson, comparisonMarkdown, comparisonText, modelCache, openSides } = await import(
      '../diff.js'
    );
    const { header = [], include = [], define = {} } = headersGiven(given);
    const options: DiffOptions = {
      ...(config ? headersIn(config) : { include, define }),
      header: config ? config.headers : header,
      allHeaders: given.allHeaders === true,
      arch: given.arch ?? [],
      targets: config?.targets ?? [],
      selection: config?.selection ?? {},
      cache: given.cache && !given.allHeaders ? modelCache() : undefined,
    };
    const comparison = compare(await openSides(before, after, options), options);
    const [breaking, all] = [given.breaking === true, given.all === true];
    if (given.json) console.log(comparisonJson(comparison, breaking));
    else if (given.markdown) console.log(comparisonMarkdown(comparison, { breaking, all }));
    else console.log(comparisonText(comparison, { breaking, all, terminal: terminalOf() }));
    if (comparison.changes.some((change) => change.breaking)) process.exitCode = 1;
  });

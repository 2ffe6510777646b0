/** The arguments that several commands share, and what they mean together with a configuration. */

import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { CheckedConfig } from '../config/config.js';
import { UsageError } from '../errors.js';
import { defaultTarget, targetNames } from '../targets/targets.js';
import { defaultHeader } from './header-options.js';
import { describedCommand, type HelpTexts } from './help.js';
import { headersIn, type Project } from './project.js';

/** The options that say which headers to read. */
export interface GivenHeaders {
  readonly header?: readonly string[];
  readonly include?: readonly string[];
  readonly define?: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly config?: string;
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, list: readonly string[] = []): string[] {
  return [...list, value];
}

/** Reads `NAME=VALUE` or `NAME`. As with the compiler's option `-D`, the value is 1 if it is missing. */
export function collectDefinition(text: string, define: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name = '', value = '1'] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  return { ...define, [name]: value };
}

/** Returns an option with one value. @throws UsageError if the user gives the option twice. */
export function single(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, given: string | undefined) => {
    const [name] = flags.split(' ');
    if (value === '') throw new UsageError(`${flags.split(' ')[0]} is empty; give a value, or remove the option`);
    if (given !== undefined) {
      throw new UsageError(`${name} is given twice, as '${given}' and as '${value}'; remove one of them`);
    }
    return value;
  });
}

/** What a command reads without options. The help of each such command ends its description with it. */
const defaults = `Without --header, --include, --define and --from, it reads what kvm-uapi.config.ts (or .mts, .js, .mjs, .json) of this folder says. Without this file, it reads <${defaultHeader}> of the system for ${defaultTarget}.`;

/** Returns a command with the options that say which headers to read. */
export function headerCommand(name: string, summary: string, texts: HelpTexts): Command {
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return describedCommand(name, summary, { ...texts, about: `${texts.about ?? sentence}\n\n${defaults}` })
    .addOption(
      new Option(
        '--header <header>',
        'header, spelled as in an #include, or a path such as ./mydev.h; may be repeated',
      ).argParser(collect),
    )
    .addOption(
      new Option('--include <dir>', "include folder, searched before the system's; may be repeated").argParser(collect),
    )
    .addOption(
      new Option(
        '--define <name[=value]>',
        'macro to define before the headers are read; without a value it is 1; may be repeated',
      ).argParser(collectDefinition),
    )
    .addOption(single('--from <set>', 'header set to read: the name of an imported set, or a folder'))
    .addOption(single('--config <file>', 'configuration file to use instead of the one in this folder'));
}

/** Returns the option that chooses one target. */
export function oneTarget(): Option {
  return completedBy(single('--arch <arch>', `architecture: ${targetNames.join(', ')}`), targetNames);
}

/** Returns the option that chooses several targets. */
export function chosenTargets(): Option {
  const about = `architecture: ${targetNames.join(', ')}; may be repeated`;
  return completedBy(new Option('--arch <arch>', about).argParser(collect), targetNames);
}

/** Returns the option that chooses the targets of a comparison. */
export function comparedTargets(): Option {
  const about = `architecture: ${targetNames.join(', ')}, or all for those that both sides have; may be repeated`;
  return completedBy(new Option('--arch <arch>', about).argParser(collect), [...targetNames, 'all']);
}

/** Adds values for the shell's completion. The check of the value stays that of the option. */
function completedBy(option: Option, values: readonly string[]): Option {
  option.argChoices = [...values];
  return option;
}

/** The options that say what to read. With one of them, no configuration is searched. */
const reading = ['header', 'include', 'define', 'from'];

/**
 * Returns what a command reads: the headers of its options, or of the configuration. The option `--arch` chooses targets
 * also with a configuration.
 */
export async function projectOf(
  command: Command,
  given: GivenHeaders & { readonly arch?: string | readonly string[] },
): Promise<Project> {
  const config = await configFor(command, given.config, reading);
  const arch = given.arch === undefined ? undefined : [given.arch].flat();
  if (!config) return { headers: headersGiven(given), targets: arch ?? [defaultTarget], selection: {} };
  return { headers: headersIn(config), targets: arch ?? config.targets, selection: config.selection, config };
}

/** Returns the headers that the options name. @throws UsageError for an include folder that does not exist. */
export function headersGiven({ header = [], include = [], define = {}, from }: GivenHeaders): Project['headers'] {
  for (const folder of include) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) continue;
    throw new UsageError(`--include ${folder}: folder not found; a folder is relative to the current folder`);
  }
  return { header, include, define, ...(from === undefined ? {} : { from }) };
}

/**
 * Returns the configuration that `--config` names. Without `--config`, returns the configuration in the current folder,
 * unless one of the options in `alone` says what to do.
 */
export async function configFor(
  command: Command,
  named: string | undefined,
  alone: readonly string[],
): Promise<CheckedConfig | undefined> {
  const said = alone.find((name) => command.getOptionValueSource(name) === 'cli');
  if (named !== undefined && said !== undefined) {
    const option = command.options.find((each) => each.attributeName() === said)?.long ?? `--${said}`;
    throw new UsageError(`--config cannot be combined with ${option}; remove one of them`);
  }
  if (said !== undefined) return undefined;
  const { findConfig, loadConfig } = await import('../config/load.js');
  const file = named ?? findConfig('.');
  return file === undefined ? undefined : loadConfig(file);
}

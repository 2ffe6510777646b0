/** What a shell completes: the commands, options and values, read from the declarations of the commands. */

import type { Command, Option } from 'commander';
import { knownSuites } from '../../headers/sets/suites.js';

/** The values of an option or an argument. */
export type Values =
  | { readonly are: 'choices'; readonly choices: readonly string[] }
  | { readonly are: 'files' }
  | { readonly are: 'folders' }
  /** Headers, spelled as in an `#include`, and files. */
  | { readonly are: 'headers' }
  /** Names of imported header sets, and folders. */
  | { readonly are: 'sets' }
  /** Names of imported header sets, and files. */
  | { readonly are: 'sides' }
  /** Structs and unions of the headers of KVM on this system. */
  | { readonly are: 'types' }
  /** Structs, unions and macros of the headers of KVM on this system. */
  | { readonly are: 'names' }
  /** Texts that no shell can know. */
  | { readonly are: 'texts' };

export interface CompletedOption {
  /** The spellings, such as `-h` and `--help`. */
  readonly flags: readonly string[];
  readonly about: string;
  /** Null for an option without a value. */
  readonly values: Values | null;
}

/** A command with its options. */
export interface CompletedCommand {
  /** The names from the program to the command, without the name of the program: `headers import`. */
  readonly path: readonly string[];
  readonly options: readonly CompletedOption[];
  /** The values of the arguments. */
  readonly values: Values;
  readonly commands: readonly { readonly name: string; readonly about: string }[];
}

/** Returns a command and the commands below it. The first one is the program. */
export function commandsOf(command: Command, path: readonly string[] = []): CompletedCommand[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const own: CompletedCommand = {
    path,
    options: help.visibleOptions(command).map(optionOf),
    values: argumentsOf(command),
    commands: commands.map((each) => ({ name: each.name(), about: each.summary() || each.description() })),
  };
  const below = commands.filter((each) => each.name() !== 'help');
  return [own, ...below.flatMap((each) => commandsOf(each, [...path, each.name()]))];
}

function optionOf(option: Option): CompletedOption {
  const flags = [option.short, option.long].flatMap((flag) => flag ?? []);
  // The first sentence is enough beside a name.
  const about = option.description.split(/[;:]/)[0] ?? '';
  const takesValue = option.required || option.optional;
  return { flags, about, values: takesValue ? valuesOf(option.flags, option.argChoices) : null };
}

/** The arguments of a command, if all of them are of one kind. */
function argumentsOf(command: Command): Values {
  const [first] = command.registeredArguments;
  if (first === undefined) return { are: 'texts' };
  return first.name() === 'name' ? { are: 'names' } : valuesOf(`<${first.name()}>`, first.argChoices);
}

/** The kinds of values, by the placeholder in the declaration. */
const kinds: readonly (readonly [placeholder: RegExp, values: Values])[] = [
  [/[<[]header[>\]]/, { are: 'headers' }],
  [/[<[](?:dir|path)[>\]]/, { are: 'folders' }],
  [/[<[](?:file|source)[>\]]/, { are: 'files' }],
  [/[<[]set[>\]]/, { are: 'sets' }],
  [/[<[](?:old|new)[>\]]/, { are: 'sides' }],
  [/[<[]type[>\]]/, { are: 'types' }],
  [/[<[]version[>\]]/, { are: 'choices', choices: [...knownSuites, 'newest'] }],
];

function valuesOf(flags: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { are: 'choices', choices };
  return kinds.find(([placeholder]) => placeholder.test(flags))?.[1] ?? { are: 'texts' };
}

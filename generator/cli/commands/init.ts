/** The options of `kvm-uapi init`. */

import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import { type ImportExtension, importExtensions } from '../../emit/support.js';
import { UsageError } from '../../errors.js';
import { defaultTarget } from '../../targets/targets.js';
import { chosenTargets, collect, single } from '../arguments.js';
import { defaultHeader } from '../header-options.js';
import { describedCommand } from '../help.js';
import type { Choices } from '../init.js';

interface Given {
  readonly header?: readonly string[];
  readonly arch?: readonly string[];
  readonly out?: string;
  readonly from?: string;
  readonly importExtension?: ImportExtension;
  readonly yes?: true;
}

export const initCommand: Command = describedCommand('init', 'write a configuration, kvm-uapi.config.ts', {
  about:
    'Write a configuration, kvm-uapi.config.ts, to this folder. On a terminal, the command asks for what the options do not say. The headers are read before the file is written. An existing configuration is never overwritten.',
  examples: [
    ['init', 'asks for headers, architectures and the folder of the bindings'],
    ['init --yes', `asks nothing: <${defaultHeader}> for ${defaultTarget}, in ./generated`],
    ['init --header linux/vhost.h --header ./mydev.h --arch arm64 --yes', 'asks nothing'],
  ],
  success: 'the configuration is written',
})
  .addOption(
    new Option(
      '--header <header>',
      'header, spelled as in an #include, or a path such as ./mydev.h; may be repeated',
    ).argParser(collect),
  )
  .addOption(chosenTargets())
  .addOption(single('--out <dir>', 'folder of the bindings, instead of ./generated'))
  .addOption(single('--from <set>', 'header set to read: the name of an imported set, or a folder'))
  .addOption(
    new Option('--import-extension <extension>', "file extension in the output's imports: .js or .ts").choices([
      ...importExtensions,
    ]),
  )
  .option('-y, --yes', 'ask nothing, and use the defaults for what the options do not say')
  .action(async (given: Given) => {
    const { askChoices, checkChoices, requireNoConfig, writeConfig } = await import('../init.js');
    requireNoConfig();
    const defaults: Choices = {
      headers: given.header ?? [defaultHeader],
      targets: given.arch ?? [defaultTarget],
      out: given.out ?? 'generated',
      importExtension: given.importExtension ?? '.js',
      from: given.from,
    };
    const choices = given.yes ? defaults : await onTerminal((ask, say) => askChoices(defaults, ask, say));
    checkChoices(choices);
    console.log(writeConfig(choices));
  });

type Use<T> = (ask: (question: string) => Promise<string | null>, say: (text: string) => void) => Promise<T>;

/** Asks on the terminal. Control-C ends the program with 130, as the shell does. */
async function onTerminal<T>(use: Use<T>): Promise<T> {
  if (process.stdin.isTTY !== true) {
    throw new UsageError(
      'the standard input is not a terminal, so init cannot ask; add --yes to use the options and the defaults',
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  lines.on('SIGINT', () => process.exit(130));
  // The iterator keeps lines that come before their question, as when the user pastes several lines.
  const answers = lines[Symbol.asyncIterator]();
  const ask = async (question: string): Promise<string | null> => {
    lines.setPrompt(question);
    lines.prompt();
    const { value, done } = await answers.next();
    return done ? null : String(value);
  };
  try {
    return await use(ask, console.log);
  } finally {
    lines.close();
  }
}

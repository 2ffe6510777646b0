/** The help of a command: its options without noise, examples and exit codes. */

import { Command } from 'commander';

/** What the help of a command says besides its options. */
export interface HelpTexts {
  /** A sentence or more about the command. The default is the summary as a sentence. */
  readonly about?: string;
  /** Commands, each with what it does. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** The meaning of exit code 0. */
  readonly success: string;
  /** The meaning of exit code 1, if the command has this code. */
  readonly failure?: string;
}

/** Exit code 2 has the same meaning for each command. */
const wrongInput = 'an argument is wrong, or an input cannot be read; nothing was changed';

/** The name under which a user calls the program, for the examples. */
const program = 'kvm-uapi';

/**
 * Returns a command with its summary, examples and exit codes.
 *
 * @example
 * describedCommand('layout', 'print structs', { examples: [['layout kvm_run', 'prints struct kvm_run']], success: '…' });
 */
export function describedCommand(name: string, summary: string, texts: HelpTexts): Command {
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return new Command(name)
    .summary(summary)
    .description(texts.about ?? sentence)
    .helpOption('-h, --help', 'print this help')
    .configureHelp({
      optionDescription: ({ description }) => description,
      argumentDescription: ({ description }) => description,
    })
    .addHelpText('after', `\n${afterOptions(texts)}`);
}

function afterOptions({ examples, success, failure }: HelpTexts): string {
  const codes = [['0', success], ...(failure === undefined ? [] : [['1', failure]]), ['2', wrongInput]];
  return [
    'Examples:',
    ...examples.flatMap(([command, does]) => [`  ${program} ${command}`, `      ${does}`]),
    '',
    'Exit codes:',
    ...codes.map(([code, meaning]) => `  ${code}  ${meaning}`),
  ].join('\n');
}

/** The command line of the examples: options with a description, and `--help`. */

import { parseArgs } from 'node:util';

export interface Option {
  readonly description: string;
  /** The value if the option is not given. */
  readonly default: string;
}

/**
 * Reads the options. Each takes a value: `--steps 20`. With `--help` this function prints the help and ends the program. A wrong
 * option ends it with status 2.
 *
 * @param about what the program does, in some lines.
 */
export function readOptions<Name extends string>(
  about: string,
  options: Readonly<Record<Name, Option>>,
): Record<Name, string> {
  const all = Object.entries<Option>(options);
  const described = Object.fromEntries(
    all.map(([name, option]) => [name, { type: 'string' as const, default: option.default }]),
  );
  try {
    const { values } = parseArgs({ options: { ...described, help: { type: 'boolean', short: 'h' } } });
    if (values.help !== true) return values as Record<Name, string>;
    const rows = all.map(([name, option]) => {
      const end = option.default === '' ? '' : ` (default: ${option.default})`;
      return `  --${name.padEnd(10)} ${option.description}${end}`;
    });
    console.log([about.trim(), '', 'Options:', ...rows, '  --help       prints this text'].join('\n'));
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n--help lists the options`);
    process.exit(2);
  }
}

/** A value of an option that must be a whole number. Ends the program with status 2 if it is not. */
export function wholeNumber(name: string, value: string, least: number = 0): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number;
  console.error(`--${name} ${value}: expected a whole number, at least ${least}`);
  process.exit(2);
}

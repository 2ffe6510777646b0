/** `kvm-uapi init`: writes a configuration. */

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { findConfig } from '../config/load.js';
import { configNames } from '../config/names.js';
import { type ImportExtension, importExtensions } from '../emit/support.js';
import { GeneratorError, OutputError, UsageError } from '../errors.js';
import { isTargetName, targetNames } from '../targets/targets.js';
import { defaultHeader, openHeaders } from './header-options.js';

/** What the configuration says. */
export interface Choices {
  readonly headers: readonly string[];
  readonly targets: readonly string[];
  readonly out: string;
  readonly importExtension: ImportExtension;
  readonly from?: string | undefined;
}

/** Asks a question and returns the answer. Returns null if the input has ended. */
export type Ask = (question: string) => Promise<string | null>;

/** @throws UsageError if this folder has a configuration. */
export function requireNoConfig(): void {
  const file = findConfig('.');
  if (file === undefined) return;
  throw new UsageError(
    `${file} exists, and init does not overwrite a configuration; change the file, or remove it and run init again`,
  );
}

/** Checks choices. The headers are read for each target. @throws GeneratorError for the first wrong choice. */
export function checkChoices({ headers, targets, out, from }: Choices): void {
  if (out === '') throw new UsageError("the name of the output folder is empty; write '.' for this folder");
  for (const target of targets) requireTarget(target);
  for (const arch of targets) {
    const opened = openHeaders({ header: headers, arch, include: [], ...(from === undefined ? {} : { from }) });
    for (const { name } of opened.requested) opened.model(name);
  }
}

function requireTarget(target: string): void {
  if (isTargetName(target)) return;
  throw new UsageError(`unknown architecture '${target}'; expected one of ${targetNames.join(', ')}`);
}

/** Asks for the choices. A wrong answer is explained by `say`, and the question is asked again. */
export async function askChoices(defaults: Choices, ask: Ask, say: (text: string) => void): Promise<Choices> {
  const answer = async <T>(question: string, preset: string, read: (text: string) => T): Promise<T> => {
    for (;;) {
      const text = await ask(`${question} [${preset}]: `);
      if (text === null)
        throw new UsageError('the input ended before all questions were answered; nothing was written');
      try {
        return read(text.trim() === '' ? preset : text.trim());
      } catch (error) {
        if (!(error instanceof GeneratorError)) throw error;
        say(error.message);
      }
    }
  };
  const list = (text: string): string[] => text.split(/[\s,]+/).filter((each) => each !== '');
  const targets = await answer('Architectures', defaults.targets.join(' '), (text) => {
    const names = list(text);
    for (const name of names) requireTarget(name);
    return names;
  });
  const headers = await answer('Headers, as in an #include or as paths', defaults.headers.join(' '), (text) => {
    const names = list(text);
    checkChoices({ ...defaults, targets, headers: names });
    return names;
  });
  const out = await answer('Folder for the bindings', defaults.out, (text) => text);
  const importExtension = await answer(
    "Extension of imports, .js or .ts (for Node's type stripping)",
    defaults.importExtension,
    (text) => {
      const extension = importExtensions.find((each) => each === text);
      if (extension !== undefined) return extension;
      throw new UsageError(`'${text}' is not an extension; expected one of ${importExtensions.join(', ')}`);
    },
  );
  return { ...defaults, targets, headers, out, importExtension };
}

/** The name of the file that init writes. */
const configName: string = configNames[0] as string;

/** Writes the configuration. @throws OutputError if it cannot be written. */
export function writeConfig(choices: Choices): string {
  try {
    writeFileSync(configName, configText(choices), { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OutputError(
      `${resolve(configName)}: cannot be written (${code}); nothing was changed; choose another folder`,
    );
  }
  return [
    `${configName}: written`,
    "Write the bindings with 'npx kvm-uapi generate'. docs/generator.md of the package describes further keys.",
  ].join('\n');
}

function configText({ headers, targets, out, importExtension, from }: Choices): string {
  const spell = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const list = (values: readonly string[]): string => `[${values.map(spell).join(', ')}]`;
  return [
    "import { defineConfig } from 'kvm-uapi/generator';",
    '',
    'export default defineConfig({',
    `  headers: ${list(headers.length > 0 ? headers : [defaultHeader])},`,
    `  targets: ${list(targets)},`,
    ...(from === undefined ? [] : [`  from: ${spell(from)},`]),
    `  out: ${spell(out)},`,
    ...(importExtension === '.js' ? [] : [`  importExtension: ${spell(importExtension)},`]),
    '});',
    '',
  ].join('\n');
}

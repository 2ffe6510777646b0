/** What a user can do after `generate`: import the modules, and check them with a compiler. */

import { isAbsolute, join, relative } from 'node:path';
import { modulePath } from '../emit/modules.js';
import type { ImportExtension } from '../emit/support.js';
import type { Model } from '../model/model.js';
import { targetCalled } from '../targets/targets.js';
import type { HeaderOptions } from './header-options.js';
import { isInPath } from './programs.js';

interface Generated extends Omit<HeaderOptions, 'arch'> {
  readonly out: string;
  readonly importExtension?: ImportExtension;
}

const mostImports = 3;

/** Returns the lines for the end of `generate`. `config` is the file of the configuration, if there is one. */
export function nextSteps(models: readonly Model[], options: Generated, config?: string): string[] {
  const imports = models.slice(0, mostImports).map((model) => importOf(model, options));
  const more = models.length - imports.length;
  return [
    'Import the bindings, for example:',
    ...imports.map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more modules in ${options.out}`] : []),
    ...verifyLine(models, options, config),
  ];
}

function importOf(model: Model, { out, importExtension = '.js' }: Generated): string {
  const path = relative('.', join(out, `${modulePath(model, model.header)}${importExtension}`));
  const name = model.header
    .slice(model.header.lastIndexOf('/') + 1, -'.h'.length)
    .replace(/\W+/g, '_')
    .replace(/^(?=\d)/, '_');
  return `import * as ${name} from '${path.startsWith('..') || isAbsolute(path) ? path : `./${path}`}';`;
}

/** Names `verify` with the same headers, if a compiler for one of the targets is there. */
function verifyLine(models: readonly Model[], options: Generated, config: string | undefined): string[] {
  const targets = [...new Set(models.map(({ target }) => target))];
  const ready = targets.filter((target) => isInPath(targetCalled(target).compiler.command[0]));
  if (ready.length === 0) return [];
  const arch = ready.flatMap((target) => ['--arch', target]);
  const what =
    config === undefined
      ? [...headerArguments(options), ...arch]
      : [...configArguments(config), ...(ready.length === targets.length ? [] : arch)];
  return [
    'A C compiler is here, so every fact of the bindings can be compared with it:',
    `  ${['npx kvm-uapi verify', ...what.map(quoted)].join(' ')}`,
  ];
}

function configArguments(config: string): string[] {
  const path = relative('.', config);
  return /^kvm-uapi\.config\.\w+$/.test(path) ? [] : ['--config', path];
}

function headerArguments({ header, include, define = {}, from }: Generated): string[] {
  return [
    ...header.flatMap((each) => ['--header', each]),
    ...include.flatMap((each) => ['--include', each]),
    ...Object.entries(define).flatMap(([name, value]) => ['--define', `${name}=${value}`]),
    ...(from === undefined ? [] : ['--from', from]),
  ];
}

/** Quotes an argument for a shell, if it needs quotes. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Pragmas that can change a layout or a value and that the generator does not apply. Each of them is an error. */

import type { Target } from '../../targets/target.js';
import { errorAt, type Token } from '../tokens.js';

/** Checks a pragma that has no effect on the preprocessor. `line` begins after the word `pragma`. */
export function checkPragma(line: readonly Token[], target: Target): void {
  const [word, second, third] = line;
  switch (word?.text) {
    case 'scalar_storage_order': {
      // As in GCC, the order of the target and `default` change nothing.
      const order = line
        .slice(1)
        .map(({ text }) => text)
        .join('');
      if (order === 'default' || order === `${target.byteOrder}-endian`) return;
      throw errorAt(
        word,
        `#pragma scalar_storage_order ${order} is not supported; only the byte order of ${target.name} is`,
      );
    }
    case 'STDC':
      if (second?.text === 'FLOAT_CONST_DECIMAL64' && third?.text !== 'OFF' && third?.text !== 'DEFAULT')
        throw errorAt(word, '#pragma STDC FLOAT_CONST_DECIMAL64 is not supported; it makes floating constants decimal');
      return;
    case 'GCC':
      checkGnuPragma(line);
      return;
    default:
      return;
  }
}

function checkGnuPragma([, word, ...rest]: readonly Token[]): void {
  if (word?.text === 'error') throw errorAt(word, `#pragma GCC error ${rest.map(({ text }) => text).join(' ')}`);
  if (word?.text === 'target') {
    throw errorAt(word, '#pragma GCC target is not supported; it changes the predefined macros of the compiler');
  }
}

/** Returns the names of `#pragma GCC poison`. Undefined for another pragma. */
export function poisonedNames([word, second, ...names]: readonly Token[]): readonly Token[] | undefined {
  return word?.text === 'GCC' && second?.text === 'poison' ? names : undefined;
}

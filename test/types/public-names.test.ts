/** The programs every-name….ts use every name that the runtime's entries export. The compiler checks the programs. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as arm64 from '../../runtime/arm64.js';
import * as root from '../../runtime/index.js';
import * as riscv64 from '../../runtime/riscv64.js';
import * as x86_64 from '../../runtime/x86_64.js';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The names that a module exports, types too. */
function exportsOf(path: string): string[] {
  const text = textOf(path);
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gms)].flatMap(([, names = '']) => names.split(','));
  const declared = [...text.matchAll(/^export (?:type|const|class|function|interface) (\w+)/gm)].map(
    ([, name]) => name,
  );
  return [...listed.map((name) => name.trim().replace(/^type /, '')), ...declared.map(String)].filter(Boolean).sort();
}

describe.each([
  ['kvm-uapi', '../../runtime/index.ts', root, 'every-name.ts'],
  ['kvm-uapi/x86_64', '../../runtime/x86_64.ts', x86_64, 'every-name.ts'],
  ['kvm-uapi/arm64', '../../runtime/arm64.ts', arm64, 'every-name-of-arm64.ts'],
  ['kvm-uapi/riscv64', '../../runtime/riscv64.ts', riscv64, 'every-name-of-riscv64.ts'],
])('the entry %s', (entry, path, module, program) => {
  it('exports the names that the program imports, and no others', () => {
    const importing = new RegExp(`^import \\{([^}]*)\\} from '${entry}';`, 'ms');
    const [, names = ''] = importing.exec(textOf(program)) ?? [];
    const imported = names.split(',').map((name) => name.trim().replace(/^type /, ''));
    expect(imported.filter(Boolean).sort()).toEqual(exportsOf(path));
  });

  it('exports values under the names that the text of the module lists', () => {
    expect(Object.keys(module).length).toBeGreaterThan(2);
    const names = exportsOf(path);
    expect(Object.keys(module).filter((name) => !names.includes(name))).toEqual([]);
  });
});

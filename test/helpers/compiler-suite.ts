/** Suites of tests that need the C compiler of this machine. */

import { describe } from 'vitest';
import { kvm, target } from '../../tools/lib/oracle-compiler.js';
import { call } from '../../tools/lib/programs.js';

/** Defines a suite. If a tool is missing, the suite is skipped, and its title says why. */
export function describeWithCompiler(title: string, tools: readonly 'readelf'[], suite: () => void): void {
  const reason = missing(tools);
  if (reason === undefined) describe(title, suite);
  else describe.skip(`${title} (skipped: ${reason})`, suite);
}

function missing(tools: readonly string[]): string | undefined {
  const version = call('cc', ['--version']);
  if (version.error) return "there is no 'cc'";
  if (!version.stdout.includes('Free Software Foundation')) return "'cc' is not GCC";
  const machine = call('cc', ['-dumpmachine']).stdout.trim();
  if (!machine.startsWith(`${target}-linux`)) return `'cc' compiles for ${machine}`;
  if (call('cc', ['-E', '-x', 'c', '-'], { input: `#include <${kvm.header}>\n` }).status !== 0)
    return `<${kvm.header}> not found`;
  const tool = tools.find((name) => call(name, ['--version']).error);
  return tool && `there is no '${tool}'`;
}

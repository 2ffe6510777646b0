/** `corpus-program`: reads the names of headers from stdin, makes the bindings of each, and prints what that took. */

import { readFileSync } from 'node:fs';
import { filesFor } from '../../generator/cli/generate.js';
import { openHeaders } from '../../generator/cli/header-options.js';
import { GeneratorError } from '../../generator/errors.js';
import { defaultTarget } from '../../generator/targets/targets.js';

/** How far it is after a header, since the start of the process. */
export interface Step {
  readonly milliseconds: number;
  /** Characters of bindings. */
  readonly written: number;
}

export interface CorpusRun {
  readonly steps: readonly Step[];
  /** Headers that have no bindings: each ends in an error that says why. */
  readonly refused: readonly string[];
  /** Of memory, at most. */
  readonly kibibytes: number;
}

const names = readFileSync(0, 'utf8').split('\n').filter(Boolean);
const headers = openHeaders({ header: names, arch: defaultTarget, include: [] });
const steps: Step[] = [];
const refused: string[] = [];
let written = 0;
for (const name of headers.names) {
  try {
    for (const { text } of filesFor([headers.model(name)], { support: '../support' })) written += text.length;
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    refused.push(name);
  }
  steps.push({ milliseconds: performance.now(), written });
}
const run: CorpusRun = { steps, refused, kibibytes: process.resourceUsage().maxRSS };
console.log(JSON.stringify(run));

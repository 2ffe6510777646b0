/** Reads the names of headers from stdin, generates the bindings of each header, and prints the time and the memory for it. */

import { readFileSync } from 'node:fs';
import { filesFor } from '../../generator/cli/generate.js';
import { openHeaders } from '../../generator/cli/header-options.js';
import { GeneratorError } from '../../generator/errors.js';
import { defaultTarget } from '../../generator/targets/targets.js';

/** The progress after a header, since the start of the process. */
export interface Step {
  readonly milliseconds: number;
  /** Characters of bindings. */
  readonly written: number;
}

export interface CorpusRun {
  readonly steps: readonly Step[];
  /** The headers that the generator refuses with an error. */
  readonly refused: readonly string[];
  /** The highest use of memory. */
  readonly kibibytes: number;
}

const names = readFileSync(0, 'utf8').split('\n').filter(Boolean);
const headers = openHeaders({ header: names, arch: defaultTarget, include: [] });
const steps: Step[] = [];
const refused: string[] = [];
let written = 0;
for (const { name } of headers.requested) {
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

/** The work of the generator that the benchmarks measure. */

import { filesFor } from '../../generator/cli/generate.js';
import { defaultHeader, openHeaders } from '../../generator/cli/header-options.js';

/** Reads the header, and returns the number of characters of all output files. Nothing is kept between two calls. */
export function headerToText(): number {
  const headers = openHeaders({ header: [defaultHeader], arch: 'x86_64', include: [] });
  const files = filesFor(headers.requested.map(({ name }) => headers.model(name)));
  return files.reduce((sum, { text }) => sum + text.length, 0);
}

/**
 * `npm run docs:site`: builds the documentation site in `docs/.site/dist`: the documents, and a reference of every public name from
 * the docstrings. `-- --check` then visits the site in Chromium; with `--built` it visits the site that was built before, with
 * `--only TEXT` the pages whose path contains the text, and with
 * `--shots DIR` it writes a screenshot of each page. The packages of docs/package.json are needed (`npm ci` in docs/), and `--check`
 * needs Chromium. Nothing is downloaded. Exit codes: 0 for success, 1 if the site has a problem, 2 if something is missing.
 */

import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../generator/headers/disk.js';
import { call } from '../lib/programs.js';
import { checkSite } from './check.js';
import { findChromium, MissingError } from './chromium.js';
import { sitePages, sourcesIn } from './pages.js';

const docs = join(packageRoot(), 'docs');
const stage = join(docs, '.site');

/** A page with a row of a table that is longer than the column of the text. */
const wide = /^\|.{250,}\|$/m;

/** Runs a program of docs/node_modules. */
function runTool(name: string, ...options: string[]): void {
  const { status, stdout, stderr } = call(join(docs, 'node_modules', '.bin', name), options, { cwd: docs });
  if (status !== 0) throw new Error(`${name} ended with ${status}:\n${stdout}${stderr}`);
}

function build(): void {
  rmSync(stage, { recursive: true, force: true });
  for (const [path, text] of sitePages(sourcesIn(packageRoot()))) {
    mkdirSync(dirname(join(stage, path)), { recursive: true });
    writeFileSync(join(stage, path), wide.test(text) ? `---\naside: false\n---\n\n${text}` : text);
  }
  cpSync(join(docs, '.vitepress'), join(stage, '.vitepress'), { recursive: true });
  cpSync(join(docs, '.vitepress', 'home.md'), join(stage, 'index.md'));
  cpSync(join(docs, 'architecture.svg'), join(stage, 'architecture.svg'));
  runTool('typedoc', '--options', 'typedoc.json');
  runTool('vitepress', 'build', '.site');
}

try {
  const { check, built, only, shots } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      built: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      shots: { type: 'string' },
    },
  }).values;
  if (!existsSync(join(docs, 'node_modules', 'vitepress'))) throw new MissingError("run 'npm ci' in docs/ first");
  const chromium = check ? findChromium() : '';
  if (!built) build();
  console.log(`the site is in ${join('docs', '.site', 'dist')}`);
  if (check) {
    let problems = 0;
    const report = (problem: string): void => {
      problems += 1;
      console.error(problem);
    };
    await checkSite({ folder: join(stage, 'dist'), packages: docs, chromium, report, only, shots });
    console.log(`site: ${problems} problems`);
    process.exitCode = problems > 0 ? 1 : 0;
  }
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = error instanceof MissingError ? 2 : 1;
}

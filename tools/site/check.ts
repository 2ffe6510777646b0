/**
 * Visits the built site in Chromium: no page has an error in the console, a part that is wider than a narrow window, or a violation
 * that axe finds, light and dark. The search finds names. Links are checked in the files, because there are many thousands.
 */

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brokenLinks, builtPages } from './links.js';
import { type Server, serve } from './server.js';

/** What the check uses of playwright-core, which is a package of docs/package.json. */
interface Page {
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  goto(url: string, options: { waitUntil: 'networkidle' | 'load' }): Promise<unknown>;
  evaluate<T>(code: string): Promise<T>;
  screenshot(options: { path: string }): Promise<unknown>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  waitForSelector(selector: string): Promise<unknown>;
  close(): Promise<void>;
}
interface Browser {
  newPage(options: object): Promise<Page>;
  close(): Promise<void>;
}
interface Playwright {
  readonly chromium: { launch(options: object): Promise<Browser> };
}

export interface SiteCheck {
  /** The folder of the built site. */
  readonly folder: string;
  /** The folder whose node_modules has playwright-core and axe-core. */
  readonly packages: string;
  /** The path of the browser. */
  readonly chromium: string;
  /** Called with each problem when it is found. */
  readonly report: (problem: string) => void;
  /** Only pages whose path contains this text are visited. */
  readonly only: string;
  /** Where screenshots are written, if anywhere. */
  readonly shots?: string | undefined;
}

interface Look {
  readonly name: string;
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
  /** Whether axe checks all pages. It checks the samples in any case, contrast included. */
  readonly checksAll: boolean;
}

const looks: readonly Look[] = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 900 }, checksAll: true },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 }, checksAll: false },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 375, height: 740 }, checksAll: false },
];

/** A name for each kind of page, and the title of a page that the search must find. */
const searches: readonly (readonly [text: string, page: string])[] = [
  ['eventfd', 'interrupts.html'],
  ['VcpuThread', 'threads.html'],
  ['setGsiRouting', 'Vm.html'],
];

/** Reports the problems of the site. */
export async function checkSite({ folder, packages, chromium, report, only, shots }: SiteCheck): Promise<void> {
  const required = createRequire(join(packages, 'package.json'));
  const playwright = required('playwright-core') as Playwright;
  const axe = readFileSync(required.resolve('axe-core/axe.min.js'), 'utf8');
  if (shots !== undefined) mkdirSync(shots, { recursive: true });
  const server = await serve(folder);
  const browser = await playwright.chromium.launch({ executablePath: chromium, args: ['--no-sandbox'] });
  for (const link of brokenLinks(folder)) report(`broken link: ${link}`);
  try {
    const pages = visited(builtPages(folder)).filter((page) => page.includes(only));
    for (const look of looks) await visitAll({ browser, server, axe, pages, look, report, shots });
    await search({ browser, server, report, shots });
  } finally {
    await browser.close();
    server.close();
  }
}

/** All documents, the first page of each kind of the reference, and one file of the project. */
function visited(pages: readonly string[]): readonly string[] {
  const kinds = new Set<string>();
  return pages.filter((page) => {
    const kind = page.startsWith('project/') ? 'project' : /^api\/(?:.*\/)?([\w-]+)\/[^/]+$/.exec(page)?.[1];
    if (kind === undefined) return true;
    if (kinds.has(kind)) return false;
    kinds.add(kind);
    return true;
  });
}

/** Pages with each kind of content: the home page, code, tables, lists and the reference. The colours are the same on all pages. */
const samples: readonly RegExp[] = [
  /^index\.html$/,
  /^tutorial\.html$/,
  /^vcpus\.html$/,
  /^platforms\.html$/,
  /^api\/.*classes\//,
];

interface Search {
  readonly browser: Browser;
  readonly server: Server;
  readonly report: (problem: string) => void;
  readonly shots?: string | undefined;
}

interface Visit extends Search {
  readonly axe: string;
  readonly pages: readonly string[];
  readonly look: Look;
}

/** Visits the pages with one look. */
async function visitAll({ browser, server, axe, pages, look, report, shots }: Visit): Promise<void> {
  const { name, colorScheme, viewport, checksAll } = look;
  const page = await browser.newPage({ colorScheme, viewport, reducedMotion: 'reduce' });
  let path = '';
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') report(`${name}: ${path}: ${message.text()}`);
  });
  page.on('pageerror', (error) => report(`${name}: ${path}: ${error.message}`));
  const started = Date.now();
  for (path of pages) {
    await page.goto(`${server.url}/${path}`, { waitUntil: 'load' });
    await page.waitForSelector('.VPContent');
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    if (width > viewport.width) report(`${name}: ${path}: ${width} pixels wide, in a window of ${viewport.width}`);
    if (checksAll || isSample(path)) {
      const found = await violations(page, axe, isSample(path));
      for (const violation of found) report(`${name}: ${path}: axe: ${violation}`);
    }
    if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}-${path.replaceAll('/', '-')}.png`) });
  }
  await page.close();
  console.log(`${name}: ${pages.length} pages, ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

function isSample(path: string): boolean {
  return samples.some((sample) => sample.test(path));
}

/** What axe finds on a page: the rule and the element. The contrast of a page with much code takes many seconds. */
async function violations(page: Page, axe: string, checksContrast: boolean): Promise<string[]> {
  await page.evaluate(axe);
  const options = { resultTypes: ['violations'], rules: { 'color-contrast': { enabled: checksContrast } } };
  return page.evaluate<string[]>(
    `axe.run(${JSON.stringify(options)}).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.slice(0, 2).map((node) => id + ' ' + node.target)))`,
  );
}

/** Searches as a reader does. */
async function search({ browser, server, report, shots }: Search): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${server.url}/`, { waitUntil: 'networkidle' });
  await page.click('.VPNavBarSearch button');
  for (const [text, expected] of searches) {
    await page.fill('input[type=search]', text);
    const found = await within(
      () => page.evaluate<string[]>("[...document.querySelectorAll('.result')].map(({ href }) => href)"),
      expected,
    );
    if (found !== undefined) report(`search: '${text}' does not find ${expected}, but: ${found.join(', ')}`);
    if (shots !== undefined) await page.screenshot({ path: join(shots, `search-${text}.png`) });
  }
  await page.close();
}

/** Waits until one of the results contains a text. Returns the last results if that does not happen. */
async function within(results: () => Promise<string[]>, expected: string): Promise<string[] | undefined> {
  let last: string[] = [];
  for (let attempt = 0; attempt < 100; attempt += 1) {
    last = await results();
    if (last.some((href) => href.includes(expected))) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return last;
}

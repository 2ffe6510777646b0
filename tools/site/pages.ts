/** The pages of the documentation site: the documents of this project, with links that work on the site. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, posix } from 'node:path';

/** Reads the files of the project. All paths are relative to its folder and have forward slashes. */
export interface Sources {
  readonly kindOf: (path: string) => 'file' | 'folder' | undefined;
  readonly read: (path: string) => string;
  readonly list: (folder: string) => readonly string[];
}

/** The sources on the disk, below the folder of the project. */
export function sourcesIn(root: string): Sources {
  const at = (path: string): string => posix.join(root, path);
  return {
    kindOf: (path) => {
      if (!existsSync(at(path))) return undefined;
      return statSync(at(path)).isDirectory() ? 'folder' : 'file';
    },
    read: (path) => readFileSync(at(path), 'utf8'),
    list: (folder) => readdirSync(at(folder), { encoding: 'utf8' }).toSorted(),
  };
}

/** A link of a document whose file does not exist. */
class BrokenLinkError extends Error {
  override readonly name = 'BrokenLinkError';
}

const languages: Readonly<Record<string, string>> = {
  '.ts': 'ts',
  '.mjs': 'js',
  '.h': 'c',
  '.json': 'json',
  '.pml': 'c',
};

/** The page of the site for a file or a folder of the project. Pages of `docs/` are at the top. */
function pageOf(path: string): string {
  if (path === 'docs/index.md') return 'pages.md';
  if (path.startsWith('docs/')) return path.slice('docs/'.length);
  return path.endsWith('.md') ? `project/${path}` : `project/${path}.md`;
}

/**
 * Returns the pages of the site by their path: the documents below `docs/`, and every file of the project that they link to.
 *
 * @throws BrokenLinkError when a document links to a file that does not exist.
 */
export function sitePages(sources: Sources): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  const wanted = ['docs', 'docs/internals'].flatMap((folder) =>
    sources
      .list(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  );
  const known = new Set(wanted);
  for (const path of wanted) {
    const text = path.endsWith('.md') ? sources.read(path) : textOf(path, sources);
    const { page, links } = withLinks(path, text, sources);
    pages.set(pageOf(path), page);
    for (const link of links.filter((each) => !known.has(each))) {
      known.add(link);
      // The loop also visits what is added here.
      wanted.push(link);
    }
  }
  return pages;
}

/** The page of a file that is not a document, or of a folder. */
function textOf(path: string, sources: Sources): string {
  if (sources.kindOf(path) === 'file') {
    const fence = '`'.repeat(8);
    return `# \`${path}\`\n\n${fence}${languages[extname(path)] ?? 'text'}\n${sources.read(path)}\n${fence}\n`;
  }
  if (sources.kindOf(`${path}/README.md`) === 'file') return sources.read(`${path}/README.md`);
  const files = sources.list(path).filter((name) => sources.kindOf(`${path}/${name}`) === 'file');
  const name = posix.basename(path);
  return `# \`${path}\`\n\n${files.map((file) => `- [${file}](${name}/${file})`).join('\n')}\n`;
}

/** Rewrites the links of a page, and returns the files of the project that it links to. Images stay as they are. */
function withLinks(path: string, text: string, sources: Sources): { page: string; links: string[] } {
  const links: string[] = [];
  // The page of a folder is its README, or a list with links that begin at the parent folder.
  const isReadme = sources.kindOf(path) === 'folder' && sources.kindOf(`${path}/README.md`) === 'file';
  const folder = isReadme ? path : posix.dirname(path);
  const page = outsideCode(text, (part) =>
    part.replace(/(!?)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)/g, (all, _, target: string, anchor = '') => {
      if (/\.(svg|png)$/.test(target)) return all;
      const linked = posix.normalize(posix.join(folder, target)).replace(/\/$/, '');
      if (sources.kindOf(linked) === undefined) throw new BrokenLinkError(`${path}: ${target}: not found`);
      links.push(linked);
      return `](/${pageOf(linked)}${anchor})`;
    }),
  );
  return { page, links };
}

/** Changes the text outside of fenced code and of code spans. */
function outsideCode(text: string, change: (part: string) => string): string {
  return text
    .split(/(^(`{3,}).*\n[\s\S]*?^\2$)/m)
    .map((part, index) => (index % 3 === 0 ? change(part) : index % 3 === 1 ? part : ''))
    .join('');
}

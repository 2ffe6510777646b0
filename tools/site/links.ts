/** Checks the links between the built pages of the site. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

/** The paths of the built pages, relative to the folder of the site. */
export function builtPages(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.html') && name !== '404.html')
    .toSorted();
}

/** Returns each link whose page or whose heading does not exist, as `page: link`. */
export function brokenLinks(folder: string): readonly string[] {
  const idsOf = memo((page) => {
    const html = readFileSync(join(folder, page), 'utf8');
    return new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => decodeEntities(id)));
  });
  return builtPages(folder).flatMap((page) => {
    const html = readFileSync(join(folder, page), 'utf8');
    const links = new Set([...html.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, href = '']) => decodeEntities(href)));
    return [...links].filter((href) => isBroken(folder, page, href, idsOf)).map((href) => `${page}: ${href}`);
  });
}

function isBroken(folder: string, page: string, href: string, idsOf: (page: string) => ReadonlySet<string>): boolean {
  if (/^\w+:/.test(href)) return false;
  const [path = '', anchor] = decodeURI(href).split('#');
  const target =
    path === '' ? page : posix.join('.', path.startsWith('/') ? path : posix.join(posix.dirname(page), path));
  const file = target.endsWith('/') || target === '.' ? posix.join(target, 'index.html') : target;
  if (!existsSync(join(folder, file)) || !statSync(join(folder, file)).isFile()) return true;
  return anchor !== undefined && anchor !== '' && !idsOf(file).has(anchor);
}

function decodeEntities(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}

function memo<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}

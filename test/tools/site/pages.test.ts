/** The pages of the documentation site, and the check of its links. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokenLinks } from '../../../tools/site/links.js';
import { sitePages, sourcesIn } from '../../../tools/site/pages.js';
import { folderOf } from '../../helpers/cli.js';

describe('the pages of the site', () => {
  it('links to documents, files and folders of the project go to pages of the site', () => {
    const root = folderOf({
      'docs/index.md':
        'See [a](a.md#part), [code](../src/a.ts), [all](../src), [web](https://example.org) and [here](#x).\n',
      'docs/a.md': '![drawing](a.svg) and [up](index.md)\n\n```md\n[not a link](nothing.md)\n```\n',
      'docs/a.svg': '',
      'docs/internals/b.md': '[a](../a.md)\n',
      'src/a.ts': 'export {};',
    });
    expect(Object.fromEntries(sitePages(sourcesIn(root)))).toEqual({
      'pages.md':
        'See [a](/a.md#part), [code](/project/src/a.ts.md), [all](/project/src.md), [web](https://example.org) and [here](#x).\n',
      'a.md': '![drawing](a.svg) and [up](/pages.md)\n\n```md\n[not a link](nothing.md)\n```\n',
      'internals/b.md': '[a](/a.md)\n',
      'project/src/a.ts.md': '# `src/a.ts`\n\n````````ts\nexport {};\n````````\n',
      'project/src.md': '# `src`\n\n- [a.ts](/project/src/a.ts.md)\n',
    });
  });

  it('the page of a folder is its README, whose links begin in the folder', () => {
    const root = folderOf({
      'docs/a.md': '[all](../examples/)\n',
      'docs/internals/b.md': '',
      'examples/README.md': '[one](one.ts)\n',
      'examples/one.ts': '1;',
    });
    expect(sitePages(sourcesIn(root)).get('project/examples.md')).toBe('[one](/project/examples/one.ts.md)\n');
  });

  it('a link to a file that does not exist is an error with the page and the link', () => {
    const root = folderOf({ 'docs/a.md': '[b](b.md)\n', 'docs/internals/b.md': '' });
    expect(() => sitePages(sourcesIn(root))).toThrow('docs/a.md: b.md: not found');
  });

  it('the documents of this project have no broken link', () => {
    const root = join(import.meta.dirname, '..', '..', '..');
    expect(sitePages(sourcesIn(root)).size).toBeGreaterThan(45);
  });
});

describe('the links of the built site', () => {
  it('links without a page or without a heading are broken', () => {
    const site = folderOf({
      'index.html': '<a href="/a.html#one">1</a><a class="x" href="./b/">2</a><a href="https://example.org">3</a>',
      'a.html': '<h2 id="one"></h2><a href="/a.html#two">1</a><a href="/c.html">2</a><a href="#one">3</a>',
      'b/index.html': '<a href="../a.html">1</a><a href="/b/d.html">2</a>',
    });
    expect(brokenLinks(site)).toEqual(['a.html: /a.html#two', 'a.html: /c.html', 'b/index.html: /b/d.html']);
  });
});

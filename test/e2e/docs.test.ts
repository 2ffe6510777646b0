/** The names in the documents exist (tests, ioctls, methods and exports), and the programs in the documents run. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statementKeys } from '../../generator/config/statements.js';
import * as library from '../../generator/index.js';
import { classes, ioctlRows, methodsOf, otherClasses, ownIoctlRows, ruleName } from '../../tools/docs/ioctl-methods.js';
import { folderOf } from '../helpers/cli.js';
import { committedModel } from '../helpers/committed-models.js';

const folder = new URL('../', import.meta.url);
/** The tests of the runtime, the protocol and the tools, by their path in `test/` without the file extension. */
const sources = new Map(
  ['runtime', 'protocol', 'tools'].flatMap((part) =>
    readdirSync(new URL(part, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${part}/${name}`)
      .map((name) => [name.replace('.test.ts', ''), readFileSync(new URL(name, folder), 'utf8')]),
  ),
);

/** Returns the rows of the table below a heading of a document. */
function rowsUnder(name: string, heading: string): string[][] {
  const document = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const [, section = ''] = document.split(`${heading}\n`);
  const [body = ''] = section.split(/^#/m);
  const rows = body.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the links', () => {
  const root = join(import.meta.dirname, '..', '..');
  const pages = [
    ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
    ...readdirSync(join(root, 'docs'), { encoding: 'utf8' }).map((name) => `docs/${name}`),
    ...readdirSync(join(root, 'docs', 'internals'), { encoding: 'utf8' }).map((name) => `docs/internals/${name}`),
  ].filter((name) => name.endsWith('.md'));
  const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
  const linksOf = (page: string): string[] =>
    [...textOf(page).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link = '']) => link);

  /** The anchors that GitHub and the site give to the headings of a page. */
  const anchorsOf = (page: string): string[] =>
    [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    );

  it('each link of the documents finds its file and its heading', () => {
    const problems = pages.flatMap((page) =>
      linksOf(page).flatMap((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return [`${page}: ${link}: not found`];
        return anchor === undefined || anchorsOf(target).includes(anchor) ? [] : [`${page}: ${link}: no such heading`];
      }),
    );
    expect(pages.length).toBeGreaterThan(35);
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(120);
    expect(problems).toEqual([]);
  });

  it('each page of docs/ is linked from docs/index.md or from docs/runtime.md', () => {
    const linked = new Set(['index.md', ...['docs/index.md', 'docs/runtime.md'].flatMap(linksOf)]);
    const names = pages.filter((page) => page.startsWith('docs/')).map((page) => page.slice('docs/'.length));
    expect(names.filter((name) => !linked.has(name))).toEqual([]);
  });
});

describe('docs/race-free-exit.md', () => {
  it('the document lists R2, R4 and every step that the tests leave out, and no other step', () => {
    const rows = rowsUnder('race-free-exit.md', '## The steps of the protocol');
    const steps = rows.map(([step = '']) => step.replaceAll('`', ''));
    const tested = [...(sources.get('protocol/steps') ?? '').matchAll(/\bstep: '(\w+)'/g)].map(([, step]) => step);
    expect(steps.length).toBeGreaterThan(10);
    // A hook cannot leave out R2 and R4: without KVM_RUN nothing runs. The model leaves them out.
    expect(steps.filter((step) => step !== 'R2' && step !== 'R4')).toEqual(tested);
    expect(steps).toEqual(expect.arrayContaining(['R2', 'R4']));
  });
});

describe('docs/generator.md', () => {
  const text = readFileSync(new URL('../../docs/generator.md', import.meta.url), 'utf8');
  const programs = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program = '']) => program);
  const named = [...text.matchAll(/^\| (`\w.*?) +\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(?:\w+\.)?(\w+)\b[^`]*`/g)].map(([, name = '']) => name),
  );

  it('the document names exports of the library, and every key of a configuration', () => {
    const exported = new Set(Object.keys(library));
    const keys = [
      'headers',
      'targets',
      'include',
      'from',
      'define',
      'types',
      'constants',
      'u64',
      'comments',
      'out',
      'support',
      'importExtension',
      ...statementKeys,
      'model',
    ];
    expect(named.length).toBeGreaterThan(25);
    // The kinds of omissions have a table too.
    const kinds = ['macro', 'ioctl', 'type', 'typedef', 'variable', 'function', 'assertion', 'pragma'];
    const known = [...exported, ...keys, ...kinds];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
    expect(keys.filter((key) => !named.includes(key))).toEqual([]);
  });

  it('the document shows the configuration of the example, and its programs run', async () => {
    const [config, statements, disk, memory, ...more] = programs;
    expect(more).toEqual([]);
    const path = join(folderOf({ 'kvm-uapi.config.ts': statements ?? '' }), 'kvm-uapi.config.ts');
    expect(Object.keys((await library.loadConfig(path)).statements)).toEqual([...statementKeys]);
    expect(config).toBe(readFileSync(new URL('../../examples/tun/kvm-uapi.config.ts', import.meta.url), 'utf8'));
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const inReadme = /^```ts\n([^`]*?installedHeaders[^`]*)^```$/m.exec(readme)?.[1];
    for (const program of [disk, memory, `${inReadme}console.log('struct loop_info64 {');`]) {
      // The program is in the package, so that Node finds the package by its name.
      const local = (program ?? '').replace(
        /'(kvm-uapi\/[\w/]+)'/g,
        (_, name: string) => `'${import.meta.resolve(name)}'`,
      );
      const folder = folderOf({ 'main.mjs': local });
      const run = spawnSync(process.execPath, ['main.mjs'], { cwd: folder, encoding: 'utf8' });
      expect(run.stderr).toBe('');
      expect(run.stdout).toMatch(/struct loop_info64 \{|^riscv64\/x\/device\.ts \d+$/m);
    }
  });
});

describe('docs/ioctls.md', () => {
  const code = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  const exceptions = new Map(
    rowsUnder('ioctls.md', '## Exceptions from the rule').map(([ioctl = '', methods = '']) => [
      code(ioctl)[0] ?? '',
      code(methods),
    ]),
  );
  const others = rowsUnder('ioctls.md', '## Methods that make no ioctl of their own').flatMap(([cell = '']) =>
    code(cell),
  );
  const { ioctls } = committedModel();
  const methods = Object.values(classes)
    .flatMap(methodsOf)
    .filter((name) => !name.includes('.constructor'));

  it('the document has the table that the model, the classes and the exceptions give', () => {
    const rows = rowsUnder('ioctls.md', '## All ioctls of kvm.h on x86');
    expect(rows.length).toBeGreaterThan(100);
    expect(rows).toEqual(ioctlRows(ioctls, exceptions));
  });

  it.each(['arm64', 'riscv64'] as const)('the document has the table of the ioctls of %s', (name) => {
    const rows = rowsUnder('ioctls.md', `## All ioctls of kvm.h on ${name}`);
    expect(rows.length).toBeGreaterThan(30);
    expect(rows).toEqual(ownIoctlRows(name, committedModel(name).ioctls, exceptions));
  });

  it('the document has every method of the classes in one of its tables', () => {
    const named = new Set([...ioctlRows(ioctls, exceptions).flatMap(([, , , cell = '']) => code(cell)), ...others]);
    expect(methods.length).toBeGreaterThan(100);
    expect(methods.filter((name) => !named.has(name))).toEqual([]);
  });

  it('the document names only methods that the classes have, and only exceptions that the rule does not give', () => {
    const elsewhere = Object.values(otherClasses).flatMap((each) => Object.values(each).flatMap(methodsOf));
    const known = new Set([...methods, ...elsewhere]);
    expect([...exceptions.values(), others].flat().filter((name) => !known.has(name))).toEqual([]);
    const all = new Set([...ioctls, ...committedModel('arm64').ioctls].map(({ name }) => name));
    for (const [ioctl, named] of exceptions) {
      expect(all.has(ioctl), ioctl).toBe(true);
      expect(
        named.map((name) => name.split('.')[1]),
        ioctl,
      ).not.toEqual([ruleName(ioctl, all)]);
    }
  });

  it('the rule drops the prefix of an architecture unless two ioctls had the same name then', () => {
    const all = new Set(['KVM_INTERRUPT', 'KVM_S390_INTERRUPT', 'KVM_X86_SET_MSR_FILTER', 'KVM_GET_CPUID2']);
    expect([...all].map((name) => ruleName(name, all))).toEqual([
      'interrupt',
      's390Interrupt',
      'setMsrFilter',
      'getCpuid2',
    ]);
  });
});

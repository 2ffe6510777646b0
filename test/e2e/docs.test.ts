/** What the documents name is there, be it a test, an ioctl, a method or an export, and what they show runs. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as library from '../../generator/index.js';
import { Attributes } from '../../runtime/devices/attributes.js';
import { GuestIo } from '../../runtime/guest-io.js';
import { Kvm, Stats, Vcpu, Vm } from '../../runtime/index.js';
import { Interrupts } from '../../runtime/interrupts.js';
import { fdNames } from '../../runtime/ioctl.js';
import { DirtyPages } from '../../runtime/rings/dirty.js';
import { folderOf } from '../helpers/cli.js';
import { committedModel } from '../helpers/committed-models.js';

const folder = new URL('../', import.meta.url);
/** The tests of the runtime, of the protocol and of the tools, by the path below `test/` without its ending. */
const sources = new Map(
  ['runtime', 'protocol', 'tools'].flatMap((part) =>
    readdirSync(new URL(part, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${part}/${name}`)
      .map((name) => [name.replace('.test.ts', ''), readFileSync(new URL(name, folder), 'utf8')]),
  ),
);

/** The rows of the table under a heading of a document. */
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

function expectTest(test: string): void {
  const [, file = '', , title = ''] = /^([\w./-]+): (`+)(.+)\2$/.exec(test) ?? [];
  expect(title).not.toBe('');
  // A title as a string of its own, in whichever quotes.
  const isThere = ["'", '"', '`'].some((quote) => sources.get(file)?.includes(`${quote}${title}${quote}`));
  expect(isThere, test).toBe(true);
}

describe('docs/race-free-exit.md', () => {
  const rows = (heading: string): string[][] => rowsUnder('race-free-exit.md', heading);
  const named = ['## What is said, and the test that shows it', '### Hazards of doing this inside Node'].flatMap(rows);

  it('has its tables', () => {
    expect(named.length).toBeGreaterThan(60);
  });

  it.each(named)('%s', (_, test = '') => {
    expectTest(test);
  });

  it('tells of every step that can be left out, and of no other', () => {
    const steps = rows('## What each step is there for').map(([step = '']) => step.replaceAll('`', ''));
    const tested = [...(sources.get('protocol/steps') ?? '').matchAll(/\bstep: '(\w+)'/g)].map(([, step]) => step);
    expect(steps.length).toBeGreaterThan(10);
    expect(steps).toEqual(tested);
  });
});

describe('docs/generator.md', () => {
  const text = readFileSync(new URL('../../docs/generator.md', import.meta.url), 'utf8');
  const programs = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program = '']) => program);
  const named = [...text.matchAll(/^\| (`\w.*?) +\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(?:\w+\.)?(\w+)\b[^`]*`/g)].map(([, name = '']) => name),
  );

  it('names what the library exports, and every key of a configuration', () => {
    const exported = new Set(Object.keys(library));
    const keys = [
      'headers',
      'targets',
      'include',
      'from',
      'types',
      'constants',
      'u64',
      'comments',
      'out',
      'support',
      'model',
    ];
    expect(named.length).toBeGreaterThan(25);
    expect(named.filter((name) => !exported.has(name) && !keys.includes(name))).toEqual([]);
    expect(keys.filter((key) => !named.includes(key))).toEqual([]);
  });

  it('shows the configuration of the example, and programs that run', async () => {
    const [config, disk, memory, ...more] = programs;
    expect(more).toEqual([]);
    expect(config).toBe(readFileSync(new URL('../../examples/tun/kvm-uapi.config.ts', import.meta.url), 'utf8'));
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const inReadme = /^```ts\n([^`]*?installedHeaders[^`]*)^```$/m.exec(readme)?.[1];
    for (const program of [disk, memory, `${inReadme}console.log('struct loop_info64 {');`]) {
      // Beside the package, whose name then leads to it.
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
  const rows = rowsUnder('ioctls.md', '# Every ioctl of kvm.h on x86');
  const code = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

  /** What the methods are of: classes, and objects of theirs. */
  const owners: Readonly<Record<string, object>> = {
    Kvm: Kvm.prototype,
    'Kvm.attributes': Attributes.prototype,
    Vm: Vm.prototype,
    'Vm.interrupts': Interrupts.prototype,
    'Vm.io': GuestIo.prototype,
    'Vm.dirty': DirtyPages.prototype,
    Vcpu: Vcpu.prototype,
    'VmDevice.attributes': Attributes.prototype,
    Stats,
  };

  function isMethod(name: string): boolean {
    const [, owner = '', method = ''] = /^(.+)\.(\w+)$/.exec(name) ?? [];
    const on = new Map(Object.entries(owners)).get(owner);
    return on !== undefined && typeof Reflect.get(on, method) === 'function';
  }

  it('has all ioctls of the model, in its order, and what they are made on', () => {
    const { ioctls } = committedModel();
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.map(([ioctl, fds]) => [ioctl, fds])).toEqual(
      ioctls.map(({ name, fds = [] }) => [`\`${name}\``, fds.map((fd) => fdNames[fd]).join(', ')]),
    );
  });

  it('names a method of the thing it is made on, or the generic one where the kernel says that it is unsupported', () => {
    const kinds = { Kvm: fdNames.system, Vm: fdNames.vm, Vcpu: fdNames.vcpu, VmDevice: fdNames.device };
    const generic = rows.filter(([, , method]) => method === 'generic `ioctl`');
    expect(generic.length).toBeGreaterThan(0);
    for (const [ioctl, , , test] of generic) {
      if (ioctl !== '`KVM_SET_CPUID`') expect(test).toBe(`runtime/unsupported: ${ioctl}`);
    }
    for (const [ioctl, fds = '', methods = ''] of rows.filter((row) => !generic.includes(row))) {
      expect(code(methods).length, ioctl).toBeGreaterThan(0);
      for (const [owner] of code(methods).map((name) => name.split('.'))) {
        const kind = new Map(Object.entries(kinds)).get(owner ?? '');
        // Those that make something belong to what it is made of.
        if (kind && ioctl !== '`KVM_SET_SIGNAL_MASK`') expect(fds.split(', '), ioctl).toContain(kind);
      }
    }
  });

  const methods = rows.flatMap(([ioctl = '', , named = '']) =>
    code(named)
      .filter((name) => name !== 'ioctl')
      .map((name) => [ioctl, name] as const),
  );

  it.each(methods)('%s: there is %s', (_, name) => {
    expect(isMethod(name)).toBe(true);
  });

  const tested = rows.map(([ioctl = '', , , test = '']) => [ioctl, test] as const);
  it.each(tested)('%s is tested: %s', (_, test) => {
    expectTest(test);
  });
});

/** The entries `kvm-uapi` and `kvm-uapi/x86_64` are bundles. They share the modules of the bindings with other code. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../generator/headers/disk.js';

const bundle = join(packageRoot(), 'dist', 'bundle');
const texts = readdirSync(bundle).map((name) => readFileSync(join(bundle, name), 'utf8'));

/** Runs a module in a new process that resolves `kvm-uapi` as a user does. Returns what it prints as JSON. */
function run(program: string): unknown {
  const args = ['--input-type=module', '-e', program];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: packageRoot(), encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

describe('the bundle of the runtime', () => {
  it('has no class of the bindings or of the support library of its own', () => {
    expect(texts.length).toBeGreaterThan(3);
    for (const text of texts) expect(text).not.toMatch(/static \$(?:size|layout)\b|class ArrayView\b/);
  });

  it('imports the modules of bindings that the package exports, so that their exports are the same objects', () => {
    const imported = texts.flatMap((text) =>
      Array.from(text.matchAll(/"\.\.\/generated\/([^"]+)\.js"/g), ([, name]) => name),
    );
    const names = [...new Set(imported)];
    expect(names).toContain('x86_64/linux/kvm');
    const seen = run(`
      const [from] = ['file://${bundle}/x86_64.js'];
      const results = [];
      for (const name of ${JSON.stringify(names)}) {
        const own = await import(new URL('../generated/' + name + '.js', from).href);
        const exported = await import('kvm-uapi/' + name);
        results.push(own === exported);
      }
      console.log(JSON.stringify(results));`);
    expect(seen).toEqual(names.map(() => true));
  });

  it.each(['x86_64', 'arm64', 'riscv64'])('the entry %s loads no module of another architecture', (entry) => {
    const loaded = new Set<string>();
    const load = (name: string): void => {
      if (loaded.has(name)) return;
      loaded.add(name);
      const text = readFileSync(join(bundle, name), 'utf8');
      for (const [, other = ''] of text.matchAll(/(?:from|import) ?"\.\/([^"]+)"/g)) load(other);
    };
    load(`${entry}.js`);
    const all = [...loaded].map((name) => readFileSync(join(bundle, name), 'utf8')).join('\n');
    const modules = Array.from(all.matchAll(/^\/\/ dist\/(runtime\/.*)$/gm), ([, path = '']) => path);
    const bindings = Array.from(all.matchAll(/"\.\.\/generated\/([^/"]+)\//g), ([, name]) => name);
    expect(new Set(bindings)).toEqual(new Set([entry]));
    expect(modules.length).toBeGreaterThan(40);
    const others = ['x86_64', 'arm64', 'riscv64'].filter((name) => name !== entry);
    expect(modules.filter((path) => others.some((name) => path.includes(`runtime/${name}`)))).toEqual([]);
  });

  it('an error of one entry is an instance of the class of the other entry', () => {
    const seen = run(`
      import { UapiError } from 'kvm-uapi';
      import { Kvm } from 'kvm-uapi/x86_64';
      try {
        Kvm.open({ path: '/dev/null/kvm' });
      } catch (error) {
        console.log(JSON.stringify([error.code, error instanceof UapiError]));
      }`);
    expect(seen).toEqual([expect.any(String), true]);
  });
});

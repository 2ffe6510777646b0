/** The bindings of a project are recognised, and emitted again with the options that they were emitted with. */

import { expect, it } from 'vitest';
import { emitModules, type ModuleOptions } from '../../../generator/emit/modules.js';
import { bindingsFolders, modulePathsOf, overlayOf } from '../../../generator/impact/bindings.js';
import { committedModel } from '../../helpers/committed-models.js';
import { before, compiler } from '../../helpers/impact-project.js';

it.each<[string, ModuleOptions]>([
  ['the defaults', {}],
  ['the support library of a package', { support: 'kvm-uapi/support' }],
  ['the support library in another folder', { support: '../lib/support' }],
  ['the support library in a folder below', { support: './own/support' }],
  ['imports with the extension .ts', { importExtension: '.ts' }],
  ['numbers for 64-bit members', { u64: 'number' }],
  ['all options', { u64: 'number', importExtension: '.ts', support: '../support' }],
])('bindings with %s are emitted again as they are', async (_, options) => {
  const { ts } = await compiler();
  const models = [committedModel(), before];
  const emitted = models.flatMap((model) => emitModules(model, options));
  const files = emitted.map(({ path, text }) =>
    ts.createSourceFile(`/project/bindings/${path}`, text, ts.ScriptTarget.ESNext),
  );
  const other = ts.createSourceFile('/project/x86_64/linux/kvm.ts', 'export const a = 1;\n', ts.ScriptTarget.ESNext);
  const folders = bindingsFolders([other, ...files], modulePathsOf(models));
  expect(folders.map(({ folder }) => folder)).toEqual(['/project/bindings']);
  const overlay = overlayOf(ts, folders, models, models);
  expect([...overlay].map(([name, text]) => [name, text])).toEqual(
    expect.arrayContaining(emitted.map(({ path, text }) => [`/project/bindings/${path}`, text])),
  );
  expect(overlay.size).toBe(emitted.length);
});

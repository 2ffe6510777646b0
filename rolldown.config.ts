/**
 * The command line as few files: loading a hundred modules takes as long as generating. What every command needs is one
 * chunk; what only one of them needs stays apart. CommonJS, as V8 keeps compiled code of nothing else on all versions of
 * Node (generator/cli/start.ts).
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown';

const output = {
  dir: 'dist/bin',
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name].cjs',
  // Half as large in memory as other text.
  charset: 'ascii',
  comments: false,
  // As the modules that it is made of.
  strict: true,
} as const;

const config: RolldownOptions[] = defineConfig([
  {
    input: { 'kvm-uapi': 'dist/generator/cli/start.js' },
    platform: 'node',
    output: { ...output, cleanDir: true },
  },
  {
    input: { 'command-line': 'dist/generator/cli/main.js' },
    platform: 'node',
    // What `require` can load stays where it is installed, but for commander, which every run needs.
    external: ['fzstd', 'jiti', 'xz-decompress'],
    plugins: [withoutPrograms(), withLicences()],
    output: { ...output, codeSplitting: { groups: [{ name: 'generate', tags: ['$initial'] }] } },
  },
]);

/** commander can start programs as its commands, for which it loads a part of Node that takes a twentieth of a run. */
function withoutPrograms(): Plugin {
  const nothing = '\0no programs';
  return {
    name: 'without-programs',
    resolveId: (id, importer = '') =>
      id === 'node:child_process' && importer.includes('/node_modules/commander/') ? nothing : null,
    load: (id) => (id === nothing ? 'export {};' : null),
  };
}

/** The licences of the packages whose code is in the output, which all ask for that. */
function withLicences(): Plugin {
  return {
    name: 'with-licences',
    generateBundle(_, output) {
      const ids = Object.values(output).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const folders = new Set(ids.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []));
      const texts = [...folders].sort().map((folder) => {
        const licence = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
        if (licence === undefined) throw new Error(`${folder} has no licence`);
        return `${folder.replace(/^.*\/node_modules\//, '')}\n\n${readFileSync(join(folder, licence), 'utf8')}`;
      });
      this.emitFile({ type: 'asset', fileName: 'LICENCES.txt', source: texts.join('\n\n') });
    },
  };
}

export default config;

/**
 * Bundles the command line: loading a hundred modules takes as long as generating. What every command needs is one chunk, and
 * what only one of them needs is a chunk of its own. Packages stay where they are installed.
 */

import { defineConfig, type RolldownOptions } from 'rolldown';

const config: RolldownOptions = defineConfig({
  // The second one is imported by the first, which turns the compile cache on before it does so.
  input: { 'kvm-uapi': 'dist/generator/cli/kvm-uapi.js', main: 'dist/generator/cli/main.js' },
  platform: 'node',
  external: /^(?:node:|[a-z@])/,
  output: {
    dir: 'dist/bin',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    cleanDir: true,
    comments: false,
    codeSplitting: { groups: [{ name: 'command-line', tags: ['$initial'], test: /^(?!.*\/cli\/kvm-uapi\.js$)/ }] },
  },
});

export default config;

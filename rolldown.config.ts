/**
 * The command line as few files: loading a hundred modules takes as long as generating. What every command needs is one
 * chunk; what only one of them needs stays apart, and packages stay where they are installed.
 */

import { defineConfig, type RolldownOptions } from 'rolldown';

const config: RolldownOptions = defineConfig({
  input: { 'kvm-uapi': 'dist/generator/cli.js' },
  platform: 'node',
  external: /^[^./]/,
  output: {
    dir: 'dist/bin',
    cleanDir: true,
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'generate', tags: ['$initial'] }] },
  },
});

export default config;

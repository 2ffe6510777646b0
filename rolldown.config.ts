/** Bundles the command line and the runtime, because loading a hundred modules takes longer than their work. */

import { defineConfig, type RolldownOptions } from 'rolldown';

/**
 * What every command needs is one chunk, and what only one of them needs is a chunk of its own. Packages stay where they are
 * installed.
 */
const commandLine: RolldownOptions = {
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
};

/**
 * The entries of the package for the runtime. The modules of the bindings and of the support library stay where they are, because
 * users import them too: each of their classes must exist once. The Worker of a `VcpuThread` has its module beside the others.
 */
const runtime: RolldownOptions = {
  input: {
    index: 'dist/runtime/index.js',
    x86_64: 'dist/runtime/x86_64.js',
    arm64: 'dist/runtime/arm64.js',
    riscv64: 'dist/runtime/riscv64.js',
    'kvm-uapi-worker': 'dist/runtime/thread/worker.js',
  },
  platform: 'node',
  external: /^node:|\/(?:generated|support)\//,
  output: {
    dir: 'dist/bundle',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    cleanDir: true,
    comments: false,
  },
};

const config: RolldownOptions[] = defineConfig([commandLine, runtime]);

export default config;

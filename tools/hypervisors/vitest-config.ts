/** The configuration of Vitest in a virtual machine: one process imports compiled test files, one after the other. */

import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { RowReporter } from './row-reporter.js';

/** The names of files that are not run, separated by spaces. */
const { KVM_UAPI_EXCLUDED = '' } = process.env;

/** An emulated machine is slow. These limits end a test that hangs. */
const limitMs = 900_000;

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/{protocol,runtime}/**/*.test.js'],
    exclude: KVM_UAPI_EXCLUDED.split(' '),
    globalSetup: 'test/helpers/temporary-folder.js',
    reporters: [new RowReporter()],
    pool: 'forks',
    isolate: false,
    fileParallelism: false,
    testTimeout: limitMs,
    hookTimeout: limitMs,
    // The files are JavaScript already, so Node imports them itself.
    experimental: { viteModuleRunner: false, nodeLoader: false },
  },
});

export default config;

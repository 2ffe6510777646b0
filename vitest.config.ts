import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from 'vitest/config';
import { canOpen } from './test/helpers/can-open.js';
import { LongFilesFirst } from './test/helpers/long-files-first.js';
import { projectTimes } from './test/helpers/project-times.js';

/** The files of each project, as globs. Every test file belongs to exactly one project; `npm run lint:tests` checks it. */
const projects: Readonly<Record<string, readonly string[]>> = {
  // These tests need Node and node_modules, and no build.
  unit: [
    'test/generator/analyze/{covered-headers,function-macros,omissions}.test.ts',
    'test/generator/c/parser/records.test.ts',
    'test/generator/emit/{bindings,discriminators,enum-members,export-names,import-extension,modules,number-style}.test.ts',
    'test/generator/cli/**/*.test.ts',
    'test/generator/headers/resolver.test.ts',
    'test/generator/headers/sets/{deb,fetch,forms}.test.ts',
    'test/generator/kernel/capabilities.test.ts',
    'test/generator/{diff,model,report}/**/*.test.ts',
    'test/generator/verify/{c-assertions,elf}.test.ts',
    'test/runtime/{docstrings,errors,host-bindings,other-architectures}.test.ts',
    'test/support/{assign,big-endian,elements,equal,inspect,json,to-object,views}.test.ts',
    'test/tools/{bench,docs,release,site,start}/**/*.test.ts',
    'test/tools/hypervisors/**/*.test.ts',
    'test/tools/oracle/{changes,exceptions}.test.ts',
    'test/tools/fuzz/mutated-headers.test.ts',
    'test/tools/since/first-versions.test.ts',
    'test/types/public-names.test.ts',
  ],
  // These tests need a C compiler, installed kernel headers or packages of Debian, the built command line, or more time.
  compiler: [
    'test/e2e/{bundle,bundle-size,c-layout-document,cli,command-line-use,completion,config,diff,docs,docs-drivers,docs-examples,doctor,generate,headers,impact,init,json,layout,model-cache,omissions,own-header,terminal,watch,where}.test.ts',
    'test/generated/**/*.test.ts',
    'test/generator/*.test.ts',
    'test/generator/analyze/{comments,declared-types,constant-objects,constants,discriminators,enumerator-ioctls,ioctls,private-parts,records,required-includes}.test.ts',
    'test/generator/c/*.test.ts',
    'test/generator/c/{evaluator,preprocessor}/**/*.test.ts',
    'test/generator/c/layout/*.test.ts',
    'test/generator/c/layout/declarations/{i386,x86_64}.test.ts',
    'test/generator/c/parser/declarators.test.ts',
    'test/generator/config/**/*.test.ts',
    'test/generator/emit/{function-macros,hostile-names,random-function-macros,stable-names}.test.ts',
    'test/generator/headers/freestanding.test.ts',
    'test/generator/impact/**/*.test.ts',
    'test/generator/headers/sets/store.test.ts',
    'test/generator/kernel/{addresses,device-attributes,ioctl-commands,ioctl-facts,ioctl-fds}.test.ts',
    'test/generator/targets/!(new-target).test.ts',
    'test/generator/verify/verify.test.ts',
    'test/support/{atomic,text}.test.ts',
    'test/tools/fuzz/!(mutated-headers).test.ts',
    'test/types/checked-programs.test.ts',
    'test/tools/oracle/!(changes|corpus|exceptions).test.ts',
  ],
  // These tests need the addon. Most of them need a /dev/kvm that opens.
  kvm: [
    'test/protocol/**/*.test.ts',
    'test/runtime/!(docstrings|errors|host-bindings|other-architectures).test.ts',
    'test/runtime/!(registers)/**/*.test.ts',
    'test/tools/guests/!(cross-assembled).test.ts',
  ],
  // These tests pack the package and install it, compile its output with other versions of TypeScript, and read packages of Debian
  // and all installed headers, and use Debian's compilers for other architectures.
  package: [
    'test/e2e/{consumers,package,published-addons}.test.ts',
    'test/generator/emit/typescript-versions.test.ts',
    'test/generator/c/layout/declarations/!(i386|x86_64).test.ts',
    'test/generator/headers/sets/debian.test.ts',
    'test/generator/targets/new-target.test.ts',
    'test/runtime/registers/**/*.test.ts',
    'test/tools/guests/cross-assembled.test.ts',
    'test/tools/oracle/corpus.test.ts',
    'test/tools/since/presence.test.ts',
    'test/types/older-typescripts.test.ts',
  ],
};

/**
 * The test files of these projects share one process per worker. Loading the modules again for each file takes half of the time.
 * A vCPU changes its process: it has signal handlers, threads and open files. So the project kvm shares only if its vCPUs are skipped.
 */
const sharing: readonly string[] = ['unit', 'compiler', ...(canOpen('/dev/kvm') ? [] : ['kvm'])];

function project([name, include]: [string, readonly string[]], index: number): TestProjectInlineConfiguration {
  return {
    plugins: [projectTimes],
    test: {
      name,
      include: [...include],
      isolate: !sharing.includes(name),
      // By default one processor is left for Vitest itself, which mostly waits.
      maxWorkers: '100%',
      // The limits end a test that hangs. On a loaded machine a test takes many times as long as on a quiet one.
      testTimeout: 300_000,
      hookTimeout: 300_000,
      // The projects run one after the other, so each has a time of its own.
      sequence: { groupOrder: index },
    },
  };
}

const config: ViteUserConfig = defineConfig({
  test: {
    globalSetup: 'test/helpers/temporary-folder.ts',
    maxWorkers: '100%',
    sequence: { sequencer: LongFilesFirst },
    coverage: {
      provider: 'v8',
      include: ['generator/**/*.ts', 'support/**/*.ts', 'runtime/**/*.ts'],
      reporter: ['json-summary'],
    },
    projects: Object.entries(projects).map(project),
  },
});

export default config;

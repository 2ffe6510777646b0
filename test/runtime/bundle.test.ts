/** The runtime in a bundle that lies in a folder without the package. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { addonPath } from '../../runtime/addon.js';
import { temporaryFolder } from '../helpers/cli.js';
import { hasKvm, needsKvm, projectRoot, watchdogMs } from '../helpers/vcpus.js';

/** Prints the first letter that a guest sends to a port, as two kinds of threads see it, or the error. */
const entry = `
import { GuestMemory, VcpuThread } from 'kvm-uapi';
import { Kvm } from 'kvm-uapi/x86_64';
import { join } from 'node:path';

async function main() {
  const vm = Kvm.open().createVm();
  const memory = GuestMemory.create(0x1000);
  vm.addMemory({ memory, guestAddress: 0xffff_f000 });
  memory.write(0xff0, Uint8Array.of(0xb0, 0x4b, 0xe6, 0x10, 0xeb, 0xfa)); // mov al, 'K'; out 0x10, al; again
  const vcpu = vm.createVcpu();
  const letters = new Uint8Array(new SharedArrayBuffer(2));
  await VcpuThread.start(vcpu, join(process.argv[2], 'program.mjs'), { data: letters }).finished;
  for await (const exit of vcpu.exits()) {
    letters[1] = exit.data[0];
    break;
  }
  return String.fromCharCode(...letters);
}
main().then(console.log, ({ name, message }) => console.log(\`\${name}: \${message}\`));
`;

const program = `export default (_, letters) => ({
  onExit({ data }) {
    letters[0] = data.get(0);
    return 'stop';
  },
});
`;

/** Some bundlers leave out `import.meta.url` in CommonJS. */
type Format = 'es' | 'cjs' | 'cjs without import.meta.url';

const isModule = (format: Format): boolean => format === 'es';

/** Bundles the program, and the module of the Worker if `withWorker` is set. Returns the folder of the bundle. */
async function bundled(project: string, format: Format, withWorker: boolean): Promise<string> {
  const folder = temporaryFolder();
  const worker = withWorker ? { 'kvm-uapi-worker': 'kvm-uapi/worker' } : {};
  const bundle = await rolldown({
    input: { main: join(project, 'main.mjs'), ...worker },
    cwd: project,
    platform: 'node',
    transform: format === 'cjs without import.meta.url' ? { define: { 'import.meta.url': 'undefined' } } : {},
  });
  const extension = isModule(format) ? 'mjs' : 'cjs';
  await bundle.write({
    dir: folder,
    format: isModule(format) ? 'es' : 'cjs',
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `chunks-[name].${extension}`,
  });
  await bundle.close();
  writeFileSync(join(folder, 'program.mjs'), program);
  return folder;
}

interface Ended {
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the bundle. It must end by itself. */
function output(folder: string, format: Format, env: Readonly<Record<string, string>> = {}): string {
  const { KVM_UAPI_ADDON: _, NODE_PATH: __, ...inherited } = process.env;
  const main = join(folder, isModule(format) ? 'main.mjs' : 'main.cjs');
  const options = { cwd: folder, env: { ...inherited, ...env }, encoding: 'utf8', timeout: watchdogMs } as const;
  const { signal, stdout, stderr }: Ended = spawnSync(process.execPath, [main, folder], options);
  return signal ?? (stderr || stdout.trim());
}

describe.each<Format>(['es', 'cjs', 'cjs without import.meta.url'])('a bundle in the format %s', (format) => {
  let alone: string;
  let complete: string;

  beforeAll(async () => {
    const project = temporaryFolder();
    writeFileSync(join(project, 'main.mjs'), entry);
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(projectRoot, join(project, 'node_modules', 'kvm-uapi'));
    alone = await bundled(project, format, false);
    complete = await bundled(project, format, true);
  });

  it('the error of a bundle without an addon says where to put the addon', () => {
    expect(output(alone, format)).toBe(
      `RuntimeMissingError: ${join(alone, 'kvm_uapi.node')}: the native runtime is not found; copy kvm_uapi.node from the folder build of the package kvm-uapi beside the bundle, or set the environment variable KVM_UAPI_ADDON to its path`,
    );
  });

  describe.skipIf(!hasKvm)(`with a guest ${needsKvm}`, () => {
    it('the error of a bundle without the module of the Worker says how to bundle the module', () => {
      expect(output(alone, format, { KVM_UAPI_ADDON: addonPath() })).toBe(
        `RuntimeMissingError: ${join(alone, 'kvm-uapi-worker.js')}: the module of the Worker is not found; bundle kvm-uapi/worker as a second entry with the name kvm-uapi-worker beside the bundle`,
      );
    });

    it('a bundle with the module of the Worker runs a guest with the addon of KVM_UAPI_ADDON', () => {
      expect(output(complete, format, { KVM_UAPI_ADDON: addonPath() })).toBe('KK');
    });

    it('a bundle with the module of the Worker runs a guest with the addon beside the bundle', () => {
      copyFileSync(addonPath(), join(complete, 'kvm_uapi.node'));
      expect(output(complete, format)).toBe('KK');
    });

    it('the Worker of an installed package loads the addon beside the bundle', () => {
      copyFileSync(addonPath(), join(alone, 'kvm_uapi.node'));
      mkdirSync(join(alone, 'node_modules'));
      symlinkSync(projectRoot, join(alone, 'node_modules', 'kvm-uapi'));
      expect(output(alone, format)).toBe('KK');
    });
  });
});

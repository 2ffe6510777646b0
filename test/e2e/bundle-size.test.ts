/** What a program pays for one export of the bindings when a bundler removes what the program does not use. */

import { join } from 'node:path';
import { build } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../generator/headers/disk.js';

/** The minified bundle of a program that prints one expression of `kvm.h`. */
async function bundled(name: string, expression: string): Promise<string> {
  const { output } = await build({
    input: 'program',
    cwd: packageRoot(),
    platform: 'node',
    write: false,
    output: { minify: true },
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === 'program' ? join(packageRoot(), 'program.js') : null),
        load: (id) =>
          id.endsWith('/program.js')
            ? `import { ${name} } from 'kvm-uapi/x86_64/linux/kvm'; console.log(${expression});`
            : null,
      },
    ],
  });
  return output[0].code;
}

describe('a bundle', () => {
  it('with one constant has its number and nothing else', async () => {
    expect((await bundled('KVM_CAP_IMMEDIATE_EXIT', 'KVM_CAP_IMMEDIATE_EXIT')).trim()).toBe(
      'console.log(136);export{};',
    );
  });

  it('with one struct has no other struct and no array, and is smaller than 3 kB', async () => {
    const code = await bundled('KvmUserspaceMemoryRegion', 'new KvmUserspaceMemoryRegion().slot');
    expect(code).toContain('struct kvm_userspace_memory_region');
    expect(code.match(/struct \w+/g)).toEqual(['struct kvm_userspace_memory_region']);
    expect(code).not.toMatch(/elements\(/);
    expect(code.length).toBeLessThan(3000);
  });
});

/** Facts of the committed bindings that are known from other sources: the kernel's headers and documentation. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';
import * as i386 from '../../generated/i386/linux/kvm.js';
import * as mips64 from '../../generated/mips64/linux/kvm.js';
import * as x86_64 from '../../generated/x86_64/linux/kvm.js';
import { recordedTargets } from '../../generator/cli/generate.js';
import { targetCalled, targetNames } from '../../generator/targets/targets.js';
import { whyMissing } from '../../tools/lib/header-sets.js';
import { committedModules, projectRoot } from '../helpers/cli.js';

/** The exports of the bindings of every architecture. */
type Bindings = Pick<typeof x86_64, 'KvmRun' | 'KVM_RUN' | 'KVM_GET_REGS'> & { readonly $target: object };

const names = recordedTargets(join(projectRoot, 'generated'), 'linux/kvm.h');
const all = await Promise.all(
  names.map(async (name) => {
    const path = `../../generated/${name}/linux/kvm.ts`;
    return { name, target: targetCalled(name), bindings: (await import(/* @vite-ignore */ path)) as Bindings };
  }),
);

describe.each(all)('$name', ({ name, target, bindings }) => {
  const isS390 = target.kernelArchitecture === 's390';

  it('the bindings have struct kvm_run as in the kernel', () => {
    const { KvmRun } = bindings;
    expect(KvmRun.$size).toBe(isS390 ? 2368 : 2352);
    expect(KvmRun.$layout.members.immediate_exit.offset).toBe(1);
    expect(KvmRun.$layout.members.io.offset).toBe(isS390 ? 48 : 32);
    expect('psw_mask' in KvmRun.$layout.members).toBe(isS390);
  });

  it('the bindings have KVM_RUN with the direction bits of the architecture', () => {
    const hasThreeBits = ['powerpc', 'mips'].includes(target.kernelArchitecture);
    expect(bindings.KVM_RUN.request).toBe(hasThreeBits ? 0x2000ae80 : 0xae80);
  });

  it('the bindings name their target', () => {
    const { byteOrder, pointer, nodeArch } = target;
    expect(bindings.$target).toEqual({ name, byteOrder, pointerSize: pointer.size, nodeArch });
  });
});

const missing = whyMissing('newest');

describe('the architectures', () => {
  const title = missing === undefined ? '' : ` (${missing})`;
  it.skipIf(missing !== undefined)(`are all what the headers of npm run generate give${title}`, () => {
    const script = join(projectRoot, 'dist/tools/generate/run.js');
    const { status, stdout } = spawnSync(process.execPath, [script, '--check'], { cwd: projectRoot, encoding: 'utf8' });
    expect(status).toBe(0);
    const checked = [...stdout.matchAll(/^<linux\/kvm\.h> for (\w+): (.*)$/gm)];
    expect(checked.map(([, name]) => name)).toEqual(names);
    // The mirror can have newer headers by now. It has headers of every architecture.
    for (const [, , report] of checked)
      expect(report).toMatch(/^the (?:output matches the headers|headers on this machine)(?!.* not found in)/);
  });

  it('the architectures are all targets whose headers have KVM', () => {
    expect(targetNames.filter((name) => !names.includes(name))).toEqual(['arm']);
  });

  it('each architecture has its own struct kvm_regs, unless it shares its headers', () => {
    const requests = all.map(({ name, bindings }) => [name, bindings.KVM_GET_REGS.request.toString(16)]);
    expect(Object.fromEntries(requests)).toMatchObject({
      x86_64: '8090ae81',
      i386: '8090ae81',
      arm64: '8360ae81',
      riscv64: '8000ae81',
      s390x: '8080ae81',
      ppc64le: '4188ae81',
      ppc64: '4188ae81',
      mips64: '4118ae81',
      mips64el: '4118ae81',
      loongarch64: '8108ae81',
    });
  });

  it('each architecture lays out the same declaration by its own rules', () => {
    expect([i386.KvmMsrFilter.$size, x86_64.KvmMsrFilter.$size]).toEqual([260, 392]);
  });

  it('the interrupt ioctl of MIPS takes its own struct, with the request number of the macro', () => {
    expect(mips64.KVM_INTERRUPT.argument).toBe(mips64.KvmMipsInterrupt);
    expect(x86_64.KVM_INTERRUPT.argument).toBe(x86_64.KvmInterrupt);
    expect(mips64.KVM_INTERRUPT.size).toBe(x86_64.KvmInterrupt.$size);
  });
});

describe('the exports of the package', () => {
  const modules = committedModules();

  it('Node finds each committed module', () => {
    expect(modules).toEqual(expect.arrayContaining(['x86_64/linux/kvm', 'x86_64/asm/kvm', 'arm64/asm/kvm']));
    for (const module of modules) {
      const path = fileURLToPath(import.meta.resolve(`kvm-uapi/${module}`));
      expect(path).toBe(join(projectRoot, 'dist/generated', `${module}.js`));
      expect(existsSync(path), path).toBe(true);
    }
  });

  it('TypeScript finds each committed module', () => {
    const nodeNext = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
    const options: ts.CompilerOptions = { ...nodeNext, rootDir: projectRoot, outDir: join(projectRoot, 'dist') };
    const importer = join(projectRoot, 'examples/program.ts');
    for (const module of modules) {
      const name = `kvm-uapi/${module}`;
      const { resolvedModule } = ts.resolveModuleName(
        name,
        importer,
        options,
        ts.sys,
        undefined,
        undefined,
        ts.ModuleKind.ESNext,
      );
      // Inside the package, this is the source of the built file.
      expect([name, resolvedModule?.resolvedFileName]).toEqual([name, join(projectRoot, 'generated', `${module}.ts`)]);
    }
  });
});

/** The functions of macros give the values of C: in the committed bindings, and for the installed headers. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHeaders } from '../../../generator/cli/header-options.js';
import { modelPath, openModel } from '../../../generator/core.js';
import { SourceError } from '../../../generator/errors.js';
import type { Model } from '../../../generator/model/model.js';
import { i386 } from '../../../generator/targets/i386.js';
import { s390x } from '../../../generator/targets/s390x.js';
import { targets } from '../../../generator/targets/targets.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { includeLines } from '../../../generator/verify/c-assertions.js';
import { compilerOf, isInstalled } from '../../../tools/lib/compilers.js';
import { headerSet, whyMissing } from '../../../tools/lib/header-sets.js';
import type { Exports } from '../../../tools/lib/imported-bindings.js';
import { cc } from '../../../tools/lib/oracle-compiler.js';
import { projectRoot } from '../../helpers/cli.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';
import { answersOf, importFunctions, usesOf, wrongAnswers } from '../../helpers/function-facts.js';

const missing = whyMissing('newest');
const withKvm = targets.filter(({ withoutKvm }) => withoutKvm === undefined);

describe.each(withKvm)('the functions of the committed bindings for $name', (target) => {
  const reason = isInstalled(target) ? missing : `there is no '${target.compiler.command[0]}'`;
  const title = reason === undefined ? '' : ` (skipped: ${reason})`;

  it.skipIf(reason !== undefined)(
    `the functions give the values of the compiler for all arguments${title}`,
    async () => {
      const folder = join(projectRoot, 'generated');
      const path = modelPath(target.name, 'linux/kvm.h');
      const model = openModel(readFileSync(join(folder, path), 'utf8'), path);
      const exports = (await import(join(folder, target.name, 'linux/kvm.ts'))) as Exports;
      const uses = usesOf(model.functions);
      expect(model.functions.map(({ name }) => name)).toContain('KVM_VM_TYPE_ARM_IPA_SIZE');
      expect(uses.length).toBeGreaterThan(model.functions.length * 20);
      const compiler = compilerOf(target, (await headerSet('newest')).includeFolders(target));
      const answers = answersOf(compiler, '#include <linux/kvm.h>', uses);
      expect(wrongAnswers(exports, uses, answers)).toEqual([]);
      expect(answers.filter((answer) => answer !== null).length).toBeGreaterThan(uses.length / 2);
    },
  );
});

describe.each([x86_64, i386, s390x])('the macros of other headers for $name', (target) => {
  const reason = isInstalled(target) ? missing : `there is no '${target.compiler.command[0]}'`;
  const title = reason === undefined ? '' : ` (skipped: ${reason})`;

  it.skipIf(reason !== undefined).each([
    ['linux/version.h', ['KERNEL_VERSION']],
    ['asm-generic/ioctl.h', ['_IOC', '_IO', '_IOC_DIR', '_IOC_TYPE', '_IOC_NR', '_IOC_SIZE']],
    ['linux/kdev_t.h', ['MAJOR', 'MINOR', 'MKDEV']],
    ['linux/spi/spidev.h', ['SPI_MSGSIZE']],
    ['linux/swab.h', ['___constant_swab16', '___constant_swab64', '__swab16', '__swab32', '__swab64']],
  ])(`the functions of %s give the values of the compiler${title}`, async (header, names) => {
    const set = await headerSet('newest');
    const model = openHeaders({ header: [header], arch: target.name, include: [], from: set.root }).model(header);
    expect(model.functions.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    const uses = usesOf(model.functions);
    const compiler = compilerOf(target, set.includeFolders(target));
    expect(wrongAnswers(await importFunctions(model), uses, answersOf(compiler, includeOf(model), uses))).toEqual([]);
  });
});

function includeOf(model: Model): string {
  // Some headers use NULL without defining it.
  return ['#include <stddef.h>', ...includeLines(model)].join('\n');
}

/** Every fifth installed header that defines a function-like macro. */
function sampledHeaders(): string[] {
  const { stdout } = spawnSync('dpkg', ['-L', 'linux-libc-dev'], { encoding: 'utf8' });
  const defining = (stdout ?? '').split('\n').filter((path) => {
    return path.endsWith('.h') && /^[ \t]*#[ \t]*define[ \t]+\w+\(/m.test(readFileSync(path, 'utf8'));
  });
  const names = defining.map((path) => path.replace(/^\/usr\/include\/(?:x86_64-linux-gnu\/)?/, ''));
  return names.filter((_, index) => index % 5 === 0);
}

describeWithCompiler('the macros of the installed headers', [], () => {
  const headers = sampledHeaders();

  it.skipIf(headers.length === 0)('the macros give the values of the compiler', async () => {
    const open = new Map();
    const models = headers.flatMap((header): Model[] => {
      try {
        return [openHeaders({ header: [header], arch: x86_64.name, include: [] }, open).model(header)];
      } catch (error) {
        // Another test checks whether a header can be read.
        if (error instanceof SourceError) return [];
        throw error;
      }
    });
    const wrong: string[] = [];
    let count = 0;
    for (const model of models.filter(({ functions }) => functions.length > 0)) {
      const functions = model.functions.filter(({ location }) => location.header === model.header);
      const uses = usesOf(functions);
      const answers = answersOf(cc, includeOf(model), uses);
      wrong.push(
        ...wrongAnswers(await importFunctions(model), uses, answers).map((text) => `${model.header}: ${text}`),
      );
      count += functions.length;
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(60);
  });
});

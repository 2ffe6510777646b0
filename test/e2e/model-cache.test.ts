/** The models that `kvm-uapi diff` keeps for its next run. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { folderOf, kvmUapi, plainEnv, temporaryFolder } from '../helpers/cli.js';
import { smallSet } from '../helpers/packages.js';

const kvm = '#include <asm/kvm.h>\n#if __has_include(<linux/extra.h>)\n#define EXTRA 1\n#endif\n#define CAP 1\n';

describe('the models that diff keeps', () => {
  let sides: [string, string];
  let cache: string;
  const models = (): string => join(cache, 'kvm-uapi/models');
  const diff = (...args: string[]): string => {
    const { stdout, stderr } = kvmUapi(['diff', ...sides, ...args], { ...plainEnv(), XDG_CACHE_HOME: cache });
    return stderr + stdout;
  };

  beforeEach(() => {
    const set = { ...smallSet.common, ...smallSet.asm, 'linux/kvm.h': kvm };
    const [before, after] = [folderOf(set), folderOf({ ...set, 'linux/kvm.h': kvm.replace('CAP 1', 'CAP 2') })];
    sides = [`${before}/`, `${after}/`];
    cache = temporaryFolder();
  });

  it('the second run prints the same from kept models', () => {
    const first = diff();
    expect(first).toContain('CAP');
    expect(readdirSync(models())).toHaveLength(2);
    expect(diff()).toBe(first);
    expect(diff('--no-cache')).toBe(first);
  });

  it('a kept model is used, except with --no-cache', () => {
    const first = diff();
    for (const name of readdirSync(models())) {
      const path = join(models(), name);
      writeFileSync(path, readFileSync(path, 'utf8').replace('"name":"CAP"', '"name":"KEPT"'));
    }
    expect(diff()).toContain('KEPT');
    expect(diff('--no-cache')).toBe(first);
  });

  it('a changed header, an included header and a header that was absent are read again', () => {
    diff();
    writeFileSync(join(sides[1], 'linux/kvm.h'), kvm.replace('CAP 1', 'CAP 77'));
    expect(diff()).toMatch(/CAP\s.*77/);
    writeFileSync(join(sides[1], 'asm/kvm.h'), 'struct regs { unsigned a; unsigned b; unsigned c; };\n');
    expect(diff()).toContain('struct regs');
    expect(diff()).not.toContain('EXTRA');
    writeFileSync(join(sides[1], 'linux/extra.h'), '');
    expect(diff()).toContain('EXTRA');
    rmSync(join(sides[1], 'linux/extra.h'));
    expect(diff()).not.toContain('EXTRA');
  });

  it('other definitions give other models', () => {
    const own = '#ifdef MORE\n#define OWN 2\n#else\n#define OWN 1\n#endif\n';
    writeFileSync(join(sides[1], 'linux/kvm.h'), kvm + own);
    for (let run = 0; run < 2; run++) {
      expect(diff()).toMatch(/addition\s+OWN\s+1/);
      expect(diff('--define', 'MORE')).toMatch(/addition\s+OWN\s+2/);
    }
  });

  it('a damaged model or a folder that cannot be written changes nothing', () => {
    const first = diff();
    for (const name of readdirSync(models())) writeFileSync(join(models(), name), '{"files":');
    expect(diff()).toBe(first);
    rmSync(join(cache, 'kvm-uapi'), { recursive: true });
    writeFileSync(join(cache, 'kvm-uapi'), '');
    expect(diff()).toBe(first);
  });

  it('at most 64 models are kept', () => {
    mkdirSync(models(), { recursive: true });
    for (let index = 0; index < 70; index++) writeFileSync(join(models(), `${index}.json`), '{}');
    diff();
    expect(readdirSync(models())).toHaveLength(64);
  });
});

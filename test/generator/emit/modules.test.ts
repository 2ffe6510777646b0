import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { ts } from 'ts-morph';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import { type EmittedFile, emitModules } from '../../../generator/emit/modules.js';
import { supportModules } from '../../../generator/emit/support.js';
import { version } from '../../../generator/version.js';
import { committedModel, modelOfText, shapesModel } from '../../helpers/committed-models.js';
import {
  diagnosticsOf,
  hasDocumentation,
  inerasableSyntax,
  isExported,
  syntaxOf,
} from '../../helpers/typescript-checker.js';

const kvm = committedModel();
const shapes = shapesModel();
const files = filesFor([kvm, shapes]).filter(({ path }) => path.endsWith('.ts'));
const modules = files.filter(({ path }) => !path.startsWith('support/'));

function moduleAt(path: string): string {
  return files.find((file) => file.path === path)?.text ?? '';
}

const { stripTypeScriptTypes } = createRequire(import.meta.url)('node:module') as {
  readonly stripTypeScriptTypes?: (text: string) => string;
};

describe('the emitted modules', () => {
  it('the files are the modules of the covered headers and the support library', () => {
    expect(files.map(({ path }) => path)).toEqual([
      ...supportModules.map((module) => `support/${module}.ts`),
      'x86_64/linux/kvm.ts',
      'x86_64/asm/kvm.ts',
      'x86_64/shapes.ts',
    ]);
  });

  it('a correct use compiles with the strictest settings, and a wrong use does not', () => {
    const uses = `
import { allocate, type FlexibleTail, type IoctlByPointer, type View } from './support/index.js';
import * as kvm from './x86_64/linux/kvm.js';
import * as shapes from './x86_64/shapes.js';
declare function call<T extends View>(request: IoctlByPointer<T>, argument: NoInfer<T>): void;
const run = allocate(kvm.KvmRun);
const cpuid = allocate(kvm.KvmCpuid2, 3);
call(kvm.KVM_GET_REGS, allocate(kvm.KvmRegs));
call(kvm.KVM_GET_REGS, allocate(kvm.KvmSregs)); // wrong
call(kvm.KVM_GET_ONE_REG, allocate(kvm.KvmOneReg));
call(kvm.KVM_GET_ONE_REG, allocate(kvm.KvmArmDeviceAddr)); // wrong: the same members
call(kvm.KVM_ARM_SET_DEVICE_ADDR, allocate(kvm.KvmArmDeviceAddr));
call(kvm.KVM_ARM_SET_DEVICE_ADDR, allocate(kvm.KvmOneReg)); // wrong
call(kvm.KVM_SET_CPUID2, cpuid);
call(kvm.KVM_SET_CPUID, cpuid); // wrong
call(kvm.KVM_RUN, run); // wrong: it takes nothing
call(kvm.KVM_CREATE_VCPU, 0); // wrong: it takes a value
call(shapes.SHAPE_EXCHANGE, allocate(shapes.ShapeBits));
call(shapes.SHAPE_EXCHANGE, allocate(kvm.KvmRegs)); // wrong, by another name of an ioctl
call(shapes.SHAPE_BYTES, run); // wrong: there is no view of it
call(shapes.SHAPE_LAST, run); // wrong
allocate(kvm.KvmCpuid2); // wrong: how many?
allocate(kvm.KvmRegs, 3); // wrong
run.exit_reason = kvm.KVM_EXIT_IO;
run.exit_reason = 2n; // wrong
run.cr8 = 2n;
run.cr8 = 2; // wrong
run.$cr8 = 2;
run.$cr8 = 2n; // wrong
run.io = allocate(kvm.KvmRun).io;
run.io = run.mmio; // wrong
run.padding1 = [1, 2, 3];
run.padding1 = [1n]; // wrong
run.unknown; // wrong
cpuid.entries = cpuid.entries; // wrong: there is no setter
run.$$offset = 1; // wrong
export const reason: 2 = kvm.KVM_EXIT_IO;
export const other: 3 = kvm.KVM_EXIT_IO; // wrong
export const device: kvm.KvmDeviceType = kvm.KVM_DEV_TYPE_VFIO;
export const noDevice: kvm.KvmDeviceType = 99; // wrong
export const wide: 18446744073709551600n = shapes.SHAPE_WIDE;
export const offset: 1 = kvm.KvmRun.$layout.members.immediate_exit.offset;
export const noOffset: 2 = kvm.KvmRun.$layout.members.immediate_exit.offset; // wrong
export const tail: FlexibleTail = kvm.KvmCpuid2.$flexible;
export const noTail: FlexibleTail = kvm.KvmRun.$flexible; // wrong
export const flag: boolean = allocate(shapes.ShapeBits).flag;
export const noFlag: boolean = allocate(shapes.ShapeBits).low; // wrong
`;
    const wrong = uses
      .split('\n')
      .flatMap((line, index) => (line.includes('// wrong') ? [`uses.ts:${index + 1}`] : []));
    const found = diagnosticsOf([...files, { path: 'uses.ts', text: uses }]);
    expect(found.filter((text) => !text.startsWith('uses.ts:'))).toEqual([]);
    expect(found.map((text) => text.split(': ')[0])).toEqual(wrong);
  });

  it('every class, constant and accessor has a docstring', () => {
    const undocumented: string[] = [];
    let documented = 0;
    const expectOn = (file: ts.SourceFile, node: ts.Node): void => {
      if (hasDocumentation(node)) documented++;
      else undocumented.push(`${file.fileName}: ${node.getText().split('\n')[0]}`);
    };
    for (const file of modules.map(syntaxOf)) {
      for (const statement of file.statements) {
        if (!isExported(statement)) continue;
        if (ts.isVariableStatement(statement) || ts.isClassDeclaration(statement)) expectOn(file, statement);
        if (!ts.isClassDeclaration(statement)) continue;
        for (const member of statement.members) {
          if (ts.isGetAccessor(member)) expectOn(file, member);
          // A setter has the docstring of its getter, which comes before it.
          if (!ts.isSetAccessor(member)) continue;
          const getter = statement.members[statement.members.indexOf(member) - 1];
          expect(getter && ts.isGetAccessor(getter) && getter.name.getText()).toBe(member.name.getText());
        }
      }
    }
    expect(undocumented).toEqual([]);
    const { types, constants } = kvm;
    expect(documented).toBeGreaterThan(
      types.length + constants.length + types.flatMap(({ members }) => members).length,
    );
  });

  it.each(files)('$path is plain JavaScript once its types are erased', (file) => {
    expect(inerasableSyntax(syntaxOf(file))).toEqual([]);
  });

  const noStrip = stripTypeScriptTypes ? '' : ` (skipped: Node ${process.version} cannot)`;
  it.skipIf(noStrip !== '')(`run when Node itself strips their types${noStrip}`, () => {
    for (const { text } of files) expect(stripTypeScriptTypes?.(text)).toHaveLength(text.length);
  });
});

describe('the strictest settings', () => {
  it('the strictest settings refuse constructs that emitted modules must not have', () => {
    const text = `import { type A } from './b.js';
export enum Inerasable { A }
export function inferred(): number { return 1; } export const value = inferred();
export const unchecked: number = ([1] as number[])[0];
export const inexact: { readonly a?: number } = { a: undefined };
class Base { method(): void {} } export class Derived extends Base { method(): void {} }
import { B } from './b.js'; export const b: B = 1;
const unused = 1;
`;
    const b = { path: 'b.ts', text: 'export type A = 1;\nexport type B = 1;\n' };
    const found = diagnosticsOf([{ path: 'a.ts', text }, b]);
    expect(new Set(found.map((each) => each.split(': ')[0]))).toEqual(
      new Set([1, 2, 3, 4, 5, 6, 7, 8].map((line) => `a.ts:${line}`)),
    );
  });
});

describe('the syntax that is not erasable', () => {
  it.each([
    'enum E { A }',
    'namespace N { export const a = 1; }',
    'class C { constructor(private a: number) {} }',
    'import a = require("a");',
    'const a = <number>b;',
    '@d class C {}',
  ])('the check finds syntax that is not erasable: %s', (text) => {
    expect(inerasableSyntax(syntaxOf({ path: 'a.ts', text }))).toHaveLength(1);
  });
});

describe('the banner', () => {
  it.each([
    ['x86_64/linux/kvm.ts', 'linux/kvm.h'],
    ['x86_64/asm/kvm.ts', 'asm/kvm.h'],
  ])('the banner of %s names the generator and the headers, and has no hash', (path, header) => {
    const text = moduleAt(path);
    const banner = text.slice(0, text.indexOf('\n\n'));
    expect(banner.split('\n').every((line) => line.startsWith('// '))).toBe(true);
    expect(banner).toContain(`kvm-uapi ${version}`);
    expect(banner).toContain('x86_64');
    expect(banner).toContain(`<${header}>`);
    expect(banner).toContain('Do not edit');
    for (const origin of kvm.origins)
      if (origin.kind === 'package') expect(banner).toContain(`${origin.name} ${origin.version}`);
    expect(banner).toContain(`Linux ${kvm.kernel}`);
    expect(text).not.toMatch(/[0-9a-f]{64}/);
  });

  it('the banner states that headers have no package and no known kernel version', () => {
    expect(moduleAt('x86_64/shapes.ts').split('\n')[1]).toBe('// Headers: a source tree, kernel version unknown.');
  });
});

describe('emission', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('the output has the same bytes at any time and contains no date', () => {
    const digests = ['2001-02-03', '2033-11-12'].map((date) => {
      vi.useFakeTimers({ now: new Date(date) });
      const emitted = filesFor([committedModel(), shapesModel()]).map(({ path, text }) => `${path}\n${text}`);
      return createHash('sha256').update(emitted.join('')).digest('hex');
    });
    expect(digests[1]).toBe(digests[0]);
    for (const { text } of modules) {
      expect(text).not.toMatch(/\b(?:19|20)\d\d-\d\d-\d\d\b|\b\d\d:\d\d\b/);
    }
  });

  it('every file ends with one newline, and no line ends with a space', () => {
    for (const { text } of modules) {
      expect(text).toMatch(/[^\n]\n$/);
      expect(text).not.toMatch(/[ \t]$/m);
    }
  });

  it('a macro hides the enumerator with its name if the values differ, as in C', () => {
    const text = emitted('enum colour { RED = 1, BLUE = 2 };\n#define RED (RED + 4)\n#define BLUE BLUE\n');
    expect(text.match(/export const RED .*/g)).toEqual(['export const RED = 5;']);
    expect(text.match(/export const BLUE .*/g)).toEqual(['export const BLUE = 2;']);
    expect(text).toContain('  RED: 1,\n  BLUE: 2,\n');
  });

  it('each flexible dimension is null', () => {
    const text = emitted('struct a { int n; char one[]; };\nstruct b { int n; char many[][6]; };\n');
    expect(text).toContain('dims: [null] },');
    expect(text).toContain('dims: [null, 6] },');
  });

  it('an ioctl states whether its argument contains pointers', () => {
    const text = emitted(
      '#include <linux/ioctl.h>\nstruct in { union { char *p; int i; }; };\nstruct out { struct in in[2]; };\n' +
        "#define A_POINTER _IOW('a', 1, struct out)\n#define A_PLAIN _IOW('a', 2, int)\n#define A_ADDRESS _IOW('a', 3, char *)\n",
    );
    const pointers = [...text.matchAll(/name: '(A_\w+)',(?:(?!\n};)[\s\S])*?\n {2}pointers: true,/g)].map(
      ([, name]) => name,
    );
    expect(pointers).toEqual(['A_POINTER', 'A_ADDRESS']);
  });

  it('a module makes views of its own classes through constants whose names no export has', () => {
    const text = emitted('#define $$Inner 5\nstruct inner { int a; };\nstruct outer { struct inner in, many[2]; };\n');
    expect(text).toContain('export const $$Inner = 5;');
    expect(text).toContain('    return new $$Inner$(this.$$view, this.$$offset);');
    expect(text).toContain('    return new $$InnerArray($$Inner$, this.$$view, this.$$offset + 4, 2);');
    expect(text).toContain('\nconst $$Inner$ = Inner;\n');
    expect(text).toContain('    return new $$Inner$(this.view, this.at(index, 4));');
  });

  it('a module imports only the names that it uses', () => {
    expect(emitted('#define ONE 1\n')).not.toContain('import');
    const text = emitted('#include <linux/types.h>\nstruct a { __u64 b; };\n');
    expect(text).toContain(
      "import { outOfBounds, setNumber64, toJson, uncloneable, type View } from '../support/little-endian.js';",
    );
  });
});

function emitted(header: string): string {
  const [module] = emitModules(modelOfText('a.h', header)) as [EmittedFile];
  return module.text;
}

/** Every public name of the runtime has a docstring, and the docstring of the method of an ioctl names the ioctl and its section. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript-6';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, root));

const entries = ['runtime/index.ts', 'runtime/x86_64.ts'];
const otherEntries = ['runtime/arm64.ts', 'runtime/riscv64.ts'];
const { options } = ts.convertCompilerOptionsFromJson(
  { target: 'es2023', module: 'nodenext', lib: ['es2023', 'esnext.disposable'], types: ['node'] },
  pathOf('.'),
);
const program = ts.createProgram([...entries, ...otherEntries].map(pathOf), options);
const checker = program.getTypeChecker();

/** A public name: that of an export, or that of a member with its class: `Vm.addMemory`. */
interface PublicName {
  readonly name: string;
  /** The text of the docstring without its tags. A member without a docstring has that of the member that it overrides. */
  readonly text: string;
  /** The titles of the sections of the kernel's document. */
  readonly sections: readonly string[];
}

function publicName(name: string, symbol: ts.Symbol): PublicName {
  const tags = symbol.getJsDocTags(checker).filter((tag) => tag.name === 'see');
  return {
    name,
    text: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    // The compiler takes `api.rst` for a name and may put a space after it.
    sections: tags.flatMap(({ text }) => /^api\.rst ?, "(.+)"$/.exec(ts.displayPartsToString(text))?.[1] ?? []),
  };
}

type Container = ts.ClassDeclaration | ts.InterfaceDeclaration;
const isContainer = (node: ts.Node): node is Container =>
  ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node);
const isOurs = (node: ts.Node): boolean => node.getSourceFile().fileName.startsWith(pathOf('runtime/'));

function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  const flags = ts.getCombinedModifierFlags(member as ts.Declaration);
  const isHidden = (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;
  // Users call no constructors. The runtime makes its errors, and other objects are from methods.
  const isNamed = !ts.isConstructorDeclaration(member) && !ts.isClassStaticBlockDeclaration(member);
  return !isHidden && isNamed && !(member.name && ts.isPrivateIdentifier(member.name));
}

/** The declaration, and the declarations of the package that it extends. */
function withBases(declaration: Container): Container[] {
  const bases = (declaration.heritageClauses ?? []).flatMap(({ types }) => [...types]);
  const declarations = bases.flatMap(
    ({ expression }) => resolved(checker.getSymbolAtLocation(expression))?.declarations ?? [],
  );
  return [declaration, ...declarations.filter(isContainer).filter(isOurs).flatMap(withBases)];
}

function resolved(symbol: ts.Symbol | undefined): ts.Symbol | undefined {
  const isAlias = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  return isAlias ? checker.getAliasedSymbol(symbol) : symbol;
}

function membersOf(name: string, declaration: Container): PublicName[] {
  const members = withBases(declaration).flatMap((each): (ts.ClassElement | ts.TypeElement)[] => [...each.members]);
  const found = members.filter(isPublic).flatMap((member) => {
    // The symbol of a call signature has no name in the source.
    const symbol = member.name ? checker.getSymbolAtLocation(member.name) : (member as { symbol?: ts.Symbol }).symbol;
    return symbol ? [publicName(`${name}.${member.name?.getText() ?? 'call'}`, symbol)] : [];
  });
  // A member hides the member of the base class that it overrides.
  return [...new Map(found.toReversed().map((each) => [each.name, each])).values()];
}

function namesOf(entry: string): PublicName[] {
  const file = program.getSourceFile(pathOf(entry));
  const module = file && checker.getSymbolAtLocation(file);
  return (module ? checker.getExportsOfModule(module) : []).flatMap((exported) => {
    const symbol = resolved(exported) ?? exported;
    const containers = (symbol.declarations ?? []).filter(isContainer);
    return [publicName(exported.name, symbol), ...containers.flatMap((each) => membersOf(exported.name, each))];
  });
}

const names = entries.flatMap(namesOf);
const otherNames = otherEntries.flatMap(namesOf);

/** The ioctls of docs/ioctls.md that have methods, and the methods of each. */
const methodsByIoctl = [...readFileSync(pathOf('docs/ioctls.md'), 'utf8').matchAll(/^\| `(KVM_\w+)` \|.*\| (.*) \|$/gm)]
  .map(([, ioctl = '', cell = '']) => ({
    ioctl,
    methods: [...cell.matchAll(/`([A-Z]\w+\.\w+)`/g)].map(([, method = '']) => method),
  }))
  .filter(({ methods }) => methods.length > 0);

/** The sections of api.rst (Linux 6.12) whose title is not the name of the ioctl. */
const titles = new Map([
  ['KVM_GET_MSR_INDEX_LIST', 'KVM_GET_MSR_INDEX_LIST, KVM_GET_MSR_FEATURE_INDEX_LIST'],
  ['KVM_GET_MSR_FEATURE_INDEX_LIST', 'KVM_GET_MSR_INDEX_LIST, KVM_GET_MSR_FEATURE_INDEX_LIST'],
  ['KVM_GET_DIRTY_LOG', 'KVM_GET_DIRTY_LOG (vm ioctl)'],
  ['KVM_CLEAR_DIRTY_LOG', 'KVM_CLEAR_DIRTY_LOG (vm ioctl)'],
  ['KVM_RESET_DIRTY_RINGS', 'KVM_CAP_DIRTY_LOG_RING/KVM_CAP_DIRTY_LOG_RING_ACQ_REL'],
  ['KVM_REGISTER_COALESCED_MMIO', 'KVM_(UN)REGISTER_COALESCED_MMIO'],
  ['KVM_UNREGISTER_COALESCED_MMIO', 'KVM_(UN)REGISTER_COALESCED_MMIO'],
  ['KVM_GET_DEVICE_ATTR', 'KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR'],
  ['KVM_SET_DEVICE_ATTR', 'KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR'],
]);

/** The ioctls that have no section in api.rst. */
const withoutSection = new Set([
  'KVM_SET_NR_MMU_PAGES',
  'KVM_GET_NR_MMU_PAGES',
  'KVM_IRQ_LINE_STATUS',
  'KVM_CREATE_PIT',
  'KVM_GET_PIT',
  'KVM_SET_PIT',
  'KVM_SET_CPUID2',
  'KVM_GET_CPUID2',
  'KVM_TPR_ACCESS_REPORTING',
  'KVM_SET_VAPIC_ADDR',
]);

describe('the docstrings of the runtime', () => {
  it('are there for every export and every public member', () => {
    expect(names.length).toBeGreaterThan(300);
    expect(methodsByIoctl.length).toBeGreaterThan(90);
    expect(names.filter(({ text }) => text === '').map(({ name }) => name)).toEqual([]);
  });

  it('are there for every export and every public member of arm64 and riscv64', () => {
    expect(otherNames.length).toBeGreaterThan(300);
    expect(otherNames.filter(({ text }) => text === '').map(({ name }) => name)).toEqual([]);
  });

  it.each(methodsByIoctl)('name $ioctl and its section of api.rst', ({ ioctl, methods }) => {
    for (const method of methods) {
      const onX86 = names.filter(({ name }) => name === method);
      const found = onX86.length > 0 ? onX86 : otherNames.filter(({ name }) => name === method);
      expect(found, method).not.toEqual([]);
      const sections = found.flatMap((each) => each.sections);
      expect(found.map(({ text }) => text).join('\n'), method).toMatch(new RegExp(`\\b${ioctl}\\b`));
      if (withoutSection.has(ioctl)) expect(sections, method).toEqual([]);
      else expect(sections, method).toContain(titles.get(ioctl) ?? ioctl);
    }
  });

  it('name only sections of ioctls that the method makes', () => {
    const expected = new Map<string, string[]>();
    for (const { ioctl, methods } of methodsByIoctl) {
      for (const method of methods) {
        expected.set(method, [...(expected.get(method) ?? []), titles.get(ioctl) ?? ioctl]);
      }
    }
    const others = names.filter(({ name, sections }) => sections.some((title) => !expected.get(name)?.includes(title)));
    expect(others.map(({ name }) => name)).toEqual([]);
  });
});

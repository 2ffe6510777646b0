/** The examples of the documents and of the docstrings compile against the types of the package. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript-6';
import { describe, expect, it } from 'vitest';
import { strictest } from '../../tools/lib/typescript-workspace.js';
import { projectRoot } from '../helpers/cli.js';

interface Example {
  readonly path: string;
  /** The number of the first line of the text. */
  readonly line: number;
  readonly text: string;
}

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** Returns the matches of a pattern in a file. The first group of the pattern is the text of an example. */
function examplesIn(path: string, pattern: RegExp): Example[] {
  const content = read(path);
  return [...content.matchAll(pattern)].map((match) => {
    const [all, text = ''] = match;
    const line = content.slice(0, match.index + all.indexOf(text)).split('\n').length;
    return { path, line, text: text.replace(/^ *\* ?/gm, (star) => (path.endsWith('.ts') ? '' : star)) };
  });
}

const blocksOf = (path: string): Example[] => examplesIn(path, /^```ts\n([\s\S]*?)^```$/gm);
const docstringsOf = (path: string): Example[] => examplesIn(path, /^ *\* @example\n([\s\S]*?)(?=^ *\*\/|^ *\* @\w)/gm);

const runtimeFiles = readdirSync(join(projectRoot, 'runtime'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `runtime/${name}`);

// package.test.ts compiles this program with the bindings that its project generates.
const ownBindings = read('examples/tun/main.ts');

/** The page whose examples are programs that docs.test.ts runs. */
const checkedElsewhere: ReadonlySet<string> = new Set(['generator.md']);

/** Examples with bindings of a header of the page. docs-drivers.test.ts compiles them. */
const hasBindingsOfItsOwn = ({ path, text }: Example): boolean => path === 'docs/drivers.md' && /^\/\/ /.test(text);

/** The architecture of the names that the examples of a file use. */
const architectureOf = (path: string): string => /^runtime\/(arm64|riscv64)\//.exec(path)?.[1] ?? 'x86_64';

/** The modules whose names a fragment may use. A name that two modules have is from the first one. */
const modulesFor = (architecture: string): string[] => [
  ...(architecture === 'x86_64' ? [] : [`./example-names-${architecture}.js`]),
  './example-names.js',
  'kvm-uapi',
  `kvm-uapi/${architecture}`,
  'kvm-uapi/support',
  `kvm-uapi/${architecture}/linux/kvm`,
  'node:worker_threads',
  'node:util',
];

const { options: compilerOptions } = ts.convertCompilerOptionsFromJson(
  {
    ...strictest,
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    noUnusedLocals: false,
    noEmit: true,
    noUnusedParameters: false,
    isolatedDeclarations: false,
    verbatimModuleSyntax: false,
  },
  projectRoot,
);

// The files are beside example-names.ts. They are not written to disk.
const folder = join(projectRoot, 'test', 'types');
const files = new Map<string, string>();
const host = ts.createCompilerHost(compilerOptions);
host.fileExists = (path) => files.has(path) || ts.sys.fileExists(path);
host.readFile = (path) => files.get(path) ?? ts.sys.readFile(path);
let program: ts.Program | undefined;

/** Compiles files of these texts. The files of the package are read once. */
function compiledFiles(texts: readonly string[]): ts.SourceFile[] {
  const paths = texts.map((_, index) => join(folder, `example-${files.size + index}.mts`));
  for (const [index, path] of paths.entries()) files.set(path, texts[index] ?? '');
  program = ts.createProgram(paths, compilerOptions, host, program);
  return paths.map((path) => program?.getSourceFile(path)).filter((file) => file !== undefined);
}

const knownNames = new Map<string, ReadonlyMap<string, string>>();

/** Returns the module of each name that a fragment for an architecture may use. */
function moduleOfNames(architecture: string): ReadonlyMap<string, string> {
  const known = knownNames.get(architecture);
  if (known) return known;
  const moduleOf = new Map<string, string>();
  const text = modulesFor(architecture)
    .map((name) => `import '${name}';`)
    .join('\n');
  for (const { moduleSpecifier } of compiledFiles([text])
    .flatMap(({ statements }) => [...statements])
    .filter(ts.isImportDeclaration)) {
    const checker = program?.getTypeChecker();
    const module = checker?.getSymbolAtLocation(moduleSpecifier);
    for (const { name } of (module && checker?.getExportsOfModule(module)) ?? []) {
      if (!moduleOf.has(name)) moduleOf.set(name, (moduleSpecifier as ts.StringLiteral).text);
    }
  }
  knownNames.set(architecture, moduleOf);
  return moduleOf;
}

/**
 * Returns the text of a file with one line before the text of the example. An example with imports is a whole program. Any other
 * example is a fragment: it gets the names that it uses, and it may await and return.
 */
function fileOf({ path, text }: Example): string {
  const moduleOf = moduleOfNames(architectureOf(path));
  if (/^import /m.test(text)) return `export {};\n${text}`;
  const words = new Set(text.match(/[A-Za-z_$][\w$]*/g));
  const imports = [...words]
    .filter((word) => moduleOf.has(word))
    .map((word) => `import { ${word} } from '${moduleOf.get(word)}';`)
    .join(' ');
  return /^export /m.test(text)
    ? `${imports}\n${text}`
    : `${imports} export async function example(): Promise<void> {\n${text}\n}`;
}

/** Compiles the examples, and returns what is wrong with them, as `path:line: message`. */
function problemsOf(examples: readonly Example[]): string[] {
  return compiledFiles(examples.map(fileOf)).flatMap((file, index) => {
    const { path = '', line = 0 } = examples[index] ?? {};
    const found = [...(program?.getSyntacticDiagnostics(file) ?? []), ...(program?.getSemanticDiagnostics(file) ?? [])];
    return found.map(({ start = 0, messageText }) => {
      const { line: at } = file.getLineAndCharacterOfPosition(start);
      return `${path}:${line + at - 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

describe('the examples', () => {
  const pages = readdirSync(join(projectRoot, 'docs'), { encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !checkedElsewhere.has(name))
    .map((name) => `docs/${name}`);
  const documents = [...pages, 'README.md'].map(blocksOf);
  const docstrings = runtimeFiles.flatMap(docstringsOf);
  const compiled = documents.flat().filter((each) => each.text !== ownBindings && !hasBindingsOfItsOwn(each));

  it('of the pages of docs/, of the README and of the docstrings compile', () => {
    expect(pages.length).toBeGreaterThan(25);
    expect(documents.flat().length).toBeGreaterThan(60);
    expect(documents.at(-1)?.length).toBeGreaterThan(5);
    expect(compiled).toHaveLength(documents.flat().length - 3);
    expect(docstrings.length).toBeGreaterThan(20);
    expect(problemsOf([...compiled, ...docstrings])).toEqual([]);
  });

  it('of docs/bindings.md about values is a program of examples/, and prints what the document shows', () => {
    const document = read('docs/bindings.md');
    expect(document).toContain(`\n\`\`\`ts\n${read('examples/values.ts')}\`\`\`\n`);
    const printed = execFileSync(process.execPath, [join(projectRoot, 'dist/examples/values.js')], {
      encoding: 'utf8',
    });
    expect(printed.split('\n').length).toBeGreaterThan(5);
    expect(document).toContain(`\n\`\`\`text\n${printed}\`\`\`\n`);
  });

  it('are found wherever a docstring has the tag', () => {
    const tags = runtimeFiles.flatMap((path) => read(path).match(/@example/g) ?? []);
    expect(docstrings).toHaveLength(tags.length);
  });

  it('are reported with file and line if they do not compile', () => {
    const wrong = {
      path: 'wrong.md',
      line: 7,
      text: 'const regs = vcpu.getRegs();\nregs.rip = 0;\nvcpu.exitReason;\n',
    };
    expect(problemsOf([wrong])).toEqual([
      "wrong.md:8: Type 'number' is not assignable to type 'bigint'.",
      "wrong.md:9: Property 'exitReason' does not exist on type 'Vcpu'.",
    ]);
  });
});

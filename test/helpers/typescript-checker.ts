/** Checks emitted modules with the type checker of TypeScript, with the strictest options, and reads their syntax. */

import { join } from 'node:path';
import { ts } from 'ts-morph';
import type { EmittedFile } from '../../generator/emit/modules.js';
import { call } from '../../tools/lib/programs.js';
import { inTemporaryFolder } from '../../tools/lib/temporary-folder.js';
import { strictest } from '../../tools/lib/typescript-workspace.js';
import { projectRoot } from './cli.js';

// TypeScript 7 takes a tenth of the time of the versions in JavaScript. The project `package` compiles with these too.
const compiler = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');

/** Returns the messages of the type checker, as `path:line: message`. */
export function diagnosticsOf(files: readonly EmittedFile[]): string[] {
  const modules = files.filter(({ path }) => path.endsWith('.ts')).map(({ path, text }) => [path, text] as const);
  const settings = { compilerOptions: { ...strictest, noEmit: true }, files: modules.map(([path]) => path) };
  const project = { 'package.json': '{ "type": "module" }', 'tsconfig.json': JSON.stringify(settings) };
  return inTemporaryFolder({ ...Object.fromEntries(modules), ...project }, (folder) => {
    const { status, stdout, stderr } = call(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
    });
    // The lines after the first line of a message are indented.
    const messages = stdout.split(/\n(?! )/).filter((line) => line !== '');
    if (stderr !== '' || (status === 0) !== (messages.length === 0))
      throw new Error(`tsc ended with ${status}: ${stderr}`);
    return messages.map((message) =>
      message.replace(/^(.+?)\((\d+),\d+\): error TS\d+: /, '$1:$2: ').replace(/\n */g, ' '),
    );
  });
}

export function syntaxOf({ path, text }: EmittedFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
}

export function hasDocumentation(node: ts.Node): boolean {
  return ts.getJSDocCommentsAndTags(node).length > 0;
}

export function isExported(node: ts.Statement): boolean {
  return ts.canHaveModifiers(node) && node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

/** Returns the syntax that remains in a module when the types are erased, and that is not JavaScript. */
export function inerasableSyntax(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isInerasable(node)) found.push(`${ts.SyntaxKind[node.kind]}: ${node.getText().split('\n')[0]}`);
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

function isInerasable(node: ts.Node): boolean {
  return (
    ts.isEnumDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isImportEqualsDeclaration(node) ||
    ts.isExportAssignment(node) ||
    ts.isDecorator(node) ||
    ts.isTypeAssertionExpression(node) ||
    (ts.isParameter(node) && (node.modifiers?.length ?? 0) > 0)
  );
}

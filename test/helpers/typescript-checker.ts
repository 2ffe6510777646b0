/** Checks emitted modules with the type checker of TypeScript, with the strictest options. */

import { Project, ts } from 'ts-morph';
import type { EmittedFile } from '../../generator/emit/modules.js';
import { strictest } from '../../tools/lib/typescript-workspace.js';

const { options: compilerOptions } = ts.convertCompilerOptionsFromJson(strictest, '/');

/** Returns the messages of the type checker, as `path:line: message`. No emitted file is written to disk. */
export function diagnosticsOf(files: readonly EmittedFile[]): string[] {
  const project = new Project({ useInMemoryFileSystem: true, compilerOptions });
  project.getFileSystem().writeFileSync('/package.json', '{ "type": "module" }');
  for (const { path, text } of files) if (path.endsWith('.ts')) project.createSourceFile(`/${path}`, text);
  return project.getPreEmitDiagnostics().map((diagnostic) => {
    const path = diagnostic.getSourceFile()?.getFilePath().slice(1);
    const message = ts.flattenDiagnosticMessageText(diagnostic.compilerObject.messageText, ' ');
    return `${path}:${diagnostic.getLineNumber()}: ${message}`;
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

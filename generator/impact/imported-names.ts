/** The local names of imports, and the other names that files export anything under. */

import { dirname, join } from 'node:path';
import type { ts } from 'ts-morph';
import type { TypeScript } from './typescript.js';

/** Returns the names after `as` in the exports of a file. A property of a namespace can have one of these names. */
export function exportAliases(typeScript: TypeScript, file: ts.SourceFile): string[] {
  return file.statements.flatMap((statement) => {
    if (!typeScript.isExportDeclaration(statement)) return [];
    const { exportClause } = statement;
    if (!exportClause || !typeScript.isNamedExports(exportClause)) return [];
    return exportClause.elements.flatMap(({ name, propertyName }) => (propertyName ? [name.text] : []));
  });
}

/** Returns a function that returns the files that a file imports. */
export function importedFiles(typeScript: TypeScript, program: ts.Program): (file: ts.SourceFile) => string[] {
  const options = program.getCompilerOptions();
  const cache = typeScript.createModuleResolutionCache(program.getCurrentDirectory(), (name) => name, options);
  return (file) => {
    const { importedFiles, referencedFiles } = typeScript.preProcessFile(file.text, true, true);
    const imported = importedFiles.flatMap(({ fileName }) => {
      const { resolvedModule } = typeScript.resolveModuleName(
        ...([fileName, file.fileName, options, typeScript.sys, cache, undefined, file.impliedNodeFormat] as const),
      );
      return resolvedModule ? [resolvedModule.resolvedFileName] : [];
    });
    const referenced = referencedFiles.map(({ fileName }) => join(dirname(file.fileName), fileName));
    return [...new Set([...imported, ...referenced])];
  };
}

/** Whether the declarations of a file can concern files that do not import it. */
export function isGlobal(typeScript: TypeScript, file: ts.SourceFile): boolean {
  return !typeScript.isExternalModule(file) || /\bdeclare\s+(?:global|module)\b/.test(file.text);
}

/** Returns the identifiers that the imports of a file declare, without those of namespaces. */
export function importedIdentifiers(typeScript: TypeScript, file: ts.SourceFile): ts.Identifier[] {
  return file.statements.flatMap((statement) => {
    if (typeScript.isImportEqualsDeclaration(statement)) return [statement.name];
    if (typeScript.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {};
      const named = namedBindings && typeScript.isNamedImports(namedBindings) ? namedBindings.elements : [];
      return [...(name ? [name] : []), ...named.map((each) => each.name)];
    }
    // In JavaScript, `const { KVM_RUN } = require('./kvm.js')` is an import.
    if (isJavaScript(file) && typeScript.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) =>
        typeScript.isObjectBindingPattern(name)
          ? name.elements.flatMap((each) => (typeScript.isIdentifier(each.name) ? [each.name] : []))
          : [],
      );
    }
    return [];
  });
}

export function isJavaScript({ fileName }: ts.SourceFile): boolean {
  return /\.[cm]?jsx?$/.test(fileName);
}

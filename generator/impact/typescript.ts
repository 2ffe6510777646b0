/**
 * Loads ts-morph, which contains the compiler that reads the user's project. ts-morph is an optional peer dependency:
 * only `impact` needs it, and TypeScript 7 has no interface for programs.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ts } from 'ts-morph';
import { MissingPackageError } from '../errors.js';

/** The compiler as a library. */
export type TypeScript = typeof import('ts-morph').ts;

/** The compiler, and the declarations of JavaScript's own objects. */
export interface Compiler {
  readonly ts: TypeScript;
  readonly library: Library;
}

/** The folder with the declarations, such as `lib.es2023.d.ts`. ts-morph has them in memory. */
export interface Library {
  readonly folder: string;
  /** Returns the text of a file. Returns undefined for a file that is not in the folder. */
  read(name: string): string | undefined;
  /** The files that were parsed, by name and version of the language. All programs share them. */
  readonly parsed: Map<string, ts.SourceFile>;
}

/** The folder of the declarations in a project in memory. */
const libraryFolder = '/node_modules/typescript/lib';

/** The versions of ts-morph that `impact` is tested with. package.json has the same range. */
const wanted = 'ts-morph@^28.0.0';

/**
 * Loads the compiler. The ts-morph of the project comes first, then that of this package.
 *
 * @throws MissingPackageError if neither can be found. The message has the command that installs ts-morph.
 */
export function loadTypeScript(folder: string): Compiler {
  try {
    // Node reads the text of a CommonJS module twice for an import.
    const { ts, Project } = requireFrom(folder)('ts-morph') as typeof import('ts-morph');
    const files = new Project({ useInMemoryFileSystem: true }).getModuleResolutionHost();
    const library = {
      folder: libraryFolder,
      parsed: new Map(),
      read: (name: string) => (name.startsWith(`${libraryFolder}/`) ? files.readFile(name) : undefined),
    };
    return { ts, library };
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new MissingPackageError(
      'ts-morph',
      `'impact' needs the package ts-morph, and ${folder} does not have it; run 'npm install --save-dev ${wanted}'`,
    );
  }
}

/** Returns the `require` that finds ts-morph: that of the project, or that of this package. */
function requireFrom(folder: string): NodeJS.Require {
  const ofProject = createRequire(join(folder, 'package.json'));
  try {
    ofProject.resolve('ts-morph');
    return ofProject;
  } catch (error) {
    if (isMissing(error)) return createRequire(import.meta.url);
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

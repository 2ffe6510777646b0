/** Reads the project of a user: its tsconfig.json, and the programs that the compiler makes of its files. */

import { dirname } from 'node:path';
import type { ts } from 'ts-morph';
import { UsageError } from '../errors.js';
import type { Overlay } from './bindings.js';
import type { Compiler, Library, TypeScript } from './typescript.js';

/** The files of one tsconfig.json. */
export interface ProjectPart {
  readonly config: string;
  readonly files: readonly string[];
  readonly options: ts.CompilerOptions;
}

/**
 * Reads a tsconfig.json and the projects that it refers to.
 *
 * @throws UsageError if a file cannot be found or read, or if the project has no files.
 */
export function readProject(typeScript: TypeScript, config: string): ProjectPart[] {
  const parts = new Map<string, ProjectPart>();
  readPart(typeScript, config, parts);
  const used = [...parts.values()].filter(({ files }) => files.length > 0);
  if (used.length === 0) {
    throw new UsageError(
      `${config}: the project has no files; use --project to name the tsconfig.json of your program`,
    );
  }
  return used;
}

function readPart(typeScript: TypeScript, config: string, parts: Map<string, ProjectPart>): void {
  if (parts.has(config)) return;
  const { config: json, error } = typeScript.readConfigFile(config, typeScript.sys.readFile);
  if (error) {
    const problem = typeScript.flattenDiagnosticMessageText(error.messageText, ' ');
    throw new UsageError(`${config}: ${problem} Use --project to name a tsconfig.json.`);
  }
  const parsed = typeScript.parseJsonConfigFileContent(json, typeScript.sys, dirname(config), undefined, config);
  // A value that this compiler does not know is left out: the project can have another version of TypeScript.
  const { tsBuildInfoFile, ...options } = parsed.options;
  const own = { noEmit: true, skipLibCheck: true, incremental: false, composite: false };
  parts.set(config, { config, files: parsed.fileNames, options: { ...options, ...own } });
  for (const reference of parsed.projectReferences ?? []) {
    readPart(typeScript, typeScript.resolveProjectReferencePath(reference), parts);
  }
}

/** Makes the programs of one part. The files that no overlay replaces are read once. */
export class Programs {
  readonly #ts: TypeScript;
  readonly #library: Library;
  readonly #part: ProjectPart;
  readonly #files = new Map<string, ts.SourceFile | undefined>();

  constructor({ ts: typeScript, library }: Compiler, part: ProjectPart) {
    this.#ts = typeScript;
    this.#library = library;
    this.#part = part;
  }

  /** Returns the program of the part with the files of an overlay. */
  with(overlay: Overlay = new Map(), rootNames: readonly string[] = this.#part.files): ts.Program {
    const { options } = this.#part;
    const host = this.#ts.createCompilerHost(options);
    // As tsc does: only the comments that can cause errors are parsed.
    host.jsDocParsingMode = this.#ts.JSDocParsingMode.ParseForTypeErrors;
    const { fileExists, readFile, getSourceFile, directoryExists } = host;
    const folders = foldersOf(overlay);
    const { folder } = this.#library;
    host.getDefaultLibLocation = () => folder;
    host.getDefaultLibFileName = (of) => `${folder}/${this.#ts.getDefaultLibFileName(of)}`;
    host.fileExists = (name) => {
      const text = overlay.get(name);
      return text === undefined ? this.#library.read(name) !== undefined || fileExists(name) : text !== null;
    };
    host.readFile = (name) => {
      const text = overlay.get(name);
      return text === undefined ? (this.#library.read(name) ?? readFile(name)) : (text ?? undefined);
    };
    if (directoryExists) host.directoryExists = (name) => folders.has(name) || directoryExists(name);
    host.getSourceFile = (name, version, ...rest) => {
      const text = overlay.get(name);
      if (text === null) return undefined;
      const known = this.#files.get(name);
      if (text !== undefined) return known?.text === text ? known : this.#ts.createSourceFile(name, text, version);
      if (!this.#files.has(name)) {
        this.#files.set(name, this.#libraryFile(name, version) ?? getSourceFile(name, version, ...rest));
      }
      return this.#files.get(name);
    };
    return this.#ts.createProgram({ rootNames: rootNames.filter((name) => overlay.get(name) !== null), options, host });
  }

  #libraryFile(name: string, version: ts.ScriptTarget | ts.CreateSourceFileOptions): ts.SourceFile | undefined {
    const text = this.#library.read(name);
    if (text === undefined) return undefined;
    const key = `${typeof version === 'object' ? version.languageVersion : version} ${name}`;
    const file = this.#library.parsed.get(key) ?? this.#ts.createSourceFile(name, text, version);
    this.#library.parsed.set(key, file);
    return file;
  }

  /** Returns the files of the project itself, without libraries and bindings. */
  ownFiles(program: ts.Program, isOfBindings: (name: string) => boolean): ts.SourceFile[] {
    return program
      .getSourceFiles()
      .filter(
        (file) =>
          !program.isSourceFileFromExternalLibrary(file) &&
          !program.isSourceFileDefaultLibrary(file) &&
          !file.fileName.includes('/node_modules/') &&
          !isOfBindings(file.fileName),
      );
  }
}

function foldersOf(overlay: Overlay): Set<string> {
  const folders = new Set<string>();
  for (const [name, text] of overlay) {
    if (text === null) continue;
    for (let folder = dirname(name); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  return folders;
}

/**
 * Keeps models of header sets for later runs. A kept model is used only if every file that its analysis looked for is the
 * same: a file with the same content, or still no file.
 */

import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCached, writeCached } from '../headers/cache-files.js';
import { nodeSha256 } from '../headers/disk.js';
import type { FileProvider, SourceFile } from '../headers/files.js';
import type { Model } from '../model/model.js';
import { version } from '../version.js';

/** The number of models that the cache keeps. A model of linux/kvm.h has half a megabyte. */
const mostModels = 64;

interface Kept {
  /** The generator looked for these paths. A path has the hash of its file, or null if there is no file. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly model: Model;
}

export class ModelCache {
  readonly #folder: string;
  readonly #provider: FileProvider;
  readonly #hashes = new Map<string, string | null>();
  readonly #generator: string;

  constructor(folder: string, provider: FileProvider) {
    this.#folder = folder;
    this.#provider = provider;
    // Another build of the same version can give other models.
    const { mtimeMs, size } = statSync(fileURLToPath(import.meta.url));
    this.#generator = `${version} ${process.version} ${mtimeMs} ${size}`;
  }

  /**
   * Returns the kept model, or that of `analyze`, which is then kept.
   *
   * @param key What the model depends on, other than files.
   * @param lookups Returns the paths that the analysis looked for.
   */
  model(
    key: unknown,
    analyze: () => Model,
    lookups: () => readonly (readonly [path: string, file: SourceFile | undefined])[],
  ): Model {
    const digest = createHash('sha256').update(JSON.stringify([this.#generator, process.cwd(), key]));
    const path = join(this.#folder, `${digest.digest('base64url')}.json`);
    const kept = readCached(path) as Kept | undefined;
    if (kept && Object.entries(kept.files).every(([file, hash]) => this.#hashOf(file) === hash)) return kept.model;
    const model = analyze();
    const files = Object.fromEntries(lookups().map(([file, found]) => [file, found ? nodeSha256(found.bytes) : null]));
    writeCached(path, { files, model } satisfies Kept);
    this.#removeOldest();
    return model;
  }

  #hashOf(path: string): string | null {
    const known = this.#hashes.get(path);
    if (known !== undefined) return known;
    const bytes = this.#provider.read(path);
    const hash = bytes ? nodeSha256(bytes) : null;
    this.#hashes.set(path, hash);
    return hash;
  }

  #removeOldest(): void {
    try {
      const paths = readdirSync(this.#folder).map((name) => join(this.#folder, name));
      if (paths.length <= mostModels) return;
      const byAge = paths.map((path) => ({ path, written: statSync(path).mtimeMs }));
      byAge.sort((a, b) => a.written - b.written);
      for (const { path } of byAge.slice(0, paths.length - mostModels)) rmSync(path, { force: true });
    } catch (error) {
      // Another run can remove the same files, and a folder can be read-only.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }
}

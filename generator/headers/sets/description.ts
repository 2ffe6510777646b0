/** What a header set is, without its headers: the record beside an imported one, and what a list prints. */

import { HeaderSetError } from '../../errors.js';
import type { Origin } from '../../model/model.js';

/** Where the record is in an imported set's folder. */
export const recordFile = 'set.json';

/** Version of the JSON form. */
export const descriptionSchema = 'kvm-uapi/header-set/1';

export interface Description {
  readonly schema: typeof descriptionSchema;
  /** Version of the kernel. */
  readonly kernel: string;
  /** By the kernel's name for the architecture. */
  readonly architectures: Readonly<Record<string, { readonly origin: Origin; readonly sha256: string }>>;
}

/** @throws HeaderSetError when the text is no record of this version. */
export function readDescription(text: string, path: string): Description {
  try {
    const value: unknown = JSON.parse(text);
    if (isDescription(value)) return value;
  } catch {
    // What is no JSON is no record either.
  }
  throw new HeaderSetError(
    `${path}: is no record of the form ${descriptionSchema}; remove its folder and import the set again`,
  );
}

function isDescription(value: unknown): value is Description {
  if (!isObject(value)) return false;
  const { schema: form, kernel, architectures } = value;
  return (
    form === descriptionSchema &&
    typeof kernel === 'string' &&
    isObject(architectures) &&
    Object.values(architectures).every(isPart)
  );
}

function isPart(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { sha256, origin } = value;
  if (typeof sha256 !== 'string' || !isObject(origin)) return false;
  const { kind, name, version, architecture } = origin;
  return (
    kind === 'tree' || (kind === 'package' && [name, version, architecture].every((each) => typeof each === 'string'))
  );
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

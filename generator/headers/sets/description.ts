/**
 * The description of a header set without its headers. It is the record of an imported set, and the output of a list.
 */

import { HeaderSetError } from '../../errors.js';
import type { Origin } from '../../model/model.js';

/** The path of the record in the folder of an imported set. */
export const recordFile = 'set.json';

/** The version of the JSON form. */
export const descriptionSchema = 'kvm-uapi/header-set/1';

export interface Description {
  readonly schema: typeof descriptionSchema;
  /** The kernel version. */
  readonly kernel: string;
  /** By the kernel's name for the architecture. */
  readonly architectures: Readonly<Record<string, { readonly origin: Origin; readonly sha256: string }>>;
}

/** Parses a record. @throws HeaderSetError if the text is not a record of this version. */
export function readDescription(text: string, path: string): Description {
  try {
    const value: unknown = JSON.parse(text);
    if (isDescription(value)) return value;
  } catch {
    // Text that is not JSON is not a record.
  }
  throw new HeaderSetError(
    `${path}: is not a record of the form ${descriptionSchema}; remove its folder and import the set again`,
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

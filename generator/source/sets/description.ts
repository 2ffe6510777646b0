/** What a header set is, without its headers: the record beside an imported one, and what a list prints. */

import { HeaderSetError } from '../../errors.js';
import type { Origin } from '../../model.js';
import type { Contents } from './contents.js';

/** Version of the JSON form. */
const schema = 'kvm-uapi/header-set/1';

export interface Description {
  readonly schema: typeof schema;
  /** Version of the kernel. */
  readonly kernel: string;
  /** By the kernel's name for the architecture. */
  readonly architectures: Readonly<Record<string, { readonly origin: Origin; readonly sha256: string }>>;
}

export function describe({ kernel, architectures }: Contents): Description {
  const parts = [...architectures].map(([name, { origin, sha256 }]) => [name, { origin, sha256 }] as const);
  return { schema, kernel, architectures: Object.fromEntries(parts) };
}

/** @throws HeaderSetError when the text is no record of this version. */
export function readDescription(text: string, path: string): Description {
  try {
    const value = JSON.parse(text) as Description;
    if (value.schema === schema) return value;
  } catch {
    // What is no JSON is no record either.
  }
  throw new HeaderSetError(`${path}: is no record of the form ${schema}; remove its folder and import the set again`);
}

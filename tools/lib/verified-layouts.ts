/** Compares whole models with the compiler, item by item. */

import type { Model } from '../../generator/model/model.js';
import type { Target } from '../../generator/targets/target.js';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { verify } from '../../generator/verify/verify.js';
import { compilerOf } from './compilers.js';
import { type Headers, modelOf } from './headers-in-memory.js';
import { inTemporaryFolder } from './temporary-folder.js';

export interface Judgement {
  readonly model: Model;
  /** The facts that differ from the compiler's, by the name of the type or macro: `struct s`. */
  readonly failures: ReadonlyMap<string, readonly string[]>;
}

/** Compares the model of the first header with the compiler of a target. */
export function judged(headers: Headers, target: Target = x86_64): Promise<Judgement> {
  const model = modelOf(headers, undefined, undefined, target);
  return inTemporaryFolder(headers, async (folder) => {
    const { failures } = await verify(model, { ...compilerOf(target), includeDirs: [folder] });
    const byName = new Map<string, string[]>();
    for (const { item, expected, message } of failures) {
      const name = /^(?:(?:struct|union|enum) )?\w+/.exec(item)?.[0] ?? item;
      byName.set(name, [...(byName.get(name) ?? []), `${item}: the generator gives ${expected}; ${message}`]);
    }
    return { model, failures: byName };
  });
}

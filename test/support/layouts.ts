/** Whole models held against the compiler, item by item. */

import type { Model } from '../../generator/model.js';
import { verify } from '../../generator/verify/verify.js';
import { inFolder } from './compiler.js';
import { type Headers, modelOf } from './headers.js';

export interface Judgement {
  readonly model: Model;
  /** What the compiler does not agree to, by the name of the type or macro that it is about: `struct s`. */
  readonly failures: ReadonlyMap<string, readonly string[]>;
}

/** Asks the compiler whether it agrees with the model of a header, the first one unless it is named. */
export function judged(headers: Headers, header?: string): Promise<Judgement> {
  const model = modelOf(headers, header);
  return inFolder(headers, async (folder) => {
    const { failures } = await verify(model, { cc: 'cc', includeDirs: [folder] });
    const byName = new Map<string, string[]>();
    for (const { item, expected, message } of failures) {
      const name = /^(?:(?:struct|union|enum) )?\w+/.exec(item)?.[0] ?? item;
      byName.set(name, [...(byName.get(name) ?? []), `${item}: the generator says ${expected}; ${message}`]);
    }
    return { model, failures: byName };
  });
}

/** The compiler's facts about the names of headers: places of members, sizes of records, and values. */

import type { Model } from '../../generator/model/model.js';
import type { Compiler } from '../lib/compilers.js';
import type { Subject } from './listing.js';
import { preprocessed } from './macros.js';
import { compiledTypes } from './types.js';

/** The facts of the compiler by the names of changes: `struct kvm_run`, `struct kvm_run.io.port`, `KVM_RUN`. */
export type CompiledFacts = ReadonlyMap<string, CompiledFact>;

export interface CompiledFact {
  /** The size of a record or an enum in bytes. */
  readonly size?: number;
  /** The first bit and the number of bits of a member, from the start of the named record. */
  readonly bits?: readonly [first: number, count: number];
  readonly value?: bigint;
  /** The type of a member, in words of C. */
  readonly type?: string;
}

/** The values of the macros are enumerators in this header, which exists only in the compiled text. */
const valuesHeader = 'kvm-uapi/values.h';
const prefix = 'kvm_uapi_value_';

/** Compiles the types of a model's headers and the values of macros. `names` can have names that the headers lack. */
export async function compiledFacts(
  compiler: Compiler,
  model: Model,
  names: ReadonlySet<string>,
): Promise<CompiledFacts> {
  const integers = new Set(
    model.constants.filter(({ type, isVariable }) => !type.startsWith('char[') && !isVariable).map(({ name }) => name),
  );
  for (const { name } of model.ioctls) integers.add(name);
  // A header that the model does not cover can define a name too.
  const { macros } = await preprocessed(compiler, model);
  const asked = [...names].filter((name) => macros.has(name));
  // A macro without an integer value has the value 1, so that only its existence is compared.
  const lines = asked.map((name, index) => `enum { ${prefix}${index} = (${integers.has(name) ? name : '1'}) };`);
  const subject: Subject = { ...model, coveredHeaders: [...model.coveredHeaders, valuesHeader] };
  const { items } = await compiledTypes(compiler, subject, [`#line 1 "/${valuesHeader}"`, ...lines]);
  const facts = new Map<string, CompiledFact>();
  const values = new Map<string, CompiledFact>();
  const starts = new Map<string, number>();
  for (const [item, { text }] of items) {
    // The type of a variable has no name.
    if (/^(?:struct|union) at /.test(item)) continue;
    const value = /: (-?\d+)$/.exec(text)?.[1];
    const size = /^(?:struct|union), (\d+) bytes$/.exec(text)?.[1];
    if (value !== undefined) {
      const [, type, bytes] = /^(enum \w+), (\d+) bytes/.exec(text) ?? [];
      if (type !== undefined) facts.set(type, { size: Number(bytes) });
      if (!item.startsWith(prefix)) facts.set(item, { value: BigInt(value) });
      else values.set(asked[Number(item.slice(prefix.length))] as string, { value: BigInt(value) });
    } else if (size !== undefined) facts.set(item, { size: Number(size) });
    else {
      const [, type = '', unit, first, rest] = /^(.*), (offset|bits) (\d+)(?:, |\+)(\d+)/.exec(text) ?? [];
      const inner = Number(first) * (unit === 'bits' ? 1 : 8);
      const start = (starts.get(item.slice(0, item.lastIndexOf('.'))) ?? 0) + inner;
      starts.set(item, start);
      if (/\.<\d+>$/.test(item)) continue;
      facts.set(item.replace(/\.<\d+>/g, ''), { bits: [start, Number(rest) * (unit === 'bits' ? 1 : 8)], type });
    }
  }
  // An enumerator and a function-like macro can have one name. The value is that of the enumerator.
  return new Map([...values, ...facts]);
}

/** Returns the names of a model's macros: constants, ioctls, functions, and macros that the model cannot express. */
export function macroNames({ constants, ioctls, functions, omissions }: Model): string[] {
  const omitted = omissions.filter(({ kind }) => kind === 'macro' || kind === 'ioctl');
  const values = constants.filter(({ isVariable }) => !isVariable);
  return [...values, ...ioctls, ...functions, ...omitted].map(({ name }) => name);
}

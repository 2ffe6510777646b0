/** How many arguments the attributes of GCC 12 take. GCC accepts each number for an attribute that it does not know. */

import type { SourceError } from '../../errors.js';
import { errorAt, type Token } from '../tokens.js';

/** The least and the greatest number of arguments, and the attributes that take them. */
const rows: readonly (readonly [least: number, most: number, names: string])[] = [
  [
    0,
    0,
    `always_inline artificial cold common const designated_init externally_visible fallthrough flatten gcc_struct
    gnu_inline hot leaf may_alias ms_struct no_address_safety_analysis no_icf no_instrument_function
    no_profile_instrument_function no_reorder no_sanitize_address no_sanitize_coverage no_sanitize_thread
    no_sanitize_undefined no_split_stack no_stack_limit no_stack_protector nocf_check noclone nocommon noinit noinline
    noipa nonstring noplt noreturn nothrow objc_root_class packed persistent pure retain returns_nonnull returns_twice
    stack_protect tainted_args transaction_callable transaction_may_cancel_outer transaction_pure transaction_safe
    transaction_safe_dynamic transaction_unsafe transparent_union uninitialized unused used vector_mask volatile
    warn_unused warn_unused_result weak`,
  ],
  [0, 1, 'aligned constructor deprecated destructor sentinel simd unavailable warn_if_not_aligned weakref'],
  [0, 2, 'malloc'],
  [
    1,
    1,
    `alias alloc_align cleanup error format_arg ifunc mode objc_nullability scalar_storage_order section
    signed_bool_precision tls_model transaction_wrap vector_size visibility warning zero_call_used_regs`,
  ],
  [1, 2, 'alloc_size assume_aligned patchable_function_entry'],
  [1, 3, 'access'],
  [3, 3, 'format'],
  [1, Number.POSITIVE_INFINITY, 'copy no_sanitize optimize symver target target_clones'],
  [0, Number.POSITIVE_INFINITY, 'nonnull'],
];

interface Arguments {
  readonly least: number;
  readonly most: number;
}

const taken: ReadonlyMap<string, Arguments> = new Map(
  rows.flatMap(([least, most, names]) => names.split(/\s+/).map((name) => [name, { least, most }] as const)),
);

/** The attributes whose argument is a string, or an integer, in each place. */
const kinds: ReadonlyMap<string, 'a string' | 'an integer'> = new Map([
  ...['deprecated', 'unavailable'].map((name) => [name, 'a string'] as const),
  ...['aligned', 'warn_if_not_aligned', 'vector_size'].map((name) => [name, 'an integer'] as const),
]);

/** The attributes whose argument is a string on a variable or a function. */
const textsOfObjects: ReadonlySet<string> = new Set(['alias', 'section', 'symver', 'visibility', 'weakref']);

/**
 * Checks the arguments of an attribute. `tokens` are those between the parentheses. Null if there are no parentheses.
 * @throws SourceError for arguments that GCC does not accept.
 */
export function checkArguments(
  name: string,
  at: Token,
  tokens: readonly Token[] | null,
  style: 'standard' | 'gnu',
): void {
  const known = taken.get(name);
  if (!known) return;
  // In `[[…]]`, C does not allow empty parentheses.
  if (style === 'standard' && tokens?.length === 0) throw errorAt(at, `${name}(): remove the empty parentheses`);
  const count = argumentsIn(tokens ?? []);
  const { least, most } = known;
  if (count < least || count > most) {
    throw errorAt(at, `attribute ${name} has ${inWords(count)}, but takes ${expected(known)}`);
  }
  const [first] = tokens ?? [];
  const kind = kinds.get(name);
  if (first && kind && (first.kind === 'string') !== (kind === 'a string')) throw errorAt(first, wrongKind(name, kind));
}

function wrongKind(name: string, kind: 'a string' | 'an integer'): string {
  return `the argument of attribute ${name} must be ${kind}`;
}

/** Returns the error of an attribute whose argument is not the string that it must be on a variable or a function. */
export function errorOnObject(name: string, tokens: readonly Token[]): SourceError | null {
  const [first] = tokens;
  if (!first || first.kind === 'string' || !textsOfObjects.has(name)) return null;
  return errorAt(first, wrongKind(name, 'a string'));
}

function argumentsIn(tokens: readonly Token[]): number {
  if (tokens.length === 0) return 0;
  let [count, depth] = [1, 0];
  for (const { kind, text } of tokens) {
    if (kind !== 'punctuator') continue;
    if (text === '(' || text === '[' || text === '{') depth++;
    else if (text === ')' || text === ']' || text === '}') depth--;
    else if (text === ',' && depth === 0) count++;
  }
  return count;
}

function expected({ least, most }: Arguments): string {
  if (most === Number.POSITIVE_INFINITY) return `at least ${least}`;
  return least === most ? String(least === 0 ? 'none' : least) : `${least} to ${most}`;
}

function inWords(count: number): string {
  return count === 0 ? 'no argument' : `${count} ${count === 1 ? 'argument' : 'arguments'}`;
}

/** The attributes that GCC 12 knows: the names for which `__has_attribute` is not 0. */

import { type Names, namesIn } from './names.js';

const common = `
access alias aligned alloc_align alloc_size always_inline artificial assume_aligned cleanup cold common const
constructor copy deprecated designated_init destructor error externally_visible fallthrough flatten format format_arg
gnu_inline hot ifunc leaf malloc may_alias mode no_address_safety_analysis no_icf no_instrument_function
no_profile_instrument_function no_reorder no_sanitize no_sanitize_address no_sanitize_coverage no_sanitize_thread
no_sanitize_undefined no_split_stack no_stack_limit no_stack_protector nocf_check noclone nocommon noinit noinline
noipa nonnull nonstring noplt noreturn nothrow objc_nullability objc_root_class optimize packed
patchable_function_entry persistent pure retain returns_nonnull returns_twice scalar_storage_order section sentinel
signed_bool_precision simd stack_protect symver tainted_args target target_clones tls_model transaction_callable
transaction_may_cancel_outer transaction_pure transaction_safe transaction_safe_dynamic transaction_unsafe
transaction_wrap transparent_union unavailable uninitialized unused used vector_mask vector_size visibility volatile
warn_if_not_aligned warn_unused warn_unused_result warning weak weakref zero_call_used_regs
`;

/** The names that the compiler of every target knows. */
export const gnuAttributes: Names = namesIn(common);

/** Returns these names and the names that a target adds. */
export function attributesWith(more: string): Names {
  return namesIn(common, more);
}

/** The value of `__has_attribute` for the attributes of the C standard. It is 1 for the others. */
export const standardAttributes: ReadonlyMap<string, number> = new Map([
  ['deprecated', 201904],
  ['fallthrough', 201904],
  ['maybe_unused', 201904],
  ['nodiscard', 202003],
]);

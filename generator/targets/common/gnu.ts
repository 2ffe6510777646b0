/**
 * What GCC 12 has on every target.
 *
 * Of attributes and builtins, the names that headers ask for: each is in its documentation and answered by `gcc -E`
 * with a value other than 0. Of predefined macros, those that `gcc -dM -E -x c /dev/null` prints alike for all targets
 * here, without those of floating point, of fixed point, of atomics and of code generation, which no header of the
 * kernel asks for. The tables of the targets leave out the same, and instruction set extensions.
 */

export const gnuAttributes: ReadonlySet<string> = new Set([
  'access',
  'alias',
  'aligned',
  'alloc_align',
  'alloc_size',
  'always_inline',
  'artificial',
  'assume_aligned',
  'cold',
  'const',
  'constructor',
  'copy',
  'deprecated',
  'designated_init',
  'destructor',
  'error',
  'externally_visible',
  'fallthrough',
  'format',
  'format_arg',
  'gnu_inline',
  'hot',
  'leaf',
  'malloc',
  'may_alias',
  'mode',
  'noclone',
  'noinline',
  'nonnull',
  'nonstring',
  'noreturn',
  'nothrow',
  'packed',
  'pure',
  'returns_nonnull',
  'section',
  'sentinel',
  'transparent_union',
  'unused',
  'used',
  'vector_size',
  'visibility',
  'warn_unused_result',
  'warning',
  'weak',
]);

export const gnuBuiltins: ReadonlySet<string> = new Set([
  '__builtin_bswap16',
  '__builtin_bswap32',
  '__builtin_bswap64',
  '__builtin_choose_expr',
  '__builtin_constant_p',
  '__builtin_expect',
  '__builtin_object_size',
  '__builtin_offsetof',
  '__builtin_trap',
  '__builtin_types_compatible_p',
  '__builtin_unreachable',
]);

export const gnuMacros: string = `
__CHAR16_TYPE__ short unsigned int
__CHAR32_TYPE__ unsigned int
__CHAR_BIT__ 8
__GNUC_MINOR__ 2
__GNUC_PATCHLEVEL__ 0
__GNUC_STDC_INLINE__ 1
__GNUC__ 12
__INT16_C(c) c
__INT16_MAX__ 0x7fff
__INT16_TYPE__ short int
__INT32_C(c) c
__INT32_MAX__ 0x7fffffff
__INT32_TYPE__ int
__INT8_C(c) c
__INT8_MAX__ 0x7f
__INT8_TYPE__ signed char
__INTMAX_WIDTH__ 64
__INT_MAX__ 0x7fffffff
__INT_WIDTH__ 32
__LONG_LONG_MAX__ 0x7fffffffffffffffLL
__LONG_LONG_WIDTH__ 64
__ORDER_BIG_ENDIAN__ 4321
__ORDER_LITTLE_ENDIAN__ 1234
__ORDER_PDP_ENDIAN__ 3412
__SCHAR_MAX__ 0x7f
__SCHAR_WIDTH__ 8
__SHRT_MAX__ 0x7fff
__SHRT_WIDTH__ 16
__SIZEOF_DOUBLE__ 8
__SIZEOF_FLOAT__ 4
__SIZEOF_INT__ 4
__SIZEOF_LONG_LONG__ 8
__SIZEOF_SHORT__ 2
__SIZEOF_WCHAR_T__ 4
__SIZEOF_WINT_T__ 4
__STDC_HOSTED__ 1
__STDC_VERSION__ 201710L
__STDC__ 1
__UINT16_C(c) c
__UINT16_MAX__ 0xffff
__UINT16_TYPE__ short unsigned int
__UINT32_C(c) c ## U
__UINT32_MAX__ 0xffffffffU
__UINT32_TYPE__ unsigned int
__UINT8_C(c) c
__UINT8_MAX__ 0xff
__UINT8_TYPE__ unsigned char
__WCHAR_WIDTH__ 32
__WINT_MAX__ 0xffffffffU
__WINT_MIN__ 0U
__WINT_TYPE__ unsigned int
__WINT_WIDTH__ 32
__gnu_linux__ 1
__linux 1
__linux__ 1
__unix 1
__unix__ 1
linux 1
unix 1
`;

/** Where `wchar_t` is an `int`. */
export const signedWideCharacters: string = `
__WCHAR_MAX__ 0x7fffffff
__WCHAR_MIN__ (-__WCHAR_MAX__ - 1)
__WCHAR_TYPE__ int
`;

/** Where `wchar_t` is an `unsigned int`. */
export const unsignedWideCharacters: string = `
__WCHAR_MAX__ 0xffffffffU
__WCHAR_MIN__ 0U
__WCHAR_TYPE__ unsigned int
`;

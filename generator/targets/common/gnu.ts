/**
 * The predefined macros that GCC 12 has on every target. They are those that `gcc -dM -E -x c /dev/null` prints.
 */

/**
 * The macros that do not follow from the data of a target. A target replaces those with another value. Some of them come
 * from the C library's `stdc-predef.h`, which GCC reads before every file.
 */
export const gnuMacros: string = `
_STDC_PREDEF_H 1
__ATOMIC_ACQUIRE 2
__ATOMIC_ACQ_REL 4
__ATOMIC_CONSUME 1
__ATOMIC_RELAXED 0
__ATOMIC_RELEASE 3
__ATOMIC_SEQ_CST 5
__CHAR16_TYPE__ short unsigned int
__CHAR32_TYPE__ unsigned int
__CHAR_BIT__ 8
__DEC_EVAL_METHOD__ 2
__ELF__ 1
__FINITE_MATH_ONLY__ 0
__FLT_EVAL_METHOD_TS_18661_3__ 0
__FLT_EVAL_METHOD__ 0
__FLT_RADIX__ 2
__GCC_ATOMIC_BOOL_LOCK_FREE 2
__GCC_ATOMIC_CHAR16_T_LOCK_FREE 2
__GCC_ATOMIC_CHAR32_T_LOCK_FREE 2
__GCC_ATOMIC_CHAR_LOCK_FREE 2
__GCC_ATOMIC_INT_LOCK_FREE 2
__GCC_ATOMIC_LLONG_LOCK_FREE 2
__GCC_ATOMIC_LONG_LOCK_FREE 2
__GCC_ATOMIC_POINTER_LOCK_FREE 2
__GCC_ATOMIC_SHORT_LOCK_FREE 2
__GCC_ATOMIC_TEST_AND_SET_TRUEVAL 1
__GCC_ATOMIC_WCHAR_T_LOCK_FREE 2
__GCC_HAVE_SYNC_COMPARE_AND_SWAP_4 1
__GCC_HAVE_SYNC_COMPARE_AND_SWAP_8 1
__GCC_IEC_559 2
__GCC_IEC_559_COMPLEX 2
__GNUC_EXECUTION_CHARSET_NAME "UTF-8"
__GNUC_MINOR__ 2
__GNUC_PATCHLEVEL__ 0
__GNUC_STDC_INLINE__ 1
__GNUC__ 12
__GXX_ABI_VERSION 1017
__NO_INLINE__ 1
__ORDER_BIG_ENDIAN__ 4321
__ORDER_LITTLE_ENDIAN__ 1234
__ORDER_PDP_ENDIAN__ 3412
__PIC__ 2
__PIE__ 2
__PRAGMA_REDEFINE_EXTNAME 1
__REGISTER_PREFIX__
__STDC_HOSTED__ 1
__STDC_IEC_559_COMPLEX__ 1
__STDC_IEC_559__ 1
__STDC_IEC_60559_BFP__ 201404L
__STDC_IEC_60559_COMPLEX__ 201404L
__STDC_ISO_10646__ 201706L
__STDC_UTF_16__ 1
__STDC_UTF_32__ 1
__STDC_VERSION__ 201710L
__STDC__ 1
__USER_LABEL_PREFIX__
__VERSION__ "12.2.0"
__gnu_linux__ 1
__linux 1
__linux__ 1
__pic__ 2
__pie__ 2
__unix 1
__unix__ 1
linux 1
unix 1
`;

/** For targets that compare and swap one byte and two bytes. */
export const smallSwapMacros: string = `
__GCC_HAVE_SYNC_COMPARE_AND_SWAP_1 1
__GCC_HAVE_SYNC_COMPARE_AND_SWAP_2 1
`;

/** For targets that compare and swap 16 bytes. */
export const largeSwapMacros: string = '\n__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16 1\n';

/** For targets that multiply and add floating-point numbers in one step. */
export const fusedMacros: string = `
__FP_FAST_FMA 1
__FP_FAST_FMAF 1
__FP_FAST_FMAF32 1
__FP_FAST_FMAF32x 1
__FP_FAST_FMAF64 1
`;

/** For targets whose assembler makes unwind tables. */
export const unwindMacros: string = '\n__GCC_HAVE_DWARF2_CFI_ASM 1\n';

/** For targets with a barrier against speculation. */
export const speculationMacros: string = '\n__HAVE_SPECULATION_SAFE_VALUE 1\n';

/** For targets whose `asm` can return condition flags. */
export const flagOutputMacros: string = '\n__GCC_ASM_FLAG_OUTPUTS__ 1\n';

/** For targets with the range of cache line sizes. */
export function interferenceMacros(destructive: number): string {
  return `\n__GCC_CONSTRUCTIVE_SIZE 64\n__GCC_DESTRUCTIVE_SIZE ${destructive}\n`;
}
